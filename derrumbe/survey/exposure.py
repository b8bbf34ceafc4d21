"""Frames of one shot in one light: gains that undo a camera's automatic exposure and white balance."""

from __future__ import annotations

import numpy as np

GAIN = (0.6, 1.7)
LEAST_RING = 200
"""Pixels that tell a gain."""
ALIKE, MOST = 0.12, 0.4
"""Log light by which pixels may stray from a gain, and the share of them that must not stray further: else the two don't show the same things."""


def exposure(picture: np.ndarray, other: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return the gain (3,) float32 that gives `other` the light of `picture`, (h, w, 3) each, from pixels `where` (h, w)."""
    if np.count_nonzero(where) < LEAST_RING:
        return np.ones(3, np.float32)
    light, theirs = (np.ascontiguousarray(part[where].T) for part in (picture, other))
    good = (light.min(axis=0) > 0.01) & (theirs.min(axis=0) > 0.01)
    if np.count_nonzero(good) < LEAST_RING:
        return np.ones(3, np.float32)
    apart = np.log(light[:, good] / theirs[:, good])
    alike = np.abs(apart - np.median(apart, axis=1, keepdims=True)).max(axis=0) < ALIKE
    if alike.mean() < MOST:
        return np.ones(3, np.float32)
    return np.clip(np.exp(np.median(apart[:, alike], axis=1)), *GAIN).astype(np.float32)
