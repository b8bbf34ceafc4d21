"""Small scenes of known truth: a façade of 2 x 3 blocks on a ground plane, a synthetic plate, motions given by formula."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from derrumbe.core.files import save_arrays
from derrumbe.core.records import (
    FAR,
    Building,
    Camera,
    DustCloud,
    Facade,
    FilmedShutter,
    FrameRange,
    Located,
    Motion,
    NoiseModel,
    Pieces,
    Plate,
    Set,
    Sun,
)
from derrumbe.geom.camera import pixel_grid, project, rays
from derrumbe.media.deposits import Deposit, write_deposit
from derrumbe.media.exr import write_exr
from derrumbe.media.volumes import write_volume
from derrumbe.render.scene import Inputs

CUBE = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
SIDES = {
    (0, -1): (0, 1, 3, 2),
    (0, 1): (4, 6, 7, 5),
    (1, -1): (0, 4, 5, 1),
    (1, 1): (2, 3, 7, 6),
    (2, -1): (0, 2, 6, 4),
    (2, 1): (1, 5, 7, 3),
}
WIDTH, HEIGHT, DEPTH = 4.0, 6.0, 1.0
COLUMNS, ROWS = 2, 3
CAMERA = Camera(
    width=192,
    height=144,
    focal_px=240.0,
    cx=96.0,
    cy=72.0,
    rotation=((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0)),
    translation=(0.0, 2.5, 12.0),
)
"""Looks along -Z from 12 m: 20 pixels a metre on the façade plane z = 0, horizon at y = 2.5 m."""
PIXELS_PER_METRE = 20
CLEAR = Sun(direction=(0.0, 0.6, 0.8), rgb=(1.0, 1.0, 1.0), sky_rgb=(0.3, 0.4, 0.5), ground_rgb=(0.1, 0.1, 0.1), overcast=False)
OVERCAST = Sun(direction=(0.0, 1.0, 0.0), rgb=(0.0, 0.0, 0.0), sky_rgb=(0.6, 0.6, 0.6), ground_rgb=(0.1, 0.1, 0.1), overcast=True)

Move = Callable[[float], tuple[tuple[float, float, float], tuple[float, float, float, float]]]
"""Seconds since the release -> shift (m) and rotation (wxyz)."""

UPRIGHT = (1.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Shot:
    """What a test wants: moves by piece, and sample of release; the rest has defaults."""

    moves: dict[int, Move] = field(default_factory=dict)
    release: int = 4
    frames: int = 4
    sun: Sun = CLEAR
    samples_per_frame: int = 4
    rate: int = 24
    debris: dict[str, np.ndarray] | None = None
    cracks: dict[str, np.ndarray] | None = None
    material: int = 0
    settled: float = 0.0
    """kg/m² of dust that lies on x > 0."""


def boxes() -> dict[str, np.ndarray]:
    """Return Pieces arrays of the façade: 2 columns x 3 rows of blocks, piece = row * 2 + column from the lower left."""
    vertices, triangles, owner, face, centres = [], [], [], [], []
    size = np.array([WIDTH / COLUMNS, HEIGHT / ROWS, DEPTH])
    for row in range(ROWS):
        for column in range(COLUMNS):
            piece = row * COLUMNS + column
            corner = np.array([-WIDTH / 2 + column * size[0], row * size[1], -DEPTH])
            base = len(vertices) * 8
            vertices.append(corner + CUBE * size)
            centres.append(corner + size / 2)
            for (axis, sign), quad in SIDES.items():
                outside = np.isclose((corner + CUBE[list(quad)] * size)[:, axis], _limit(axis, sign)).all()
                for a, b, c in ((quad[0], quad[1], quad[2]), (quad[0], quad[2], quad[3])):
                    triangles.append((base + a, base + b, base + c))
                    owner.append(piece)
                    face.append(0 if outside and not (axis == 1 and sign < 0) else 1)
    count = ROWS * COLUMNS
    return {
        "vertices": np.concatenate(vertices).astype(np.float32),
        "vertex_start": np.arange(0, 8 * count + 1, 8, dtype=np.int32),
        "triangles": np.array(triangles, np.int32),
        "triangle_piece": np.array(owner, np.int32),
        "triangle_face": np.array(face, np.uint8),
        "centre": np.array(centres, np.float32),
        "mass": np.full(count, 1e4, np.float32),
        "volume": np.full(count, float(np.prod(size)), np.float32),
        "storey": np.repeat(np.arange(ROWS), COLUMNS).astype(np.int16),
        "element": np.arange(count, dtype=np.int32),
        "material": np.zeros(count, np.uint8),
        "grounded": np.repeat([True, False, False], COLUMNS),
        **bonds(np.array(centres)),
    }


def bonds(centre: np.ndarray) -> dict[str, np.ndarray]:
    """Return the bonds of the blocks: each with the next one of its row, then each with the one above."""
    beside = [(row * COLUMNS, row * COLUMNS + 1) for row in range(ROWS)]
    above = [(piece, piece + COLUMNS) for piece in range((ROWS - 1) * COLUMNS)]
    pairs = np.array(beside + above, np.int32)
    return {
        "bonds": pairs,
        "bond_area": np.full(len(pairs), 2.0),
        "bond_strength": np.full(len(pairs), 1e5),
        "bond_centre": centre[pairs].mean(1).astype(np.float32),
    }


def _limit(axis: int, sign: int) -> float:
    return ((-WIDTH / 2, WIDTH / 2), (0.0, HEIGHT), (-DEPTH, 0.0))[axis][sign > 0]


def picture(camera: Camera, seed: int = 3) -> np.ndarray:
    """Return a plate (h,w,3) with detail everywhere: no two pixels alike, smooth enough to be a photograph."""
    rng = np.random.default_rng(seed)
    small = rng.random((camera.height // 3 + 2, camera.width // 3 + 2, 3)).astype(np.float32)
    import cv2

    big = cv2.resize(small, (camera.width, camera.height), interpolation=cv2.INTER_CUBIC)
    return np.clip(0.05 + 0.4 * big, 0.01, None)


def ground_depth(camera: Camera) -> np.ndarray:
    """Return the depth (h,w) of the plane y = 0, FAR above the horizon."""
    ray = rays(camera, pixel_grid(camera))
    eye_y = float(-(np.asarray(camera.rotation).T @ np.asarray(camera.translation))[1])
    with np.errstate(divide="ignore"):
        depth = -eye_y / ray[..., 1]
    return np.where((ray[..., 1] < 0) & (depth < 500), depth, FAR).astype(np.float32)


def poses(shot: Shot, centre: np.ndarray) -> dict[str, np.ndarray]:
    """Return Motion poses arrays of a shot."""
    samples = shot.frames * shot.samples_per_frame + 1
    position = np.repeat(centre[None].astype(np.float32), samples, 0)
    rotation = np.tile(np.array(UPRIGHT, np.float32), (samples, len(centre), 1))
    released = np.full(len(centre), -1, np.int32)
    for piece, move in shot.moves.items():
        released[piece] = shot.release
        for sample in range(shot.release, samples):
            shift, turn = move((sample - shot.release + 1) / (shot.rate * shot.samples_per_frame))
            position[sample, piece] = centre[piece] + np.asarray(shift, np.float32)
            rotation[sample, piece] = turn
    return {"position": position, "rotation": rotation, "released": released}


def no_debris(samples: int) -> dict[str, np.ndarray]:
    return {
        "position": np.zeros((samples, 0, 3), np.float32),
        "radius": np.zeros(0, np.float32),
        "rest": np.zeros((0, 3), np.float32),
        "spin": np.zeros(0, np.float32),
        "material": np.zeros(0, np.uint8),
    }


def write_set(folder: Path, camera: Camera, shot: Shot, plate: np.ndarray, building: Building) -> Located[Set]:
    """Write a Set's files for an open ground plane."""
    depth = ground_depth(camera)
    extent = 200.0
    save_arrays(
        folder / "proxies.npz",
        vertices=np.array([[-extent, 0, -extent], [-extent, 0, extent], [extent, 0, extent], [extent, 0, -extent]], np.float64),
        triangles=np.array([[0, 1, 2], [0, 2, 3]], np.int32),
        kind=np.zeros(2, np.uint8),
    )
    write_exr(folder / "set_depth.exr", depth, ("Z",), full=True)
    write_exr(folder / "texture.exr", plate, full=True)
    write_exr(folder / "clean_plate.exr", plate, full=True)
    write_exr(folder / "building_matte.exr", np.ones(plate.shape[:2], np.float32), ("Y",))
    record = Set(
        locked=True,
        cameras=(camera,),
        frames=FrameRange(first=1001, last=1000 + shot.frames),
        building=building,
        sun=shot.sun,
        softness_px=0.6,
        facade_rgb=(0.25, 0.25, 0.25),
        shutter=FilmedShutter(angle=None, edges=0),
    )
    return Located(record, folder)


