"""Blocks, stones and splintered timber among rubble: too many to be simulated, large enough to be seen one by one.

Sizes follow a power law (exponent of counts by size 2.8, that of the debris; benchmarks/rubble.py). Some lie in the bed of small rubble, others on
the pieces that the camera sees in the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.geom.camera import eye, rays
from derrumbe.render.poses import Pose
from derrumbe.render.raster import Window, depth_of, projected, visible
from derrumbe.render.scene import Scene
from derrumbe.render.shutter import carried

SMALLEST, SMALLEST_PIXELS, RANGE, EXPONENT = 0.12, 2.2, 6.0, 2.8
"""Metres and pixels of the smallest block; how many times that the largest is; exponent of their sizes."""
STICKS = 0.08
"""Pieces of timber per block."""
FLAT = 0.35
"""Radians that timber is tilted by at most: what stands up like a pole has been put up."""
STICK_LENGTH, STICK_WIDTH = (0.9, 3.6), (0.06, 0.15)
LEVEL, TILTED = 0.8, 0.6
"""How far up the side of a piece looks that blocks lie on, at least: they slide at 37 degrees; and when all have slid off it."""
SETTLING = 1.0
"""Seconds after a piece's landing in which others cover it."""
ROOF, TIMBER = 5, 3
CUBE = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
SIDES = np.array(
    [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]]
)


