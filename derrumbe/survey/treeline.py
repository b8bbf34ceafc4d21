"""Trees behind the building, where nothing tells what stood there: crowns before crowns, of the plate's own leaves, none twice.

A matte painter's way out: what is copied from beside the building is recognised, trees are not. They are as high as the skyline that was
carried on from both sides, stand where the ground behind the building does, and have the tone of the trees beside it; the farther row is paler
by the air before it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from derrumbe.core.records import Camera
from derrumbe.survey.by_example import Example, example_of, spread_out
from derrumbe.survey.filters import disc, widened
from derrumbe.survey.neighbours import Cards, distance_of_row
from derrumbe.survey.tone import MEET, Tone, meeting, tone_of

SURE, LIKELY = 1.0, 0.0
"""Log odds from which on something counts as plants that leaves, and that a tone, is taken from."""
LOW = 0.0
"""Plants that reach further below the ground behind the building than this share of the height are lawn."""
HIGHEST = 1.3
"""No leaves are higher than this, over the height of the skyline."""
WIDE = (0.55, 1.25)
"""Widths of crowns over the height of the row."""
TALL = ((0.8, 1.12), (0.42, 0.9))
"""Heights of crowns over that of the skyline, for the far row and the near one."""
CLEAR, DEEPER = 4000.0, (1.8, 1.0)
"""Metres of air of which a share 1/e of the sky's light stands before things; how far the two rows are, over the distance of the near one."""
TONE, HUE = 0.16, 0.02
"""Spread of the logarithm of crowns' light, and of their green."""
RAGGED = 0.35
"""How far clumps of leaves push a crown's rim out and in, over its radius."""
SHADED = 0.42
"""Light at a crown's foot over that at its top."""
CLUMPS = 0.35
"""Strength of light and shade on clumps of leaves."""
HIGH = (4.0, 18.0)
"""Least and most height of trees, metres."""
SMALLEST_LEAVES = 0.3
"""Plants that are nearer than the trees are made smaller, but not more than so."""
CLOSE = 0.03
"""What has the tone of trees within this share of the longer side of plants is of trees: among leaves against the sky plants aren't told."""
FOOT, GRASS, SOFT = 0.05, 0.14, (2.5, 0.07)
"""Raggedness of the foot and height of the undergrowth there, shares of the row's height; how softly it ends: pixels at least, and that share."""
UNDER = 0.3
"""Share of the ground in the logarithm of the undergrowth's light."""
FINE = 100.0
"""Rows are drawn at least this many pixels high, and made smaller: else their rims are stairs."""
BOX = 0.289
"""Standard deviation of a pixel, pixels."""


@dataclass(frozen=True, eq=False)
class Row:
    """One row of crowns: light (h, w, 3) and alpha (h, w)."""

    light: np.ndarray
    alpha: np.ndarray

    def over(self, picture: np.ndarray) -> np.ndarray:
        return np.asarray(picture + (self.light - picture) * self.alpha[..., None])


def standing_plants(
    odds: np.ndarray, hole: np.ndarray, front: np.ndarray, sky: np.ndarray, base: np.ndarray, sure: float = SURE
) -> np.ndarray:
    """Return where (h, w) bool log odds of plants (h, w) tell of trees and bushes: not in the hole, unless they stand before the building.

    front, sky (h, w): alpha; base (w,): rows where the ground begins.
    """
    rows = np.arange(len(odds))[:, None]
    upright = rows < base[None] + LOW * len(odds)
    return (odds > sure) & (~hole | (front > 0.98)) & (sky < 0.05) & upright


