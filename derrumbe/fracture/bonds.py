"""Bonds: how strongly pieces that touch hold together, and what stands on the ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from derrumbe.fracture.materials import MATTER, Stuff

SMALLEST_BOND = 4e-4
"""Contacts below this area hold nothing, m²."""
JOINT = 0.5
"""Strength across the joint of two elements, as a share of the weaker material's."""
BED = 0.6
"""The same for a horizontal mortar joint."""
WEIBULL = 4.0
"""Modulus of the spread of strengths in masonry and concrete."""
GRAVITY = 9.81
SAFE = 3.0
TIE_AREA = 0.01
"""Area of the bond that ties a loose piece to its neighbour, m²."""


@dataclass(frozen=True)
class Bonds:
    """pairs (B, 2) of pieces; area (B,) m²; strength (B,) N; centre (B, 3) m."""

    pairs: np.ndarray
    area: np.ndarray
    strength: np.ndarray
    centre: np.ndarray


def bond(
    pairs: np.ndarray,
    area: np.ndarray,
    centre: np.ndarray,
    normal: np.ndarray,
    material: np.ndarray,
    element: np.ndarray,
    rng: np.random.Generator,
) -> Bonds:
    """Return the bonds of touching pieces: the weaker material's tensile strength times area, less across joints, with Weibull spread."""
    kept = area > SMALLEST_BOND
    pairs, area, centre, normal = pairs[kept], area[kept], centre[kept], normal[kept]
    tensile = np.array([MATTER[stuff].tensile for stuff in Stuff])
    courses = np.array([MATTER[stuff].courses for stuff in Stuff])
    first, second = material[pairs[:, 0]], material[pairs[:, 1]]
    stress = np.minimum(tensile[first], tensile[second])
    stress = np.where(element[pairs[:, 0]] != element[pairs[:, 1]], stress * JOINT, stress)
    bed = courses[first] & courses[second] & (np.abs(normal[:, 1]) > 0.9)
    spread = rng.weibull(WEIBULL, len(pairs)).clip(0.3, 1.8)
    return Bonds(pairs, area, np.where(bed, BED, 1.0) * stress * area * spread, centre)


def tied(bonds: Bonds, centres: np.ndarray, mass: np.ndarray, grounded: np.ndarray) -> tuple[Bonds, float]:
    """Tie every lump of pieces that has no way to the ground to what is nearest, by a bond that carries `SAFE` times its weight.

    Returns the bonds and the share of the mass that hung free.
    """
    labels = _lumps(len(centres), bonds.pairs)
    standing = np.isin(labels, np.unique(labels[grounded]))
    loose = np.unique(labels[~standing])
    if not len(loose) or not standing.any():
        return bonds, float(mass[~standing].sum() / mass.sum())
    pairs = np.sort([_nearest(centres, labels == label, standing) for label in loose], axis=1)
    weight = GRAVITY * np.array([mass[labels == label].sum() for label in loose])
    return Bonds(
        np.concatenate([bonds.pairs, pairs]),
        np.concatenate([bonds.area, np.full(len(pairs), TIE_AREA)]),
        np.concatenate([bonds.strength, SAFE * weight]),
        np.concatenate([bonds.centre, centres[pairs].mean(axis=1)]),
    ), float(mass[~standing].sum() / mass.sum())


def _lumps(count: int, pairs: np.ndarray) -> np.ndarray:
    links = coo_matrix((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1])


def _nearest(centres: np.ndarray, lump: np.ndarray, standing: np.ndarray) -> tuple[int, int]:
    inside, outside = np.flatnonzero(lump), np.flatnonzero(standing)
    distance, other = cKDTree(centres[outside]).query(centres[inside])
    best = int(np.argmin(distance))
    return int(inside[best]), int(outside[other[best]])
