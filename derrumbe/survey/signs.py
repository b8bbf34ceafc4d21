"""Signs, lamps and their posts that stand a step before a building, below what depth maps resolve: told by parallax against its walls.

A post is a thin upright bar that is surely nearer than the wall on both its sides and goes down to the wall's foot: balconies, cornices and quoins, which
are nearer too, don't. What it carries lies at it and is as near, and both its sides are: of a piece of wall beside a sign only one side seems to move.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from derrumbe.core.records import FAR
from derrumbe.survey.filters import disc, widened
from derrumbe.survey.wall_parallax import Nearness, Parallax, part_of

WIDTHS = (2, 3, 4, 6, 8, 11, 14)
"""Widths of posts that are looked for, pixels."""
THICK = 0.2
"""Metres that a post is wide at most: in pictures too small to show one, relief that the model lacks would pass for it."""
APART = 12.0
"""Codes by which it differs from both its sides."""
RUN, LEAST, SLIM = 11, 0.009, 3.0
"""Rows of a bar without a break; the shortest bar, share of the longer side, and in its widths."""
CLUSTERS, LIGHTNESS, OPEN = (8, 14, 22), 0.4, 2.0
"""Numbers of colours into which a picture is parted, what light counts for beside tint, and the radius of what must fit in a part."""
LARGE, SMALL, STRIP = 2.0, 40, 5.0
"""Metres that a sign is wide or high at most; its fewest pixels, and how much wider it is than high at most: cornices are strips."""
SURE, LIKELY, EACH, EVEN = 5.0, 2.5, 1.5, 0.4
"""Standard errors by which a post is nearer, by which what it carries is, and by which each of a thing's sides is, which is also as near as this share of
all of it."""
AWAY, FURTHEST = 0.25, 2.5
"""Metres that a post stands before its wall at least and at most: pipes and pilasters are nearer to it, and what is further off has a depth."""
ALIKE = 0.5
"""Share by which what hangs together may differ in how near it is, besides its standard errors."""
FOOT, GAP, BREAK, LONG = 0.035, 0.04, 0.01, 0.1
"""How near a post comes down to the wall's foot, what may be missing of one between two bars, what of it may not be seen where it goes on above
them, and how long they are then at least, shares of the longer side."""
END = 40
"""Rows of a post's end that tell where it goes on."""
OVERLAP = 0.2
"""Share of a bar's rows in which the one that it goes on from may be seen as well: what lies beside it is another one."""
BESIDE = 12
"""Pixels: what is nearer beside a sign that was found is its own edge."""
LIKE = 40.0
"""Codes by which a post's colour may change from one bar to the next."""
UNLIKE, RING = 24.0, 40
"""Codes by which a sign differs from what is usual within RING pixels of it."""
UNREST = 12.0
"""Codes by which frames differ at most where they show the same thing: what only passes there leaves a ghost in their mean."""
RIM = 2.0
"""Pixels around a region that show how its edge moves."""


@dataclass(frozen=True, eq=False)
class Part:
    """A region of the rectified picture: `mask` (a, b) bool with its upper left `corner` (row, column). whole: are both its sides nearer than the wall?
    wide, colour (3,) codes: of a bar; 0 and None for anything else."""

    mask: np.ndarray
    corner: tuple[int, int]
    near: Nearness
    whole: bool
    wide: int = 0
    colour: np.ndarray | None = None

    @property
    def rows(self) -> tuple[int, int]:
        return self.corner[0], self.corner[0] + self.mask.shape[0]

    @property
    def columns(self) -> tuple[int, int]:
        return self.corner[1], self.corner[1] + self.mask.shape[1]

    @property
    def box(self) -> tuple[slice, slice]:
        return part_of(self.mask, self.corner)


@dataclass(frozen=True, eq=False)
class Sign:
    """A post and what it carries: mask (h, w) bool of the rectified picture, and how near it is."""

    mask: np.ndarray
    near: Nearness


