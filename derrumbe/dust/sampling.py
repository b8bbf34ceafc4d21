"""Reading staggered and centred grids between their samples. Positions are in cells: cell (i,j,k) spans i..i+1."""

from __future__ import annotations

import numpy as np
from numba import njit

F = np.float32


@njit(cache=True, inline="always")
def _bounded(x, count):
    x = min(max(x, F(0)), F(count - 1))
    cell = min(int(x), count - 2)
    return cell, F(x - F(cell))


@njit(cache=True)
def trilinear(field, x, y, z):
    """Value at index coordinates, held at the borders."""
    i, a = _bounded(x, field.shape[0])
    j, b = _bounded(y, field.shape[1])
    k, c = _bounded(z, field.shape[2])
    one = F(1)
    near, far = field[i], field[i + 1]
    low = (near[j, k] * (one - c) + near[j, k + 1] * c) * (one - b) + (near[j + 1, k] * (one - c) + near[j + 1, k + 1] * c) * b
    high = (far[j, k] * (one - c) + far[j, k + 1] * c) * (one - b) + (far[j + 1, k] * (one - c) + far[j + 1, k + 1] * c) * b
    return low * (one - a) + high * a


@njit(cache=True)
def corners(field, x, y, z):
    """Least and greatest of the eight samples around index coordinates."""
    i, _ = _bounded(x, field.shape[0])
    j, _ = _bounded(y, field.shape[1])
    k, _ = _bounded(z, field.shape[2])
    low = high = field[i, j, k]
    for di in range(2):
        for dj in range(2):
            for dk in range(2):
                value = field[i + di, j + dj, k + dk]
                low = min(low, value)
                high = max(high, value)
    return low, high


@njit(cache=True)
def velocity(u, v, w, x, y, z):
    """Velocity of a staggered grid at a position in cells."""
    half = F(0.5)
    return trilinear(u, x, y - half, z - half), trilinear(v, x - half, y, z - half), trilinear(w, x - half, y - half, z)


@njit(cache=True)
def traced(u, v, w, x, y, z, step):
    """Position reached from (x,y,z) after `step` (cells per m/s, negative for back), by the midpoint rule."""
    half = F(0.5) * step
    a, b, c = velocity(u, v, w, x, y, z)
    a, b, c = velocity(u, v, w, x + half * a, y + half * b, z + half * c)
    return x + step * a, y + step * b, z + step * c


@njit(cache=True)
def wrapped(tile, x, y, z):
    """Vector (3) of a periodic tile (n,n,n,3), n a power of two, trilinear, at texel coordinates."""
    size = tile.shape[0]
    mask = size - 1
    i, j, k = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    a, b, c = F(x - i), F(y - j), F(z - k)
    sx = sy = sz = F(0)
    for di in range(2):
        wx = a if di else F(1) - a
        for dj in range(2):
            wy = wx * (b if dj else F(1) - b)
            for dk in range(2):
                weight = wy * (c if dk else F(1) - c)
                p, q, r = (i + di) & mask, (j + dj) & mask, (k + dk) & mask
                sx += weight * tile[p, q, r, 0]
                sy += weight * tile[p, q, r, 1]
                sz += weight * tile[p, q, r, 2]
    return sx, sy, sz