def facade_building(camera: Camera) -> Building:
    corners = np.array([[-2, 0, 0], [2, 0, 0], [2, HEIGHT, 0], [-2, HEIGHT, 0]], float)
    pixels, _ = project(camera, corners)
    return Building(
        outline_px=tuple((float(x), float(y)) for x, y in pixels),
        facades=(Facade(origin=(-2, 0, 0), along=(1, 0, 0), normal=(0, 0, 1), width=WIDTH, height=HEIGHT),),
        footprint=((-2, 0), (2, 0), (2, -1), (-2, -1)),
        storey_tops=(2.0, 4.0, 6.0),
        height=HEIGHT,
        material="brick",
    )


def write_plate(folder: Path, camera: Camera, shot: Shot) -> Located[Plate]:
    still = (0.0, 0.0, 0.0)
    noise = NoiseModel(
        levels=(0.0, 0.5, 1.0), variance_at=(still, still, still), spatial=((1.0,),), channel=((1, 0, 0), (0, 1, 0), (0, 0, 1))
    )
    record = Plate(
        width=camera.width,
        height=camera.height,
        source_width=camera.width,
        source_height=camera.height,
        rate_num=shot.rate,
        rate_den=1,
        frames=FrameRange(first=1001, last=1000 + shot.frames),
        colourspace="ACEScg",
        code_bits=None,
        source="synthetic",
        source_digest="0",
        noise=noise,
    )
    return Located(record, folder)


