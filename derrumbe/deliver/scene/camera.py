"""The camera as other programs want it: y up, looking along -z, a lens in millimetres."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from derrumbe.core.files import write_text
from derrumbe.core.records import Camera, Plate, Set
from derrumbe.geom.camera import eye, rotation_matrix

FILMBACK_MM = 36.0
"""Width of the sensor that focal lengths in millimetres refer to; only the ratio matters."""
FLIP = np.diag([1.0, -1.0, -1.0])
"""From OpenCV camera axes (x right, y down, z forward) to those of OpenGL, USD, Blender and Nuke (y up, looking along -z)."""


def world_from_camera(camera: Camera) -> np.ndarray:
    """Return the camera's place as a 4x4 matrix, y up and looking along -z."""
    matrix = np.eye(4)
    matrix[:3, :3] = rotation_matrix(camera).T @ FLIP
    matrix[:3, 3] = eye(camera)
    return matrix


def focal_mm(camera: Camera) -> float:
    """Return the focal length that goes with a filmback FILMBACK_MM wide."""
    return camera.focal_px * FILMBACK_MM / camera.width


def window_shift(camera: Camera) -> tuple[float, float]:
    """Return how far the picture's middle lies from the axis, right and up, in half widths of the picture (Nuke's win_translate)."""
    return (camera.width / 2 - camera.cx) * 2 / camera.width, (camera.cy - camera.height / 2) * 2 / camera.width


def turns_zxy(cameras: tuple[Camera, ...]) -> np.ndarray:
    """Return (n, 3) degrees about x, y, z for Nuke's rotation order ZXY (z first: Ry Rx Rz), without jumps from frame to frame."""
    turns = np.array([_zxy(world_from_camera(camera)[:3, :3]) for camera in cameras])
    return np.degrees(np.unwrap(turns, axis=0))


def _zxy(matrix: np.ndarray) -> tuple[float, float, float]:
    x = math.asin(float(np.clip(-matrix[1, 2], -1, 1)))
    if abs(matrix[1, 2]) > 1 - 1e-9:  # straight up or down: turns about y and z are the same, so there is none about z
        return x, math.atan2(-matrix[2, 0], matrix[0, 0]), 0.0
    return x, math.atan2(matrix[0, 2], matrix[2, 2]), math.atan2(matrix[1, 0], matrix[1, 1])


def write_camera(path: Path, plate: Plate, film_set: Set, shutter: float) -> None:
    """Write camera.json, floats in full so that they come back exactly. shutter: degrees that it is open."""
    frames = [plate.frames.first] if film_set.locked else list(film_set.frames)
    entries = [{"frame": frame, **camera_entry(film_set.camera_at(frame))} for frame in frames]
    head = {"locked": film_set.locked, "first": plate.frames.first, "last": plate.frames.last, "rate": str(plate.rate)}
    write_text(path, json.dumps({**head, "filmback_mm": FILMBACK_MM, "shutter_deg": shutter, "cameras": entries}, indent=1) + "\n")


def camera_entry(camera: Camera) -> dict[str, Any]:
    """Return one camera with the numbers that other programs want."""
    return {
        **camera.model_dump(mode="json"),
        "focal_mm": focal_mm(camera),
        "window_translate": window_shift(camera),
        "world_from_camera": world_from_camera(camera).tolist(),
    }
