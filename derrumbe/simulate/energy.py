"""Kinetic and potential energy of the pieces."""

from __future__ import annotations

import numpy as np

from derrumbe.simulate.bonds import GRAVITY
from derrumbe.simulate.structure import Structure


def potential(structure: Structure, position: np.ndarray) -> float:
    """Return the potential energy above the ground of pieces at (N, 3), J."""
    return float(GRAVITY * (structure.mass * position[:, 1]).sum())


def kinetic(structure: Structure, velocity: np.ndarray, spin: np.ndarray) -> float:
    """Return the kinetic energy for velocities and spins (N, 3), J; each piece's inertia is that of a ball of its volume."""
    radius_squared = (0.75 / np.pi * structure.volume) ** (2 / 3)
    return float(0.5 * (structure.mass * ((velocity**2).sum(-1) + 0.4 * radius_squared * (spin**2).sum(-1))).sum())
