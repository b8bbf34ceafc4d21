"""Light that comes to dust from all around but the sun: from a few parts of the sky and of the ground, each with an optical depth of its own.

The parts of a half are equal in area. A quarter turn about the vertical maps them on each other, so a scene that is turned is lit the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numba import njit, prange
from scipy.ndimage import gaussian_filter

from derrumbe.media.volumes import Volume
from derrumbe.render.dust_depths import Depths, at_points, depths, lookup
from derrumbe.render.dust_noise import halved
from derrumbe.render.dust_scattering import MEAN_COSINE, later

F = np.float32
UPPER, LOWER = 9, 4
"""Parts of the sky: one around the zenith, four, four low ones; and of the ground."""
FINE = 288
"""Samples of a map of light up and around."""
SOLID_DEPTH = 3.0
"""Optical depth of a flow cell that is all solid."""
HIDDEN = 1.75
"""Power of the share of all directions in which dust hides a place: as far as light is scattered more than once there."""
WANDERS = 2.0
"""Standard deviation, cells, of how far sun that is scattered more than once has wandered: about the way between two scatterings in dense dust."""
STRAYS, REGAINED = 0.7, 1.08
"""The same of light from sky and ground; and what that is worth once it has wandered, since at a surface half of the dust around is darker. Fitted to path
tracing with the shares of dust_scattering (benchmarks/dust_reference.py)."""
WIDE = 1.5
"""Standard deviation, cells, of the ground around the middle of a part that sends light in its stead."""
BOUNCED = 0.15
"""What solids send on of the light that they keep from dust: rooms are dark."""


@dataclass(frozen=True, eq=False)
class Surround:
    """Dust lit from all around, on cells of two voxels. depths: of dust towards the parts of the sky; light (x,y,z,6): red, green and blue that a
    place scatters to anywhere, share of the sun that solids let through, how far light is scattered more than once there (0 in the open), and
    share of the sun that solids let through to the dust around, whence that light comes."""

    depths: tuple[Depths, ...]
    light: np.ndarray


@lru_cache(maxsize=1)
def ways() -> np.ndarray:
    """Return the unit vectors (UPPER+LOWER,3) of the middles of the parts, those of the sky first, its zenith before all."""
    quarter = np.arange(4) * np.pi / 2
    turns = np.concatenate([[0.0], quarter + np.pi / 4, quarter, quarter + np.pi / 4])
    up = np.repeat([1.0, 2 / 3, 2 / 9, -1 / 2], [1, 4, 4, LOWER])
    side = np.sqrt(1 - up**2)
    return np.stack([side * np.sin(turns), up, side * np.cos(turns)], -1)


def part_of(way: np.ndarray) -> np.ndarray:
    """Return the number (n,) of the part in which unit vectors (n,3) lie."""
    turn = np.arctan2(way[:, 0], way[:, 2]) / (np.pi / 2)
    straight, slanted = np.floor(turn + 0.5).astype(int) % 4, np.floor(turn).astype(int) % 4
    up = way[:, 1]
    return np.select([up < 0, up < 4 / 9, up < 8 / 9], [UPPER + slanted, 5 + straight, 1 + slanted], 0)


def light_from(around: np.ndarray) -> np.ndarray:
    """Return the mean light (UPPER+LOWER,3) of each part of a latitude-longitude map (r,c,3), laid out as in `Set.environment`."""
    rise, turn = np.meshgrid((np.arange(FINE) + 0.5) / (FINE / 2) - 1, 2 * np.pi * (np.arange(FINE) + 0.5) / FINE, indexing="ij")
    side = np.sqrt(1 - rise**2)
    part = part_of(np.stack([side * np.sin(turn), rise, side * np.cos(turn)], -1).reshape(-1, 3))
    row = np.clip((0.5 - np.arcsin(rise) / np.pi) * around.shape[0], 0, around.shape[0] - 1).astype(int)
    column = np.floor((0.5 - 0.5 * turn / np.pi) * around.shape[1]).astype(int) % around.shape[1]
    light = around[row, column].reshape(-1, 3)
    count = np.bincount(part, minlength=UPPER + LOWER)
    return np.stack([np.bincount(part, channel, UPPER + LOWER) for channel in light.T], -1) / count[:, None]


def surround(
    coarse: np.ndarray,
    blocks: np.ndarray,
    size: int,
    volume: Volume,
    light: np.ndarray,
    gains: np.ndarray,
    to_sun: np.ndarray,
    sunny: float,
) -> Surround:
    """Return how dust is lit from all around. coarse (x,y,z): optical depth per voxel edge; blocks of `size` voxels hold dust or touch it;
    light (UPPER+LOWER,3): of each part; gains (octaves,3): of the dust; to_sun (3,); sunny: share of the sun in what lights the open ground."""
    small = 2 * halved(coarse)
    found = [depths(small, way) for way in ways()]
    offset = (np.asarray(volume.start) / 2 - np.asarray(volume.solid_start or volume.ride_start)).astype(F)
    solid = (SOLID_DEPTH * volume.solid).astype(F)
    shade = depths(solid, to_sun)
    under, ground = _ground_light(found[0], small.shape), shaded_ground(shade, solid.shape, sunny)
    out, many = np.zeros((*small.shape, 6), F), np.zeros((*small.shape, 3), F)
    cells = blocks, max(size // 2, 1)
    for n, (way, each) in enumerate(zip(ways(), found, strict=True)):
        share = 0.5 / (UPPER if n < UPPER else LOWER)
        part = (share * light[n]).astype(F)
        _add_light(out, many, *cells, each.parts(), depths(solid, way).parts(), part, F(share), way.astype(F), under, ground, gains, offset)
    out[..., 4] **= HIDDEN
    out[..., :3] += F(REGAINED) * out[..., 4:5] * wandered(many, small, STRAYS)
    _add_sun(out, *cells, shade.parts(), offset)
    out[..., 5] = wandered(out[..., 3], small)
    return Surround(tuple(found[:UPPER]), out)


def wandered(passed: np.ndarray, small: np.ndarray, far: float = WANDERS) -> np.ndarray:
    """Return light, or the share of it that solids let through, `passed` (x,y,z,...), as what is scattered from place to place finds it: the mean over the
    dust around, `far` cells (sigma), each counted by what it hides (`small`: its optical depth). Shade is lit by the lit dust beside it, and has no
    hard side."""
    counts = (-np.expm1(-small) + F(1e-6)).reshape(*small.shape, *[1] * (passed.ndim - small.ndim))
    around = [gaussian_filter(values, far, axes=(0, 1, 2)) for values in (counts * passed, counts)]
    return np.asarray(around[0] / around[1])


def _ground_light(zenith: Depths, shape: tuple[int, ...]) -> np.ndarray:
    """How much of the ground's bounce is left under dust, (x,z): two-stream transmittance of the column above."""
    x, z = np.meshgrid(np.arange(shape[0]) + 0.5, np.arange(shape[2]) + 0.5, indexing="ij")
    feet = np.stack([x.ravel(), np.zeros(x.size), z.ravel()], -1).astype(F)
    column = at_points(*zenith.parts(), feet).reshape(shape[0], shape[2])
    return 1 / (1 + F(0.5 * (1 - MEAN_COSINE)) * column)


