"""Trees behind the building, where nothing tells what stood there: rows of crowns before rows of crowns.

A matte painter's way out: what is copied from beside the building is recognised, trees are not. They are as high as the skyline that was
carried on from both sides, stand where the ground behind the building does, and have the tone of the trees beside it; farther rows are paler
by the air before them, and softer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from derrumbe.core.records import Camera
from derrumbe.survey.crowns import Row, even, row_of_crowns, usual_height, wavy
from derrumbe.survey.filters import opened, widened
from derrumbe.survey.neighbours import Cards, distance_of_row
from derrumbe.survey.tone import MEET, Tone, meeting, tone_of

SURE, LIKELY = 1.0, 0.0
"""Log odds from which on something counts as plants: there must be some of the first, and the tone is that of the second."""
LOW = 0.0
"""Plants that reach further below the ground behind the building than this share of the height are lawn."""
HIGHEST = 1.3
"""No leaves are higher than this, over the height of the skyline."""
TALL = ((0.65, 1.12), (0.4, 0.85), (0.25, 0.6))
"""Heights of crowns over that of the skyline, from the far row to the near one."""
CLEAR, DEEPER = 4000.0, (2.0, 1.4, 1.0)
"""Metres of air of which a share 1/e of the sky's light stands before things; how far the rows are, over the distance of the near one."""
FEWEST = 0.0025
"""Share of the picture that plants take, from which on they tell a tone: fewer may be dark glass."""
OVER_LAWN, SPREAD = np.array([0.42, 0.45, 0.42], np.float32), 0.5
"""Light of trees over that of a lawn, and its spread (log), where no tree is seen."""
HIGH, USUAL = (4.0, 18.0), 9.0
"""Least and most height of trees, metres, and that of trees of which nothing is known."""
CLOSE = 0.03
"""What has the tone of trees within this share of the longer side of plants is of trees: among leaves against the sky plants aren't told."""
GRASS, SOFT = 0.14, (2.5, 0.07)
"""Height of the undergrowth at the foot, share of the row's height; how softly it ends: pixels at least, and that share."""
UNDER = 0.3
"""Share of the ground in the logarithm of the undergrowth's light."""
FINE = 100.0
"""Rows are drawn at least this many pixels high, and made smaller: else their rims are stairs."""
BOX = 0.289
"""Standard deviation of a pixel, pixels."""


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
    """distance: metres; metre (w,): pixels of a metre there; tone: that of trees beside, `toned` metres away; beside (h, w) bool: where those are;
    least: height, metres, where nothing tells more."""

    distance: float
    metre: np.ndarray
    tone: Tone
    toned: float
    beside: np.ndarray
    least: float = HIGH[0]

    def cards(self, cards: Cards, hole: np.ndarray) -> Cards:
        """Return the cards, behind the hole (h, w) as high as the trees: as the skyline, but no lower and no higher than trees are. Beside what
        is lower they grow up to that."""
        hidden = np.asarray(hole.any(axis=0))
        inside = _from_sides(hidden)
        own = np.clip(cards.base - cards.top, 0, HIGH[1] * self.metre)
        least = self.least * self.metre * np.clip(inside / (self.least * self.metre), 0, 1)
        return replace(cards, top=np.where(hidden, cards.base - np.maximum(own, least), cards.top).astype(np.float32))

    def crowned(self, cards: Cards, hole: np.ndarray) -> Cards:
        """Return the cards, behind the hole (h, w) as high as the highest crown that may be planted there."""
        highest = cards.base - HIGHEST * (cards.base - cards.top)
        return replace(cards, top=np.where(np.asarray(hole.any(axis=0)), highest, cards.top).astype(np.float32))

    def planted(
        self,
        clean: np.ndarray,
        heaven: np.ndarray,
        texture: np.ndarray,
        hole: np.ndarray,
        top: np.ndarray,
        base: np.ndarray,
        softness: float,
        seed: int,
    ) -> np.ndarray:
        """Return the clean plate (h, w, 3), whose hole shows sky down to `base`, with trees between the rows top and base (w,).

        heaven (h, w, 3): sky all over; texture (h, w, 3): what is beside the hole; softness: sigma of the plate's edges, pixels.
        """
        columns = np.flatnonzero(hole.any(axis=0))
        highest = base - HIGHEST * (base - top)
        upper = max(0, int(highest[columns].min()))
        rows = np.arange(len(hole))[:, None] + 0.5
        beside = self.beside & ~hole & (rows < base)
        rim = _rim(beside, hole, np.random.default_rng((seed, 76))) * _soft(rows - highest)
        below = 2 * _soft_foot(usual_height(top[columns], base[columns])) + 3
        box = slice(upper, min(len(hole), int(base[columns].max() + below) + 3)), slice(int(columns[0]), int(columns[-1]) + 1)
        rows_of = top[box[1]] - upper, base[box[1]] - upper
        rng, out = np.random.default_rng((seed, 75)), clean[box]
        for tall, deeper in zip(TALL, DEEPER, strict=True):
            row = _reduced(*rows_of, len(out), tall, tall is TALL[0], softness, rng)
            alpha = np.maximum(row.alpha, rim[box]) * hole[box]
            light = self.tone.given_to(row.relief, box[1], deeper / DEEPER[-1])
            light = meeting(light, alpha, texture, beside, box)
            light = _undergrown(light, clean[box], *rows_of)
            air = max(deeper * self.distance - self.toned, 0.0)
            light += (1 - np.exp(-air / CLEAR)) * (heaven[box] - light)
            out = out + (light - out) * alpha[..., None]
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


