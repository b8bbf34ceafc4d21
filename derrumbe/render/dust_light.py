"""A frame's dust, refined and lit: how much it hides, and how much of sun and surroundings reaches each place in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import isotonic_regression

from derrumbe.core.records import Camera, DustCloud, Located, Sun
from derrumbe.geom.camera import rotation_matrix
from derrumbe.media.volumes import Volume, read_volume
from derrumbe.render.dust_depths import Depths, at_points, depths
from derrumbe.render.dust_noise import (
    BLOCK,
    LUMP,
    Room,
    billows,
    eased,
    halved,
    occupied_blocks,
    refined,
    riding,
    room,
    sharpened,
    softened,
)
from derrumbe.render.dust_scattering import MEAN_COSINE, albedo_of, gains, reflectance_of
from derrumbe.render.dust_surround import UPPER, Surround, light_from, surround, ways

F = np.float32
BITE = 0.85
"""How far billows eat into thin dust, 0..1."""
CRISP = 1.0
"""Power by which dust gets richer where it is richer than around it."""
WARP = 2.2
"""How far billows push flanks in and out, density voxels."""
LEAST_WARP = 0.1
"""Share of that in a cloud with no room for more (dust_noise.body)."""
REACH = 6
"""Voxels that billows carry dust at most, with what smooths it: so far around it there is room for it, or it would end along its own box."""
CLOSE = (1.0, 3.0)
"""Distances from the camera, in widths of the largest billows, below which dust has none and from which on it has all. One that fills the picture is no
detail: as it turns into the next one, all dust before the camera would come and go within a few frames."""
DARK = 0.75
"""Reflectance of coarse grains over that of dust whose colour is given: damp, in each other's shade, seen against bright dust."""
SHADED = 0.9
"""The same over that of the rock that they are bits of."""
LEAST_FACING, LEAST_SHINE = 1e-3, 1e-6
DUSTED = 0.6
"""How far the ground under a cloud has taken the dust's hue."""
ROCK = (0.3, 0.42)
"""Mean reflectance of masonry: how bright a façade is tells no more than that, since how strong the light is was guessed."""
FINER = 3.0
"""How many times finer than the grains of rock those of its dust are: light meets so many more of them before it is taken in."""
RUST = 1.2
"""Least that rock reflects green over blue, beside red over green, in logarithms, ACEScg: iron colours stone and brick from buff to rust. Pink is paint,
or the light of a sunset."""
EARTHY = 0.18
"""Most by which a channel leaves the mean in ground rock and clay: stronger colours are paint and glaze, a skin that dust is hardly made of."""
SHOWS = 4.0
"""Pixels across a voxel from which on dust is refined below it: else single voxels show as boxes."""
MOST_FINE_CELLS = 48_000_000
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
    sun: optical depth of dust towards the sun, on voxels; around: light from everywhere else; shine (n,3): light of each part of the sky;
    albedo (3,): of one scattering; sun_rgb, sky_rgb, ground_rgb as in `Sun`; to_sun: unit vector;
    dark (x,y,z) float32: share of coarse, dark grains in what hides, on voxels, None where there are none, dark_albedo (3,) theirs;
    ride: where billows are read; drift (p,q,r,3): the dust's own speed on the half grid, m/s, None when it isn't known; middle (3,): of the whole
    grid, world; room: for billows.
    """

    fine: np.ndarray
    blocks: np.ndarray
    factor: int
    origin: np.ndarray
    voxel: float
    sun: Depths
    around: Surround
    shine: np.ndarray
    albedo: np.ndarray
    to_sun: np.ndarray
    sun_rgb: np.ndarray
    sky_rgb: np.ndarray
    ground_rgb: np.ndarray
    ride: Ride
    room: Room
    drift: np.ndarray | None
    middle: np.ndarray
    dark: np.ndarray | None = None
    dark_albedo: np.ndarray | None = None

    @property
    def brightest(self) -> float:
        """Return what thick dust shows that faces sun and sky, in its brightest channel: no billow need be brighter."""
        return float((reflectance_of(self.albedo) * (self.sun_rgb + self.sky_rgb)).max())

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
    pixels: float | None = None,
    around: np.ndarray | None = None,
    eye: np.ndarray | None = None,
) -> LitCloud | None:
    """Light the dust of `frame`. `color` auto (from the façade's colour in the plate) or #rrggbb; `density` scales opacity.

    `around` (r,c,3): all light but the sun's, laid out as in `Set.environment`; None: `sun.sky_rgb` above, `sun.ground_rgb` below.
    `eye` (3,): the camera's place in the world, where dust is even.

    `pixels`: across a voxel, see voxel_pixels, when that is known; cells finer than two of them are then left out: lumps in the march (dust_lumps)
    do. Returns None when the frame has no dust.
    """
    volume = read_volume(cloud.path(cloud.record.grid, frame))
    if volume.empty:
        return None
    fine = pixels is None or pixels >= SHOWS
    fine_dust, grains = reflectances(color, facade_rgb, sun)
    floor = dusted(sun.ground_rgb, fine_dust)
    if around is not None:
        below = np.arange(len(around))[:, None, None] >= len(around) // 2
        around = around * np.where(below, np.asarray(floor) / np.maximum(sun.ground_rgb, 1e-6), 1)
    sun = sun.model_copy(update={"ground_rgb": floor})
    return light_volume(
        volume, cloud.record, sun, albedo_of(fine_dust), density, fine=fine, dark_albedo=albedo_of(grains), around=around, eye=eye
    )


def voxel_pixels(camera: Camera, record: DustCloud) -> float:
    """Return how many pixels a voxel is wide in the middle of the dust's box."""
    middle = np.asarray(record.origin) + 0.5 * record.voxel * np.asarray(record.shape)
    depth = rotation_matrix(camera)[2] @ middle + camera.translation[2]
    return record.voxel * camera.focal_px / max(float(depth), 1.0)


def light_volume(
    volume: Volume, record: DustCloud, sun: Sun, albedo: np.ndarray, density: float, *, bite: float = BITE, fine: bool = True,
    dark_albedo: np.ndarray | None = None, around: np.ndarray | None = None, eye: np.ndarray | None = None,
) -> LitCloud:  # fmt: skip
    """Refine and light a volume that isn't empty, with single-scattering `albedo` (3,); coarse grains have `dark_albedo`, else that too.

    `around`, `eye`: see light_cloud."""
    volume, dark = mixed(padded(volume, REACH if bite > 0 else 0), record)
    scale = F(record.extinction * density * record.voxel)
    factor = 2 if fine and volume.density.size * 8 <= MOST_FINE_CELLS else 1
    blocks = occupied_blocks(volume.density, factor, REACH if bite > 0 else 1)
    start, half_start = (np.asarray(s, np.int64) for s in (volume.start, volume.ride_start))
    ride = Ride(riding(volume.ride), eased(volume.ride), start, half_start, volume.ride_offset, volume.ride_weight, billows(SEED))
    place = None if eye is None else (np.asarray(eye) - record.origin) / record.voxel - volume.start
    space = room(volume.density, float(scale))
    cells = _refine(volume, ride, blocks, factor, scale, bite, place, space)
    coarse = halved(cells) if factor == 2 else cells
    shine = light_from(np.array([[sun.sky_rgb], [sun.ground_rgb]]) if around is None else around)
    to_sun = np.asarray(sun.direction, np.float64)
    return LitCloud(
        fine=cells,
        blocks=blocks,
        factor=factor,
        origin=np.asarray(record.origin) + record.voxel * np.asarray(volume.start),
        voxel=record.voxel,
        sun=depths(coarse, to_sun),
        around=surround(coarse, spread(blocks), BLOCK // factor, volume, shine, gains(albedo), to_sun, sunny(sun)),
        shine=shine[:UPPER],
        albedo=albedo,
        to_sun=to_sun,
        sun_rgb=np.asarray(sun.rgb, np.float64),
        sky_rgb=np.asarray(sun.sky_rgb, np.float64),
        ground_rgb=np.asarray(sun.ground_rgb, np.float64),
        ride=ride,
        room=space,
        drift=volume.speed,
        middle=np.asarray(record.origin) + 0.5 * record.voxel * np.asarray(record.shape),
        dark=dark,
        dark_albedo=albedo if dark_albedo is None else dark_albedo,
    )


def sunny(sun: Sun) -> float:
    """Return the share of the sun in what lights open ground."""
    direct, sky = float(np.mean(sun.rgb)) * max(sun.direction[1], 0.0), float(np.mean(sun.sky_rgb))
    return direct / max(direct + sky, 1e-6)


def padded(volume: Volume, reach: int) -> Volume:
    """Return the volume with `reach` voxels of clean air around its dust, as far as its grid goes."""
    before = [min(start, reach) for start in volume.start]
    ends = [start + count for start, count in zip(volume.start, volume.density.shape, strict=True)]
    room = [(a, min(whole - end, reach)) for a, whole, end in zip(before, volume.shape, ends, strict=True)]
    return replace(
        volume,
        start=(volume.start[0] - before[0], volume.start[1] - before[1], volume.start[2] - before[2]),
        density=np.pad(volume.density, room),
        coarse=None if volume.coarse is None else np.pad(volume.coarse, room),
    )


def mixed(volume: Volume, record: DustCloud) -> tuple[Volume, np.ndarray | None]:
    """Return the volume with its coarse grains counted as so much dust as hides the same, and their share (x,y,z) in what hides."""
    if volume.coarse is None or record.coarse_extinction <= 0:
        return volume, None
    coarse = volume.coarse * F(record.coarse_extinction / record.extinction)
    whole = volume.density + coarse
    return replace(volume, density=whole, coarse=None), coarse / np.maximum(whole, F(1e-9))


def _refine(
    volume: Volume, ride: Ride, blocks: np.ndarray, factor: int, scale: np.float32, bite: float, eye: np.ndarray | None, space: Room
) -> np.ndarray:
    """Return optical depth per voxel on cells `factor` times finer; eye (3,): index position of the camera."""
    density = softened(volume.density) if bite > 0 else volume.density
    noise = (ride.coordinates, ride.half_start, ride.offset, ride.weight, ride.tile)
    around = halved(halved(density))
    warp = 0.0
    if bite > 0:
        density = sharpened(density, around, F(CRISP) * space.about)
        warp = WARP * (LEAST_WARP + (1 - LEAST_WARP) * space.cloud)
    cells = refined(density, around, ride.start, blocks, factor, *noise, F(bite), F(warp), scale)
    if eye is None or bite <= 0:
        return cells
    box = _box_about(eye, CLOSE[1] * LUMP, cells.shape, factor)
    if box is None:
        return cells
    near = np.zeros_like(blocks)
    within = tuple(slice(part.start // BLOCK, -(-part.stop // BLOCK)) for part in box)
    near[within] = blocks[within]
    plain = refined(density, around, ride.start, near, factor, *noise, F(0), F(0), scale)[box]
    cells[box] = plain + _rough(eye, box, factor) * (cells[box] - plain)
    return cells


def _box_about(eye: np.ndarray, reach: float, shape: tuple[int, ...], factor: int) -> tuple[slice, ...] | None:
    """Return the cells within `reach` voxels of a place along each axis; None when there are none."""
    low, high = (np.clip((eye + way * reach) * factor, 0, shape).astype(int) for way in (-1, 1))
    return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True)) if (high > low).all() else None


def _rough(eye: np.ndarray, box: tuple[slice, ...], factor: int) -> np.ndarray:
    """Return how much of their billows cells of a box keep, 0..1: none at the eye, all from CLOSE on."""
    away = [((np.arange(part.start, part.stop) + 0.5) / factor - middle) / LUMP for part, middle in zip(box, eye, strict=True)]
    share = np.clip((np.sqrt(sum(part**2 for part in np.ix_(*away))) - CLOSE[0]) / (CLOSE[1] - CLOSE[0]), 0, 1)
    return (share * share * (3 - 2 * share)).astype(F)


def spread(blocks: np.ndarray) -> np.ndarray:
    """Return blocks (bool) with all their neighbours: reading between voxels reaches one further."""
    for axis in range(3):
        wide = blocks.copy()
        low, high = [slice(None)] * 3, [slice(None)] * 3
        low[axis], high[axis] = slice(None, -1), slice(1, None)
        wide[tuple(low)] |= blocks[tuple(high)]
        wide[tuple(high)] |= blocks[tuple(low)]
        blocks = wide
    return blocks


def sun_transmittance(lit: LitCloud, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Return how much of the sun passes the dust to world points (n,3), (n,) float32, whatever their normals (n,3).

    Light scattered forward still counts as passing (similarity: depth times one less the mean cosine).
    """
    return np.exp(-F(1 - MEAN_COSINE) * at_points(*lit.sun.parts(), lit.index(points)))


def sky_transmittance(lit: LitCloud, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Return how much of the sky's light passes the dust to world points (n,3) with unit normals (n,3), (n,) float32: two-stream, mean over
    the sky as a matt surface there sees it: its bright parts count for more."""
    index = lit.index(points) / F(2)
    facing = (np.maximum(np.asarray(normals) @ ways()[:UPPER].T, 0) + LEAST_FACING) * (lit.shine.mean(-1) + LEAST_SHINE)
    total = np.zeros(len(index), F)
    for n, way in enumerate(lit.around.depths):
        total += facing[:, n] / (1 + F(0.5 * (1 - MEAN_COSINE)) * at_points(*way.parts(), index))
    return (total / facing.sum(1)).astype(F)


def reflectances(color: str, facade_rgb: tuple[float, float, float], sun: Sun) -> tuple[np.ndarray, np.ndarray]:
    """Return what thick dust and what coarse grains reflect, (3,) ACEScg each: as the façade's rock does, ground fine and as it is; or the colour given
    as #rrggbb, and that in the shade.
    """
    if color != "auto":
        from derrumbe.media.colour import from_hex

        given = np.clip(from_hex(color), 0.01, 0.9)
        return given, DARK * given
    stone = rock(facade_rgb, sun)
    return powder(stone), SHADED * stone


def reflectance(color: str, facade_rgb: tuple[float, float, float], sun: Sun) -> np.ndarray:
    """Return what thick dust reflects, see reflectances."""
    return reflectances(color, facade_rgb, sun)[0]


def rock(facade_rgb: tuple[float, float, float], sun: Sun) -> np.ndarray:
    """Return what the rock of a façade reflects (3,), ACEScg, where the plate shows `facade_rgb` of it.

    Rock, lime and clay never reflect less towards red: where a façade seems green or blue, that is the shade it stands in.
    """
    light = 0.5 * np.asarray(sun.rgb) + 0.6 * np.asarray(sun.sky_rgb)
    paint = np.asarray(facade_rgb) / np.maximum(light, 1e-4)
    mean = max(float(paint.mean()), 1e-6)
    hue = paint / mean - 1
    hue = 1 + hue * EARTHY / max(float(np.abs(hue).max()), EARTHY)
    red, green, blue = np.log(isotonic_regression(hue, increasing=False).x)
    green = max(green, (RUST * red + blue) / (1 + RUST))
    hue = np.exp([red, green, blue])
    return hue / hue.mean() * np.clip(mean, *ROCK)


def powder(stone: np.ndarray) -> np.ndarray:
    """Return what a heap of `stone` (3,) reflects once it is ground FINER: as much is taken in, more scattered (Kubelka and Munk 1931)."""
    taken = (1 - stone) ** 2 / (2 * stone) / FINER
    return 1 + taken - np.sqrt(taken**2 + 2 * taken)


def dusted(ground: tuple[float, float, float], reflects: np.ndarray) -> tuple[float, float, float]:
    """Return the ground's light as strong as before, its hue on the way to that of the dust which lies on it wherever a cloud is low."""
    own, dust = np.asarray(ground), np.asarray(reflects)
    red, green, blue = own + DUSTED * (dust * (own.mean() / max(float(dust.mean()), 1e-6)) - own)
    return float(red), float(green), float(blue)
