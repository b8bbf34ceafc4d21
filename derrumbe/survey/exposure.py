"""Frames of one shot in one light: gains that undo a camera's automatic exposure and white balance."""

from __future__ import annotations

import numpy as np

GAIN = (0.6, 1.7)
LEAST_RING = 200
"""Pixels that tell a gain."""


def exposure(picture: np.ndarray, other: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return the gain (3,) float32 that gives `other` the light of `picture`, (h, w, 3) each, from pixels `where` (h, w)."""
    if np.count_nonzero(where) < LEAST_RING:
        return np.ones(3, np.float32)
    light, theirs = picture[where], other[where]
    good = (light.min(axis=-1) > 0.01) & (theirs.min(axis=-1) > 0.01)
    if np.count_nonzero(good) < LEAST_RING:
        return np.ones(3, np.float32)
    return np.clip(np.exp(np.median(np.log(light[good] / theirs[good]), axis=0)), *GAIN).astype(np.float32)
