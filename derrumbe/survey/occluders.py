"""Which plants before the building stay in front of dust and rubble below its foot: crowns do, lawns and plants at the camera's feet don't."""

from __future__ import annotations

import cv2
import numpy as np

FINE, BROAD = 0.006, 0.02
"""Radius of the windows in which unrest is measured and averaged, share of the longer side."""
RAMP = 0.08
"""Rows over which that sets in below the foot, share of the height."""
MEADOW = (0.085, 0.10)
"""Average unrest of grass and of crowns of trees, display codes."""
FADE = (0.03, 0.12)
"""Plants beside the building, below its foot, are kept in front within these distances from it, share of the longer side."""


def held_near(alpha: np.ndarray, codes: np.ndarray, region: np.ndarray, foot: float) -> np.ndarray:
    """Return the alpha fading out below row `foot` with the distance from the building, and where the unrest is a meadow's, not a crown's.

    What grows on the ground gathers dust; so may plants at the camera's feet.
    """
    far = cv2.distanceTransform((~region).astype(np.uint8), cv2.DIST_L2, 3) / max(region.shape)
    rows = np.arange(region.shape[0], dtype=np.float32)[:, None]
    fade = np.clip((FADE[1] - far) / (FADE[1] - FADE[0]), 0, 1)
    radius = max(2, round(BROAD * max(region.shape)))
    broad = cv2.blur(_unrest(codes.astype(np.float32).mean(axis=-1) / 255), (2 * radius + 1, 2 * radius + 1))
    crown = np.clip((broad - MEADOW[0]) / (MEADOW[1] - MEADOW[0]), 0, 1)
    low = np.clip((rows - foot) / (RAMP * region.shape[0]), 0, 1) * ~region
    return (alpha * (1 - low * (1 - fade * crown))).astype(np.float32)


def _unrest(grey: np.ndarray) -> np.ndarray:
    """Return the standard deviation (h, w) of `grey` (0..1) over small windows."""
    radius = max(2, round(FINE * max(grey.shape)))
    size = (2 * radius + 1, 2 * radius + 1)
    return np.sqrt(np.maximum(cv2.blur(grey * grey, size) - cv2.blur(grey, size) ** 2, 0))
