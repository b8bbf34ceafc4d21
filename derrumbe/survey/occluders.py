"""Which plants before the building stay in front of dust and rubble below its foot: crowns do, lawns don't."""

from __future__ import annotations

import cv2
import numpy as np

FINE, BROAD = 0.006, 0.02
"""Radius of the windows in which unrest is measured and averaged, share of the longer side."""
RAMP = 0.08
"""Rows over which that sets in below the foot, share of the height."""
MEADOW = (0.085, 0.10)
"""Average unrest of grass and of crowns of trees, display codes."""
DARKEST, DIM = 0.02, (0.10, 0.14)
"""Least brightness that is divided by; and that of dark crowns and of lawns, display codes: grass in deep shade is left to what stands on it."""
SHADED = (0.55, 0.70)
"""The same over the average brightness: crowns in their own shade are dark all over, but rougher than any lawn."""

SMALLEST, THROUGHOUT = 0.05, 0.48
"""Side of the smallest meadow, share of the longer side; it is as sure as this on average over all of it. An even patch of a crown has leaves on all
sides: it is smaller, or surer in its middle alone."""


def held_near(alpha: np.ndarray, codes: np.ndarray, region: np.ndarray, foot: float) -> np.ndarray:
    """Return the alpha fading out below row `foot`, beside the building, where the unrest is a meadow's, not a crown's.

    What grows on the ground gathers dust.
    """
    rows = np.arange(region.shape[0], dtype=np.float32)[:, None]
    low = np.clip((rows - foot) / (RAMP * region.shape[0]), 0, 1) * ~region
    return (alpha * (1 - low * _meadows(codes, low * alpha))).astype(np.float32)


def _meadows(codes: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return how surely pixels (h, w) of codes (h, w, 3) uint8 show meadows, not crowns, 0..1, where it is `asked` (h, w) at all."""
    grey = codes.astype(np.float32).mean(axis=-1) / 255
    radius = max(2, round(BROAD * max(grey.shape)))
    window = (2 * radius + 1, 2 * radius + 1)
    broad = cv2.blur(_unrest(grey), window)
    light = cv2.blur(grey, window)
    crown = np.maximum(_ramp(broad, *MEADOW), _ramp(broad / np.maximum(light, DARKEST), *SHADED))
    meadow = (1 - np.maximum(crown, 1 - _ramp(light, *DIM))) * (asked > 0)
    labels = cv2.connectedComponents((meadow > 0).astype(np.uint8))[1].ravel()
    area = np.maximum(np.bincount(labels), 1)
    lies = (area > (SMALLEST * max(grey.shape)) ** 2) & (np.bincount(labels, meadow.ravel()) > THROUGHOUT * area)
    return np.where(lies[labels].reshape(meadow.shape), meadow, 0)


def _ramp(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.clip((values - low) / (high - low), 0, 1)


def _unrest(grey: np.ndarray) -> np.ndarray:
    """Return the standard deviation (h, w) of `grey` (0..1) over small windows."""
    radius = max(2, round(FINE * max(grey.shape)))
    size = (2 * radius + 1, 2 * radius + 1)
    return np.sqrt(np.maximum(cv2.blur(grey * grey, size) - cv2.blur(grey, size) ** 2, 0))
