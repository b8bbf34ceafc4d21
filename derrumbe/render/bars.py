"""Reinforcing bars that stick out of torn concrete: thin rusty strands, straight while a crack is tight, bent by the parting of its sides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from derrumbe.core.files import load_arrays
from derrumbe.render.light import light_at
from derrumbe.render.lines import Lines
from derrumbe.render.poses import Pose
from derrumbe.render.scene import Inputs, Scene, load
from derrumbe.render.shutter import carried
from derrumbe.render.solids import Lighting

BROKEN, CONCRETE = 1, 1
SPACING = 0.3
"""Metres of broken edge per bar."""
MOST = 4000
BITS = 6
"""Straight bits of a bar."""
LENGTH, WIDTH = (0.3, 1.7), (0.012, 0.022)
THINNEST, THICKEST = 0.4, 0.05
"""Pixels that a bar is wide at least, as long as that is fewer metres: where bars are too thin to be seen, one stands for a bundle."""
BEND = 1.9
"""Radians that a bar turns by from root to tip, at most."""
TIGHT, WIDE_OPEN = 0.12, 0.5
"""Metres by which the sides of a crack have parted when bars show, and when they are bent."""
RUST, STEEL, DUSTY = np.array([0.115, 0.062, 0.040]), np.array([0.13, 0.125, 0.12]), 0.3
STREAM = 83


@dataclass(frozen=True, eq=False)
class Bars:
    """n bars: piece, other (n,) the pieces that they stick out of and into; root, way, side (n,3) at rest: where, whither, and the way they
    bend; length, width, bend (n,); albedo (n,3)."""

    piece: np.ndarray
    other: np.ndarray
    root: np.ndarray
    way: np.ndarray
    side: np.ndarray
    length: np.ndarray
    width: np.ndarray
    bend: np.ndarray
    albedo: np.ndarray


@lru_cache(maxsize=1)
def bars_of(inputs: Inputs, seed: int) -> Bars:
    """Return the bars of a shot: in concrete, across bonds to concrete, at random places of the broken faces."""
    solid = load_arrays(inputs.pieces.path(inputs.pieces.record.arrays))
    rng = np.random.default_rng((seed, STREAM))
    bonds, material = solid["bonds"].astype(int), solid["material"]
    held = np.flatnonzero((material[bonds] == CONCRETE).all(1)) if len(bonds) else np.zeros(0, int)
    bonded = {tuple(sorted(pair)) for pair in bonds[held].tolist()}
    corners = solid["vertices"].astype(np.float64)[solid["triangles"]]
    piece = solid["triangle_piece"].astype(int)
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = 0.5 * np.linalg.norm(cross, axis=1)
    torn = np.flatnonzero((solid["triangle_face"] == BROKEN) & (material[piece] == CONCRETE) & (area > 1e-4))
    if not bonded or not len(torn):
        none, place, number = np.zeros(0, int), np.zeros((0, 3)), np.zeros(0)
        return Bars(none, none, place, place, place, number, number, number, place)
    # slabs tear in strips: their length, not their area, holds the bars
    along = np.linalg.norm(corners[torn] - np.roll(corners[torn], 1, 1), axis=2).max(1)
    count = rng.poisson(np.minimum(0.5 * along / SPACING, 12.0))
    count = rng.binomial(count, min(MOST / max(int(count.sum()), 1), 1.0))
    triangle = np.repeat(torn, count)
    u, v = np.sqrt(rng.random(len(triangle))), rng.random(len(triangle))
    a, b, c = (corners[triangle, k] for k in range(3))
    root = a * (1 - u)[:, None] + b * (u * (1 - v))[:, None] + c * (u * v)[:, None]
    other = _across(piece[triangle], root, bonds[held], solid["bond_centre"][held].astype(np.float64))
    kept = other >= 0
    return _shaped(piece[triangle][kept], other[kept], root[kept], cross[triangle[kept]], rng)


def _across(piece: np.ndarray, root: np.ndarray, bonds: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Return the piece (n,) on the other side of the nearest bond of each bar's piece, -1 for none."""
    ends, which = np.concatenate([bonds[:, 0], bonds[:, 1]]), np.concatenate([np.arange(len(bonds))] * 2)
    order = np.argsort(ends, kind="stable")
    low, high = np.searchsorted(ends[order], piece), np.searchsorted(ends[order], piece, side="right")
    out = np.full(len(piece), -1)
    for n in np.flatnonzero(high > low):
        own = which[order[low[n] : high[n]]]
        best = own[np.argmin(np.sum((centre[own] - root[n]) ** 2, 1))]
        out[n] = bonds[best].sum() - piece[n]
    return out


