"""Grey pictures of a plate, small enough to track and even enough in tone."""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.core.records import Located, Plate
from derrumbe.media.exr import read_exr

WORKING_SIDE = 1280
"""Features are tracked in pictures no larger than this: sub-pixel tracking makes up for it."""


def working_scale(plate: Plate) -> float:
    """Return working pixels per plate pixel."""
    return min(1.0, WORKING_SIDE / max(plate.width, plate.height))


def grey(plate: Located[Plate], frame: int) -> np.ndarray:
    """Return a frame (h, w) uint8 at working size, in tones near a display's."""
    picture = read_exr(plate.path(plate.record.picture, frame), ("R", "G", "B"))
    light = np.nan_to_num(picture @ np.array([0.25, 0.65, 0.10], np.float32))
    scale = working_scale(plate.record)
    if scale < 1:
        light = cv2.resize(light, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.rint(255 * np.clip(light, 0, 1) ** np.float32(1 / 2.2)).astype(np.uint8)