@dataclass(frozen=True, eq=False)
class Blocks:
    """n blocks: place (n,3) where each lies, at rest; rides (n,): the piece that it lies on, -1 for the bed; up (n,3): of that side, at rest;
    corners (n,8,3) about the place, world, metres; kind (n,) uint8: material; source (n,3): where those that lie have come from, flat."""

    place: np.ndarray
    rides: np.ndarray
    up: np.ndarray
    corners: np.ndarray
    kind: np.ndarray
    source: np.ndarray

    @classmethod
    def none(cls) -> Blocks:
        place = np.zeros((0, 3))
        return cls(place, np.zeros(0, np.int64), place, np.zeros((0, 8, 3)), np.zeros(0, np.uint8), place)

    def joined(self, other: Blocks) -> Blocks:
        return Blocks(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in self.__dataclass_fields__))

    def some(self, which: np.ndarray) -> Blocks:
        """Return those at an index or a mask (n,)."""
        return Blocks(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


def smallest(pixel: float) -> float:
    """Return the size of the smallest block that is worth drawing, metres; pixel: metres."""
    return max(SMALLEST, SMALLEST_PIXELS * pixel)


def mean_square(pixel: float) -> float:
    """Return the mean of the squared sizes of blocks, m²."""
    slope = EXPONENT - 1
    return smallest(pixel) ** 2 * slope / (2 - slope) * (RANGE ** (2 - slope) - 1) / (1 - RANGE**-slope)


def blocks_at(
    place: np.ndarray,
    rides: np.ndarray,
    up: np.ndarray,
    stuff: np.ndarray,
    pixel: float,
    rng: np.random.Generator,
    source: np.ndarray | None = None,
) -> Blocks:
    """Return blocks, and some timber, at places (n,3). stuff (8,): volume of each material there is; source (n,3): see Blocks, None: the places."""
    count = len(place)
    sticks = int(STICKS * count)
    stones = count - sticks
    # inverse of the distribution of a power law cut off at both ends (Clauset, Shalizi and Newman, 2009)
    size = smallest(pixel) * (1 - rng.random(stones) * (1 - RANGE ** (1 - EXPONENT))) ** (1 / (1 - EXPONENT))
    sides = size[:, None] * np.concatenate([np.ones((stones, 1)), rng.uniform(0.35, 0.95, (stones, 2))], 1)
    bars = np.stack([rng.uniform(*STICK_LENGTH, sticks), *np.maximum(rng.uniform(*STICK_WIDTH, (2, sticks)), 1.2 * pixel)], 1)
    corners = CUBE * (1 + 0.34 * (rng.random((stones, 8, 3)) - 0.5)) * sides[:, None]
    corners = np.concatenate([corners @ turns(stones, np.pi, rng), (CUBE * bars[:, None]) @ turns(sticks, FLAT, rng)])
    corners[:, :, 1] += 0.12 * np.r_[size, np.full(sticks, smallest(pixel))][:, None]
    walls = np.where(np.arange(8) < 3, stuff, 0.0)
    walls[ROOF] = 0.5 * stuff[ROOF]
    walls = walls / walls.sum() if walls.sum() > 0 else np.eye(8)[0]
    kind = np.r_[rng.choice(8, stones, p=walls), np.full(sticks, TIMBER)].astype(np.uint8)
    # which are timber must not depend on where they lie
    mixed = rng.permutation(count)
    return Blocks(place, rides, up, corners[mixed], kind[mixed], place if source is None else source)


def turns(count: int, tilt: float, rng: np.random.Generator) -> np.ndarray:
    """Return rotations (n,3,3): any heading, tilted by up to `tilt` radians, rolled at will."""
    heading, roll = rng.uniform(0, 2 * np.pi, (2, count))
    lean = rng.uniform(-tilt, tilt, count)
    zero, one = np.zeros(count), np.ones(count)
    c, s, d, t, e, r = np.cos(heading), np.sin(heading), np.cos(lean), np.sin(lean), np.cos(roll), np.sin(roll)
    about_x = np.moveaxis(np.array([[one, zero, zero], [zero, e, r], [zero, -r, e]]), -1, 0)
    about_z = np.moveaxis(np.array([[d, t, zero], [-t, d, zero], [zero, zero, one]]), -1, 0)
    about_y = np.moveaxis(np.array([[c, zero, -s], [zero, one, zero], [s, zero, c]]), -1, 0)
    return np.asarray(about_x @ about_z @ about_y)


def on_pieces(
    scene: Scene, final: Pose, points: np.ndarray, cover: float, most: int, stuff: np.ndarray, rng: np.random.Generator
) -> Blocks:
    """Return blocks on what lies in the `final` pose (vertices at `points`), where its upper sides are seen: a share `cover` of those that are all
    buried, less of what came down after others, `most` at most."""
    view = projected(scene.camera, points)
    picture = Window(0, 0, scene.camera.width, scene.camera.height)
    hit = visible(view, scene.triangles, picture, (0.5, 0.5))
    depth = depth_of(view, scene.triangles, hit, picture)
    y, x = np.nonzero(hit >= 0)
    triangle, away = hit[y, x], depth[y, x]
    piece = scene.piece[triangle]
    up = np.einsum("nij,nj->ni", final.rotation[piece], scene.normal[triangle])
    level = np.flatnonzero((up[:, 1] > LEVEL) & np.isfinite(scene.landed[piece]) & final.moved[piece])
    area = (away[level] / scene.camera.focal_px) ** 2 / up[level, 1] * scene.buried[piece[level]]
    count = min(int(cover * float(area.sum()) / mean_square(scene.pixel)), most)
    if not count:
        return Blocks.none()
    some = level[rng.choice(len(level), count, p=area / area.sum())]
    pixels = np.stack([x[some], y[some]], 1) + rng.random((count, 2))
    world = eye(scene.camera) + rays(scene.camera, pixels) * away[some][:, None]
    rides = piece[some].astype(np.int64)
    rest = np.einsum("nji,nj->ni", final.rotation[rides], world - final.position[rides]) + scene.centre[rides]
    return blocks_at(rest, rides, scene.normal[triangle[some]], stuff, scene.pixel, rng)


def riding(scene: Scene, blocks: Blocks, at: Pose, sample: float) -> tuple[np.ndarray, np.ndarray]:
    """Return where blocks on pieces are in a pose, (n,3), and how far they have come to lie there, (n,) 0..1."""
    foot = carried(scene, at, blocks.rides, blocks.place)
    down = np.maximum(sample - scene.landed[blocks.rides], 0) / scene.samples_per_second
    up = np.einsum("nj,nj->n", at.rotation[blocks.rides][:, 1], blocks.up)
    return foot, (1 - np.exp(-down / SETTLING)) * np.clip((up - TILTED) / (LEVEL - TILTED), 0, 1)
