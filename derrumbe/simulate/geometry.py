"""Turning vectors and moving rigid bodies."""

from __future__ import annotations

import numpy as np


def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the cross product of (..., 3) arrays; numpy's own spends its time on moving axes."""
    out = np.empty(np.broadcast_shapes(a.shape, b.shape))
    out[..., 0] = a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1]
    out[..., 1] = a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2]
    out[..., 2] = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return out


def rotate(quaternion: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Turn vectors (..., 3) by unit quaternions wxyz (..., 4) or one of them."""
    w, axis = quaternion[..., :1], quaternion[..., 1:]
    twice = 2 * cross(axis, vectors)
    return vectors + w * twice + cross(axis, twice)


def velocity_at(linear: np.ndarray, angular: np.ndarray, centre: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Return the velocity (..., 3) of points of rigid bodies that move with `linear` at `centre` and turn with `angular`."""
    return linear + cross(angular, point - centre)