def find_signs(found: Parallax, pixels_a_metre: float, foot: np.ndarray, side: float) -> tuple[Sign, ...]:
    """Return the posts, with what they carry, before the walls. foot (w,): row of the walls' foot in each column, NaN where it isn't in the picture;
    side: the picture's longer one, pixels."""
    by = 100 / float(np.median(found.depth[found.depth < FAR]))
    bars = bars_of(found, pixels_a_metre, side)
    near = [
        part
        for part in (*bars, *plates_of(found, pixels_a_metre))
        if AWAY * by < part.near.nearer < FURTHEST * by and part.near.sure > LIKELY
    ]
    signs: list[Sign] = []
    for post in sorted((part for part in near if part.wide and part.whole and part.near.sure > SURE), key=lambda part: -part.near.sure):
        if not any(_touches(post, sign.mask, BESIDE) for sign in signs):
            mask, own = _with_all(post, near, bars, found.shown.shape[1:], GAP * side)
            if _stands(mask, foot, FOOT * side):
                mask |= _followed(found.colour, own, LONG * side, BREAK * side)
                signs.append(Sign(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, disc(3)) > 0, post.near))
    return tuple(signs)


def _stands(mask: np.ndarray, foot: np.ndarray, within: float) -> bool:
    """Does a thing (h, w) bool come down to the walls' foot?"""
    lowest = int(np.flatnonzero(mask.any(axis=1))[-1])
    there = foot[mask[max(0, lowest - 5) : lowest + 1].any(axis=0)]
    return bool(np.isfinite(there).any()) and lowest + 1 > float(np.nanmin(there)) - within


def _with_all(post: Part, near: list[Part], bars: list[Part], shape: tuple[int, ...], gap: float) -> tuple[np.ndarray, list[Part]]:
    """Return a post with all that is `near` it and before the wall, and with the `bars` that look like it and go on where it ends: (h, w) bool, and
    which of them are as wide as it is."""
    mask = np.zeros(shape, bool)
    mask[post.box] |= post.mask
    own, rest, grown = [post], [part for part in near if part is not post], True
    while grown:
        grown = False
        for part in list(rest):
            joined = _goes_on(part, own, gap) if part.wide else _touches(part, mask)
            if joined and _agree(part.near, post.near):
                mask[part.box] |= part.mask
                own += [part] if part.wide else []
                rest.remove(part)
                grown = True
        for bar in bars:
            if bar not in own and _looks_like(bar, post) and _goes_on(bar, own, gap):
                mask[bar.box] |= bar.mask
                own.append(bar)
                grown = True
    return mask, [one for one in own if abs(one.wide - post.wide) <= 0.4 * post.wide]


def _followed(colour: np.ndarray, own: list[Part], least: float, stop: float) -> np.ndarray:
    """Return where (h, w) bool a post whose bars are `least` pixels long goes on in a straight line: from bar to bar, and upwards until it isn't seen over
    `stop` rows of colour (h, w, 3): before a wall as light as it is, or before pilasters, nothing is sure of how near it is."""
    height, width = colour.shape[:2]
    axis, rows, wide = np.concatenate([_axis(one) for one in own]), np.arange(height), own[0].wide
    top = int(axis[:, 0].min())
    if axis[:, 0].max() - top < least:
        return np.zeros((height, width), bool)
    column = np.polyval(np.polyfit(axis[:, 0], axis[:, 1], 1), rows)
    apart = cv2.dilate(_apart(colour, wide).astype(np.float32), np.ones((1, 5), np.uint8))
    seen = apart[rows, np.clip(np.rint(column).astype(int), 0, width - 1)] > 0.5 * APART
    missing = (rows >= top - _run(seen[:top][::-1], stop)) & (rows < axis[:, 0].max()) & ~np.isin(rows, axis[:, 0])
    return (np.abs(np.arange(width) - column[:, None]) <= 0.5 * wide) & missing[:, None]


def _run(seen: np.ndarray, stop: float) -> int:
    """Return how far a run goes until nothing is seen for `stop` rows."""
    here = np.flatnonzero(seen)
    breaks = np.flatnonzero(np.diff(here, prepend=-1) > stop)
    here = here[: breaks[0]] if breaks.size else here
    return int(here[-1]) + 1 if here.size else 0


