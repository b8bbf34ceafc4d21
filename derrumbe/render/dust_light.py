"""A frame's dust, refined and lit: how much it hides, and how much sun, sky and ground reach each place in it.

Multiple scattering by octaves (Wrenninge, Kulla and Lundqvist 2013): each sees the optical depth shrunk and adds its share, all but the first
only as far as a place is hidden, since thin dust scatters light once. The phase function has two Henyey-Greenstein lobes, flatter in every
octave. Shares were fitted to path tracing (benchmarks/dust_reference.py) at a shrinking by halves; those that came out as nothing are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numba import njit, prange
from scipy.optimize import isotonic_regression

from derrumbe.core.records import DustCloud, Located, Sun
from derrumbe.media.volumes import Volume, read_volume
from derrumbe.render.dust_depths import Depths, at_points, depths, lookup
from derrumbe.render.dust_noise import billows, eased, halved, occupied_blocks, refined, riding, softened

F = np.float32
OCTAVES = (0, 1, 2, 5)
"""Halvings of optical depth."""
FLATTER = 0.2
"""What is left of the phase function's asymmetry from octave to octave."""
GAINS = (0.86, 2.5, 0.64, 0.2)
"""Share of each octave."""
BOUNCES = (1, 4, 7, 13)
"""Times that each octave's light has met a grain: the power of albedo."""
AMBIENT_BOUNCES = 6.0
"""The same for sky and ground, all octaves together."""
BITE = 0.85
"""How far billows eat into thin dust, 0..1."""
WARP = 2.2
"""How far billows push flanks in and out, density voxels."""
FORWARD, BACKWARD, FORWARD_SHARE = 0.55, -0.25, 0.7
"""Asymmetry of the two lobes and the share of the first."""
MEAN_COSINE = FORWARD * FORWARD_SHARE + BACKWARD * (1 - FORWARD_SHARE)
PALE = np.array([0.62, 0.61, 0.595])
"""Reflectance of mineral dust heaped thick, ACEScg: concrete, lime, plaster and brick ground fine; 0.97 of each scattering."""
DARK = 0.75
"""Reflectance of coarse grains over that of dust: damp, in each other's shade, seen against bright dust."""
LEAST_FACING = 1e-3
DUSTED = 0.6
"""How far the ground under a cloud has taken the dust's hue."""
TINT = 0.18
"""How far auto dust takes the façade's hue, as a power."""
LARGE = 1280
"""Width of a picture from which on dust is refined below its voxels."""
MOST_FINE_CELLS = 48_000_000
SOLID_DEPTH = 3.0
"""Optical depth of a flow cell that is all solid."""
BOUNCED = 0.15
"""What solids send on of the sky's and the ground's light that they keep from dust: rooms are dark."""
SEED = 5


@dataclass(frozen=True, eq=False)
class Ride:
    """Texture coordinates that ride the flow: coordinates (2,p,q,r,4), displacement and trust; start, half_start (3,): where grid and half grid
    are cropped; eased (2,p,q,r,4): the same averaged over EASED cells; offset (2,3), weight (2,): see media.volumes; tile: billows."""

    coordinates: np.ndarray
    eased: np.ndarray
    start: np.ndarray
    half_start: np.ndarray
    offset: np.ndarray
    weight: np.ndarray
    tile: np.ndarray


