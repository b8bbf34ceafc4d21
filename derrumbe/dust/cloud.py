"""Carrying dust on its own grid, twice as fine as the flow's: MacCormack in blocks that hold dust, stirred by noise that rides the flow,
and mixed by eddies below a voxel."""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from derrumbe.dust.sampling import corners, trilinear, velocity, wrapped

F = np.float32
BLOCK = 8
LEAST = 2e-6
"""Density (kg/m³) under which there is no dust."""
TEXELS = 1.6
"""Noise texels per density voxel: waves of 3 to 8 voxels."""


def busy_blocks(density: np.ndarray, reach: int = 1) -> np.ndarray:
    """Return which blocks of BLOCK³ voxels hold dust or lie within `reach` blocks of one, bool."""
    padded = np.pad(density, [(0, -n % BLOCK) for n in density.shape])
    a, b, c = (n // BLOCK for n in padded.shape)
    busy = padded.reshape(a, BLOCK, b, BLOCK, c, BLOCK).max(axis=(1, 3, 5)) > 0
    for axis in range(3):
        grown = busy.copy()
        for shift in range(1, reach + 1):
            fore = tuple(slice(shift, None) if x == axis else slice(None) for x in range(3))
            back = tuple(slice(None, -shift) if x == axis else slice(None) for x in range(3))
            grown[back] |= busy[fore]
            grown[fore] |= busy[back]
        busy = grown
    return busy


@njit(cache=True, parallel=True)
def _way(blocks, shape, u, v, w, eddy, ride, weight, offset, tile, step, fall):
    """Displacement (x,y,z,3) of every busy voxel over a step, in voxels: the flow's by the midpoint rule, noise, and the fall of grains."""
    way = np.zeros((shape[0], shape[1], shape[2], 3), F)
    half, quarter = F(0.5), F(0.25)
    level = F(1) / np.sqrt(weight[0] * weight[0] + weight[1] * weight[1])
    for i in prange(shape[0]):
        for j in range(shape[1]):
            for k in range(shape[2]):
                if not blocks[i // BLOCK, j // BLOCK, k // BLOCK]:
                    continue
                x, y, z = half * F(i) + quarter, half * F(j) + quarter, half * F(k) + quarter
                a, b, c = velocity(u, v, w, x, y, z)
                s = half * step
                a, b, c = velocity(u, v, w, x - s * a, y - s * b, z - s * c)
                strength = trilinear(eddy, x - half, y - half, z - half)
                if strength > F(0.01):
                    p, q, r = x - half, y - half, z - half
                    for n in range(2):
                        gain = strength * level * weight[n]
                        tx = F(i) + F(2) * trilinear(ride[n, 0], p, q, r) + offset[n, 0]
                        ty = F(j) + F(2) * trilinear(ride[n, 1], p, q, r) + offset[n, 1]
                        tz = F(k) + F(2) * trilinear(ride[n, 2], p, q, r) + offset[n, 2]
                        na, nb, nc = wrapped(tile, tx * F(TEXELS), ty * F(TEXELS), tz * F(TEXELS))
                        a += gain * na
                        b += gain * nb
                        c += gain * nc
                two = F(2) * step
                way[i, j, k, 0] = two * a
                way[i, j, k, 1] = two * (b - fall)
                way[i, j, k, 2] = two * c
    return way


@njit(cache=True, parallel=True)
def _carried(density, blocks, way):
    once, low, high = np.zeros_like(density), np.zeros_like(density), np.zeros_like(density)
    for i in prange(density.shape[0]):
        for j in range(density.shape[1]):
            for k in range(density.shape[2]):
                if blocks[i // BLOCK, j // BLOCK, k // BLOCK]:
                    x, y, z = F(i) - way[i, j, k, 0], F(j) - way[i, j, k, 1], F(k) - way[i, j, k, 2]
                    once[i, j, k] = trilinear(density, x, y, z)
                    low[i, j, k], high[i, j, k] = corners(density, x, y, z)
    return once, low, high


@njit(cache=True, parallel=True)
def _corrected(density, blocks, way, once, low, high):
    new = np.zeros_like(density)
    for i in prange(density.shape[0]):
        for j in range(density.shape[1]):
            for k in range(density.shape[2]):
                if blocks[i // BLOCK, j // BLOCK, k // BLOCK]:
                    x, y, z = F(i) + way[i, j, k, 0], F(j) + way[i, j, k, 1], F(k) + way[i, j, k, 2]
                    value = once[i, j, k] + F(0.5) * (density[i, j, k] - trilinear(once, x, y, z))
                    if not low[i, j, k] <= value <= high[i, j, k]:
                        value = once[i, j, k]
                    new[i, j, k] = value if value > F(LEAST) else F(0)
    return new


def stirred(
    density: np.ndarray,
    flow: tuple[np.ndarray, np.ndarray, np.ndarray],
    eddy: np.ndarray,
    ride: tuple[np.ndarray, np.ndarray, np.ndarray],
    tile: np.ndarray,
    step: float,
    fall: float,
    share: float = 0.0,
) -> np.ndarray:
    """Carry `density` over `step` (flow cells per m/s).

    eddy (x,y,z): strength of the noise, m/s; ride: displacements in flow cells, weights and offsets (density voxels); fall: m/s of grains;
    share: of a voxel that mixes with those beside it (`mixed`).
    """
    blocks = busy_blocks(density)
    if not blocks.any():
        return density
    displacement, weight, offset = ride
    shape = np.asarray(density.shape)
    way = _way(blocks, shape, *flow, eddy, displacement, weight, offset, tile, F(step), F(fall))
    once, low, high = _carried(density, blocks, way)
    carried = _corrected(density, blocks, way, once, low, high)
    return mixed(carried, blocks, share) if share > 0 else carried


@njit(cache=True, parallel=True)
def mixed(density, blocks, share):
    """Return `density` with a share of each busy voxel given to its six neighbours; what would leave the grid stays.

    Eddies smaller than a voxel even out what is as small. MacCormack leaves it: waves of two or three voxels neither move with the air nor decay, and
    dust that is stirred for seconds ends as a maze along the grid's axes.
    """
    new = density.copy()
    nx, ny, nz = density.shape
    sixth = F(share / 6.0)
    for i in prange(nx):
        for j in range(ny):
            for k in range(nz):
                if blocks[i // BLOCK, j // BLOCK, k // BLOCK]:
                    here = density[i, j, k]
                    beside = density[max(i - 1, 0), j, k] + density[min(i + 1, nx - 1), j, k] + density[i, max(j - 1, 0), k]
                    beside += density[i, min(j + 1, ny - 1), k] + density[i, j, max(k - 1, 0)] + density[i, j, min(k + 1, nz - 1)]
                    value = here + sixth * (beside - F(6) * here)
                    new[i, j, k] = value if value > F(LEAST) else F(0)
    return new


def swelling(mean: np.ndarray, thickest: float, rate: float) -> np.ndarray:
    """Return by how much each flow cell's air grows in a step where dust is thicker than `thickest`: it boils and draws in clean air."""
    return (rate * np.clip(mean / thickest - 1, 0, 3)).astype(F)


def balance(density: np.ndarray, expected: float) -> None:
    """Scale density so that its sum over voxels is what is expected, in place.

    Semi-Lagrangian schemes carry values, not amounts: where a heavy front spreads they gain or lose some percent a second.
    """
    total = float(density.sum(dtype=np.float64))
    if total > 0:
        density *= F(np.clip(expected / total, 0.5, 2.0))


@njit(cache=True, parallel=True)
def thinned(density, growth):
    """Dilute where air is added (`growth` per step on the flow's grid), in place."""
    for i in prange(density.shape[0]):
        for j in range(density.shape[1]):
            for k in range(density.shape[2]):
                more = growth[i >> 1, j >> 1, k >> 1]
                if more > F(0):
                    density[i, j, k] /= F(1) + more


@njit(cache=True, parallel=True)
def load(density):
    """Mean density of each flow cell's eight voxels, kg/m³."""
    out = np.empty((density.shape[0] // 2, density.shape[1] // 2, density.shape[2] // 2), F)
    for i in prange(out.shape[0]):
        for j in range(out.shape[1]):
            for k in range(out.shape[2]):
                total = F(0)
                for n in range(8):
                    total += density[2 * i + (n >> 2), 2 * j + ((n >> 1) & 1), 2 * k + (n & 1)]
                out[i, j, k] = total * F(0.125)
    return out
