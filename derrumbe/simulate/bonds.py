"""How much every cell of the building carries: calibrated so that it stands, whatever its size, and redistributed as cells fail.

Strengths in a Pieces record are of the material. What matters for standing is the ratio to the weight above, and that is a property of
the design, not of the mesh: every storey is given the same factor of safety when intact, shared among bays as the material is.
"""

from __future__ import annotations

import numpy as np

from derrumbe.simulate.structure import Structure

GRAVITY = 9.81
SAFETY = 3.0
"""Capacity over weight of every intact storey. Ordinary buildings have 2 to 4 against crushing under their own weight."""
LEAST_SAFETY = 1.6
"""No intact bay is nearer to failure than this."""


def weight_above(structure: Structure, standing: np.ndarray) -> np.ndarray:
    """Return the weight on every cell from its own upper part and all above, (storeys, nx, nz) N. `standing` is (N,) bool."""
    mass = np.bincount(structure.cell[standing], structure.mass[standing], structure.cells.count).reshape(structure.cells.shape)
    return GRAVITY * np.cumsum(mass[::-1], 0)[::-1]


def bearing_strength(structure: Structure) -> np.ndarray:
    """Return the summed strength of bonds between uprights and what they carry or stand on, per cell, (storeys, nx, nz) N."""
    first, second = structure.bonds.T
    other_element = structure.element[first] != structure.element[second]
    total = np.zeros(structure.cells.count)
    for piece in (first, second):
        used = other_element & structure.upright[piece]
        total += np.bincount(structure.cell[piece[used]], structure.bond_strength[used], structure.cells.count)
    return total.reshape(structure.cells.shape)


def capacity(structure: Structure) -> np.ndarray:
    """Return what every cell can carry, (storeys, nx, nz) N: SAFETY times the weight on each storey in all."""
    weight = weight_above(structure, np.ones(structure.count, bool))
    raw = bearing_strength(structure)
    storey_raw = raw.sum((1, 2), keepdims=True)
    share = np.where(storey_raw > 0, raw / np.maximum(storey_raw, 1e-9), 1 / raw[0].size)
    return np.maximum(SAFETY * weight.sum((1, 2), keepdims=True) * share, LEAST_SAFETY * weight)


def carried(weight: np.ndarray, failed: np.ndarray) -> np.ndarray:
    """Return the load on cells, (storeys, nx, nz) N, when failed cells pass theirs to the four cells beside them."""
    alive = ~failed
    neighbours = _beside(alive.astype(float))
    shed = np.where(failed & (neighbours > 0), weight / np.maximum(neighbours, 1.0), 0.0)
    return np.where(alive, weight + _beside(shed), 0.0)


def overloaded(weight: np.ndarray, failed: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Return the cells that fail next, (storeys, nx, nz) bool."""
    return ~failed & (carried(weight, failed) > limit)


def _beside(values: np.ndarray) -> np.ndarray:
    """Sum over the four horizontal neighbours."""
    padded = np.pad(values, ((0, 0), (1, 1), (1, 1)))
    return padded[:, :-2, 1:-1] + padded[:, 2:, 1:-1] + padded[:, 1:-1, :-2] + padded[:, 1:-1, 2:]
