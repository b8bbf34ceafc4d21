"""Neighbouring houses as fixed obstacles."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from derrumbe.core.files import load_arrays
from derrumbe.core.records import NEIGHBOUR, Located, Set
from derrumbe.simulate.structure import Structure

CLEARANCE = 0.3
"""m: a proxy nearer to the building than this is left out, because pieces would start inside it."""


def obstacles(structure: Structure, film_set: Located[Set]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return (vertices, triangles) of each connected neighbour that stands clear of the building."""
    path = film_set.path(film_set.record.proxies)
    if not path.exists():
        return []
    arrays = load_arrays(path)
    triangles = arrays["triangles"][arrays["kind"] == NEIGHBOUR].astype(np.int64)
    shells = [_compact(arrays["vertices"], triangles[part]) for part in _shells(triangles, len(arrays["vertices"]))]
    return [shell for shell in shells if _clear(structure, shell[0])]


def _shells(triangles: np.ndarray, count: int) -> list[np.ndarray]:
    """Return the triangle numbers of each connected part."""
    if len(triangles) == 0:
        return []
    edges = np.concatenate([triangles[:, :2], triangles[:, 1:]])
    graph = coo_array((np.ones(len(edges), np.int8), (edges[:, 0], edges[:, 1])), shape=(count, count))
    label = connected_components(graph, directed=False)[1][triangles[:, 0]]
    return [np.flatnonzero(label == value) for value in np.unique(label)]


def _compact(vertices: np.ndarray, triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    used, index = np.unique(triangles, return_inverse=True)
    return vertices[used], index.reshape(-1, 3)


def _clear(structure: Structure, vertices: np.ndarray) -> bool:
    low, high = structure.vertices.min(0) - CLEARANCE, structure.vertices.max(0) + CLEARANCE
    return bool((vertices.max(0) < low).any() or (vertices.min(0) > high).any())