def _agree(first: Nearness, second: Nearness) -> bool:
    error = float(np.hypot(first.error, second.error))
    return abs(first.nearer - second.nearer) < 2 * error + ALIKE * min(first.nearer, second.nearer)


def _looks_like(bar: Part, post: Part) -> bool:
    assert bar.colour is not None
    assert post.colour is not None
    return abs(bar.wide - post.wide) <= 0.4 * post.wide and float(np.linalg.norm(bar.colour - post.colour)) < LIKE


def _touches(part: Part, mask: np.ndarray, within: int = 4) -> bool:
    """Is it within so many pixels of a mask (h, w) bool?"""
    (top, bottom), (left, right) = part.rows, part.columns
    near = mask[max(0, top - within) : bottom + within, max(0, left - within) : right + within]
    own = np.pad(part.mask, ((min(within, top), within), (min(within, left), within)))[: near.shape[0], : near.shape[1]]
    return bool((widened(own, within) & near).any())


def _goes_on(part: Part, own: list[Part], gap: float) -> bool:
    """Does a bar go on where the bars found so far end, in line with them?"""
    axis = np.concatenate([_axis(one) for one in own])
    # short bars don't tell how they lean
    lean = float(np.polyfit(axis[:, 0], axis[:, 1], 1)[0]) if np.ptp(axis[:, 0]) > 2 * gap else 0.0
    there = _axis(part)
    row, column = there.mean(axis=0)
    nearest = axis[np.argsort(np.abs(axis[:, 0] - row), kind="stable")[:END]]
    off = column - np.median(nearest[:, 1]) - lean * (row - nearest[:, 0].mean())
    apart = max(there[0, 0] - axis[:, 0].max(), axis[:, 0].min() - there[-1, 0])
    return bool(-OVERLAP * len(there) < apart < gap and abs(off) < max(4.0, 0.4 * part.wide))


def _axis(part: Part) -> np.ndarray:
    """Return the rows and columns (n, 2) of a bar's middle."""
    rows = np.flatnonzero(part.mask.any(axis=1))
    columns = (part.mask[rows] * np.arange(part.mask.shape[1])).sum(axis=1) / part.mask[rows].sum(axis=1)
    return np.stack([rows + part.corner[0], columns + part.corner[1]], -1)


def bars_of(found: Parallax, pixels_a_metre: float, side: float) -> list[Part]:
    """Return thin upright bars; of those that lie on each other, the one that differs most from what is beside it."""
    colour = cv2.GaussianBlur(found.colour, (0, 0), 0.6)
    every: list[tuple[float, Part]] = []
    for wide in [width for width in WIDTHS if width <= THICK * pixels_a_metre]:
        apart = _apart(colour, wide)
        joined = cv2.morphologyEx((apart > APART).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 1), np.uint8))
        upright = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((RUN, 1), np.uint8))
        _, labels, stats, _ = cv2.connectedComponentsWithStats(upright)
        for label in range(1, len(stats)):
            x, y, across, high, _area = (int(value) for value in stats[label])
            if high < max(LEAST * side, SLIM * wide) or across > 3 * wide + 4:
                continue
            box = slice(y, y + high), slice(x, x + across)
            force = np.maximum(apart[box], 1) * (labels[box] == label)
            middle = (force * np.arange(across)).sum(axis=1) / force.sum(axis=1)
            reach = wide // 2 + 1
            mask = np.abs(np.arange(-reach, across + reach) - middle[:, None]) <= 0.5 * wide
            part = _measured(found, mask, (y, x - reach), wide)
            if part is not None:
                every.append((float(force.sum() / np.count_nonzero(force)) * high**0.5, part))
    parts: list[Part] = []
    taken = np.zeros(found.off.shape[1:], bool)
    for _, part in sorted(every, key=lambda one: -one[0]):
        if taken[part.box][part.mask].mean() < 0.5:
            taken[part.box] |= part.mask
            parts.append(part)
    return parts


