"""Rims of building that the ragged edge of a plant takes in: eaves and courses where they meet its leaves.

What a plant has at its edge is averaged over leaves, so a strip of wall beside it counts as leaves. Pixel by pixel its colours tell: where
they are commoner on the bare wall than in the plant, and run on into that wall, they are the wall's (hysteresis as in Canny 1986).
"""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.survey.filters import connected_to, widened
from derrumbe.survey.in_front_by_look import SEED
from derrumbe.survey.tints import FEWEST, cells, histogram
from derrumbe.survey.vegetation import plant_odds

WORKING_SIDE = 1000
"""Larger pictures are made smaller first."""
HELD, BARE = 0.4, 0.1
"""Alpha from which a pixel counts as held in front, and below which wall is bare."""
REACH, BESIDE = 0.02, 0.1
"""Rims reach this far into a plant; the wall's colours are learnt within so much of it; shares of the longer side."""
CLEAR, LIKELY = 1.0, 0.3
"""Log odds by which a colour is clearly the wall's, and by which it is what goes on there."""


def wall_rims(codes: np.ndarray, alpha: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Return the rims (h, w) bool of a building's `region` (h, w) bool that an `alpha` (h, w) of plants holds. codes (h, w, 3) uint8."""
    scale = min(1.0, WORKING_SIDE / max(region.shape))
    size = round(region.shape[1] * scale), round(region.shape[0] * scale)
    small, thin = (cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in (codes, alpha.astype(np.float32)))
    inside = cv2.resize(region.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    found = _rims(small, thin, inside).astype(np.float32)
    return region & (cv2.resize(found, region.shape[::-1], interpolation=cv2.INTER_LINEAR) > 0.5)


def _rims(codes: np.ndarray, alpha: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Return the same in a picture of working size."""
    side = max(region.shape)
    held, bare = alpha > HELD, region & (alpha < BARE)
    leaves, wall = held & (plant_odds(codes) > SEED), bare & widened(held, BESIDE * side)
    if min(np.count_nonzero(leaves), np.count_nonzero(wall)) < FEWEST:
        return np.zeros_like(region)
    cell = cells(cv2.GaussianBlur(codes, (0, 0), 0.7))
    odds = np.log((histogram(cell[wall]) + 1e-5) / (histogram(cell[leaves]) + 1e-5))
    walls = cv2.blur(np.clip(odds, -3, 3)[cell].astype(np.float32), (3, 3))
    open_ = region & ~bare & widened(bare, REACH * side)
    return connected_to(open_ & (walls > LIKELY), (walls > CLEAR) & widened(bare, 2), connectivity=4)
