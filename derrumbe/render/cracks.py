"""Cracks before and while things come apart: dark lines along the torn edges of the façade's pieces, as wide as `Motion.cracks` says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numba as nb
import numpy as np

from derrumbe.core.files import load_arrays
from derrumbe.core.records import Located, Motion
from derrumbe.render.lines import Lines
from derrumbe.render.noise import value
from derrumbe.render.poses import Pose, carry
from derrumbe.render.scene import Inputs, Scene, load
from derrumbe.render.solids import Lighting

OUTER, BROKEN = 0, 1
DARK = 0.07
"""Albedo of the depth of a crack."""
LIFT = 0.25
"""Metres by which a crack lies before the surface that it is in, so that the surface doesn't hide it."""
CRUMBLED = 1.6
"""How much wider a crack looks than it gapes: its edges have crumbled and lie in its shade."""
WIDEST, WIDEST_PIXELS = 0.03, 1.1
"""Metres, and pixels at least, that a crack is never drawn wider than: then the pieces have to part."""
LEAST, OPEN = 0.4, 0.006
"""Pixels of width at least once it is this many metres open, so that it is seen from afar."""
GAPING, GAPING_PIXELS = 0.06, 1.5
"""Metres, and pixels at most, by which the sides have parted when the gap between the pieces shows by itself."""
WANDER, WANDER_PIXELS = 0.05, 1.4
"""Metres by which a crack wanders off the joint, in pixels at least; it turns about every eight times as far."""
SEED = 59
WITHIN = 0.06
"""Metres around a neighbour's box within which an edge counts as shared with it."""


@dataclass(frozen=True, eq=False)
class Edges:
    """n bits of torn edge on faces that the plate shows: a, b (n,3) at rest, piece and other (n,): between which, bond (n,), its middle (n,3);
    uneven (n,): how much wider or narrower than usual."""

    a: np.ndarray
    b: np.ndarray
    piece: np.ndarray
    other: np.ndarray
    bond: np.ndarray
    middle: np.ndarray
    uneven: np.ndarray


def first_crack(motion: Located[Motion]) -> float:
    """Return the time, in seconds, at which the first crack begins to show; infinity when none does."""
    if motion.record.cracks is None:
        return np.inf
    return float(load_arrays(motion.path(motion.record.cracks))["time"].min(initial=np.inf))


@lru_cache(maxsize=1)
def edges_of(inputs: Inputs) -> Edges:
    """Return the edges along which cracks are seen."""
    scene, solid = load(inputs), load_arrays(inputs.pieces.path(inputs.pieces.record.arrays))
    bonds = solid["bonds"].astype(np.int64)
    ends = _borders(scene.triangles, scene.made, len(scene.rest))
    owner = scene.vertex_piece[ends[:, 0]].astype(np.int64)
    a, b = scene.rest[ends[:, 0]], scene.rest[ends[:, 1]]
    low, high = np.full((len(scene.centre), 3), np.inf), np.full((len(scene.centre), 3), -np.inf)
    np.minimum.at(low, scene.vertex_piece, scene.rest)
    np.maximum.at(high, scene.vertex_piece, scene.rest)
    order = np.argsort(np.concatenate([bonds[:, 0], bonds[:, 1]]), kind="stable")
    starts = np.searchsorted(np.concatenate([bonds[:, 0], bonds[:, 1]])[order], np.arange(len(scene.centre) + 1))
    centre = solid["bond_centre"].astype(np.float64)
    bond = _bond_of(0.5 * (a + b), owner, bonds, order % max(len(bonds), 1), starts, low, high, centre)
    # both sides have the edge: the first side's will do
    kept = np.flatnonzero((bond >= 0) & (bonds[np.maximum(bond, 0), 0] == owner)) if len(bonds) else np.zeros(0, int)
    far = max(WANDER, WANDER_PIXELS * scene.pixel)
    uneven = _uneven(0.5 * (a + b)[kept], 5 * far)
    a, b = (_wandered(ends[kept], far) for ends in (a, b))
    return Edges(a, b, owner[kept], bonds[bond[kept], 1], bond[kept], centre[bond[kept]], uneven)


@nb.njit(cache=True)
def _wandered(points, far):  # type: ignore[no-untyped-def]
    """Return points (n,3) moved up to `far` metres by a smooth field, so that bits that met still do."""
    out = np.empty_like(points)
    for n in range(points.shape[0]):
        x, y, z = points[n] / (8 * far)
        for c in range(3):
            push = value(x, y, z, SEED + c) + 0.6 * value(2.7 * x, 2.7 * y, 2.7 * z, SEED + 3 + c) - 0.8
            out[n, c] = points[n, c] + 1.6 * far * push
    return out


