"""Cracks that are seen before anything falls, and in what falls: when each bond opens, and how far.

Rigid pieces are either whole or apart. What lies between is told here per bond, for whoever draws dark lines on the façade: a crack starts
as a hairline where a storey is about to fail, runs along weak bonds up what begins to sink, gapes by millimetres where it is new, and by
centimetres where it is old or blocks come down broken but still together. Once its sides part, the poses show the gap by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from derrumbe.simulate.events import GLASS, OPENS, Damage
from derrumbe.simulate.structure import OUTER_WALL, PARAPET, ROOF, Structure

SPEED = 9.0
"""m/s at most with which a crack runs while a storey gives way: jumps and pauses together."""
RUNS = 1.0
"""s for which cracks run on after the first fall; by then what stands on failed storeys is torn all over, or lies."""
WEAK = 0.45
"""Share of the bonds of a wall, the weakest for their area, along which cracks run before the fall."""
HAIRLINE, GAPING = 0.0015, 0.012
"""m: what cracks open at their tips, and where they have started before the first fall."""
BROKEN = 0.02
"""m: typical gap between blocks that come down broken but together."""
OPENING_TIME = 0.35
"""s in which the crack of a bond that breaks opens."""
AHEAD = 0.12
"""s at most by which a crack shows before its bond breaks."""


@dataclass(frozen=True)
class Cracks:
    """Per bond (B,): `time` s after the first frame, infinite for none; `opening` m that it reaches; `grows` s in which it does.

    The width at time t is opening * clip((t - time) / grows, 0, 1): see core.records.Motion.
    """

    time: np.ndarray
    opening: np.ndarray
    grows: np.ndarray


def cracks(structure: Structure, damage: Damage, broken_at: np.ndarray, prelude: float, start: float, rng: np.random.Generator) -> Cracks:
    """Return the cracks of a collapse. broken_at (B,): when bonds break; it, damage and prelude in s from the trigger, which is at `start`."""
    size = np.clip(np.sqrt(structure.bond_area), 0.3, 2.0)
    draw = rng.lognormal(0.0, 0.5, len(size))
    ahead = AHEAD * rng.random(len(size))
    early, until = _running(structure, damage, prelude, rng), prelude + RUNS
    late = np.maximum(broken_at - ahead, np.minimum(prelude, broken_at))
    solid = (structure.material[structure.bonds] != GLASS).all(1)
    time = np.where(solid, np.minimum(early, late), np.inf)
    # the oldest gape most: tips are hairlines
    share = np.clip((until - early) / until, 0.0, 1.0)
    strained = np.where(np.isfinite(early), HAIRLINE + (GAPING - HAIRLINE) * share, 0.0) * draw
    breaks = np.isfinite(broken_at)
    opening = np.minimum(np.where(breaks, np.maximum(BROKEN * size * draw, strained), strained), OPENS)
    pending = np.subtract(broken_at, time, out=np.zeros(len(size)), where=breaks & np.isfinite(time))
    grows = np.where(breaks, np.maximum(pending, 0.0) + OPENING_TIME, np.maximum(prelude, OPENING_TIME))
    found = np.isfinite(time)
    return Cracks(
        np.where(found, time + start, np.inf).astype(np.float32),
        np.where(found, opening, 0.0).astype(np.float32),
        np.where(found, np.maximum(grows, 0.05), 0.0).astype(np.float32),
    )


def _running(structure: Structure, damage: Damage, prelude: float, rng: np.random.Generator) -> np.ndarray:
    """Return when the bonds of the outer walls crack for strain alone, (B,) s after the trigger, infinite where they don't.

    Cracks start seldom, then ever faster, where a cell is about to fail, and run from bond to bond along the weak ones of bays that fail.
    """
    count, until = len(structure.bonds), prelude + RUNS
    doomed = np.isfinite(damage.failed_at).reshape(structure.cells.storeys, -1).any(0)[structure.column]
    wall = np.isin(structure.kind, (OUTER_WALL, PARAPET, ROOF)) & doomed
    weak = wall[structure.bonds].all(1) & ~structure.inner
    weakness = structure.bond_strength / np.maximum(structure.bond_area, 1e-9)
    weak &= weakness <= np.quantile(weakness[weak], WEAK) if weak.any() else False
    fails = damage.failed_at[structure.cell[structure.bonds]].min(1, initial=np.inf)
    source = np.flatnonzero(weak & (fails <= until))
    if len(source) == 0:
        return np.full(count, np.inf)
    source = rng.choice(source, max(1, len(source) // 3), replace=False)
    starts = fails[source] - np.minimum(prelude, fails[source]) * (1 - np.sqrt(rng.random(len(source))))
    row, column, length = _neighbours(structure, weak)
    rows, columns = np.concatenate([row, np.full(len(source), count)]), np.concatenate([column, source])
    graph = coo_array((np.concatenate([length / SPEED, starts + 1e-6]), (rows, columns)), shape=(count + 1, count + 1)).tocsr()
    reached = dijkstra(graph, directed=True, indices=count, limit=until)[:count]
    return np.asarray(np.where(reached <= until, reached, np.inf))


def _neighbours(structure: Structure, used: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return pairs of bonds that share a piece, both ways, and the distance between them, m. used (B,) bool."""
    bonds = np.flatnonzero(used)
    end = np.concatenate([structure.bonds[bonds, 0], structure.bonds[bonds, 1]])
    order = np.argsort(end, kind="stable")
    groups = np.split(np.concatenate([bonds, bonds])[order], np.flatnonzero(np.diff(end[order])) + 1)
    one = np.concatenate([np.repeat(group, len(group)) for group in groups])
    other = np.concatenate([np.tile(group, len(group)) for group in groups])
    one, other = one[one != other], other[one != other]
    pairs = np.unique(np.stack([one, other], 1), axis=0)
    gap = np.linalg.norm(structure.bond_centre[pairs[:, 0]] - structure.bond_centre[pairs[:, 1]], axis=1)
    return pairs[:, 0], pairs[:, 1], np.maximum(gap, 1e-3)
