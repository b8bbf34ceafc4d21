"""What is seen before the first fall, and when windows burst: puffs from cracks, glass, the jets of an explosion."""

from __future__ import annotations

import numpy as np

from derrumbe.simulate.events import AIR, BREAK, Damage, Events, clarity
from derrumbe.simulate.kicks import Blast
from derrumbe.simulate.outlets import Outlets
from derrumbe.simulate.structure import OUTER_WALL, WINDOW, Structure
from derrumbe.simulate.track import Track

PUFFS = 40
"""Puffs from cracks while the building is about to fall."""
PUFF_MASS = 0.25
"""kg of fine dust in one."""
EARLIEST_BURST = 0.3
"""s before its storey fails when a window may burst: frames rack before walls go."""
JET = 22.0
"""m/s of the jets that an explosion blows out of openings."""
JET_MASS = 1.2
"""kg of dust in one."""


def strained(structure: Structure, damage: Damage, rng: np.random.Generator) -> np.ndarray:
    """Return bonds of the outer walls of the cells that fail first, at most PUFFS of them: there cracks show."""
    first = damage.failed_at <= np.nanmin(damage.failed_at) + 0.15
    cell = first[structure.cell[structure.bonds]].any(1)
    wall = (structure.kind[structure.bonds] == OUTER_WALL).all(1) & cell & np.isfinite(damage.parted_at)
    found = np.flatnonzero(wall)
    return rng.choice(found, min(PUFFS, len(found)), replace=False) if len(found) else found


def strain_times(count: int, prelude: float, rng: np.random.Generator) -> np.ndarray:
    """Return when cracks speak, (count,) s after the trigger: seldom at first, then ever faster."""
    return prelude * np.sqrt(rng.random(count))


def puffs(structure: Structure, track: Track, damage: Damage, prelude: float, rng: np.random.Generator) -> Events:
    """Return small puffs out of the cracks of the storey that is about to fail."""
    bonds = strained(structure, damage, rng) if prelude > 0 else np.zeros(0, int)
    outward = structure.outward[structure.bonds[bonds, 0]]
    count = len(bonds)
    return Events(
        time=strain_times(count, prelude, rng) + track.trigger_sample * track.sample_seconds,
        position=structure.bond_centre[bonds] + 0.3 * outward,
        velocity=rng.uniform(1.0, 3.0, count)[:, None] * outward,
        mass=PUFF_MASS * clarity(structure) * rng.uniform(0.3, 1.0, count),
        radius=np.full(count, 0.3),
        kind=np.full(count, BREAK, np.uint8),
    )


def burst_times(structure: Structure, track: Track, damage: Damage, released: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return when each piece of a window bursts, (N,) s after the trigger, infinite for other pieces and whole windows."""
    window = structure.kind == WINDOW
    loose = np.where(released >= 0, (released - track.trigger_sample) * track.sample_seconds, np.inf)
    racked = damage.failed_at[structure.cell] - EARLIEST_BURST * rng.random(structure.count)
    return np.where(window, np.maximum(np.minimum(loose + 0.25, racked), 0.0), np.inf)


def explosion(structure: Structure, track: Track, blast: Blast | None, prelude: float, vents: Outlets, rng: np.random.Generator) -> Events:
    """Return the jets that an explosion blows out of the openings around it."""
    position = vents.position if blast else np.zeros((0, 3))
    strength = np.linalg.norm(blast.at(position), axis=1) / max(blast.speed, 1e-9) if blast else np.zeros(0)
    near = np.flatnonzero((strength > 0.05) & (vents.area > 0)) if blast else np.zeros(0, int)
    count = len(near)
    return Events(
        time=prelude + 0.12 * rng.random(count) + track.trigger_sample * track.sample_seconds,
        position=position[near] + 0.2 * vents.outward[near],
        velocity=JET * np.sqrt(strength[near])[:, None] * vents.outward[near],
        mass=JET_MASS * strength[near] * rng.uniform(0.6, 1.4, count),
        radius=np.full(count, 0.8),
        kind=np.full(count, AIR, np.uint8),
    )
