"""Glued clusters: connected components of unbroken bonds, and how a blow travels in them."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def components(bonds: np.ndarray, alive: np.ndarray, anchored: np.ndarray) -> tuple[np.ndarray, int]:
    """Label pieces (N,) by the cluster that they belong to; return also the label of the ground's own cluster.

    bonds (B, 2), alive (B,) bool, anchored (N,) bool: still founded on the ground.
    """
    count = len(anchored)
    founded = np.flatnonzero(anchored)
    rows = np.concatenate([bonds[alive, 0], founded])
    columns = np.concatenate([bonds[alive, 1], np.full(len(founded), count)])
    graph = coo_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(count + 1, count + 1))
    labels = connected_components(graph, directed=False)[1]
    return labels[:count], int(labels[count])


def spread_force(force: np.ndarray, bonds: np.ndarray, alive: np.ndarray, rings: int = 2, kept: float = 0.45) -> np.ndarray:
    """Return the force felt by every piece, (N,) N, as a blow travels `rings` bonds away, weakening to `kept` at each."""
    felt = force.copy()
    first, second = bonds[alive].T
    for _ in range(rings):
        passed = felt.copy()
        np.maximum.at(passed, first, kept * felt[second])
        np.maximum.at(passed, second, kept * felt[first])
        felt = passed
    return felt
