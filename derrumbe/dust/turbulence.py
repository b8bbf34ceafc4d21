"""Motion finer than the flow's grid: a divergence-free noise tile, read at texture coordinates that ride the flow.

Two sets of displacements are carried by the flow; each lives a short while, fading in and out, and starts again elsewhere in the tile
(Neyret 2003; curl noise: Bridson et al. 2007). How strong the noise is follows the resolved spin.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import njit, prange

from derrumbe.dust.sampling import traced, trilinear, wrapped

F = np.float32
TILE = 64
STIRRED = 5.0
"""Wavelength of the noise that stirs the flow itself, flow cells."""
LOBES, LOW = 2.5, 4.0
"""How much harder noise pushes at the ground than aloft, and flow cells in which that fades: a front there breaks into lobes and clefts (Simpson
1972), which a grid this coarse would not find by itself."""
LIFE = 0.8
"""Seconds that one set of coordinates lives; long enough to carry, too short to be drawn out flat."""


@lru_cache(maxsize=2)
def curl_tile(seed: int) -> np.ndarray:
    """Return a periodic divergence-free vector noise (TILE,TILE,TILE,3), unit root mean square, 5 to 14 waves across."""
    rng = np.random.default_rng((seed, 0xC0))
    waves = np.fft.fftfreq(TILE) * TILE
    kx, ky, kz = np.meshgrid(waves, waves, waves, indexing="ij")
    size = np.sqrt(kx**2 + ky**2 + kz**2)
    band = np.exp(-(((size - 9) / 3.5) ** 2)) * (size > 3)
    ax, ay, az = (np.fft.fftn(rng.standard_normal((TILE,) * 3)) * band for _ in range(3))
    field = np.stack([ky * az - kz * ay, kz * ax - kx * az, kx * ay - ky * ax], -1)
    noise = np.fft.ifftn(1j * field, axes=(0, 1, 2)).real
    return (noise / np.sqrt((noise**2).sum(-1).mean())).astype(F)


def ride_weights(time: float) -> np.ndarray:
    """Blend weights (2,) of the two sets at `time` (s): triangles half a life apart, summing to 1."""
    phase = (time / LIFE + np.array([0.0, 0.5])) % 1
    return (1 - np.abs(2 * phase - 1)).astype(F)


def ride_lives(time: float) -> np.ndarray:
    """How many lives each set has begun (2,) int."""
    return np.floor(time / LIFE + np.array([0.0, 0.5])).astype(np.int64)


def ride_offset(life: int, which: int, seed: int) -> np.ndarray:
    """Where in the tile a set's new life starts, (3,) density voxels, whole multiples of nothing in particular."""
    return np.random.default_rng((seed, 0xDA, which, life)).uniform(0, 4096, 3).astype(F)


@njit(cache=True, parallel=True)
def stirring(spin, load, ride, weight, offset, tile, strength):
    """Acceleration (x,y,z,3) by noise of STIRRED cells a wave, where there is dust, in proportion to the spin."""
    nx, ny, nz = load.shape
    out = np.zeros((nx, ny, nz, 3), F)
    level = F(1) / np.sqrt(weight[0] * weight[0] + weight[1] * weight[1])
    texels = F(TILE / 9.0 / STIRRED)
    for i in prange(nx):
        for j in range(ny):
            for k in range(nz):
                gain = strength * spin[i, j, k, 3] * level * (F(1) + F(LOBES) * np.exp(-F(j) / F(LOW)))
                if load[i, j, k] < F(1e-4) or gain < F(0.01):
                    continue
                for n in range(2):
                    x = (F(i) + ride[n, 0, i, j, k] + offset[n, 0]) * texels
                    y = (F(j) + ride[n, 1, i, j, k] + offset[n, 1]) * texels
                    z = (F(k) + ride[n, 2, i, j, k] + offset[n, 2]) * texels
                    a, b, c = wrapped(tile, x, y, z)
                    out[i, j, k, 0] += gain * weight[n] * a
                    out[i, j, k, 1] += gain * weight[n] * b
                    out[i, j, k, 2] += gain * weight[n] * c
    return out


@njit(cache=True, parallel=True)
def ridden(ride, u, v, w, step):
    """Carry displacements (2,3,x,y,z), in cells, with the flow over `step` (cells per m/s)."""
    new = np.empty_like(ride)
    half = F(0.5)
    for i in prange(ride.shape[2]):
        for j in range(ride.shape[3]):
            for k in range(ride.shape[4]):
                px, py, pz = F(i) + half, F(j) + half, F(k) + half
                x, y, z = traced(u, v, w, px, py, pz, -step)
                for n in range(2):
                    new[n, 0, i, j, k] = trilinear(ride[n, 0], x - half, y - half, z - half) + x - px
                    new[n, 1, i, j, k] = trilinear(ride[n, 1], x - half, y - half, z - half) + y - py
                    new[n, 2, i, j, k] = trilinear(ride[n, 2], x - half, y - half, z - half) + z - pz
    return new
