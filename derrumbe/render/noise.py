"""Deterministic 3-D noise for procedural materials: a function of position and seed only (value noise; Perlin, 1985, for the sum)."""

from __future__ import annotations

import numba as nb
import numpy as np


@nb.njit(cache=True, inline="always")
def chance(x, y, z, seed):  # type: ignore[no-untyped-def]
    """Return a number in [0, 1) for a lattice point; all arguments are integers."""
    h = np.int64(x) * 374761393 + np.int64(y) * 668265263 + np.int64(z) * 2246822519 + np.int64(seed) * 3266489917
    h = (h ^ (h >> 13)) * 1274126177
    h = (h ^ (h >> 15)) * 2654435761
    return ((h ^ (h >> 16)) & 0xFFFFFF) / 16777216.0


@nb.njit(cache=True)
def value(x, y, z, seed):  # type: ignore[no-untyped-def]
    """Return smooth noise in [0, 1] with lattice period 1."""
    i, j, k = np.floor(x), np.floor(y), np.floor(z)
    u, v, w = x - i, y - j, z - k
    u, v, w = u * u * (3 - 2 * u), v * v * (3 - 2 * v), w * w * (3 - 2 * w)
    near = (chance(i, j, k, seed) * (1 - u) + chance(i + 1, j, k, seed) * u) * (1 - v) + (
        chance(i, j + 1, k, seed) * (1 - u) + chance(i + 1, j + 1, k, seed) * u
    ) * v
    far = (chance(i, j, k + 1, seed) * (1 - u) + chance(i + 1, j, k + 1, seed) * u) * (1 - v) + (
        chance(i, j + 1, k + 1, seed) * (1 - u) + chance(i + 1, j + 1, k + 1, seed) * u
    ) * v
    return near * (1 - w) + far * w


@nb.njit(cache=True)
def layered(x, y, z, seed):  # type: ignore[no-untyped-def]
    """Return three octaves of `value`, mean 0.5."""
    return (value(x, y, z, seed) * 4 + value(x * 2.1, y * 2.1, z * 2.1, seed + 1) * 2 + value(x * 4.3, y * 4.3, z * 4.3, seed + 2)) / 7


@nb.njit(cache=True)
def cells(x, y, z, seed):  # type: ignore[no-untyped-def]
    """Return (border, tint) of cellular noise with period 1: distance to the border in [0, ~0.7] and the cell's own number in [0, 1)."""
    i, j, k = np.floor(x), np.floor(y), np.floor(z)
    first, second, tint = 9.0, 9.0, 0.0
    for a in range(-1, 2):
        for b in range(-1, 2):
            for c in range(-1, 2):
                own = chance(i + a, j + b, k + c, seed)
                dx = i + a + own - x
                dy = j + b + chance(i + a, j + b, k + c, seed + 11) - y
                dz = k + c + chance(i + a, j + b, k + c, seed + 23) - z
                d = dx * dx + dy * dy + dz * dz
                if d < first:
                    first, second, tint = d, first, own
                elif d < second:
                    second = d
    return np.sqrt(second) - np.sqrt(first), tint