def shaded_ground(shade: Depths, shape: tuple[int, ...], sunny: float) -> np.ndarray:
    """Return what solids leave of the open ground's light, on the ground of their cells (x,z) float32: all but the sun's share `sunny` where they
    keep it off. shade: their depth towards the sun; shape: of their cells."""
    x, z = np.meshgrid(np.arange(shape[0]) + 0.5, np.arange(shape[2]) + 0.5, indexing="ij")
    feet = np.stack([x.ravel(), np.zeros(x.size), z.ravel()], -1).astype(F)
    left = 1 - sunny * -np.expm1(-at_points(*shade.parts(), feet))
    return gaussian_filter(left.reshape(shape[0], shape[2]), WIDE, mode="nearest").astype(F)


@njit(cache=True, parallel=True)
def _add_light(out, many, blocks, size, dust, wall, light, share, way, under, ground, gains, offset):
    """Add what comes from one part, `light` (3,) where nothing is in its way: scattered once to `out`, often to `many`, where there is dust.

    dust, wall: depths of dust and of solids towards its middle, `way` (3,), solids on cells `offset` away. Light from below is dimmed by the dust
    that lies over the ground, `under` (x,z), and by what keeps the sun off the ground it comes from, `ground` (x,z) on the solids' cells."""
    sums, axis, far, slope, low = dust
    for i in prange(out.shape[0]):
        for j in range(out.shape[1]):
            for k in range(out.shape[2]):
                if not _near(blocks, i // size, j // size, k // size):
                    continue
                x, y, z = F(i) + F(0.5), F(j) + F(0.5), F(k) + F(0.5)
                depth = lookup(sums, axis, far, slope, low, x, y, z)
                x, y, z = x + offset[0], y + offset[1], z + offset[2]
                # dust is in what a wall leaves of a cell: from there, that wall is as far as another cell
                passed = np.exp(-lookup(wall[0], wall[1], wall[2], wall[3], wall[4], x + way[0], y + way[1], z + way[2]))
                clear = F(BOUNCED) + F(1 - BOUNCED) * passed
                if way[1] < F(0):
                    clear *= under[i, k] * _at(ground, x - y * way[0] / way[1], z - y * way[2] / way[1])
                first = np.exp(-depth)
                red, green, blue = later(depth, gains)
                for c, octaves in enumerate((red, green, blue)):
                    out[i, j, k, c] += clear * light[c] * gains[0, c] * first
                    many[i, j, k, c] += clear * light[c] * octaves
                out[i, j, k, 4] += share * (F(1) - first)


@njit(cache=True, parallel=True)
def _add_sun(out, blocks, size, wall, offset):
    """Set the share of the sun that solids let through."""
    for i in prange(out.shape[0]):
        for j in range(out.shape[1]):
            for k in range(out.shape[2]):
                if _near(blocks, i // size, j // size, k // size):
                    x, y, z = F(i) + F(0.5) + offset[0], F(j) + F(0.5) + offset[1], F(k) + F(0.5) + offset[2]
                    out[i, j, k, 3] = np.exp(-lookup(wall[0], wall[1], wall[2], wall[3], wall[4], x, y, z))


@njit(cache=True)
def _at(plane, x, z):
    """Bilinear at index positions (samples at +0.5), held at the borders."""
    x = min(max(x - F(0.5), F(0)), F(plane.shape[0] - 1))
    z = min(max(z - F(0.5), F(0)), F(plane.shape[1] - 1))
    i, k = int(x), int(z)
    p, r = min(i + 1, plane.shape[0] - 1), min(k + 1, plane.shape[1] - 1)
    a, c = x - F(i), z - F(k)
    return (F(1) - a) * ((F(1) - c) * plane[i, k] + c * plane[i, r]) + a * ((F(1) - c) * plane[p, k] + c * plane[p, r])


@njit(cache=True)
def _near(blocks, p, q, r):
    return p < blocks.shape[0] and q < blocks.shape[1] and r < blocks.shape[2] and blocks[p, q, r]