@dataclass(frozen=True, eq=False)
class Trees:
    """example: leaves as they look at the trees' distance, metres; metre (w,): pixels of a metre there; tone: that of trees beside; beside (h, w)
    bool: where those are."""

    example: Example
    distance: float
    metre: np.ndarray
    tone: Tone
    beside: np.ndarray

    def cards(self, cards: Cards, hole: np.ndarray) -> Cards:
        """Return the cards, behind the hole (h, w) as high as the trees: as the skyline, but no lower and no higher than trees are. Beside what
        is lower they grow up to that."""
        hidden = np.asarray(hole.any(axis=0))
        inside = _from_sides(hidden)
        own = np.clip(cards.base - cards.top, 0, HIGH[1] * self.metre)
        least = HIGH[0] * self.metre * np.clip(inside / (HIGH[0] * self.metre), 0, 1)
        return replace(cards, top=np.where(hidden, cards.base - np.maximum(own, least), cards.top).astype(np.float32))

    def planted(
        self, clean: np.ndarray, texture: np.ndarray, hole: np.ndarray, top: np.ndarray, base: np.ndarray, softness: float, seed: int
    ) -> np.ndarray:
        """Return the clean plate (h, w, 3), whose hole shows sky down to `base`, with trees between the rows top and base (w,).

        texture (h, w, 3): what is beside the hole; softness: sigma of the plate's edges, pixels.
        """
        columns = np.flatnonzero(hole.any(axis=0))
        highest = base - HIGHEST * (base - top)
        upper = max(0, int(highest[columns].min()))
        rows = np.arange(len(hole))[:, None] + 0.5
        beside = self.beside & ~hole & (rows < base)
        rim = _rim(beside, hole, np.random.default_rng((seed, 76))) * _soft(rows - highest)
        below = 2 * _soft_foot(_height(top[columns], base[columns])) + 3
        box = slice(upper, min(len(hole), int(base[columns].max() + below) + 3)), slice(int(columns[0]), int(columns[-1]) + 1)
        rng = np.random.default_rng((seed, 75))
        out = clean[box]
        for tall, deeper in zip(TALL, DEEPER, strict=True):
            leaves = spread_out(self.example, box, hole.shape[1], rng)
            row = _reduced(leaves, top[box[1]] - upper, base[box[1]] - upper, tall, tall is TALL[0], softness, rng)
            light = self.tone.given_to(row.light, row.alpha, box[1], deeper / DEEPER[-1])
            alpha = np.maximum(row.alpha, rim[box]) * hole[box]
            light = meeting(light, alpha, texture, beside, box)
            light = _undergrown(light, clean[box], top[box[1]] - upper, base[box[1]] - upper)
            light += (1 - np.exp(-(deeper - DEEPER[-1]) * self.distance / CLEAR)) * (clean[box] - light)
            out = Row(light, alpha).over(out)
        whole = clean.copy()
        whole[box] = out
        return whole.astype(np.float32)


def _from_sides(hidden: np.ndarray) -> np.ndarray:
    """Return how many columns (w,) each hidden one is from the nearest that isn't."""
    columns, shown = np.arange(len(hidden)), np.flatnonzero(~hidden)
    if not len(shown):
        return np.full(len(hidden), float(len(hidden)))
    after = np.searchsorted(shown, columns)
    return np.minimum(np.abs(columns - shown[np.minimum(after, len(shown) - 1)]), np.abs(columns - shown[np.maximum(after - 1, 0)])).astype(
        np.float64
    )


