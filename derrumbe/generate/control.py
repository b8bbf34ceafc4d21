"""What guides a model: the physical comp itself, its depth, or its edges, as display pictures."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from derrumbe.core.records import FAR

Kind = Literal["comp", "depth", "edges"]


def edges(codes: np.ndarray) -> np.ndarray:
    """Return white edges on black (h, w, 3) of a picture in codes (h, w, 3): Canny's, with thresholds from the picture's own contrast."""
    grey = cv2.cvtColor((codes * 255).astype(np.uint8), cv2.COLOR_RGB2GRAY)
    middle = float(np.median(grey))
    found = cv2.Canny(grey, 0.5 * middle, max(1.2 * middle, 40.0)).astype(np.float32) / 255
    return np.repeat(found[..., None], 3, axis=2)


def depth_picture(depth: np.ndarray, span: tuple[float, float]) -> np.ndarray:
    """Return inverse depth as grey (h, w, 3), near white, far black, as depth estimators for such models give it. span: near and far, metres."""
    near, far = span
    grey = np.clip((1 / np.maximum(depth, 1e-3) - 1 / far) / (1 / near - 1 / far), 0, 1).astype(np.float32)
    return np.repeat(grey[..., None], 3, axis=2)


def depth_span(set_depth: np.ndarray, building: float) -> tuple[float, float]:
    """Return near and far of a set, in metres, the same for the whole shot so that nothing flickers. building: distance of the building."""
    known = set_depth[set_depth < 0.5 * FAR]
    near = float(np.percentile(known, 1)) if known.size else 0.5 * building
    return max(min(near, 0.9 * building), 1e-2), 4 * building


def new_depth(set_depth: np.ndarray, solids: np.ndarray) -> np.ndarray:
    """Return the depth (h, w) of the set with the nearest new solids in it."""
    return np.minimum(set_depth, solids)