def trees_of(
    texture: np.ndarray,
    plants: np.ndarray,
    likely: np.ndarray,
    lawn: np.ndarray,
    camera: Camera,
    cards: Cards,
    hole: np.ndarray,
    least: float = HIGH[0],
) -> Trees | None:
    """Return trees behind a hole (h, w) bool, where the cards stand, with the tone of what `likely` (h, w) bool are plants in the texture (h, w, 3).

    Where too little surely is one, `plants` (h, w) bool, they have that of a lawn (h, w) bool, but for the shade that leaves throw on each other;
    None where there is no lawn either. least: their height, metres, where nothing tells more.
    """
    bare = plants.mean() < FEWEST
    some = lawn if bare else plants | likely
    if some.mean() < FEWEST:
        return None
    far = float(np.median(cards.distance[hole.any(axis=0)]))
    metre = camera.focal_px / cards.distance
    height = np.clip(cards.base - cards.top, HIGH[0] * metre, HIGH[1] * metre)[hole.any(axis=0)]
    tone = tone_of(texture, some, float(np.median(height)), cards.base)
    if bare:
        shaded = Tone(tone.mean + np.log(OVER_LAWN), np.full_like(tone.spread, SPREAD))
        return Trees(far, metre, shaded, 0.0, np.zeros(hole.shape, bool), least)
    alike = tone.alike(texture) & widened(some, CLOSE * max(hole.shape))
    beside = opened(alike, 2)
    return Trees(far, metre, tone, min(far, _away(plants, camera)), beside, least)


def _away(plants: np.ndarray, camera: Camera) -> float:
    """Return how far plants (h, w) bool are from the camera, metres along level forward, as their feet tell."""
    stats = cv2.connectedComponentsWithStats(plants.astype(np.uint8))[2]
    feet = distance_of_row(camera, (stats[1:, cv2.CC_STAT_TOP] + stats[1:, cv2.CC_STAT_HEIGHT]).astype(np.float64))
    order = np.argsort(feet)
    share = np.cumsum(stats[1:, cv2.CC_STAT_AREA][order])
    return float(feet[order][np.searchsorted(share, 0.5 * share[-1])])


def _soft_foot(height: float) -> float:
    """Return over how many pixels a row of some height ends at its foot."""
    return max(SOFT[0], SOFT[1] * height)


def _reduced(
    top: np.ndarray, base: np.ndarray, height: int, tall: tuple[float, float], closed: bool, softness: float, rng: np.random.Generator
) -> Row:
    """Return a row of crowns (`row_of_crowns`), drawn larger and made smaller, as soft as the plate is (sigma, pixels)."""
    usual = usual_height(top, base)
    times = max(1, int(np.ceil(FINE / usual)))
    row = row_of_crowns(
        np.repeat(top, times) * times, np.repeat(base, times) * times, height * times, tall, closed, times * _soft_foot(usual), rng
    )
    layer = cv2.resize(np.dstack([row.relief, row.alpha]), (len(top), height), interpolation=cv2.INTER_AREA)
    sigma = np.sqrt(max(softness**2 - BOX**2, 0.0))
    layer = cv2.GaussianBlur(layer, (0, 0), sigma) if sigma > 0.15 else layer
    return Row(even(layer[..., 0], layer[..., 1]), layer[..., 1])


def _rim(beside: np.ndarray, hole: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the alpha (h, w) of leaves by which trees beside (h, w) bool a hole (h, w) bool go on into it: it is wider than what stood there."""
    reach = MEET * max(hole.shape)
    if not (beside & widened(hole, 2)).any():
        return np.zeros(hole.shape, np.float32)
    away = cv2.distanceTransform((~beside).astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(_soft(reach * (1 + 0.4 * wavy(hole.shape, 0.8 * reach, rng)) - away) * hole)


def _undergrown(light: np.ndarray, ground: np.ndarray, top: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Return light (h, w, 3) of trees between the rows top and base (w,) that at their foot goes over, in part, to that of the ground (h, w, 3)."""
    high = usual_height(top, base)
    reach = max(3.0, GRASS * high)
    rows, columns = np.arange(len(light))[:, None] + 0.5, np.arange(len(base))
    at = np.minimum(base + _soft_foot(high), len(light) - 1).astype(int)
    below = cv2.blur(ground[at, columns][None], (2 * round(reach) + 1, 1))[0]
    share = UNDER * np.clip(1 + (rows - base) / reach, 0, 1)[..., None]
    return np.asarray(np.maximum(light, 1e-4) ** (1 - share) * np.maximum(below, 1e-4) ** share, np.float32)


def _soft(distance: np.ndarray) -> np.ndarray:
    return np.clip(distance + 0.5, 0, 1).astype(np.float32)
