"""The sky beside a building as a camera draws it: sharpening and local tone mapping make it brighter or darker along a silhouette. Once the building has
gone, that rim would stay as its ghost."""

from __future__ import annotations

import cv2
import numpy as np

WIDEST, OPEN = 0.020, 0.034
"""Shares of the longer side: how far a halo reaches at most, and up to where the sky beyond it tells how bright it is without."""
AROUND = 0.04
"""Over how much of that sky around a place the mean is taken, share of the longer side."""
LEAST = 2 / 255
"""Difference (square root of light) right beside the building from which it is seen."""
GONE = 0.25
"""Share of that at which a halo ends."""
FIRST, LAST = 1, 4
"""Pixels off the building that tell of it: the first is mixed."""
FEW = 50
"""Pixels at a distance that tell."""


def halo(texture: np.ndarray, region: np.ndarray, sky: np.ndarray) -> np.ndarray:
    """Return the sky (h, w) bool that a building's silhouette (region (h, w) bool) has brightened or darkened in a texture (h, w, 3); sky (h, w): alpha."""
    side, open_sky = max(region.shape), sky > 0.995
    away = cv2.distanceTransform((~region).astype(np.uint8), cv2.DIST_L2, 5)
    level = np.sqrt(np.maximum(texture, 0)).mean(axis=-1).astype(np.float32)
    beyond = (open_sky & (away > WIDEST * side) & (away < OPEN * side)).astype(np.float32)
    window = (2 * round(0.5 * AROUND * side) + 1,) * 2
    cover = cv2.blur(beyond, window)
    stray = level - cv2.blur(level * beyond, window) / np.maximum(cover, 1e-6)
    told = open_sky & (cover > 0.02)
    profile = [_median(stray[told & (away >= k) & (away < k + 1)]) for k in range(round(WIDEST * side))]
    edge = float(np.mean(profile[FIRST:LAST])) if len(profile) >= LAST else 0.0
    if abs(edge) < LEAST:
        return np.zeros(region.shape, bool)
    ends = next((k for k in range(FIRST, len(profile)) if profile[k] * np.sign(edge) < GONE * abs(edge)), len(profile))
    return np.asarray((sky > 0.5) & ~region & (away <= ends))


def _median(values: np.ndarray) -> float:
    return float(np.median(values)) if len(values) >= FEW else 0.0