@dataclass(frozen=True, eq=False)
class LitCloud:
    """Dust of one frame. Arrays are indexed [x,y,z] from `origin`; index positions count cells of `voxel` metres, cell i spans i..i+1.

    fine: optical depth per voxel edge, on cells of voxel / factor; blocks: which BLOCK³ of them hold dust;
    sun: optical depth of dust towards the sun, on voxels; skies: the same towards evenly spread parts of the sky, on cells twice as large;
    ambient (x,y,z,4), on those cells: light of sky and of ground that comes in (1: all of both halves together), share of the sun that solids
    let through, and how hidden the place is; albedo (3,): of one scattering; sun_rgb, sky_rgb, ground_rgb as in `Sun`; to_sun: unit vector;
    dark (x,y,z) float32: share of coarse, dark grains in what hides, on voxels, None where there are none, dark_albedo (3,) theirs;
    ride: where billows are read; drift (p,q,r,3): the dust's own speed on the half grid, m/s, None when it isn't known; middle (3,): of the whole
    grid, world.
    """

    fine: np.ndarray
    blocks: np.ndarray
    factor: int
    origin: np.ndarray
    voxel: float
    sun: Depths
    skies: tuple[Depths, ...]
    ambient: np.ndarray
    albedo: np.ndarray
    to_sun: np.ndarray
    sun_rgb: np.ndarray
    sky_rgb: np.ndarray
    ground_rgb: np.ndarray
    ride: Ride
    drift: np.ndarray | None
    middle: np.ndarray
    dark: np.ndarray | None = None
    dark_albedo: np.ndarray | None = None

    def index(self, points: np.ndarray) -> np.ndarray:
        """Return index positions (n,3) float32 of world points (n,3)."""
        return ((np.asarray(points, np.float64) - self.origin) / self.voxel).astype(F)


def light_cloud(
    cloud: Located[DustCloud],
    frame: int,
    sun: Sun,
    *,
    color: str,
    density: float,
    facade_rgb: tuple[float, float, float],
    width: int | None = None,
) -> LitCloud | None:
    """Light the dust of `frame`. `color` auto (from the façade's colour in the plate) or #rrggbb; `density` scales opacity.

    `width`: of the picture, when it is known; cells finer than two pixels are then left out, and in small pictures
    all: there lumps in the march (dust_lumps) do, and coarse steps leave no hatching. Returns None when the frame has no dust.
    """
    volume = read_volume(cloud.path(cloud.record.grid, frame))
    if volume.empty:
        return None
    fine = width is None or (width >= LARGE and 4 * max(cloud.record.shape) <= width)
    reflects = reflectance(color, facade_rgb, sun)
    sun = sun.model_copy(update={"ground_rgb": dusted(sun.ground_rgb, reflects)})
    return light_volume(volume, cloud.record, sun, albedo_of(reflects), density, fine=fine, dark_albedo=albedo_of(DARK * reflects))


def light_volume(
    volume: Volume, record: DustCloud, sun: Sun, albedo: np.ndarray, density: float, *, bite: float = BITE, fine: bool = True,
    dark_albedo: np.ndarray | None = None,
) -> LitCloud:  # fmt: skip
    """Refine and light a volume that isn't empty, with single-scattering `albedo` (3,); coarse grains have `dark_albedo`, else that too."""
    volume, dark = mixed(volume, record)
    scale = F(record.extinction * density * record.voxel)
    factor = 2 if fine and volume.density.size * 8 <= MOST_FINE_CELLS else 1
    blocks = occupied_blocks(volume.density, factor)
    start, half_start = (np.asarray(s, np.int64) for s in (volume.start, volume.ride_start))
    ride = Ride(riding(volume.ride), eased(volume.ride), start, half_start, volume.ride_offset, volume.ride_weight, billows(SEED))
    cells = _refine(volume, ride, blocks, factor, scale, bite)
    coarse = halved(cells) if factor == 2 else cells
    skies, ambient = _ambient(coarse, volume, sun, gains(albedo.mean(keepdims=True))[:, 0])
    return LitCloud(
        fine=cells,
        blocks=blocks,
        factor=factor,
        origin=np.asarray(record.origin) + record.voxel * np.asarray(volume.start),
        voxel=record.voxel,
        sun=depths(coarse, np.asarray(sun.direction)),
        skies=skies,
        ambient=ambient,
        albedo=albedo,
        to_sun=np.asarray(sun.direction, np.float64),
        sun_rgb=np.asarray(sun.rgb, np.float64),
        sky_rgb=np.asarray(sun.sky_rgb, np.float64),
        ground_rgb=np.asarray(sun.ground_rgb, np.float64),
        ride=ride,
        drift=volume.speed,
        middle=np.asarray(record.origin) + 0.5 * record.voxel * np.asarray(record.shape),
        dark=dark,
        dark_albedo=albedo if dark_albedo is None else dark_albedo,
    )


