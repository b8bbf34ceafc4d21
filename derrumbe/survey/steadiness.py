"""Is the camera locked off? Residual motion of the plate outside the outline, by phase correlation (Kuglin & Hines 1975)."""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.core.records import Caution, Located, Plate
from derrumbe.media.exr import read_exr

WORKING_SIDE = 640
FRAMES = 5
LIMIT = 0.0012
"""Motion beyond this share of the picture's longer side isn't a locked camera's."""


def motion_cautions(plate: Located[Plate], outline_mask: np.ndarray) -> list[Caution]:
    """Return a Caution when the camera moves."""
    record = plate.record
    if record.held or len(record.frames) < 2:
        return []
    frames = sorted({round(float(frame)) for frame in np.linspace(record.frames.first, record.frames.last, FRAMES)})
    first, scale = _grey(plate, frames[0])
    outside = cv2.resize(255 - outline_mask, first.shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    window = cv2.GaussianBlur(outside, (0, 0), 4) * cv2.createHanningWindow(first.shape[::-1], cv2.CV_32F)
    moves = [cv2.phaseCorrelate(first * window, _grey(plate, frame)[0] * window)[0] for frame in frames[1:]]
    worst = max(float(np.linalg.norm(move)) for move in moves)
    if worst <= max(LIMIT * max(first.shape), 0.35):
        return []
    return [
        Caution(
            what=f"the camera moves: up to {worst / scale:.1f} px against the first frame; the shot is surveyed as locked off",
            remedy="stabilise the plate first, or wait for camera tracking: pieces will slide",
        )
    ]


def _grey(plate: Located[Plate], frame: int) -> tuple[np.ndarray, float]:
    """Return a small, high-passed grey picture of a frame, and its scale."""
    picture = read_exr(plate.path(plate.record.picture, frame), ("G",))[..., 0]
    scale = min(1.0, WORKING_SIDE / max(picture.shape))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = np.sqrt(np.clip(small, 0, 4))
    return small - cv2.GaussianBlur(small, (0, 0), 8), scale
