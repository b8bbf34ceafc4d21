"""Houses beside the building that its outline cuts go on behind it, up to a corner.

Where trees are made up behind the building, a house next door would end where the outline happens to run: sawn. Its own line of roof and its own
wall, mirrored at the outline, carry it on past that: level eaves go on level, sloping ones meet as a gable or at a corner, and the house ends where
nothing of it is cut, between windows. Where the plate shows its roof over the building's own, it goes on for as far as that, under that roof.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from derrumbe.survey.filters import connected_to, largest, shrunk, widened
from derrumbe.survey.neighbours import BLOCK, Cards
from derrumbe.survey.skyline import own_rows

BESIDE = 0.012
"""What stands right beside the hole is judged by this share of the longer side."""
LEAST, MOST = 0.008, 0.065
"""How far a house goes on behind the building at least and at most, share of the longer side."""
NEAR_TIP = 0.015
"""Where its roof is seen over the building a house ends this near to the end of that, share of the longer side."""
HIGH = 0.06
"""A house is at least this high, share of the longer side."""
FULL, BUILT = 0.7, 0.5
"""A row beside the hole shows a house where so much of it is no sky; of its rows so many show no plants."""
STRAIGHT = 0.004
"""A roof's line is this straight, share of the longer side: crowns of trees aren't."""
INNERMOST = 75.0
"""The axis of the mirror stands further in than so many per cent of the rows where the hole begins."""
SHORT = 0.2
"""What it costs to go on as far as may be, where a window of usual contrast costs 1, and so much of a roof as a house is high at least."""
FOOT = 0.015
"""How softly a house ends at its foot, share of the longer side: bushes stand there."""
SOFT = 0.005
"""Sigma with which it ends where it is hidden by plants, share of the longer side."""
RIM, ALIKE = 0.016, 26.0
"""What an outline takes of a house lies within this share of the longer side of its rim, and differs by at most so many codes from the house that
goes on, over SPREAD pixels."""
SPREAD = 3
LEVEL, HIPPED = 0.3, 0.75
"""A roof whose line slopes less ends in a hip, which is at least this steep in the picture; others meet their mirror image."""
EAVES, CLEAR = 0.5, 0.6
"""Eaves hang in this upper share of a house, at the first level edge that is this clear beside the clearest there: windows begin below."""
LOWEST = 3
"""A roof is carried on down to its gutter in the colours of so many rows of it."""
GUTTER = 0.01
"""Height of a gutter and what shows above it, share of the longer side."""
PIER = 2
"""A house ends in the middle of so many columns, to either side, that show least windows."""


@dataclass(frozen=True, eq=False)
class House:
    """A house that is cut by the left end of a hole, or flipped, by its right one.

    aside (h, w) bool: what isn't carried on, such as plants; axis: first column that is mirrored; width: columns that it goes on for; first (h,): the
    hole's first column in each row; rows: from its roof to its foot; slope, level: its roof's line, row over column; base, distance: its card's row on
    the ground, and metres; eaves: rows from the roof's line down to the wall, 0 where the roof ends in no hip; over (h, w) bool: its roof that the
    plate shows over the building.
    """

    flipped: bool
    aside: np.ndarray
    axis: int
    width: int
    first: np.ndarray
    rows: tuple[int, int]
    slope: float
    level: float
    base: float
    distance: float
    over: np.ndarray
    eaves: float = 0.0

    def painted(self, clean: np.ndarray, texture: np.ndarray, hole: np.ndarray, sky: np.ndarray) -> np.ndarray:
        """Return the clean plate (h, w, 3) with this house gone on into the hole (h, w) bool.

        texture (h, w, 3): the plate; sky (h, w): its alpha.
        """
        if self.flipped:
            upright = replace(self, flipped=False)
            return upright.painted(*(one[:, ::-1] for one in (clean, texture, hole, sky)))[:, ::-1]
        own, cover = self._whole(texture, sky)
        x = np.arange(max(0, self.axis - self.width), self.axis + self.width)
        source = np.where(x < self.axis, x, 2 * self.axis - 1 - x)
        under = np.clip(np.arange(len(hole))[:, None] + 1 - self._roof(x), 0, 1)
        seen, shown = self._roof_down(texture, hole, x)
        alpha = np.where(shown, 1, cover[:, source]) * self._ends(x, len(hole)) * under * hole[:, x]
        out = clean.copy()
        out[:, x] += (np.where(shown[..., None], seen, own[:, source]) - out[:, x]) * alpha[..., None]
        return out

    def _roof_down(self, texture: np.ndarray, hole: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the roof (h, n, 3) that the plate shows over the building, carried on down to its gutter, and where (h, n) bool that is, over columns
        (n,)."""
        over = (self.over & ~hole)[:, columns]
        rows = np.arange(len(hole))[:, None]
        low = len(hole) - 1 - over[::-1].argmax(axis=0)
        last = over & (rows > low - LOWEST)
        colour = (texture[:, columns] * last[..., None]).sum(axis=0) / np.maximum(last.sum(axis=0), 1)[:, None]
        gutter = self._ridge(columns) + self.eaves - GUTTER * max(hole.shape)
        return np.broadcast_to(colour, (len(hole), *colour.shape)), (np.cumsum(over, axis=0) > 0) & ~over & (rows < gutter)

    def seen(self, hole: np.ndarray) -> np.ndarray:
        """Return the hole (h, w) bool without this house's roof that the plate shows over it, up to where the house ends."""
        if self.flipped:
            return replace(self, flipped=False).seen(hole[:, ::-1])[:, ::-1]
        return np.asarray(hole & ~(self.over & (np.arange(hole.shape[1]) < self.axis + self.width)))

    def _ridge(self, columns: np.ndarray) -> np.ndarray:
        """Return the rows (n,) of the roof's line over columns (n,), mirrored past the axis."""
        return np.asarray(self.level + self.slope * np.minimum(columns + 0.5, 2 * self.axis - columns - 0.5))

    def _roof(self, columns: np.ndarray) -> np.ndarray:
        """Return the rows (n,) of the roof's line where the house goes on over columns (n,), with the hip that it ends in."""
        line = self._ridge(columns)
        if self.over.any():
            return line
        end = self.level + self.slope * (self.axis - self.width) + self.eaves
        hip = end - max(HIPPED, self.eaves / self.width) * (self.axis + self.width - columns - 0.5)
        return np.maximum(line, hip) if self.eaves else line

    def _ends(self, columns: np.ndarray, height: int) -> np.ndarray:
        """Return the alpha (h, n) of columns (n,): up to the house's corner, and on the ground before it less and less towards that."""
        left = self.axis + self.width - columns - 0.5
        wall, ground = np.clip(left, 0, 1), np.clip(left / self.width, 0, 1)
        over = np.clip((self.rows[1] - np.arange(height)[:, None]) / (FOOT * max(height, len(self.aside[0]))), 0, 1)
        return ground + over * (wall - ground)

    def _whole(self, texture: np.ndarray, sky: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the house up to its axis, light (h, w, 3) and alpha (h, w): what the hole takes of it before that is carried on along its rows,
        up to the line of its roof."""
        top, foot = self.rows
        own, cover = texture.copy(), 1 - sky
        line = self.level + self.slope * (np.arange(self.axis) + 0.5)
        for y in range(top, foot):
            start = int(self.first[y])
            if start < self.axis:
                last = max(0, start - 1)
                own[y, start : self.axis] = texture[max(y, int(np.ceil(line[last])) + 1), max(0, last - 1) : last + 1].mean(axis=0)
                cover[y, start : self.axis] = np.clip(y + 1 - line[start:], 0, 1)
        rows = np.arange(len(sky))[:, None] + 0.5
        return own, (
            cover * (rows > top) * (1 - cv2.GaussianBlur(widened(self.aside, 2).astype(np.float32), (0, 0), SOFT * max(sky.shape)))
        ).astype(np.float32)

    def spared(self, hole: np.ndarray, bare: np.ndarray) -> np.ndarray:
        """Return the hole (h, w) bool as it is without rims of the building that were told by their colours, `bare` (h, w) bool, up to this house's
        axis: they are of this house."""
        if self.flipped:
            return replace(self, flipped=False).spared(hole[:, ::-1], bare[:, ::-1])[:, ::-1]
        out = hole.copy()
        own = np.s_[self.rows[0] : self.rows[1], : self.axis]
        out[own] &= bare[own]
        return out

    def taken(self, region: np.ndarray, codes: np.ndarray, clean: np.ndarray) -> np.ndarray:
        """Return the pixels (h, w) bool of a building's region (h, w) bool that its outline took of this house: from its rim inwards, what looks as the
        house that goes on there does. Where both have one colour, nobody sees which of the two a pixel is.

        codes, clean (h, w, 3): the plate and the clean plate, display codes.
        """
        if self.flipped:
            return replace(self, flipped=False).taken(*(one[:, ::-1] for one in (region, codes, clean)))[:, ::-1]
        reach = RIM * max(region.shape)
        apart = np.abs(cv2.blur(codes.astype(np.float32), (SPREAD, SPREAD)) - cv2.blur(clean.astype(np.float32), (SPREAD, SPREAD))).max(
            axis=-1
        )
        outside, own = np.zeros_like(region), region & ~shrunk(region, reach) & (apart < ALIKE)
        rows = np.s_[self.rows[0] : self.rows[1]]
        outside[rows] = ~region[rows] & (np.cumsum(region[rows], axis=1) == 0)
        own[: self.rows[0]] = own[self.rows[1] :] = False
        own[:, self.axis + self.width :] = False
        own &= connected_to(own | outside, outside, connectivity=4)
        # windows of the house that differ from their mirror images are islands now
        return own | (region & ~own & ~largest(region & ~own, connectivity=4) & (np.arange(region.shape[1]) < self.axis + self.width))

    def cards(self, cards: Cards) -> Cards:
        """Return the cards with this house's where it goes on and as far beside the hole: as far away as it usually is there, and under its own
        roof, also where a block's top is level and the roof slopes."""
        x = np.arange(self.axis - self.width, self.axis + self.width)
        roof = self._roof(x) + 0.5 * BLOCK * len(cards.top) * abs(self.slope)
        hidden = x >= self.first[slice(*self.rows)].min()
        x = len(cards.top) - 1 - x if self.flipped else x
        top, base, distance = cards.top.copy(), cards.base.copy(), cards.distance.copy()
        top[x[hidden]], base[x], distance[x] = roof[hidden], self.base, self.distance
        return Cards(top, base, distance)


def houses_beside(
    codes: np.ndarray, hole: np.ndarray, sky: np.ndarray, aside: np.ndarray, cards: Cards, over: np.ndarray | None = None
) -> list[House]:
    """Return the houses that the left and the right end of a hole (h, w) bool cut, at most one each.

    codes (h, w, 3) uint8; sky (h, w): its alpha; aside (h, w) bool: plants and whatever else is no house; over (h, w) bool: roofs next door that reach
    over the building.
    """
    over = np.zeros_like(hole) if over is None else over
    found = []
    for flipped in (False, True):
        way = slice(None, None, -1 if flipped else 1)
        ends = Cards(cards.top[way], cards.base[way], cards.distance[way])
        house = _house(codes[:, way], hole[:, way], sky[:, way], aside[:, way], ends, over[:, way])
        found += [replace(house, flipped=flipped)] if house else []
    return found


def _house(codes: np.ndarray, hole: np.ndarray, sky: np.ndarray, aside: np.ndarray, cards: Cards, over: np.ndarray) -> House | None:
    """Return the house that the left end of a hole (h, w) bool cuts; None where none stands there."""
    side = max(hole.shape)
    first = np.where(hole.any(axis=1), hole.argmax(axis=1), -1)
    rows = _rows_of(first, sky, aside, cards.base)
    if rows is None:
        return None
    axis = int(np.percentile(first[slice(*rows)], INNERMOST))
    outer = int(first[slice(*rows)].min())
    most = min(round(MOST * side), outer, hole.shape[1] - axis)
    least = round(LEAST * side)
    if most <= least:
        return None
    columns = np.arange(outer - most // 2, outer - 1)
    roof = own_rows(sky)[columns]
    slope, level, stray = _line(columns + 0.5, roof)
    if stray > STRAIGHT * side:
        return None
    top = max(0, int(min(roof.min(), level + slope * axis)) - 2)
    eaves = _eaves(codes, columns, roof, rows[1]) if abs(slope) < LEVEL else 0.0
    over = _own_roof(over, axis) if eaves else np.zeros_like(over)
    if over.any():
        slope, level, eaves = _line_over(over, columns, eaves + roof)
        tip = int(np.flatnonzero(over.any(axis=0))[-1]) + 1 - axis
        most = min(tip, outer, hole.shape[1] - axis)
        least = min(max(least, most - round(NEAR_TIP * side)), most - 1)
    mirrored = 2 * axis - 1 - np.arange(axis + least, axis + most)
    windows = _unlike_wall(codes[:, mirrored], rows)
    high = level + slope * (mirrored + 0.5)
    ends = windows / max(float(windows.mean()), 1e-6) + (high.max() - high) / (HIGH * side) + SHORT * np.linspace(0, 1, len(mirrored))
    return House(
        False,
        aside,
        axis,
        least + int(np.argmin(ends)),
        first,
        (top, rows[1]),
        float(slope),
        float(level),
        float(np.median(cards.base[columns])),
        float(np.median(cards.distance[columns])),
        over,
        eaves,
    )


def _own_roof(over: np.ndarray, axis: int) -> np.ndarray:
    """Return what of roofs that reach over the building (h, w) bool comes from its left end and goes on past a house's axis (a column)."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(over.astype(np.uint8), connectivity=8)
    left, width = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_WIDTH]
    near = (left < axis + NEAR_TIP * max(over.shape)) & (left + width > axis) & (np.arange(count) > 0)
    return np.asarray(near[labels])


def _line_over(over: np.ndarray, columns: np.ndarray, walls: np.ndarray) -> tuple[float, float, float]:
    """Return slope and level of the line of a roof that is seen over the building (h, w) bool, and how many rows below it the wall begins, which does at
    the rows `walls` (n,) in `columns` (n,). Beside a pale sky its matte knows that line less well."""
    seen = np.flatnonzero(over.any(axis=0))
    slope, level, _ = _line(seen + 0.5, over[:, seen].argmax(axis=0).astype(np.float64))
    return slope, level, float(np.median(walls - level - slope * (columns + 0.5)))


def _eaves(codes: np.ndarray, columns: np.ndarray, roof: np.ndarray, foot: int) -> float:
    """Return how many rows below its roof's line, rows (n,) over columns (n,), a house's wall begins."""
    down = np.arange(2, max(4, round(EAVES * (foot - float(np.median(roof))))))
    rows = np.minimum(np.rint(roof).astype(int) + down[:, None], len(codes) - 1)
    light = codes[rows, columns].astype(np.float32).mean(axis=1)
    steps = np.abs(np.diff(light, axis=0)).sum(axis=-1)
    return float(down[1 + int(np.argmax(steps > CLEAR * steps.max()))])


def _line(columns: np.ndarray, rows: np.ndarray) -> tuple[float, float, float]:
    """Return slope and level at column 0 of the line along rows (n,) over columns (n,), and by how much the rows stray from one: the usual slope
    between any two (Theil and Sen), which no step of compression tilts, through the last few."""
    after, before = np.triu_indices(len(columns), 1)[::-1]
    slope = float(np.median((rows[after] - rows[before]) / (columns[after] - columns[before])))
    levels = rows - slope * columns
    return slope, float(np.median(levels[-len(rows) // 3 :])), float(np.abs(levels - np.median(levels)).max())


def _rows_of(first: np.ndarray, sky: np.ndarray, aside: np.ndarray, base: np.ndarray) -> tuple[int, int] | None:
    """Return the rows, from its roof under the sky to its foot, of a house that stands right before the hole's first columns (h,), -1 where
    it has none; None where there is no house. base (w,): rows where the ground begins."""
    side, height = max(sky.shape), len(first)
    reach = max(2, round(BESIDE * side))
    columns = first[:, None] - 1 - np.arange(reach)
    y = np.arange(height)[:, None]
    inside = (columns >= 0).all(axis=1)
    full = inside & ((sky[y, columns] < 0.5).mean(axis=1) > FULL)
    built = full & (aside[y, columns].mean(axis=1) < 1 - FULL)
    above = inside & (np.arange(height) < base[np.maximum(first, 0)])
    if not (full & above).any():
        return None
    foot = int(np.flatnonzero(full & above)[-1]) + 1
    run = np.flatnonzero(~full[:foot])
    top = int(run[-1]) + 1 if len(run) else 0
    if top < 2 or foot - top < HIGH * side or built[top:foot].mean() < BUILT:
        return None
    return top, foot


def _unlike_wall(codes: np.ndarray, rows: tuple[int, int]) -> np.ndarray:
    """Return how much (n,) each column of codes (h, n, 3) uint8 shows windows, doors and other things that the usual column doesn't."""
    wall = codes[slice(*rows)].astype(np.float32)
    stray = (wall - np.median(wall, axis=1, keepdims=True)).std(axis=(0, 2))
    return np.asarray(cv2.blur(stray[None], (2 * PIER + 1, 1), borderType=cv2.BORDER_REFLECT)[0])
