"""Rotations as glTF wants them: unit quaternions x y z w that never jump."""

from __future__ import annotations

import numpy as np


def quaternion_of(matrix: np.ndarray) -> np.ndarray:
    """Return the unit quaternion x y z w of a rotation matrix (Shepperd's method)."""
    trace = np.trace(matrix)
    choices = np.array([matrix[0, 0], matrix[1, 1], matrix[2, 2], trace])
    best = int(np.argmax(choices))
    quaternion = np.empty(4)
    if best == 3:
        quaternion[:] = (matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1], 1 + trace)
    else:
        i, j, k = best, (best + 1) % 3, (best + 2) % 3
        quaternion[i] = 1 - trace + 2 * matrix[i, i]
        quaternion[j] = matrix[j, i] + matrix[i, j]
        quaternion[k] = matrix[k, i] + matrix[i, k]
        quaternion[3] = matrix[k, j] - matrix[j, k]
    return quaternion / np.linalg.norm(quaternion)


def continuous(turns: np.ndarray) -> np.ndarray:
    """Return quaternions (n, 4) with signs chosen so that neighbours are on the same half sphere."""
    signs = np.cumprod(np.where((turns[1:] * turns[:-1]).sum(1) < 0, -1.0, 1.0))
    return np.concatenate([turns[:1], turns[1:] * signs[:, None]])


def xyzw(turns: np.ndarray) -> np.ndarray:
    """Turn wxyz quaternions (n, 4) to glTF's order, unit length, without jumps of sign."""
    turns = turns[:, [1, 2, 3, 0]].astype(np.float64)
    turns /= np.linalg.norm(turns, axis=1, keepdims=True)
    return continuous(turns).astype(np.float32)
