"""Detail below the dust's grid: billows of cell noise, read at texture coordinates that ride the flow, which eat into thin dust.

Cell noise: Worley 1996. Eating the edges and leaving the core, as clouds are made in games: Schneider and Vos 2015.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numba import njit, prange
from scipy.ndimage import gaussian_filter

F = np.float32
TILE = 128
CELLS = (8, 16, 32)
GAINS = (0.45, 0.32, 0.23)
TURNS = (((1, 2, 0), (31, 7, 53)), ((2, 0, 1), (17, 71, 23)), ((1, 0, 2), (83, 41, 97)))
LUMP = 4.2
"""Size of the largest billow, density voxels."""
TEXELS = TILE / CELLS[0] / LUMP
"""Texels per density voxel."""
SMALLEST = LUMP * CELLS[0] / CELLS[-1]
"""Size of the smallest."""
MOST_STRAIN = 1.6
"""Strain (Frobenius norm of the displacements' slope) at which billows fade by half."""
EASED = 4
"""Cells of the half grid over which displacements are averaged for what is finer than the grid."""
BLOCK = 8
FOOT = 0.75
"""How far billows lift dust off the ground and press it down, as a share of how far they push its flanks: a front has an overhanging nose, and runs over
the ground in lobes with bits between them. The ground itself is flat, and cuts dust along a ruler."""
STRETCH, PART = 1.5, 0.33
"""Most dust that billows bring to a place, over what there is at a part of their way: what they carry past clean air is no lobe of a flank, but a
ball on its own."""
BODY = (5.0, 16.0)
"""Voxels across a cloud (the cube root of what it fills) under which it has no billows wider than the smallest, and from which on it has all: a puff
with lobes of its own size is several puffs."""
ABOUT, FILLS = 2.0, (0.2, 0.5)
"""Voxels about a place (sigma) in which that is measured there, too, and the shares of them that dust fills, for the same: 0.5 at a bank's flank."""
MOST_RICH = 4.0
"""Most that a voxel may have over the mean around it, while it is made sharper."""
FOLDS, FADED, DENSE = 1.6, 0.6, 0.4
"""How far billows make dust richer and poorer, as a power of e from trough to top; and what is off that where it is thin, below an optical depth of DENSE
per voxel. Thin dust is old: eddies as small as billows have died, and its banks are as broad as the flow has left them. Seen through metres of it,
small ones add up to noise."""


@njit(cache=True)
def _cells(feature, size):
    """Periodic billows (size³): 1 at the feature points (n,n,n,3 in cells), falling with distance, 0 a cell and more away from all."""
    count = feature.shape[0]
    wide = size // count
    least = np.ones((size, size, size), F)
    for n in range(count**3):
        a, b, c = n // (count * count), n // count % count, n % count
        p = feature[a, b, c]
        x, y, z = (F(a) + p[0]) * F(wide), (F(b) + p[1]) * F(wide), (F(c) + p[2]) * F(wide)
        # texels whose centres are within a cell of the point
        for i in range(int(np.floor(x)) - wide, int(np.floor(x)) + wide + 1):
            dx = (F(i) + F(0.5) - x) / F(wide)
            for j in range(int(np.floor(y)) - wide, int(np.floor(y)) + wide + 1):
                dy = (F(j) + F(0.5) - y) / F(wide)
                flat = dx * dx + dy * dy
                if flat >= F(1):
                    continue
                for k in range(int(np.floor(z)) - wide, int(np.floor(z)) + wide + 1):
                    dz = (F(k) + F(0.5) - z) / F(wide)
                    away = flat + dz * dz
                    if away < least[i % size, j % size, k % size]:
                        least[i % size, j % size, k % size] = away
    return F(1) - np.sqrt(least)


@lru_cache(maxsize=1)
def billows(seed: int) -> np.ndarray:
    """Return the periodic tile (TILE,TILE,TILE,4) float32: billows, spread evenly over -0.5..0.5, and three turned copies that push about."""
    rng = np.random.default_rng((seed, 0xB1))
    total = np.zeros((TILE,) * 3, F)
    for cells, gain in zip(CELLS, GAINS, strict=True):
        total += F(gain) * _cells(rng.random((cells, cells, cells, 3)).astype(F), TILE)
    levels = np.quantile(total[::2, ::2, ::2], np.linspace(0, 1, 129))
    even = np.interp(total, levels, np.linspace(-0.5, 0.5, 129)).astype(F)
    turned = [np.roll(even.transpose(axes), shift, (0, 1, 2)) for axes, shift in TURNS]
    return np.stack([even, *turned], -1)


@njit(cache=True, fastmath=True)
def _tile4(tile, x, y, z):
    """Four channels of a periodic tile (n,n,n,4), n a power of two, trilinear at texel coordinates."""
    mask = tile.shape[0] - 1
    fx, fy, fz = np.floor(x), np.floor(y), np.floor(z)
    i, j, k = int(fx), int(fy), int(fz)
    a, b, c = F(x - fx), F(y - fy), F(z - fz)
    return _mixed(tile, i & mask, j & mask, k & mask, (i + 1) & mask, (j + 1) & mask, (k + 1) & mask, a, b, c)


@lru_cache(maxsize=1)
def bumps(seed: int) -> np.ndarray:
    """Return the first channel of `billows`, apart: a quarter of the memory to reach about in."""
    return np.ascontiguousarray(billows(seed)[..., 0])


@njit(cache=True, fastmath=True)
def bump(tile, x, y, z):
    """A periodic tile (n,n,n), n a power of two, trilinear at texel coordinates."""
    mask = tile.shape[0] - 1
    fx, fy, fz = np.floor(x), np.floor(y), np.floor(z)
    i, j, k = np.uint64(int(fx) & mask), np.uint64(int(fy) & mask), np.uint64(int(fz) & mask)
    p, q, r = np.uint64((int(fx) + 1) & mask), np.uint64((int(fy) + 1) & mask), np.uint64((int(fz) + 1) & mask)
    a, b, c = F(x - fx), F(y - fy), F(z - fz)
    one = F(1)
    low = (tile[i, j, k] * (one - c) + tile[i, j, r] * c) * (one - b) + (tile[i, q, k] * (one - c) + tile[i, q, r] * c) * b
    high = (tile[p, j, k] * (one - c) + tile[p, j, r] * c) * (one - b) + (tile[p, q, k] * (one - c) + tile[p, q, r] * c) * b
    return low * (one - a) + high * a


@njit(cache=True, fastmath=True)
def held4(field, x, y, z):
    """Four channels (p,q,r,4), trilinear at index coordinates, held at the borders; the field may be one sample thick."""
    x, y, z = min(max(x, F(0)), F(field.shape[0] - 1)), min(max(y, F(0)), F(field.shape[1] - 1)), min(max(z, F(0)), F(field.shape[2] - 1))
    i, j, k = int(x), int(y), int(z)
    p, q, r = min(i + 1, field.shape[0] - 1), min(j + 1, field.shape[1] - 1), min(k + 1, field.shape[2] - 1)
    return _mixed(field, i, j, k, p, q, r, F(x - F(i)), F(y - F(j)), F(z - F(k)))


@njit(cache=True, fastmath=True)
def _mixed(field, i, j, k, p, q, r, a, b, c):
    """Blend eight corners of four channels, axis by axis."""
    # unsigned indices spare numba the test for negative ones, which costs as much as the rest
    i, j, k, p, q, r = np.uint64(i), np.uint64(j), np.uint64(k), np.uint64(p), np.uint64(q), np.uint64(r)
    s0 = s1 = s2 = s3 = F(0)
    for n in range(4):
        x, y = (i if n < 2 else p), (j if n % 2 == 0 else q)
        weight = (F(1) - a if n < 2 else a) * (F(1) - b if n % 2 == 0 else b)
        low, high = weight * (F(1) - c), weight * c
        s0 += low * field[x, y, k, 0] + high * field[x, y, r, 0]
        s1 += low * field[x, y, k, 1] + high * field[x, y, r, 1]
        s2 += low * field[x, y, k, 2] + high * field[x, y, r, 2]
        s3 += low * field[x, y, k, 3] + high * field[x, y, r, 3]
    return s0, s1, s2, s3


@njit(cache=True, fastmath=True)
def held(field, x, y, z):
    """Trilinear at index coordinates, held at the borders; the field may be one sample thick."""
    x, y, z = min(max(x, F(0)), F(field.shape[0] - 1)), min(max(y, F(0)), F(field.shape[1] - 1)), min(max(z, F(0)), F(field.shape[2] - 1))
    i, j, k = np.uint64(x), np.uint64(y), np.uint64(z)
    a, b, c = F(x - F(i)), F(y - F(j)), F(z - F(k))
    n = np.uint64(1)
    p, q, r = (
        min(i + n, np.uint64(field.shape[0] - 1)),
        min(j + n, np.uint64(field.shape[1] - 1)),
        min(k + n, np.uint64(field.shape[2] - 1)),
    )
    one = F(1)
    low = (field[i, j, k] * (one - c) + field[i, j, r] * c) * (one - b) + (field[i, q, k] * (one - c) + field[i, q, r] * c) * b
    high = (field[p, j, k] * (one - c) + field[p, j, r] * c) * (one - b) + (field[p, q, k] * (one - c) + field[p, q, r] * c) * b
    return low * (one - a) + high * a


@njit(cache=True)
def occupied_blocks(density, factor, reach=1):
    """Which blocks of BLOCK³ fine cells (density grid refined `factor` times) hold dust or have some within `reach` voxels, bool."""
    size = BLOCK // factor
    shape = ((density.shape[0] + size - 1) // size, (density.shape[1] + size - 1) // size, (density.shape[2] + size - 1) // size)
    out = np.zeros(shape, np.bool_)
    for i in range(density.shape[0]):
        for j in range(density.shape[1]):
            for k in range(density.shape[2]):
                if density[i, j, k] > F(0):
                    for a in range(max(i - reach, 0) // size, min(i + reach, density.shape[0] - 1) // size + 1):
                        for b in range(max(j - reach, 0) // size, min(j + reach, density.shape[1] - 1) // size + 1):
                            for c in range(max(k - reach, 0) // size, min(k + reach, density.shape[2] - 1) // size + 1):
                                out[a, b, c] = True
    return out


@njit(cache=True, parallel=True)
def refined(density, around, start, blocks, factor, riding, ride_start, offset, weight, tile, bite, warp, scale):
    """Return `density` (times `scale`) on cells `factor` times finer, its edges eaten by `bite` (0..1) where billows are low.

    `around` is the mean over 4³ voxels: an edge is where there is less than around it, so that even a veil keeps its middle.
    Places are read from up to `warp` voxels away, which gives smooth flanks lobes. `scale` turns density into optical depth per voxel.
    """
    shape = (density.shape[0] * factor, density.shape[1] * factor, density.shape[2] * factor)
    out = np.zeros(shape, F)
    small, half = F(1) / F(factor), F(0.5)
    first, second = riding
    for i in prange(shape[0]):
        for j in range(shape[1]):
            for k in range(shape[2]):
                if not blocks[i // BLOCK, j // BLOCK, k // BLOCK]:
                    continue
                u, v, w = (F(i) + half) * small - half, (F(j) + half) * small - half, (F(k) + half) * small - half
                near = held(around, F(0.25) * u - F(0.375), F(0.25) * v - F(0.375), F(0.25) * w - F(0.375))
                if near * scale <= F(1e-5):
                    continue
                x, y, z = u + half + F(start[0]), v + half + F(start[1]), w + half + F(start[2])
                p, q, r = half * x - F(ride_start[0]) - half, half * y - F(ride_start[1]) - half, half * z - F(ride_start[2]) - half
                noise = da = db = dc = F(0)
                power = F(1e-6)
                for n in range(2):
                    dx, dy, dz, trust = held4(first if n == 0 else second, p, q, r)
                    part = weight[n] * trust
                    if part > F(0.02):
                        power += part * part
                        tx, ty, tz = x + dx + offset[n, 0], y + dy + offset[n, 1], z + dz + offset[n, 2]
                        t0, t1, t2, t3 = _tile4(tile, tx * F(TEXELS), ty * F(TEXELS), tz * F(TEXELS))
                        noise += part * t0
                        da += part * t1
                        db += part * t2
                        dc += part * t3
                gain = min(F(1) / np.sqrt(power), F(1.6))
                reach = F(2) * warp * gain
                dust = held(density, u + reach * da, v + reach * db, w + reach * dc)
                dust *= min(max(v + F(start[1]) + F(1.1) + F(FOOT) * reach * db, F(0)), F(1))
                if dust * scale <= F(1e-5):
                    continue
                da, db, dc = F(PART) * reach * da, F(PART) * reach * db, F(PART) * reach * dc
                dust = min(dust, F(STRETCH) * held(density, u + da, v + db, w + dc))
                if dust * scale <= F(1e-5):
                    continue
                billow = min(max(half + gain * noise, F(0)), F(1))
                full = min(dust / near, F(1))
                eaten = bite * (F(1) - billow)
                left = max(full - eaten, F(0)) / (F(1) - eaten)
                thin = max(F(1) - dust * scale / F(DENSE), F(0))
                slope = bite * F(FOLDS) * (F(1) - F(FADED) * thin)
                rich = np.exp(slope * (billow - half)) * (F(1) - slope * slope / F(24)) if slope > F(0) else F(1)
                out[i, j, k] = scale * dust * left / full * rich
    return out


@njit(cache=True, parallel=True)
def sharpened(density, around, power):
    """Return `density` with what is richer than `around` (means over 4³ voxels) richer still and what is poorer poorer, its means kept. power
    (p,q,r): how much so, on a grid half as fine.

    A grid smears every flank over three or four voxels; dust that was mixed in as folds is as dense inside them as where it came from.
    What stands apart is no fold: air has mixed with all of it.
    """
    out = np.empty_like(density)
    for i in prange(density.shape[0]):
        for j in range(density.shape[1]):
            for k in range(density.shape[2]):
                near = held(around, F(0.25) * F(i) - F(0.375), F(0.25) * F(j) - F(0.375), F(0.25) * F(k) - F(0.375))
                more = held(power, F(0.5) * F(i) - F(0.25), F(0.5) * F(j) - F(0.25), F(0.5) * F(k) - F(0.25))
                out[i, j, k] = density[i, j, k] * min(density[i, j, k] / max(near, F(1e-12)), F(MOST_RICH)) ** more
    now = halved(halved(out))
    for i in prange(density.shape[0]):
        for j in range(density.shape[1]):
            for k in range(density.shape[2]):
                p, q, r = F(0.25) * F(i) - F(0.375), F(0.25) * F(j) - F(0.375), F(0.25) * F(k) - F(0.375)
                out[i, j, k] *= min(held(around, p, q, r) / max(held(now, p, q, r), F(1e-12)), F(1))
    return out


def body(density: np.ndarray) -> float:
    """Return how much of the largest billows dust (x,y,z) has room for, 0..1: it fills its mean squared over the mean of its squares."""
    total, square = float(density.sum(dtype=np.float64)), float(np.square(density, dtype=np.float64).sum())
    across = (total * total / square) ** (1 / 3) if square > 0 else 0.0
    part = min(max((across - BODY[0]) / (BODY[1] - BODY[0]), 0.0), 1.0)
    return part * part * (3 - 2 * part)


@dataclass(frozen=True, eq=False)
class Room:
    """How much of the largest billows dust has room for, 0..1: the whole cloud (`body`), and about each place (p,q,r), on a grid half as fine."""

    cloud: float
    about: np.ndarray


def room(density: np.ndarray, scale: float) -> Room:
    """Return the room in dust (x,y,z), about a place as in the whole, but within ABOUT voxels.

    `scale` turns density into optical depth per voxel; what is thicker than DENSE counts as that, or a bank's core would make puffs of its flanks.
    """
    seen = np.minimum(F(scale) * density, F(DENSE))
    mean, square = (gaussian_filter(halved(part), ABOUT / 2, mode="nearest") for part in (seen, seen * seen))
    part = np.clip((mean * mean / np.maximum(square, F(1e-12)) - FILLS[0]) / (FILLS[1] - FILLS[0]), 0, 1)
    return Room(body(density), np.where(square > 1e-12, part * part * (3 - 2 * part), 1).astype(F))


def riding(ride: np.ndarray, spacing: float = 2.0) -> np.ndarray:
    """Return two sets of riding coordinates (2,3,p,q,r) with how far each may be used, (2,p,q,r,4): less where drawn out or squeezed."""
    trust = np.ones((2, *ride.shape[2:]), F)
    if min(ride.shape[2:]) > 1:
        slopes = np.stack([np.stack(np.gradient(ride[:, axis], spacing, axis=(1, 2, 3)), 1) for axis in range(3)], 1)
        strain = np.sqrt((slopes**2).sum((1, 2)))
        trust = (1 / (1 + (strain / MOST_STRAIN) ** 4)).astype(F)
    return np.ascontiguousarray(np.concatenate([np.moveaxis(ride, 1, -1), trust[..., None]], -1), F)


def eased(ride: np.ndarray) -> np.ndarray:
    """Return `riding` of displacements (2,3,p,q,r) averaged over EASED cells: they follow the flow at large and are hardly drawn out."""
    parts = [softened(softened(halved(halved(np.ascontiguousarray(part))))) for part in ride.reshape(-1, *ride.shape[2:])]
    return riding(np.stack(parts).reshape(2, 3, *parts[0].shape), 2.0 * EASED)


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
