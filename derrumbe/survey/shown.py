"""A frame of a moving camera in the solve's own units, as a lens without distortion shows it: between its pixels and the world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Shown:
    """A frame: codes (h, w, 3) uint8, what in it moves by itself (h, w) bool, cam_from_first rotation and translation, focal length in
    its pixels. Principal point in the middle, no distortion."""

    codes: np.ndarray
    moving: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray
    focal: float

    @property
    def lens(self) -> np.ndarray:
        """Return the matrix from camera axes to pixels as OpenCV counts them, centres at 0."""
        height, width = self.moving.shape
        return np.array([[self.focal, 0, 0.5 * width - 0.5], [0, self.focal, 0.5 * height - 0.5], [0, 0, 1.0]])


def rays_of(here: Shown) -> np.ndarray:
    """Return the ray (h, w, 3) of every pixel in the camera's own axes, depth 1."""
    height, width = here.moving.shape
    y, x = np.mgrid[0:height, 0:width]
    lens = here.lens
    return np.dstack([(x - lens[0, 2]) / here.focal, (y - lens[1, 2]) / here.focal, np.ones((height, width))])


def points_of(here: Shown, near: np.ndarray) -> np.ndarray:
    """Return points (h, w, 3) in the first camera's axes."""
    return (rays_of(here) / np.maximum(near, 1e-9)[..., None] - here.translation) @ here.rotation
