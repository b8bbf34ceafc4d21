"""What sticks out of breaks: rusty bars of torn concrete, straight while a crack is tight, bent by the parting of its sides; and splintered
rafters, purlins and joists of roofs and floors of timber, which stay straight."""

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

BROKEN, OUTER, CONCRETE, TIMBER, TILES = 1, 0, 1, 3, 5
SPACING, TIMBERS = 0.3, 0.62
"""Metres of broken edge per bar, and per piece of timber."""
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
STOUT, STICKS_OUT = (0.08, 0.14), (0.3, 2.4)
"""Metres that timber is wide, and that it stays longer than the tiles or boards on it."""
FRESH, OLD = np.array([0.44, 0.355, 0.26]), np.array([0.20, 0.155, 0.115])
SPLINTERED = 0.12
"""How far timber strays from its way."""
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

    def joined(self, other: Bars) -> Bars:
        return Bars(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in self.__dataclass_fields__))


@lru_cache(maxsize=1)
def bars_of(inputs: Inputs, seed: int) -> Bars:
    """Return the bars and timbers of a shot: across bonds between two pieces of one stuff, at random places of the broken faces."""
    solid = load_arrays(inputs.pieces.path(inputs.pieces.record.arrays))
    rng, material = np.random.default_rng((seed, STREAM)), solid["material"]
    iron = _shaped(*_rooted(solid, material == CONCRETE, SPACING, rng), rng)
    wood = np.isin(material, (TIMBER, TILES))
    return iron.joined(_timbers(*_rooted(solid, wood, TIMBERS, rng), _uphill(solid, wood), rng))


def _rooted(
    solid: dict[str, np.ndarray], of: np.ndarray, spacing: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return piece (n,), the one across (n,), root (n,3) and face's normal (n,3), not of unit length, of what sticks out of pieces `of` (N,) bool."""
    bonds, piece = solid["bonds"].astype(int), solid["triangle_piece"].astype(int)
    held = np.flatnonzero(of[bonds].all(1)) if len(bonds) else np.zeros(0, int)
    corners = solid["vertices"].astype(np.float64)[solid["triangles"]]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    torn = np.flatnonzero((solid["triangle_face"] == BROKEN) & of[piece] & (0.5 * np.linalg.norm(cross, axis=1) > 1e-4))
    if not len(held) or not len(torn):
        return np.zeros(0, int), np.zeros(0, int), np.zeros((0, 3)), np.zeros((0, 3))
    # slabs tear in strips: their length, not their area, holds the bars
    along = np.linalg.norm(corners[torn] - np.roll(corners[torn], 1, 1), axis=2).max(1)
    count = rng.poisson(np.minimum(0.5 * along / spacing, 12.0))
    count = rng.binomial(count, min(MOST / max(int(count.sum()), 1), 1.0))
    triangle = np.repeat(torn, count)
    u, v = np.sqrt(rng.random(len(triangle))), rng.random(len(triangle))
    a, b, c = (corners[triangle, k] for k in range(3))
    root = a * (1 - u)[:, None] + b * (u * (1 - v))[:, None] + c * (u * v)[:, None]
    other = _across(piece[triangle], root, bonds[held], solid["bond_centre"][held].astype(np.float64))
    kept = other >= 0
    return piece[triangle][kept], other[kept], root[kept], cross[triangle[kept]]


def _uphill(solid: dict[str, np.ndarray], of: np.ndarray) -> np.ndarray:
    """Return the normal (N,3) of the upper side of pieces `of` (N,) bool; straight up for others, and for those without one."""
    piece = solid["triangle_piece"].astype(int)
    corners = solid["vertices"].astype(np.float64)[solid["triangles"]]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    outer = (solid["triangle_face"] == OUTER) & of[piece] & (cross[:, 1] > 0)
    total = np.stack([np.bincount(piece[outer], cross[outer, k], len(of)) for k in range(3)], 1)
    return np.where(np.linalg.norm(total, axis=1, keepdims=True) > 1e-9, _unit(total), (0.0, 1.0, 0.0))


def _timbers(
    piece: np.ndarray, other: np.ndarray, root: np.ndarray, normal: np.ndarray, above: np.ndarray, rng: np.random.Generator
) -> Bars:
    """Return timbers that run in the plane of what they bear: up its slope, or level along it, whichever leads out of the break. above (N,3)."""
    count, over = len(piece), above[piece]
    level = np.cross(over, (0.0, 1.0, 0.0))
    flat = np.linalg.norm(level, axis=1, keepdims=True) < 0.1
    level = np.where(flat, (1.0, 0.0, 0.0), _unit(level))
    slope = np.cross(level, over)
    along, up = (np.sum(way * _unit(normal), 1, keepdims=True) for way in (level, slope))
    way = np.where(np.abs(along) > np.abs(up), np.sign(along) * level, np.sign(up) * slope)
    way = _unit(way + SPLINTERED * rng.normal(size=(count, 3)))
    side = _unit(np.cross(way, over) + 1e-9)
    fresh = rng.random((count, 1)) ** 2
    return Bars(
        piece, other, root, way, side, rng.uniform(*STICKS_OUT, count) * rng.random(count), rng.uniform(*STOUT, count), np.zeros(count),
        (OLD + fresh * (FRESH - OLD)) * rng.uniform(0.7, 1.2, (count, 1)),
    )  # fmt: skip


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