def mixed(volume: Volume, record: DustCloud) -> tuple[Volume, np.ndarray | None]:
    """Return the volume with its coarse grains counted as so much dust as hides the same, and their share (x,y,z) in what hides."""
    if volume.coarse is None or record.coarse_extinction <= 0:
        return volume, None
    coarse = volume.coarse * F(record.coarse_extinction / record.extinction)
    whole = volume.density + coarse
    return replace(volume, density=whole, coarse=None), coarse / np.maximum(whole, F(1e-9))


def _refine(volume: Volume, ride: Ride, blocks: np.ndarray, factor: int, scale: np.float32, bite: float) -> np.ndarray:
    density = softened(volume.density) if bite > 0 else volume.density
    noise = (ride.coordinates, ride.half_start, ride.offset, ride.weight, ride.tile)
    return refined(density, halved(halved(density)), ride.start, blocks, factor, *noise, F(bite), F(WARP if bite > 0 else 0), scale)


def _ambient(coarse: np.ndarray, volume: Volume, sun: Sun, shares: np.ndarray) -> tuple[tuple[Depths, ...], np.ndarray]:
    """Return depths towards parts of the sky, and the ambient grid of `LitCloud`, both on cells of two voxels. shares: of octaves."""
    small = 2 * halved(coarse)
    skies = tuple(depths(small, way) for way in _sky_ways())
    downs = tuple(depths(small, way * (1, -1, 1)) for way in _sky_ways()[::3])
    offset = np.asarray(volume.start) / 2 - np.asarray(volume.solid_start or volume.ride_start)
    solid = (SOLID_DEPTH * volume.solid).astype(F)
    walls = [depths(solid, way).parts() for way in (*_sky_ways(), *_sky_ways()[::3] * (1, -1, 1), np.asarray(sun.direction))]
    out = np.zeros((*small.shape, 4), F)
    for way, wall in zip(skies, walls, strict=False):
        _add_light(out, way.parts(), wall, F(0.5 / len(skies)), 0, shares, offset.astype(F))
    for way, wall in zip(downs, walls[len(skies) :], strict=False):
        _add_light(out, way.parts(), wall, F(0.5 / len(downs)), 1, shares, offset.astype(F))
    out[..., 1] *= _ground_light(skies[0], small.shape)
    _add_light(out, walls[-1], walls[-1], F(1), 2, shares, offset.astype(F))
    return skies, out


@lru_cache(maxsize=1)
def _sky_ways(count: int = 9) -> np.ndarray:
    """Unit vectors (count,3) evenly spread over the upper half, the zenith first (Fibonacci spiral)."""
    n = np.arange(count)
    up = 1 - (n + 0.5) / count
    up[0] = 1
    around = n * np.pi * (3 - np.sqrt(5)) + 0.4
    side = np.sqrt(1 - up**2)
    return np.stack([side * np.cos(around), up, side * np.sin(around)], -1)


def _ground_light(zenith: Depths, shape: tuple[int, ...]) -> np.ndarray:
    """How much of the ground's bounce is left under dust, (x,1,z): two-stream transmittance of the column above."""
    x, z = np.meshgrid(np.arange(shape[0]) + 0.5, np.arange(shape[2]) + 0.5, indexing="ij")
    feet = np.stack([x.ravel(), np.zeros(x.size), z.ravel()], -1).astype(F)
    column = at_points(*zenith.parts(), feet).reshape(shape[0], 1, shape[2])
    return 1 / (1 + F(0.5 * (1 - MEAN_COSINE)) * column)


@njit(cache=True, parallel=True)
def _add_light(out, way, wall, share, channel, gains, offset):
    """Add what comes from one direction to a channel of `out` (x,y,z,4): all octaves for 0 and 1 (and to 3: how hidden), bare for 2.

    wall: depth of solids in that direction, on cells `offset` away."""
    sums, axis, far, slope, low = way
    for i in prange(out.shape[0]):
        for j in range(out.shape[1]):
            for k in range(out.shape[2]):
                x, y, z = F(i) + F(0.5), F(j) + F(0.5), F(k) + F(0.5)
                passed = np.exp(-lookup(wall[0], wall[1], wall[2], wall[3], wall[4], x + offset[0], y + offset[1], z + offset[2]))
                if channel == 2:
                    out[i, j, k, 2] += share * passed
                else:
                    depth = lookup(sums, axis, far, slope, low, x, y, z)
                    out[i, j, k, channel] += share * octaves(depth, gains) * (F(BOUNCED) + F(1 - BOUNCED) * passed)
                    out[i, j, k, 3] += share * (F(1) - np.exp(-depth))


