"""How crisp edges are: how much of its steepness each strong edge of a picture loses by a known blur, as a histogram.

The ratio of a step's slopes under two blurs tells its own blur (Zhuo & Sim, "Defocus map estimation from a single image", Pattern
Recognition 44, 2011). It is kept as the ratio, since a sharpened plate has edges steeper than any blur's. The sides of a thin line lose more than
a step under the same lens, so a wall full of joints and bars would seem crisper than broken blocks: only steps count.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.ndimage import map_coordinates

from derrumbe.media.colour import ACESCG_LUMA

FINE, COARSE = 0.8, 1.6
"""Sigmas of the two blurs, pixels."""
BINS, CRISPEST = 100, 2.0
"""Histogram of crispness: bins, and its last edge. A step drawn by area has 0.6, one blurred by half a pixel 0.54, by 0.9 pixels 0.41."""
STEEP, SURE = 0.02, 10.0
"""An edge counts from this slope on, in tone per pixel, and from this many times the slope that grain alone makes."""
SIDES, STEP, LENGTH = 3, 0.8, 2
"""Pixels to both sides of an edge that are looked at, the least share of what the tone spans there that it must rise by from one end to the other, and
how many pixels along the edge, to both sides, it must do so: where lines cross it may at one place."""


def edge_histogram(picture: np.ndarray, where: np.ndarray, grain: float) -> np.ndarray:
    """Return how many edge pixels of `picture` (h, w, 3), linear, have each crispness, int (BINS,), counted only inside `where` (h, w) bool.

    Crispness is slope under the fine blur / slope under the coarse one - 1. grain: slope that grain alone makes, see grain_slope.
    """
    tone = _tone(picture)
    blurred = cv2.GaussianBlur(tone, (0, 0), FINE)
    fine, coarse = _slope(blurred), _slope(cv2.GaussianBlur(tone, (0, 0), COARSE))
    y, x = np.nonzero(where & _crest(blurred) & (fine > max(STEEP, SURE * grain)))
    step = _is_step(blurred, y, x)
    y, x = y[step], x[step]
    crispness = fine[y, x] / np.maximum(coarse[y, x], 1e-9) - 1
    return np.histogram(np.clip(crispness, 0, CRISPEST), BINS, (0, CRISPEST))[0]


def grain_slope(picture: np.ndarray) -> float:
    """Return the slope that grain alone makes in a picture (h, w, 3), linear: that of its calmest tenth. A plate has calm places; rubble has none,
    so that its own calmest would be taken for grain and only its strongest edges would count."""
    return float(np.percentile(_slope(cv2.GaussianBlur(_tone(picture), (0, 0), FINE)), 10))


def median_crispness(histogram: np.ndarray) -> float:
    """Return the median of a histogram of crispness; NaN when it is empty."""
    total = histogram.sum()
    if not total:
        return float("nan")
    return float(np.interp(total / 2, np.concatenate([[0], np.cumsum(histogram)]), np.linspace(0, CRISPEST, BINS + 1)))


def _tone(picture: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(picture @ ACESCG_LUMA, 0)).astype(np.float32)


def _is_step(tone: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return whether the tone steps at places (n,) from one side to the other, bool (n,), and doesn't come back as across a line."""
    right, down = (slope[y, x] for slope in _slopes(tone))
    steepness = np.maximum(np.hypot(right, down), 1e-9)
    right, down = right / steepness, down / steepness
    across, steps = np.arange(-SIDES, SIDES + 1), np.ones(len(y), bool)
    for along in (-LENGTH, 0, LENGTH):
        places = (
            y[:, None] + down[:, None] * across + right[:, None] * along,
            x[:, None] + right[:, None] * across - down[:, None] * along,
        )
        profile = map_coordinates(tone, places, order=1, mode="nearest")
        steps &= profile[:, -1] - profile[:, 0] > STEP * np.ptp(profile, axis=1)
    return steps


def _slopes(tone: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the slope to the right and down, tone per pixel."""
    right, down = (cv2.Sobel(tone, cv2.CV_32F, *axes, scale=1 / 8) for axes in ((1, 0), (0, 1)))
    return right, down


def _slope(tone: np.ndarray) -> np.ndarray:
    return np.hypot(*_slopes(tone))


def _crest(tone: np.ndarray) -> np.ndarray:
    """Return where the slope is greatest across its edge: of its row's neighbours where the edge is rather upright, else of its column's."""
    right, down = _slopes(tone)
    slope = np.hypot(right, down)
    row, column = ((slope >= np.roll(slope, 1, axis)) & (slope >= np.roll(slope, -1, axis)) for axis in (1, 0))
    return np.where(np.abs(right) > np.abs(down), row, column)
