"""A plate's frames in smaller sizes, for what is looked for there."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from derrumbe.media.exr import RGB, read_exr


def small_codes(path: Path, shape: tuple[int, int]) -> np.ndarray:
    """Return a frame (h, w, 3) float32 of `shape` (h, w), in codes near a display's, 0..255. Raises BadPlate."""
    light = np.fmin(np.fmax(read_exr(path, RGB), 0), 1)  # what is no number is 0
    small = cv2.resize(light, shape[::-1], interpolation=cv2.INTER_AREA)
    return (255 * np.power(small, np.float32(1 / 2.2))).astype(np.float32)