@njit(cache=True)
def octaves(depth, gains):
    """Light left at optical depth: all octaves of isotropic scattering."""
    first = np.exp(-depth)
    total = gains[0] * first
    for n in range(1, len(OCTAVES)):
        total += gains[n] * (F(1) - first) * np.exp(-depth * F(0.5) ** OCTAVES[n])
    return total


def gains(albedo: np.ndarray) -> np.ndarray:
    """What each octave adds of red, green and blue, (octaves,3) float32."""
    return (np.array(GAINS)[:, None] * albedo ** np.array(BOUNCES)[:, None]).astype(F)


def ambient_colour(albedo: np.ndarray) -> np.ndarray:
    """What tells red, green and blue of ambient light from the mean albedo's, (3,)."""
    return (albedo / albedo.mean()) ** AMBIENT_BOUNCES


def sun_transmittance(lit: LitCloud, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Return how much of the sun passes the dust to world points (n,3), (n,) float32, whatever their normals (n,3).

    Light scattered forward still counts as passing (similarity: depth times one less the mean cosine).
    """
    return np.exp(-F(1 - MEAN_COSINE) * at_points(*lit.sun.parts(), lit.index(points)))


def sky_transmittance(lit: LitCloud, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Return how much of the sky's light passes the dust to world points (n,3) with unit normals (n,3), (n,) float32: two-stream, mean over
    the sky as a matt surface there sees it."""
    index = lit.index(points) / F(2)
    facing = np.maximum(np.asarray(normals) @ _sky_ways().T, 0) + LEAST_FACING
    total = np.zeros(len(index), F)
    for n, way in enumerate(lit.skies):
        total += facing[:, n] / (1 + F(0.5 * (1 - MEAN_COSINE)) * at_points(*way.parts(), index))
    return (total / facing.sum(1)).astype(F)


def reflectance(color: str, facade_rgb: tuple[float, float, float], sun: Sun) -> np.ndarray:
    """Return what thick dust reflects (3,), ACEScg: pale, leaning to the façade's hue under the plate's light; or the colour given as #rrggbb.

    Ground rock, lime and clay never reflect less towards red: where a façade seems green or blue, that is the shade it stands in.
    """
    if color != "auto":
        from derrumbe.media.colour import from_hex

        return np.clip(from_hex(color), 0.01, 0.9)
    light = 0.5 * np.asarray(sun.rgb) + 0.6 * np.asarray(sun.sky_rgb)
    hue = np.asarray(facade_rgb) / np.maximum(light, 1e-4)
    hue = isotonic_regression(np.clip(hue / max(float(hue.mean()), 1e-6), 0.5, 1.6), increasing=False).x
    return PALE * hue**TINT


def dusted(ground: tuple[float, float, float], reflects: np.ndarray) -> tuple[float, float, float]:
    """Return the ground's light as strong as before, its hue on the way to that of the dust which lies on it wherever a cloud is low."""
    own, dust = np.asarray(ground), np.asarray(reflects)
    red, green, blue = own + DUSTED * (dust * (own.mean() / max(float(dust.mean()), 1e-6)) - own)
    return float(red), float(green), float(blue)


def albedo_of(reflected: np.ndarray) -> np.ndarray:
    """Return the single-scattering albedo (3,) whose thick cloud reflects this (Kulla and Conty 2017, after d'Eon's fit)."""
    a = np.asarray(reflected, np.float64)
    s = 4.09712 + 4.20863 * a - np.sqrt(9.59217 + 41.6808 * a + 17.7126 * a**2)
    return (1 - s**2) / (1 - MEAN_COSINE * s**2)
