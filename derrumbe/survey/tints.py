"""Colours in coarse cells, and how many pixels of a region have them."""

from __future__ import annotations

import cv2
import numpy as np

BINS = 20
FEWEST = 200


def cells(codes: np.ndarray) -> np.ndarray:
    """Return the cell (h, w) int of each colour of codes (h, w, 3) uint8. Light varies more than tint does: tint gets finer cells."""
    lab = cv2.cvtColor(codes, cv2.COLOR_RGB2Lab).astype(np.float32)
    cell = np.stack([lab[..., 0] / 256, (lab[..., 1] - 88) / 80, (lab[..., 2] - 88) / 80], -1)
    index = np.clip((cell * BINS).astype(np.int64), 0, BINS - 1)
    return (index[..., 0] * BINS + index[..., 1]) * BINS + index[..., 2]


def histogram(found: np.ndarray) -> np.ndarray:
    """Return the share of pixels in each cell (BINS**3,), smoothed over neighbouring cells."""
    counts = np.bincount(found, minlength=BINS**3).astype(np.float32).reshape(BINS, BINS, BINS)
    for axis in range(3):
        wide = np.moveaxis(np.pad(counts, [(1, 1) if axis == other else (0, 0) for other in range(3)]), axis, 0)
        counts = np.moveaxis(0.25 * wide[:-2] + 0.5 * wide[1:-1] + 0.25 * wide[2:], 0, axis)
    return (counts / max(float(counts.sum()), 1e-9)).ravel()


def likelier(codes: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return whose colours (h, w) bool are commoner in region `first` than in region `second`, (h, w) bool; none when either is small."""
    if min(np.count_nonzero(first), np.count_nonzero(second)) < FEWEST:
        return np.zeros(first.shape, bool)
    cell = cells(cv2.GaussianBlur(codes, (0, 0), 0.7))
    return (histogram(cell[first]) > histogram(cell[second]))[cell]
