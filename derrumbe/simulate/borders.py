"""Where a partial collapse parts from what stands: at a joint of the structure, with nothing left in the air on either side."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from derrumbe.simulate.structure import Structure

STEPS = 25
"""Places at which a joint is looked for."""
STRAY = 0.5
"""How much dearer the far end of that range is than its middle, as a share of the mean cost."""
ROUNDS = 2
"""How often pieces go over to the side that most of their neighbours are on."""

JUTS = 2.5
"""m that a piece may jut out of what stands; one that reaches farther comes down with the rest."""


def beyond(structure: Structure, axis: int, sign: float, border: np.ndarray) -> np.ndarray:
    """Return how far pieces lie beyond a border (N,) m along x (axis 0) or z (2), to the side of `sign`: their centres, and what juts out
    farther than JUTS, (2, N) m."""
    far = structure.high[:, axis] if sign > 0 else structure.low[:, axis]
    return np.stack([sign * (structure.centre[:, axis] - border), sign * (far - border) - JUTS])


def joint_near(structure: Structure, axis: int, place: float, reach: float) -> float:
    """Return where within `reach` m of `place`, along x (axis 0) or z (2), a cut goes through the least mass."""
    places = place + np.linspace(-reach, reach, STEPS)
    low, high = structure.low[:, axis], structure.high[:, axis]
    before = np.clip((places[:, None] - low) / np.maximum(high - low, 1e-6), 0, 1)
    cost = (structure.mass * np.minimum(before, 1 - before)).sum(1)
    stray = STRAY * cost.mean() * np.abs(places - place) / max(reach, 1e-6)
    return float(places[int((cost + stray).argmin())])


def settled(structure: Structure, falls: np.ndarray, juts: np.ndarray) -> np.ndarray:
    """Return which pieces fall, (N,) bool, when each goes with most of what it is bonded to, what juts out (N,) bool comes down,
    and so does what nothing holds up any more."""
    first, second = np.concatenate([structure.bonds, structure.bonds[:, ::-1]]).T
    area = np.tile(structure.bond_area, 2)
    for _ in range(ROUNDS):
        standing = np.bincount(first, area * ~falls[second], structure.count)
        falling = np.bincount(first, area * falls[second], structure.count)
        falls = np.where(falls, standing <= 2 * falling, falling > 2 * standing) | juts
    return falls | ~_founded(structure, ~falls)


def _founded(structure: Structure, standing: np.ndarray) -> np.ndarray:
    """Return which standing pieces are bonded to the ground through standing ones, (N,) bool."""
    bonds = structure.bonds[standing[structure.bonds].all(1)]
    graph = coo_array((np.ones(len(bonds), np.int8), (bonds[:, 0], bonds[:, 1])), shape=(structure.count,) * 2)
    label = connected_components(graph, directed=False)[1]
    return np.asarray(standing & np.isin(label, np.unique(label[standing & structure.grounded])))
