"""Where one sees through a building, or past it within its outline: between columns of galleries, under eaves, through lanterns and belfries.

What shows there is background, which stays when the building comes down. It has the colour of what lies beside the building in the same rows, where
that is even, as sky, water and far hills in haze are: anything else has colours that walls have, too. White tells nothing: an overcast sky has it, and
so have panes, marble and whitewash.
"""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.survey.filters import connected_to, disc, masked_mean, opened, shrunk, widened
from derrumbe.survey.foot import below_foot

BESIDE, LEVEL = (0.025, 0.08), 0.006
"""How far to either side background is looked for, first and last, and up and down; shares of the longer side."""
CLEAR, ENOUGH = 3.0, 0.02
"""Pixels from the outline beyond which nothing of the building is mixed in, and share of what is looked at that must be background."""
EVEN = 0.05
"""Even background strays from its mean by less than this (display codes, 0..1)."""
WHITE = 0.93
"""Background as light as this in all channels tells nothing."""
SAME, LIKE = 0.06, 0.11
"""How near to its colour comes what is surely background, and what hangs together with that: haze differs, and lenses sharpen edges."""
FRAMED = 0.25
"""How far from its colour is what frames an opening, on the whole."""
FEWEST, LARGEST = 10, 0.04
"""Pixels that an opening has at least, and share of the silhouette that it has at most: what is larger is a wall as pale as the sky."""
RIM, SPILL = 1.5, 2
"""Pixels around an opening that the lens mixed, and by which a matte reaches out of its silhouette."""


def see_through(codes: np.ndarray, region: np.ndarray, front: np.ndarray) -> np.ndarray:
    """Return the alpha (h, w) float32 of background within a building's silhouette `region` (h, w) bool, and right outside it, where a matte spills.

    codes (h, w, 3) uint8; front (h, w): alpha of what stands before the building.
    """
    picture = codes.astype(np.float32) / 255
    bare = front < 0.02
    beyond, told = _background(picture, shrunk(~region, CLEAR) & bare & ~below_foot(region))
    apart = np.abs(picture - beyond).max(-1)
    like = region & bare & told & (apart < LIKE)
    sure = opened(like & (apart < SAME), 1)
    through = _framed(connected_to(like, sure, connectivity=4), apart, region)
    alpha = np.where(region & bare & told, _alpha(picture, beyond, region, through), 0).astype(np.float32)
    return np.where(region, alpha, cv2.dilate(alpha, disc(SPILL))).astype(np.float32)


def _background(picture: np.ndarray, open_: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the colour (h, w, 3) of the background beside each pixel, the nearest that there is, and where it tells (h, w) bool; open_ (h, w) bool:
    where it is seen."""
    side = max(open_.shape)
    level = max(2, round(LEVEL * side))
    colour, told = np.zeros_like(picture), np.zeros(open_.shape, bool)
    for reach in (max(6, round(share * side)) for share in reversed(BESIDE)):
        mean, cover = masked_mean(picture, open_, reach, level)
        stray = np.sqrt(np.maximum(masked_mean(picture * picture, open_, reach, level)[0] - mean * mean, 0)).max(-1)
        near = cover > ENOUGH
        colour[near], told[near] = mean[near], ((stray < EVEN) & (mean.min(-1) < WHITE))[near]
    return colour, told


def _framed(like: np.ndarray, apart: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Return those parts of `like` (h, w) bool that something else in the region frames: what passes into it without a step is a roof as pale as its
    neighbour's. apart (h, w): how far colours are from the background's."""
    count, label, stats, _ = cv2.connectedComponentsWithStats(like.astype(np.uint8), connectivity=4)
    grown = cv2.dilate(label.astype(np.float32), np.ones((5, 5), np.uint8)).astype(int)
    rim = region & (label == 0) & (grown > 0)
    contrast = np.bincount(grown[rim], apart[rim], count) / np.maximum(np.bincount(grown[rim], minlength=count), 1)
    area = stats[:, cv2.CC_STAT_AREA]
    kept = (area >= FEWEST) & (area <= LARGEST * np.count_nonzero(region)) & (contrast > FRAMED)
    kept[0] = False
    return np.asarray(kept[label])


def _alpha(picture: np.ndarray, beyond: np.ndarray, region: np.ndarray, through: np.ndarray) -> np.ndarray:
    """Return how much (h, w) of each pixel in or beside openings `through` (h, w) bool is background of colour `beyond` (h, w, 3)."""
    own, known = masked_mean(picture, region & ~widened(through, RIM), 2 * round(2 * RIM))
    way = beyond - own
    share = ((picture - own) * way).sum(-1) / np.maximum((way * way).sum(-1), 1e-3)
    mixed = np.where(known > 0, np.clip(1.1 * share - 0.05, 0, 1), through)
    return np.where(shrunk(through, 1), 1, np.where(widened(through, RIM), mixed, 0))
