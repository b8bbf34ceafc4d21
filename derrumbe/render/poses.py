"""Poses of pieces between motion samples, and the vertices they carry."""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np


@dataclass(frozen=True)
class Pose:
    """Where every piece is at one instant: position (N,3), rotation matrix (N,3,3), moved (N,) bool."""

    position: np.ndarray
    rotation: np.ndarray
    moved: np.ndarray


def rotation_matrices(quaternion: np.ndarray) -> np.ndarray:
    """Return (..., 3, 3) rotations of wxyz quaternions (..., 4)."""
    w, x, y, z = np.moveaxis(quaternion / np.linalg.norm(quaternion, axis=-1, keepdims=True), -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, -1) for row in rows], -2)


def slerp(a: np.ndarray, b: np.ndarray, t: float) -> np.ndarray:
    """Interpolate wxyz quaternions (..., 4) along the shorter arc (Shoemake, 1985)."""
    dot = np.sum(a * b, -1, keepdims=True)
    b = np.where(dot < 0, -b, b)
    angle = np.arccos(np.clip(np.abs(dot), 0, 1))
    sine = np.sin(angle)
    close = sine < 1e-6
    sine = np.where(close, 1, sine)
    wa = np.where(close, 1 - t, np.sin((1 - t) * angle) / sine)
    wb = np.where(close, t, np.sin(t * angle) / sine)
    return wa * a + wb * b


def pose_at(position: np.ndarray, rotation: np.ndarray, released: np.ndarray, centre: np.ndarray, sample: float) -> Pose:
    """Return the pose at a fractional motion sample, held at both ends.

    position (S,N,3), rotation (S,N,4) wxyz, released (N,) first moved sample or -1, centre (N,3) rest centres. A piece is at rest, exactly,
    up to and including the sample before its release.
    """
    sample = min(max(sample, 0.0), position.shape[0] - 1.0)
    low = min(int(sample), position.shape[0] - 2) if position.shape[0] > 1 else 0
    high, t = min(low + 1, position.shape[0] - 1), sample - low
    moved = (released >= 0) & (sample > released - 1)
    where = position[low].astype(np.float64) * (1 - t) + position[high].astype(np.float64) * t
    turn = rotation_matrices(slerp(rotation[low].astype(np.float64), rotation[high].astype(np.float64), t))
    where = np.where(moved[:, None], where, centre)
    turn = np.where(moved[:, None, None], turn, np.eye(3))
    return Pose(where, turn, moved)


@nb.njit(cache=True)
def carry(rest, vertex_piece, centre, position, rotation, moved):  # type: ignore[no-untyped-def]
    """Return world points (V,3) float64 of rest points (V,3) float64 that ride on their pieces; unmoved ones bit for bit."""
    out = np.empty_like(rest)
    for v in range(rest.shape[0]):
        p = vertex_piece[v]
        if not moved[p]:
            out[v, 0], out[v, 1], out[v, 2] = rest[v, 0], rest[v, 1], rest[v, 2]
            continue
        x, y, z = rest[v, 0] - centre[p, 0], rest[v, 1] - centre[p, 1], rest[v, 2] - centre[p, 2]
        for r in range(3):
            out[v, r] = position[p, r] + rotation[p, r, 0] * x + rotation[p, r, 1] * y + rotation[p, r, 2] * z
    return out
