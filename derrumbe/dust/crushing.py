"""Where a building is being crushed: how fast what lies above a place comes down on what lies below it, or flies apart around it.

Air is pressed out, and walls are ground to dust, where a storey closes or bursts. Blocks that sink as one, or lean and crack high above the storey
that fails, do neither: they let next to no dust out, whatever opens in them.
"""

from __future__ import annotations

import numpy as np

from derrumbe.dust.solids import Poses
from derrumbe.dust.sources import IMPACT, JET

BAY = 4.0
"""m across of the columns in which pieces are counted, four together, so that a few loose pieces don't tell. Of the four fours that a column is in
the one that closes most does: what stands beside falling bays holds nothing up."""
LAYERS = 3
"""Layers of a storey in which pieces are counted."""
REACH = 1.5
"""Storeys above and below an event that are compared."""
CRUSHES, BLOWS = 2.5, 1.2
"""m/s of closing or bursting from which on all dust of breaks gets out, and all that air carries: rooms are emptied from their first closing on."""
TURNS = 1.5
"""m/s by which sideways speeds within REACH may differ in a block that only turns."""
QUIET = 0.03
"""Share of it that gets out where nothing closes: cracks breathe. More hangs as smoke over roofs that have hardly moved."""
SINKS, SOME = 1.5, 0.01
"""m/s down, and the share of a building that must go so fast for it to fall; a sixth of a second after it has lost its hold."""
STEP = 1 / 24
"""s over which speeds are taken."""


def let_out(events: dict[str, np.ndarray], poses: Poses, mass: np.ndarray, storey: float) -> np.ndarray:
    """Return the share (K,) of their dust that `events` (arrays as in `Motion`) let out: QUIET to 1 by closing; landings, and jets
    before anything falls, all.

    mass (N,): of the pieces, kg; storey: height of one, m.
    """
    out, step = np.ones(len(events["time"])), np.floor(events["time"] / STEP)
    for now in np.unique(step):
        which = np.flatnonzero((step == now) & (events["kind"] != IMPACT))
        closing = _closing(events["position"][which].astype(np.float64), poses, mass, (now + 0.5) * STEP, storey)
        part = np.clip(closing / np.where(events["kind"][which] == JET, BLOWS, CRUSHES), 0, 1)
        out[which] = QUIET + (1 - QUIET) * part * part * (3 - 2 * part)
    out[(events["kind"] == JET) & (events["time"] < _first_fall(poses, mass))] = 1
    return out


def has_openings(events: dict[str, np.ndarray], eaves: float) -> np.ndarray:
    """Return which events (K,) bool can let out dust where they are: no jet above the eaves (m), where the roof has drawn back from the walls'
    line and a jet would start in mid-air. Its air leaves with what breaks."""
    return (events["kind"] != JET) | (events["position"][:, 1] <= eaves)


def _first_fall(poses: Poses, mass: np.ndarray) -> float:
    """Return when, s, SOME of the mass first sinks faster than SINKS: what is blown out of a building before then an explosion blows."""
    sinking = np.diff(poses.position[..., 1], axis=0) * -poses.rate > SINKS
    falls = np.flatnonzero(sinking @ mass > SOME * mass.sum())
    return float(falls[0] / poses.rate) if len(falls) else np.inf


def _closing(places: np.ndarray, poses: Poses, mass: np.ndarray, time: float, storey: float) -> np.ndarray:
    """Return how fast (K,) m/s what is above places (K,3) nears what is below them, or flies apart; the ground stands still."""
    before, after = poses.at(time - 0.5 * STEP)[0], poses.at(time + 0.5 * STEP)[0]
    middle, speed = 0.5 * (before + after), (after - before).astype(np.float64) / STEP
    sideways = speed[:, [0, 2]]
    sums = _profiles(middle, np.column_stack([mass, mass[:, None] * speed, mass * (sideways**2).sum(1)]), storey)
    bays = (np.floor(places[:, [0, 2]] / BAY) - np.floor(middle[:, [0, 2]].min(0) / BAY) + 1).astype(int)
    ix, iz = bays.clip(0, np.array(sums.shape[:2]) - 2).T
    layer = places[:, 1] / storey * LAYERS
    fours = [_nearing(sums, ix + a, iz + b, layer) for a in (0, 1) for b in (0, 1)]
    return np.max(fours, axis=0).clip(0)


def _nearing(sums: np.ndarray, ix: np.ndarray, iz: np.ndarray, layer: np.ndarray) -> np.ndarray:
    """Return how fast (K,) what is above layers nears what is below, or flies apart, in four bays; negative where neither."""
    reach = REACH * LAYERS
    above, below = _means(sums, ix, iz, layer, layer + reach), _means(sums, ix, iz, layer - reach, layer)
    around = _means(sums, ix, iz, layer - reach, layer + reach)
    apart = np.sqrt(np.maximum(around[:, 3] - around[:, 0] ** 2 - around[:, 2] ** 2, 0))
    return np.maximum(below[:, 1] - above[:, 1], apart - TURNS)


def _profiles(place: np.ndarray, values: np.ndarray, storey: float) -> np.ndarray:
    """Return the sums of `values` (N,V) of pieces at `place` (N,3) below each layer of every four bays, (bays + 1, bays + 1, layers + 1, V): at
    (i, k) bays i - 1 and i, k - 1 and k."""
    index = np.stack([np.floor(place[:, 0] / BAY), np.floor(place[:, 2] / BAY), np.floor(place[:, 1] / storey * LAYERS)], 1).astype(int)
    index[:, :2] -= index[:, :2].min(0) - 1
    index[:, 2] = index[:, 2].clip(0)
    shape = (*(index[:, :2].max(0) + 2), int(index[:, 2].max()) + 1)
    flat = np.ravel_multi_index(tuple(index.T), shape)
    counted = np.stack([np.bincount(flat, column, int(np.prod(shape))) for column in values.T], -1).reshape(*shape, -1)
    wide = np.pad(counted, [(1, 1), (1, 1), (1, 0), (0, 0)])
    fours = [wide[a : a + shape[0] + 1, b : b + shape[1] + 1] for a in (0, 1) for b in (0, 1)]
    return np.cumsum(np.sum(fours, axis=0), axis=2)


def _means(sums: np.ndarray, ix: np.ndarray, iz: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the means (K,V-1), by the first column, of what lies between layers low and high of bays; 0 where there is nothing."""
    first, last = (np.rint(edge).astype(int).clip(0, sums.shape[2] - 1) for edge in (low, high))
    between = sums[ix, iz, last] - sums[ix, iz, first]
    return np.where(between[:, :1] > 1e-6, between[:, 1:] / np.maximum(between[:, :1], 1e-6), 0.0)