def _apart(colour: np.ndarray, wide: int) -> np.ndarray:
    """Return how far a bar around each pixel is from both its sides, in the same direction (h, w), codes."""
    beside = max(2, wide // 2)
    middle, flank = cv2.blur(colour, (wide, 1)), cv2.blur(colour, (beside, 1))
    left = middle - np.roll(flank, wide // 2 + beside - beside // 2 + 1, axis=1)
    right = middle - np.roll(flank, -(wide - wide // 2 + beside // 2 + 1), axis=1)
    near = np.sqrt(np.minimum((left * left).sum(axis=-1), (right * right).sum(axis=-1)))
    return np.where((left * right).sum(axis=-1) > 0, near, 0)


def plates_of(found: Parallax, pixels_a_metre: float) -> list[Part]:
    """Return regions of one colour, both of whose sides are surely nearer than the wall."""
    codes = cv2.bilateralFilter(np.rint(np.clip(found.colour, 0, 255)).astype(np.uint8), 5, 20, 3)
    tint = cv2.cvtColor(codes, cv2.COLOR_RGB2Lab).astype(np.float32) * np.array([LIGHTNESS, 1, 1], np.float32)
    told, most = (found.slope != 0).any(axis=-1), LARGE * pixels_a_metre
    parts: list[Part] = []
    for count in CLUSTERS:
        labels = _parted(tint, told, count)
        for one in range(count):
            region = cv2.morphologyEx(((labels == one) & told).astype(np.uint8), cv2.MORPH_OPEN, disc(OPEN))
            _, own, stats, _ = cv2.connectedComponentsWithStats(region, connectivity=4)
            for label in range(1, len(stats)):
                x, y, across, high, area = stats[label]
                if area >= SMALL and max(across, high) <= most and across <= STRIP * high:
                    part = _measured(found, own[y : y + high, x : x + across] == label, (int(y), int(x)))
                    if part is not None and part.whole and _is_unlike(found.colour, part):
                        parts.append(part)
    return parts


def _is_unlike(colour: np.ndarray, part: Part) -> bool:
    """Is it of another colour than what is around it?"""
    (top, bottom), (left, right) = part.rows, part.columns
    around = colour[max(0, top - RING) : bottom + RING, max(0, left - RING) : right + RING].reshape(-1, 3)
    return float(np.linalg.norm(colour[part.box][part.mask].mean(axis=0) - np.median(around, axis=0))) > UNLIKE


def _parted(tint: np.ndarray, told: np.ndarray, count: int) -> np.ndarray:
    """Return which of `count` colours (h, w) each pixel has (k-means; every so many-th pixel that is `told` (h, w) bool teaches them)."""
    cv2.setRNGSeed(count)
    sample = tint[told][:: max(1, np.count_nonzero(told) // 20000)]
    _, _, middles = cv2.kmeans(sample, count, None, (cv2.TERM_CRITERIA_MAX_ITER, 20, 0.1), 1, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    way = tint @ middles.T.astype(np.float32)
    return np.asarray((way - 0.5 * (middles * middles).sum(axis=1)).argmax(axis=-1))


def _measured(found: Parallax, mask: np.ndarray, corner: tuple[int, int], wide: int = 0) -> Part | None:
    """Return a region with how near it is; None where too few frames show it, or frames don't agree on what is there."""
    pad = round(RIM)
    room = np.array(found.off.shape[1:]) - corner - np.array(mask.shape)
    if min(corner) < pad or room.min() < pad:
        return None
    wider, start = widened(np.pad(mask, pad), RIM), (corner[0] - pad, corner[1] - pad)
    near = found.of(wider, start)
    if near is None or found.unrest(wider, start) > UNREST:
        return None
    columns = np.arange(wider.shape[1])
    middle = (wider * columns).sum(axis=1) / np.maximum(wider.sum(axis=1), 1)
    sides = [found.of(wider & half, start) for half in (columns < middle[:, None], columns > middle[:, None])]
    whole = all(one is not None and one.sure > EACH and one.nearer > EVEN * near.nearer for one in sides)
    return Part(mask, corner, near, whole, wide, found.colour[part_of(mask, corner)][mask].mean(axis=0) if wide else None)