def trees_of(texture: np.ndarray, plants: np.ndarray, likely: np.ndarray, camera: Camera, cards: Cards, hole: np.ndarray) -> Trees | None:
    """Return trees behind a hole (h, w) bool, where the cards stand, made of the plants (h, w) bool of the texture (h, w, 3), with the tone of what
    `likely` (h, w) bool are plants; None if there are too few."""
    if not plants.any():
        return None
    far = float(np.median(cards.distance[hole.any(axis=0)]))
    shrink = float(np.clip(_away(plants, camera) / far, SMALLEST_LEAVES, 1.0))
    size = tuple(max(8, round(side * shrink)) for side in plants.shape[::-1])
    small = cv2.resize(plants.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99
    example = example_of(cv2.resize(texture, size, interpolation=cv2.INTER_AREA), small, max(plants.shape))
    if example is None:
        return None
    metre = camera.focal_px / cards.distance
    height = np.clip(cards.base - cards.top, HIGH[0] * metre, HIGH[1] * metre)[hole.any(axis=0)]
    some = plants | likely
    tone = tone_of(texture, some, float(np.median(height)), cards.base)
    alike = tone.alike(texture) & widened(some, CLOSE * max(hole.shape))
    return Trees(example, far, metre, tone, cv2.morphologyEx(alike.astype(np.uint8), cv2.MORPH_OPEN, disc(2)) > 0)


def _away(plants: np.ndarray, camera: Camera) -> float:
    """Return how far plants (h, w) bool are from the camera, metres along level forward, as their feet tell."""
    stats = cv2.connectedComponentsWithStats(plants.astype(np.uint8))[2]
    feet = distance_of_row(camera, (stats[1:, cv2.CC_STAT_TOP] + stats[1:, cv2.CC_STAT_HEIGHT]).astype(np.float64))
    order = np.argsort(feet)
    share = np.cumsum(stats[1:, cv2.CC_STAT_AREA][order])
    return float(feet[order][np.searchsorted(share, 0.5 * share[-1])])


def _height(top: np.ndarray, base: np.ndarray) -> float:
    """Return the usual height of a row between the rows top and base (w,), pixels."""
    return max(4.0, float(np.median(base - top)))


def _soft_foot(height: float) -> float:
    """Return over how many pixels a row of some height ends at its foot."""
    return max(SOFT[0], SOFT[1] * height)


def _reduced(
    leaves: np.ndarray,
    top: np.ndarray,
    base: np.ndarray,
    tall: tuple[float, float],
    closed: bool,
    softness: float,
    rng: np.random.Generator,
) -> Row:
    """Return a row of crowns as `_row` does, drawn larger and made smaller, with edges as soft as those of the plate (sigma, pixels)."""
    times = max(1, int(np.ceil(FINE / _height(top, base))))
    size = leaves.shape[1::-1]
    large = cv2.resize(leaves, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    row = _row(np.maximum(large, 0), np.repeat(top, times) * times, np.repeat(base, times) * times, tall, closed, times, rng)
    layer = cv2.resize(np.dstack([row.light * row.alpha[..., None], row.alpha]), size, interpolation=cv2.INTER_AREA)
    sigma = np.sqrt(max(softness**2 - BOX**2, 0.0))
    layer = cv2.GaussianBlur(layer, (0, 0), sigma) if sigma > 0.15 else layer
    shown = layer[..., 3:] > 1e-3
    return Row(np.where(shown, layer[..., :3] / np.maximum(layer[..., 3:], 1e-3), leaves), layer[..., 3])


def _rim(beside: np.ndarray, hole: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the alpha (h, w) of leaves by which trees beside (h, w) bool a hole (h, w) bool go on into it: it is wider than what stood there."""
    reach = MEET * max(hole.shape)
    if not (beside & widened(hole, 2)).any():
        return np.zeros(hole.shape, np.float32)
    away = cv2.distanceTransform((~beside).astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(_soft(reach * (1 + 0.4 * _noise(hole.shape, 0.8 * reach, rng)) - away) * hole)


def _undergrown(light: np.ndarray, ground: np.ndarray, top: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Return light (h, w, 3) of trees between the rows top and base (w,) that at their foot goes over, in part, to that of the ground (h, w, 3)."""
    high = _height(top, base)
    reach = max(3.0, GRASS * high)
    rows, columns = np.arange(len(light))[:, None] + 0.5, np.arange(len(base))
    at = np.minimum(base + _soft_foot(high), len(light) - 1).astype(int)
    below = cv2.blur(ground[at, columns][None], (2 * round(reach) + 1, 1))[0]
    share = UNDER * np.clip(1 + (rows - base) / reach, 0, 1)[..., None]
    return np.asarray(np.maximum(light, 1e-4) ** (1 - share) * np.maximum(below, 1e-4) ** share, np.float32)


def _row(
    leaves: np.ndarray, top: np.ndarray, base: np.ndarray, tall: tuple[float, float], closed: bool, times: int, rng: np.random.Generator
) -> Row:
    """Return a row of crowns of leaves (h, w, 3), their tops and feet about the rows top and base (w,); `closed`: nothing is seen between them
    below half of their height; times: how much larger than the plate they are drawn."""
    height, width = leaves.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) + 0.5
    usual = _height(top, base)
    clumps = [_noise((height, width), usual * share, rng) for share in (0.4, 0.15, 0.05)]
    rough = RAGGED * (0.3 * clumps[0] + 0.4 * clumps[1] + 0.25 * clumps[2])
    light, alpha = leaves * SHADED, np.zeros((height, width), np.float32)
    if closed:
        alpha = _soft(y - top - 0.5 * (base - top) + usual * 0.2 * rough)
    for middle in _middles(width, usual, rng):
        column = min(width - 1, max(0, int(middle)))
        size = max(2.0, float(base[column] - top[column])) * rng.uniform(*tall)
        radius = 0.5 * size * rng.uniform(*WIDE)
        part = slice(max(0, int(middle - 2 * radius)), max(0, int(middle + 2 * radius)) + 1)
        if part.start >= width:
            continue
        down = y[:, part] - (base[column] - size)
        crown = _crown(x[:, part] - middle, down, radius, size, rough[:, part])
        tone = np.exp(TONE * rng.standard_normal()) * np.exp(HUE * rng.standard_normal() * np.array([-0.6, 1.0, -0.4]))
        shade = _lit(down, size, clumps[1][:, part], clumps[2][:, part])
        both = crown + alpha[:, part] * (1 - crown)
        own = leaves[:, part] * (shade[..., None] * tone)
        light[:, part] += (own - light[:, part]) * (crown / np.maximum(both, 1e-6))[..., None]
        alpha[:, part] = both
    # all of it below the base, for sky is seen above
    soft = times * _soft_foot(usual / times)
    foot = _soft((base[None] - y + times + usual * FOOT * np.abs(0.5 * clumps[0] + 0.5 * clumps[1])) / soft + 0.5)
    return Row(light.astype(np.float32), _without_islands(alpha) * foot)


def _without_islands(alpha: np.ndarray) -> np.ndarray:
    """Return the alpha (h, w) without leaves that hang on nothing below, and without gaps that no sky above reaches."""
    solid = np.pad((alpha > 0.5).astype(np.uint8), ((0, 1), (0, 0)), constant_values=1)
    rooted = _joined_to(solid, -1)
    around = _joined_to(np.pad(~rooted[:-1], ((1, 0), (0, 0)), constant_values=True).astype(np.uint8), 0)[1:]
    return np.where(widened(around, 1.5), np.where(widened(rooted[:-1], 1.5), alpha, 0), 1).astype(np.float32)


def _joined_to(mask: np.ndarray, row: int) -> np.ndarray:
    labels = cv2.connectedComponents(mask, connectivity=4)[1]
    return np.asarray((labels == labels[row, 0]) & (mask > 0))


def _middles(width: int, usual: float, rng: np.random.Generator) -> np.ndarray:
    """Return where crowns stand, in no order: what is drawn later stands before."""
    count = max(2, round(1.9 * width / usual))
    return rng.permutation((np.arange(count) + rng.uniform(-0.4, 0.4, count) + 0.5) * width / count)


def _crown(x: np.ndarray, y: np.ndarray, radius: float, size: float, rough: np.ndarray) -> np.ndarray:
    """Return the alpha of a crown whose top is at (0, 0): round above, straight down to the ground below its widest."""
    high = min(1.1 * radius, 0.6 * size)
    way = np.hypot(x / radius, np.minimum(y - high, 0) / high)
    return _soft((1 - way + 0.8 * rough) * radius / 1.2)


def _lit(y: np.ndarray, size: float, coarse: np.ndarray, fine: np.ndarray) -> np.ndarray:
    """Return a crown's light over its leaves' own: bright above, dark at the foot, clumps lit from above."""
    down = np.clip(y / max(size, 1.0), 0, 1)
    fall = 1.15 + (SHADED - 1.15) * down**1.3
    relief = np.gradient(coarse, axis=0) * 0.16 * size
    return np.asarray(fall * np.exp(CLUMPS * np.clip(relief + 0.5 * fine, -1.5, 1.5)), np.float32)


def _soft(distance: np.ndarray) -> np.ndarray:
    return np.clip(distance + 0.5, 0, 1).astype(np.float32)


def _noise(shape: tuple[int, int], scale: float, rng: np.random.Generator) -> np.ndarray:
    """Return smooth noise (h, w) of unit spread whose ups and downs are about `scale` pixels wide."""
    knots = tuple(max(2, int(side / max(scale, 1.0)) + 3) for side in shape)
    wave = cv2.resize(rng.standard_normal(knots).astype(np.float32), shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(wave / max(float(wave.std()), 1e-6))