def write_motion(folder: Path, shot: Shot, centre: np.ndarray) -> Located[Motion]:
    samples = shot.frames * shot.samples_per_frame + 1
    save_arrays(folder / "poses.npz", **poses(shot, centre))
    save_arrays(folder / "debris.npz", **(shot.debris or no_debris(samples)))
    none = np.zeros(0, np.float32)
    save_arrays(
        folder / "events.npz",
        time=none,
        position=np.zeros((0, 3), np.float32),
        velocity=np.zeros((0, 3), np.float32),
        mass=none,
        radius=none,
        kind=np.zeros(0, np.uint8),
    )
    if shot.cracks is not None:
        save_arrays(folder / "cracks.npz", **shot.cracks)
    record = Motion(
        cracks=None if shot.cracks is None else "cracks.npz",
        samples_per_frame=shot.samples_per_frame,
        sample_count=samples,
        trigger_sample=shot.release,
        fallen_share=0.0,
        at_rest=False,
    )
    return Located(record, folder)


def write_cloud(folder: Path, shot: Shot) -> Located[DustCloud]:
    """Write clear air."""
    shape, half = (8, 8, 8), (4, 4, 4)
    for frame in range(1001, 1001 + shot.frames):
        write_volume(
            folder / f"dust/dust.{frame}.npz",
            np.zeros(shape, np.float32),
            ride=np.zeros((2, 3, *half), np.float32),
            ride_offset=np.zeros((2, 3), np.float32),
            ride_weight=np.zeros(2, np.float32),
            solid=np.zeros(half, np.float32),
        )
        if shot.settled:
            mass = np.zeros((20, 40), np.float32)
            mass[10:] = shot.settled
            write_deposit(folder / f"settled.{frame}.npz", Deposit(mass, np.array([-10.0, -20.0]), 1.0))
    frames = FrameRange(first=1001, last=1000 + shot.frames)
    settled = "settled.{frame}.npz" if shot.settled else None
    record = DustCloud(settled=settled, origin=(-8, 0, -8), voxel=2.0, shape=shape, frames=frames, albedo=(0.9, 0.9, 0.9), extinction=200.0)
    return Located(record, folder)


def stage(folder: Path, shot: Shot, camera: Camera = CAMERA) -> Inputs:
    """Write a shot of the façade under `folder` and return what render takes."""
    arrays = boxes()
    arrays["material"][:] = shot.material
    save_arrays(folder / "pieces/pieces.npz", **arrays)
    count = len(arrays["centre"])
    record = Pieces(piece_count=count, bond_count=0, element_count=count, storey_count=ROWS, total_mass=1e4 * count, size_exponent=2.0)
    return Inputs(
        write_plate(folder / "plate", camera, shot),
        write_set(folder / "set", camera, shot, picture(camera), facade_building(camera)),
        Located(record, folder / "pieces"),
        write_motion(folder / "motion", shot, arrays["centre"]),
        write_cloud(folder / "dust", shot),
    )