def _shaped(piece: np.ndarray, other: np.ndarray, root: np.ndarray, normal: np.ndarray, rng: np.random.Generator) -> Bars:
    count = len(piece)
    way = _unit(_unit(normal) + 0.15 * rng.normal(size=(count, 3)))
    side = rng.normal(size=(count, 3)) - (0, 0.8, 0)
    side = _unit(side - np.sum(side * way, 1, keepdims=True) * way)
    rusty = rng.random(count)[:, None]
    albedo = (RUST * rusty + STEEL * (1 - rusty)) * rng.uniform(0.6, 1.3, (count, 1))
    return Bars(
        piece, other, root, way, side, rng.uniform(*LENGTH, count) * rng.uniform(0.4, 1, count), rng.uniform(*WIDTH, count),
        BEND * rng.uniform(0.1, 1, count), albedo,
    )  # fmt: skip


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def lines_of_bars(
    inputs: Inputs, lighting: Lighting, poses: tuple[Pose, ...], settled: np.ndarray, dust: np.ndarray, seed: int
) -> list[Lines]:
    """Return the bars that show, lit, in each pose of a shutter; which, and their light, are the middle pose's.

    settled (N,): how far dust has come down on each piece; dust (3,): its albedo."""
    bars, scene, at = bars_of(inputs, seed), load(inputs), poses[len(poses) // 2]
    open_now = np.flatnonzero(at.moved[bars.piece] | at.moved[bars.other])
    ends = (carried(scene, at, side[open_now], bars.root[open_now]) for side in (bars.piece, bars.other))
    gap = np.linalg.norm(np.subtract(*ends), axis=1)
    some, gap = open_now[gap > TIGHT], gap[gap > TIGHT]
    if not len(some):
        return [Lines.none()] * len(poses)
    free = np.clip((gap - TIGHT) / (WIDE_OPEN - TIGHT), 0, 1)
    curve = _curves(bars, some, free)
    shown = _shown(bars, scene, lighting, at, some, curve[BITS // 2], settled, dust)
    width = np.maximum(bars.width[some], min(THINNEST * scene.pixel, THICKEST))
    fixed = [
        np.repeat(values, BITS, 0) for values in (width, shown, np.minimum(2 * free, 1), np.zeros(len(some)), np.full(len(some), np.inf))
    ]
    out = []
    for each in poses:
        points = np.stack([carried(scene, each, bars.piece[some], place) for place in curve], 1)
        out.append(Lines(points[:, :-1].reshape(-1, 3), points[:, 1:].reshape(-1, 3), *fixed))
    return out


def _shown(
    bars: Bars, scene: Scene, lighting: Lighting, at: Pose, some: np.ndarray, middle: np.ndarray, settled: np.ndarray, dust: np.ndarray
) -> np.ndarray:
    """Return what bars `some` (n,) show, (n,3): lit from both sides at their `middle` (n,3), at rest."""
    place, piece = carried(scene, at, bars.piece[some], middle), bars.piece[some]
    across = np.einsum("nij,nj->ni", at.rotation[piece], bars.side[some])
    light = np.zeros((len(some), 3), np.float32)
    for way in (across, -across):
        light += 0.5 * light_at(
            lighting.lamp, lighting.occluders, place, way, some.astype(np.int64) + 1,
            first_ray=0, sky_rays=4, sun_air=lighting.sun_air, sky_air=lighting.sky_air, lift=0.02,
        )  # fmt: skip
    coat = DUSTY + (0.85 - DUSTY) * settled[piece][:, None]
    return (bars.albedo[some] * (1 - coat) + 0.8 * dust * coat) * light


def _curves(bars: Bars, some: np.ndarray, free: np.ndarray) -> list[np.ndarray]:
    """Return BITS + 1 rows of points (n,3) at rest along bars that are bent as far as they are free (n,) 0..1."""
    place, step = bars.root[some], (bars.length[some] / BITS)[:, None]
    rows = [place]
    for bit in range(BITS):
        turn = (bars.bend[some] * free * ((bit + 0.5) / BITS) ** 1.5)[:, None]
        place = place + step * (np.cos(turn) * bars.way[some] + np.sin(turn) * bars.side[some])
        rows.append(place)
    return rows
