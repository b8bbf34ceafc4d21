"""Where a building is being crushed: how fast what lies above a place comes down on what lies below it.

Air is pressed out, and walls are ground to dust, where a storey closes. Blocks that sink as one, or lean and crack high above the storey that
fails, close nothing: they let next to no dust out, whatever opens in them.
"""

from __future__ import annotations

import numpy as np

from derrumbe.dust.solids import Poses
from derrumbe.dust.sources import IMPACT

BAY = 4.0
"""m across of the columns in which pieces are counted; each sees those beside it too, so that a few loose pieces don't tell."""
LAYERS = 3
"""Layers of a storey in which pieces are counted."""
REACH = 1.5
"""Storeys above and below an event that are compared."""
CRUSHES = 2.5
"""m/s of closing from which on all dust gets out."""
QUIET = 0.12
"""Share of it that gets out where nothing closes: cracks breathe."""
STEP = 1 / 24
"""s over which speeds are taken."""


def let_out(events: dict[str, np.ndarray], poses: Poses, mass: np.ndarray, storey: float) -> np.ndarray:
    """Return the share (K,) of their dust that `events` (arrays as in `Motion`) let out: QUIET to 1 by closing; landings always all.

    mass (N,): of the pieces, kg; storey: height of one, m.
    """
    out, step = np.ones(len(events["time"])), np.floor(events["time"] / STEP)
    for now in np.unique(step):
        which = np.flatnonzero((step == now) & (events["kind"] != IMPACT))
        closing = _closing(events["position"][which].astype(np.float64), poses, mass, (now + 0.5) * STEP, storey)
        part = np.clip(closing / CRUSHES, 0, 1)
        out[which] = QUIET + (1 - QUIET) * part * part * (3 - 2 * part)
    return out


def _closing(places: np.ndarray, poses: Poses, mass: np.ndarray, time: float, storey: float) -> np.ndarray:
    """Return how fast (K,) m/s what is above places (K,3) nears what is below them; the ground stands still."""
    before, after = poses.at(time - 0.5 * STEP)[0], poses.at(time + 0.5 * STEP)[0]
    middle = 0.5 * (before + after)
    weight, push = _profiles(middle, mass, (after[:, 1] - before[:, 1]) / STEP, storey)
    bays = (np.floor(places[:, [0, 2]] / BAY) - np.floor(middle[:, [0, 2]].min(0) / BAY) + 1).astype(int)
    ix, iz = bays.clip(0, np.array(weight.shape[:2]) - 1).T
    layer = places[:, 1] / storey * LAYERS
    above = _mean(weight, push, ix, iz, layer, layer + REACH * LAYERS)
    below = _mean(weight, push, ix, iz, layer - REACH * LAYERS, layer)
    return np.maximum(below - above, 0)


def _profiles(place: np.ndarray, mass: np.ndarray, rise: np.ndarray, storey: float) -> tuple[np.ndarray, np.ndarray]:
    """Return mass, and mass times vertical speed `rise` (N,), below each layer of each bay, (bays, bays, layers + 1), over 3x3 bays."""
    index = np.stack([np.floor(place[:, 0] / BAY), np.floor(place[:, 2] / BAY), np.floor(place[:, 1] / storey * LAYERS)], 1).astype(int)
    index[:, :2] -= index[:, :2].min(0) - 1
    index[:, 2] = index[:, 2].clip(0)
    shape = (*(index[:, :2].max(0) + 2), int(index[:, 2].max()) + 1)
    flat = np.ravel_multi_index(tuple(index.T), shape)
    sums = []
    for values in (mass, mass * rise):
        counted = np.bincount(flat, values, int(np.prod(shape))).reshape(shape)
        wide = np.pad(counted, [(1, 1), (1, 1), (0, 0)])
        spread = sum(wide[a : a + shape[0], b : b + shape[1]] for a in range(3) for b in range(3))
        sums.append(np.concatenate([np.zeros((*shape[:2], 1)), np.cumsum(spread, -1)], -1))
    return sums[0], sums[1]


def _mean(weight: np.ndarray, push: np.ndarray, ix: np.ndarray, iz: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the mean vertical speed (K,) between layers low and high of bays; 0 where there is nothing."""
    ends = [np.rint(edge).astype(int).clip(0, weight.shape[2] - 1) for edge in (low, high)]
    mass = weight[ix, iz, ends[1]] - weight[ix, iz, ends[0]]
    return np.where(mass > 1e-6, (push[ix, iz, ends[1]] - push[ix, iz, ends[0]]) / np.maximum(mass, 1e-6), 0.0)
