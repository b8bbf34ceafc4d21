"""Wind near the ground: a log profile, weak at the feet, blowing where the camera's frame says."""

from __future__ import annotations

import numpy as np

from derrumbe.core.records import Camera
from derrumbe.geom.camera import rotation_matrix

ROUGHNESS = 0.1
"""Metres; a street or a park."""
GIVEN_AT = 10.0
"""Height at which the knob's speed holds, metres."""


def heading(camera: Camera, degrees: float) -> np.ndarray:
    """Return the horizontal unit vector (3,) that `degrees` names: 0 away from the camera, 90 to the right of frame."""
    right, _, forward = rotation_matrix(camera)
    flat = np.array([1.0, 0.0, 1.0])
    right, forward = right * flat, forward * flat
    right = right / max(np.linalg.norm(right), 1e-9)
    forward = np.array([right[2], 0.0, -right[0]]) * np.sign(right[2] * forward[0] - right[0] * forward[2] or 1.0)
    angle = np.deg2rad(degrees)
    return np.cos(angle) * forward + np.sin(angle) * right


def profile(heights: np.ndarray, speed: float, direction: np.ndarray) -> np.ndarray:
    """Return x and z speed (rows, 2) m/s at heights in metres."""
    scale = np.log1p(np.maximum(heights, 0) / ROUGHNESS) / np.log1p(GIVEN_AT / ROUGHNESS)
    return speed * scale[:, None] * direction[[0, 2]]
