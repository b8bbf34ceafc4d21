"""How crisp edges are: how much of its steepness each strong edge of a picture loses by a known blur, as a histogram.

The ratio of an edge's slopes under two blurs tells its own blur (Zhuo & Sim, "Defocus map estimation from a single image", Pattern
Recognition 44, 2011). It is kept as the ratio, since a sharpened plate has edges steeper than any blur's.
"""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.media.colour import ACESCG_LUMA

FINE, COARSE = 0.8, 1.6
"""Sigmas of the two blurs, pixels."""
BINS, CRISPEST = 100, 2.0
"""Histogram of crispness: bins, and its last edge. A perfect step has 0.7, one blurred by a pixel 0.4, by two pixels 0.19."""
STEEP, SURE = 0.02, 10.0
"""An edge counts from this slope on, in tone per pixel, and from this many times the slope that grain alone makes."""


def edge_histogram(picture: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return how many edge pixels of `picture` (h, w, 3), linear, have each crispness, int (BINS,), counted only inside `where` (h, w) bool.

    Crispness is slope under the fine blur / slope under the coarse one - 1.
    """
    tone = np.sqrt(np.maximum(picture @ ACESCG_LUMA, 0)).astype(np.float32)
    fine, coarse = (_slope(cv2.GaussianBlur(tone, (0, 0), sigma)) for sigma in (FINE, COARSE))
    ridge = where & _crest(fine) & (fine > np.maximum(STEEP, SURE * _grain_slope(fine, where)))
    crispness = fine[ridge] / np.maximum(coarse[ridge], 1e-9) - 1
    return np.histogram(np.clip(crispness, 0, CRISPEST), BINS, (0, CRISPEST))[0]


def median_crispness(histogram: np.ndarray) -> float:
    """Return the median of a histogram of crispness; NaN when it is empty."""
    total = histogram.sum()
    if not total:
        return float("nan")
    return float(np.interp(total / 2, np.concatenate([[0], np.cumsum(histogram)]), np.linspace(0, CRISPEST, BINS + 1)))


def _slope(tone: np.ndarray) -> np.ndarray:
    return np.hypot(*(cv2.Sobel(tone, cv2.CV_32F, *axes, scale=1 / 8) for axes in ((1, 0), (0, 1))))


def _crest(slope: np.ndarray) -> np.ndarray:
    """Return where the slope is greatest across its edge: of its row's or its column's neighbours."""
    across = (slope >= np.roll(slope, 1, 1)) & (slope >= np.roll(slope, -1, 1))
    down = (slope >= np.roll(slope, 1, 0)) & (slope >= np.roll(slope, -1, 0))
    return across | down


def _grain_slope(slope: np.ndarray, where: np.ndarray) -> float:
    """Return the slope that grain alone makes: that of the calmest tenth of the pixels."""
    return float(np.percentile(slope[where], 10)) if where.any() else 1.0
