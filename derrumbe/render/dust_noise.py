"""Detail below the dust's grid: billows of cell noise, read at texture coordinates that ride the flow, which eat into thin dust.

Cell noise: Worley 1996. Eating the edges and leaving the core, as clouds are made in games: Schneider and Vos 2015.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import njit, prange

F = np.float32
TILE = 128
CELLS = (8, 16, 32)
GAINS = (0.45, 0.32, 0.23)
LUMP = 5.5
"""Size of the largest billow, density voxels."""
TEXELS = TILE / CELLS[0] / LUMP
"""Texels per density voxel."""
BLOCK = 8


@njit(cache=True)
def _cells(feature, size):
    """Periodic billows (size³): 1 at the feature points (n,n,n,3 in cells), falling with distance, 0 half a cell and more away from all."""
    count = feature.shape[0]
    out = np.empty((size, size, size), F)
    for i in range(size):
        x = (F(i) + F(0.5)) * F(count) / F(size)
        for j in range(size):
            y = (F(j) + F(0.5)) * F(count) / F(size)
            for k in range(size):
                z = (F(k) + F(0.5)) * F(count) / F(size)
                least = F(9)
                for a in range(int(x) - 1, int(x) + 2):
                    for b in range(int(y) - 1, int(y) + 2):
                        for c in range(int(z) - 1, int(z) + 2):
                            p = feature[a % count, b % count, c % count]
                            dx, dy, dz = F(a) + p[0] - x, F(b) + p[1] - y, F(c) + p[2] - z
                            least = min(least, dx * dx + dy * dy + dz * dz)
                out[i, j, k] = max(F(1) - np.sqrt(least), F(0))
    return out


@lru_cache(maxsize=2)
def billows(seed: int) -> np.ndarray:
    """Return the periodic tile (TILE,TILE,TILE) float32, spread evenly over 0..1 (so that a threshold is a share of space)."""
    rng = np.random.default_rng((seed, 0xB1))
    total = np.zeros((TILE,) * 3, F)
    for cells, gain in zip(CELLS, GAINS, strict=True):
        total += F(gain) * _cells(rng.random((cells, cells, cells, 3)).astype(F), TILE)
    levels = np.quantile(total[::2, ::2, ::2], np.linspace(0, 1, 129))
    return np.interp(total, levels, np.linspace(0, 1, 129)).astype(F)


@njit(cache=True)
def _tile(tile, x, y, z):
    mask = tile.shape[0] - 1
    fx, fy, fz = np.floor(x), np.floor(y), np.floor(z)
    i, j, k = int(fx), int(fy), int(fz)
    a, b, c = F(x - fx), F(y - fy), F(z - fz)
    i0, j0, k0, i1, j1, k1 = i & mask, j & mask, k & mask, (i + 1) & mask, (j + 1) & mask, (k + 1) & mask
    one = F(1)
    low = (tile[i0, j0, k0] * (one - c) + tile[i0, j0, k1] * c) * (one - b) + (tile[i0, j1, k0] * (one - c) + tile[i0, j1, k1] * c) * b
    high = (tile[i1, j0, k0] * (one - c) + tile[i1, j0, k1] * c) * (one - b) + (tile[i1, j1, k0] * (one - c) + tile[i1, j1, k1] * c) * b
    return low * (one - a) + high * a


@njit(cache=True)
def _held(field, x, y, z):
    """Trilinear at index coordinates, held at the borders; the field may be one sample thick."""
    x, y, z = min(max(x, F(0)), F(field.shape[0] - 1)), min(max(y, F(0)), F(field.shape[1] - 1)), min(max(z, F(0)), F(field.shape[2] - 1))
    i, j, k = int(x), int(y), int(z)
    a, b, c = F(x - F(i)), F(y - F(j)), F(z - F(k))
    p, q, r = min(i + 1, field.shape[0] - 1), min(j + 1, field.shape[1] - 1), min(k + 1, field.shape[2] - 1)
    one = F(1)
    low = (field[i, j, k] * (one - c) + field[i, j, r] * c) * (one - b) + (field[i, q, k] * (one - c) + field[i, q, r] * c) * b
    high = (field[p, j, k] * (one - c) + field[p, j, r] * c) * (one - b) + (field[p, q, k] * (one - c) + field[p, q, r] * c) * b
    return low * (one - a) + high * a


@njit(cache=True)
def occupied_blocks(density, factor):
    """Which blocks of BLOCK³ fine cells (density grid refined `factor` times) hold or touch dust, bool."""
    size = BLOCK // factor
    shape = ((density.shape[0] + size - 1) // size, (density.shape[1] + size - 1) // size, (density.shape[2] + size - 1) // size)
    out = np.zeros(shape, np.bool_)
    for i in range(density.shape[0]):
        for j in range(density.shape[1]):
            for k in range(density.shape[2]):
                if density[i, j, k] > F(0):
                    for a in range(max(i - 1, 0) // size, min(i + 1, density.shape[0] - 1) // size + 1):
                        for b in range(max(j - 1, 0) // size, min(j + 1, density.shape[1] - 1) // size + 1):
                            for c in range(max(k - 1, 0) // size, min(k + 1, density.shape[2] - 1) // size + 1):
                                out[a, b, c] = True
    return out


@njit(cache=True, parallel=True)
def refined(density, around, start, blocks, factor, ride, ride_start, offset, weight, tile, bite, warp, scale):
    """Return `density` (times `scale`) on cells `factor` times finer, its edges eaten by `bite` (0..1) where billows are low.

    `around` is the mean over 4³ voxels: an edge is where there is less than around it, so that even a veil keeps its middle.
    Places are read from up to `warp` voxels away, which gives smooth flanks lobes. `scale` turns density into
    optical depth per voxel.
    """
    shape = (density.shape[0] * factor, density.shape[1] * factor, density.shape[2] * factor)
    out = np.zeros(shape, F)
    gain = F(1) / np.sqrt(weight[0] * weight[0] + weight[1] * weight[1])
    small = F(1) / F(factor)
    for i in prange(shape[0]):
        for j in range(shape[1]):
            for k in range(shape[2]):
                if not blocks[i // BLOCK, j // BLOCK, k // BLOCK]:
                    continue
                x, y, z = (F(i) + F(0.5)) * small, (F(j) + F(0.5)) * small, (F(k) + F(0.5)) * small
                u, v, w = x - F(0.5), y - F(0.5), z - F(0.5)
                x, y, z = x + F(start[0]), y + F(start[1]), z + F(start[2])
                p, q, r = (
                    F(0.5) * x - F(ride_start[0]) - F(0.5),
                    F(0.5) * y - F(ride_start[1]) - F(0.5),
                    F(0.5) * z - F(ride_start[2]) - F(0.5),
                )
                noise = da = db = dc = F(0)
                for n in range(2):
                    if weight[n] > F(0.02):
                        tx = x + _held(ride[n, 0], p, q, r) + offset[n, 0]
                        ty = y + _held(ride[n, 1], p, q, r) + offset[n, 1]
                        tz = z + _held(ride[n, 2], p, q, r) + offset[n, 2]
                        tx, ty, tz = tx * F(TEXELS), ty * F(TEXELS), tz * F(TEXELS)
                        noise += weight[n] * (_tile(tile, tx, ty, tz) - F(0.5))
                        da += weight[n] * (_tile(tile, ty + F(31), tz + F(7), tx + F(53)) - F(0.5))
                        db += weight[n] * (_tile(tile, tz + F(17), tx + F(71), ty + F(23)) - F(0.5))
                        dc += weight[n] * (_tile(tile, ty + F(83), tx + F(41), tz + F(97)) - F(0.5))
                reach = F(2) * warp * gain
                dust = _held(density, u + reach * da, v + reach * db, w + reach * dc)
                if dust * scale <= F(1e-5):
                    continue
                billow = min(max(F(0.5) + gain * noise, F(0)), F(1))
                near = _held(around, F(0.25) * u - F(0.375), F(0.25) * v - F(0.375), F(0.25) * w - F(0.375))
                full = min(dust / max(near, F(1e-9)), F(1))
                eaten = bite * (F(1) - billow)
                left = max(full - eaten, F(0)) / (F(1) - eaten)
                out[i, j, k] = scale * dust * left / full * (F(1) + F(1.6) * bite * (billow - F(0.5)))
    return out


@njit(cache=True)
def softened(density):
    """Blur by (1 3 1)/5 along each axis: voxel-sharp flanks would show the grid as stripes. Billows bring the sharpness back."""
    for axis in range(3):
        new = np.empty_like(density)
        di, dj, dk = int(axis == 0), int(axis == 1), int(axis == 2)
        nx, ny, nz = density.shape
        for i in range(nx):
            for j in range(ny):
                for k in range(nz):
                    before = density[max(i - di, 0), max(j - dj, 0), max(k - dk, 0)]
                    after = density[min(i + di, nx - 1), min(j + dj, ny - 1), min(k + dk, nz - 1)]
                    new[i, j, k] = F(0.6) * density[i, j, k] + F(0.2) * (before + after)
        density = new
    return density


@njit(cache=True, parallel=True)
def halved(field):
    """Mean of each 2x2x2, the last odd sample alone."""
    nx, ny, nz = (field.shape[0] + 1) // 2, (field.shape[1] + 1) // 2, (field.shape[2] + 1) // 2
    out = np.empty((nx, ny, nz), F)
    for i in prange(nx):
        for j in range(ny):
            for k in range(nz):
                total, count = F(0), F(0)
                for n in range(8):
                    a, b, c = 2 * i + (n >> 2), 2 * j + ((n >> 1) & 1), 2 * k + (n & 1)
                    if a < field.shape[0] and b < field.shape[1] and c < field.shape[2]:
                        total += field[a, b, c]
                        count += F(1)
                out[i, j, k] = total / count
    return out