@nb.njit(cache=True)
def _uneven(points, period):  # type: ignore[no-untyped-def]
    """Return how wide (n,) a crack is at points, of its usual width: here a hair, there crumbled."""
    out = np.empty(points.shape[0])
    for n in range(points.shape[0]):
        x, y, z = points[n] / period
        wide = value(x, y, z, SEED + 7) + 0.5 * value(3.1 * x, 3.1 * y, 3.1 * z, SEED + 8)
        out[n] = 0.25 + 2.2 * max(wide - 0.3, 0.0) ** 1.5
    return out


def _borders(triangles: np.ndarray, face: np.ndarray, count: int) -> np.ndarray:
    """Return the vertices (n,2) of edges between an outer and a broken triangle."""
    following = np.roll(triangles, -1, 1).astype(np.int64)
    low, high = np.minimum(triangles, following).reshape(-1), np.maximum(triangles, following).reshape(-1)
    keys, kinds = low.astype(np.int64) * (count + 1) + high, np.repeat(face, 3)
    order = np.argsort(keys, kind="stable")
    one, two = order[:-1], order[1:]
    both = (keys[one] == keys[two]) & (np.minimum(kinds[one], kinds[two]) == OUTER) & (np.maximum(kinds[one], kinds[two]) == BROKEN)
    return np.stack([low[one[both]], high[one[both]]], 1)


@nb.njit(cache=True)
def _bond_of(middle, owner, bonds, which, starts, low, high, centre):  # type: ignore[no-untyped-def]
    """Return the bond (n,) whose other piece touches each edge's middle, the nearest of them, -1 for none."""
    out = np.full(middle.shape[0], -1, np.int64)
    for n in range(middle.shape[0]):
        nearest = 1e30
        for k in range(starts[owner[n]], starts[owner[n] + 1]):
            bond = which[k]
            other = bonds[bond, 0] + bonds[bond, 1] - owner[n]
            inside, away = True, 0.0
            for c in range(3):
                inside &= low[other, c] - WITHIN <= middle[n, c] <= high[other, c] + WITHIN
                away += (centre[bond, c] - middle[n, c]) ** 2
            if inside and away < nearest:
                nearest, out[n] = away, bond
    return out


@lru_cache(maxsize=1)
def _cracks(motion: Located[Motion]) -> dict[str, np.ndarray]:
    return load_arrays(motion.path(motion.record.cracks)) if motion.record.cracks else {}


def lines_of_cracks(inputs: Inputs, lighting: Lighting, poses: tuple[Pose, ...], seconds: float) -> list[Lines]:
    """Return the cracks that show `seconds` after the first frame, in each pose of a shutter; which do is the middle pose's."""
    cracks = _cracks(inputs.motion)
    if not cracks or not np.any(cracks["time"] < seconds):
        return [Lines.none()] * len(poses)
    edges, scene, at = edges_of(inputs), load(inputs), poses[len(poses) // 2]
    grown = cracks["opening"] * np.clip((seconds - cracks["time"]) / np.maximum(cracks["grows"], 1e-6), 0, 1)
    width = np.where(np.isfinite(cracks["time"]), grown, 0)[edges.bond]
    some = np.flatnonzero(width > 0)
    sides = (_carried(scene, at, side[some], edges.middle[some]) for side in (edges.piece, edges.other))
    share = np.clip(1 - np.linalg.norm(np.subtract(*sides), axis=1) / min(GAPING, GAPING_PIXELS * scene.pixel), 0, 1)
    some, share = some[share > 0], share[share > 0]
    rgb = np.broadcast_to(DARK * lighting.lamp.enclosed, (len(some), 3))
    seen = CRUMBLED * width[some] + LEAST * scene.pixel * np.clip(width[some] / OPEN, 0, 1)
    seen = np.minimum(seen * edges.uneven[some], max(WIDEST, WIDEST_PIXELS * scene.pixel))
    fixed = seen, rgb, share, np.full(len(some), LIFT), np.full(len(some), 2 * LIFT)
    out = []
    for each in poses:
        a, b = (_carried(scene, each, edges.piece[some], ends[some]) for ends in (edges.a, edges.b))
        out.append(Lines(a, b, *fixed))
    return out


def _carried(scene: Scene, at: Pose, piece: np.ndarray, points: np.ndarray) -> np.ndarray:
    return np.asarray(carry(points, piece, scene.centre, at.position, at.rotation, at.moved))
