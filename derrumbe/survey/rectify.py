"""A wall seen square-on: the plate resampled on the wall's plane."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from derrumbe.core.records import Camera
from derrumbe.geom.camera import project
from derrumbe.survey.frame import Wall

LONGEST = 1100
FINER = 1.5
"""Resampling density over the plate's own, so that bars and sills of small plates survive."""


@dataclass(frozen=True)
class Elevation:
    """A wall's picture: `codes` (h, w, 3) uint8 and `mask` (h, w) bool, where the outline covers it.

    Column c and row r are the wall point ((c + .5) / per_unit, top - (r + .5) / per_unit).
    """

    codes: np.ndarray
    mask: np.ndarray
    per_unit: float
    top: float

    def boxes_to_wall(self, boxes: np.ndarray) -> np.ndarray:
        """Return pixel boxes (n, 4) left top right bottom as wall boxes left bottom right top."""
        left, top, right, bottom = boxes.T / self.per_unit
        return np.stack([left, self.top - bottom, right, self.top - top], 1)


def elevation(codes: np.ndarray, inside: np.ndarray, camera: Camera, wall: Wall, height: float) -> Elevation:
    """Resample `codes` (h, w, 3) and the mask `inside` (h, w) uint8 on a wall up to `height`. The camera may be for another picture size."""
    ratio = codes.shape[1] / camera.width
    per_unit = min(FINER * _density(camera, wall, height) * ratio, LONGEST / max(wall.width, height))
    columns, rows = max(8, round(wall.width * per_unit)), max(8, round(height * per_unit))
    c, r = np.meshgrid((np.arange(columns) + 0.5) / per_unit, height - (np.arange(rows) + 0.5) / per_unit)
    pixels, depth = project(camera, wall.to_world(np.stack([c.ravel(), r.ravel()], 1)))
    pixels = np.where(depth[:, None] > 0, pixels, -1e4).astype(np.float32).reshape(rows, columns, 2) * np.float32(ratio) - 0.5
    resampled = cv2.remap(codes, pixels[..., 0], pixels[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mask = cv2.remap(inside, pixels[..., 0], pixels[..., 1], cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=0) > 0
    return Elevation(resampled, mask, per_unit, height)


def _density(camera: Camera, wall: Wall, height: float) -> float:
    """Return the finest plate pixels per unit along the wall's two ends and its height."""
    corners = wall.to_world(np.array([[0, 0], [wall.width, 0], [0, 0.5 * height], [wall.width, 0.5 * height]]))
    depth = project(camera, corners)[1]
    return float(camera.focal_px / max(depth.min(), 1e-3))
