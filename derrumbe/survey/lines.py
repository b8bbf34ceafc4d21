"""Straight line segments of a plate (von Gioi et al., "LSD: a line segment detector", IPOL 2012; OpenCV's implementation)."""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.geom.vanishing import lengths, middles

WORKING_SIDE = 1600
"""Lines are looked for in a picture no larger than this: finer ones tell nothing more of the camera."""
MOST_ENLARGED = 2.0
"""Small pictures are enlarged, so that the detector's own smoothing spares their short lines."""
SHORTEST = 0.012
"""Shortest useful segment, as a share of the picture's diagonal."""


def find_segments(codes: np.ndarray) -> np.ndarray:
    """Return segments (n, 4) float64 in pixels of `codes` (h, w, 3 or 1) uint8, longest first; pixel centres at +0.5."""
    grey = cv2.cvtColor(codes, cv2.COLOR_RGB2GRAY) if codes.ndim == 3 else codes
    scale = min(MOST_ENLARGED, WORKING_SIDE / max(grey.shape))
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(grey)[0]
    if found is None:
        return np.zeros((0, 4))
    segments = (found.reshape(-1, 4).astype(np.float64) + 0.5) / scale
    length = lengths(segments)
    order = np.argsort(-length, kind="stable")
    return segments[order][length[order] > SHORTEST * np.hypot(*codes.shape[:2])]


def inside(segments: np.ndarray, outline: np.ndarray, margin: float) -> np.ndarray:
    """Return which segments (n,) have their middle in the outline, or no further than `margin` pixels from it."""
    polygon = outline.astype(np.float32).reshape(-1, 1, 2)
    return np.array([cv2.pointPolygonTest(polygon, (float(x), float(y)), True) >= -margin for x, y in middles(segments)], bool)
