"""Where dust comes from: broken bonds and impacts. Air pressed out of storeys is in air.py."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.simulate.bonds import GRAVITY
from derrumbe.simulate.structure import Structure
from derrumbe.simulate.track import Track

BREAK, IMPACT, AIR = 0, 1, 2
CRUSHED_LAYER = 0.0004
"""m of material on a broken face that turns to fine dust."""
DUST_PER_JOULE = 0.6e-5
"""kg of fine dust per joule lost in an impact: about 0.04 % of the mass of a four-storey building falls to dust in all.
More, and nothing is seen of the fall."""
SEEN_THROUGH = 20.0
"""m: the dust of a taller building is thinned, by the root of how much taller it is. Energy grows with the height, and so does the way through
the cloud: at its full amount a tower's would hide the whole collapse."""
FALLING, ENCLOSED, WHOLE = 3.0, 0.2, 0.06
"""What breaks inside a part that falls faster than FALLING, m/s, lets out this share of its dust, and what breaks in a storey that hasn't
failed yet this one: the rest lands with the part. Dust comes from where a building is being crushed, not from its roof."""
OPENS = 0.05
"""m by which the sides of a crack must part before dust and crumbs come out of it."""
SHARP, SOFTEST = 0.15, 0.5
"""An impact takes this share of the kinetic energy in one sample, and this many J/kg; sliding and crushing below are slower."""
CELL = 1.5
"""m: impacts of one sample are gathered in cells of this size."""
GLASS = 4


@dataclass(frozen=True)
class Events:
    """Sources of dust, see core.records.Motion: time (K,), position and velocity (K, 3), mass, radius, kind (K,)."""

    time: np.ndarray
    position: np.ndarray
    velocity: np.ndarray
    mass: np.ndarray
    radius: np.ndarray
    kind: np.ndarray


@dataclass(frozen=True)
class Damage:
    """parted_at (B,): when the sides of each bond have come apart; failed_at (C,): when each cell failed. s after the trigger, or infinite."""

    parted_at: np.ndarray
    failed_at: np.ndarray


def joined(parts: list[Events]) -> Events:
    """Return all events sorted by time."""
    columns = [np.concatenate([getattr(part, name) for part in parts]) for name in Events.__dataclass_fields__]
    order = np.argsort(columns[0], kind="stable")
    return Events(*(column[order] for column in columns))


def clarity(structure: Structure) -> float:
    """Return the share of its dust that a building lets out by default."""
    return min(1.0, float(np.sqrt(SEEN_THROUGH / structure.height)))


def let_out(structure: Structure, damage: Damage, piece: np.ndarray, time: np.ndarray, velocity: np.ndarray) -> np.ndarray:
    """Return the share of dust, (K,), that gets out of parts; time (K,) s after the trigger, velocity (K, 3) m/s."""
    crushed = time >= damage.failed_at[structure.cell[piece]]
    return clarity(structure) * np.where(velocity[:, 1] < -FALLING, ENCLOSED, 1.0) * np.where(crushed, 1.0, WHOLE)


def parted_at(structure: Structure, track: Track, broken_at: np.ndarray) -> np.ndarray:
    """Return when the sides of each broken bond have come apart by OPENS, (B,) seconds after the trigger, infinite if they never do.

    A crack that hasn't opened lets nothing out: a block that comes down cracked but whole smokes where it lands, not all over.
    """
    pending = np.flatnonzero(np.isfinite(broken_at))
    found = np.full(len(broken_at), np.inf)
    for sample in range(track.trigger_sample, track.sample_count):
        now = (sample - track.trigger_sample) * track.sample_seconds
        due = pending[broken_at[pending] <= now]
        at = np.full(len(due), sample)
        one, other = (track.carry(at, structure.bonds[due, side], structure.bond_centre[due], structure.centre)[0] for side in (0, 1))
        opened = due[np.linalg.norm(one - other, axis=-1) > OPENS]
        found[opened] = now
        pending = np.setdiff1d(pending, opened, assume_unique=True)
    return found


def breaks(structure: Structure, track: Track, damage: Damage) -> Events:
    """Return one event per bond that gapes."""
    bonds = np.flatnonzero(np.isfinite(damage.parted_at))
    time = damage.parted_at[bonds]
    position, velocity = carry_bonds(structure, track, bonds, time)
    piece = structure.bonds[bonds, 0]
    density = structure.mass[piece] / structure.volume[piece]
    glass = structure.material[structure.bonds[bonds]] == GLASS
    mass = structure.bond_area[bonds] * CRUSHED_LAYER * density * ~glass.any(1) * let_out(structure, damage, piece, time, velocity)
    return Events(
        time=time + track.trigger_sample * track.sample_seconds,
        position=position,
        velocity=velocity,
        mass=mass,
        radius=np.clip(0.5 * np.sqrt(structure.bond_area[bonds]), 0.1, 1.0),
        kind=np.full(len(bonds), BREAK, np.uint8),
    )


def carry_bonds(structure: Structure, track: Track, bonds: np.ndarray, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where bonds (K,) are at times (K,) after the trigger, and how fast they go, (K, 3) each."""
    return track.carry(track.sample_at(time), structure.bonds[bonds, 0], structure.bond_centre[bonds], structure.centre)


def energy_lost(structure: Structure, track: Track) -> np.ndarray:
    """Return what each piece loses in impacts between samples, (S - 1, N) J: its fall's energy that isn't in its speed."""
    velocity = track.velocity.astype(np.float64)
    kinetic = 0.5 * structure.mass * (velocity**2).sum(-1)
    sinking = -np.diff(track.position[..., 1].astype(np.float64), axis=0)
    lost = kinetic[:-1] + GRAVITY * structure.mass * sinking - kinetic[1:]
    return np.where(lost > np.maximum(SHARP * kinetic[:-1], SOFTEST * structure.mass), lost, 0.0)


def impacts(structure: Structure, track: Track, damage: Damage) -> Events:
    """Return impacts, gathered per sample in cells of CELL metres."""
    lost = energy_lost(structure, track)
    sample, piece = np.nonzero(lost)
    after = (sample + 1 - track.trigger_sample) * track.sample_seconds
    out = let_out(structure, damage, piece, after, track.velocity[sample + 1, piece])
    where = track.position[sample + 1, piece].astype(np.float64)
    key = np.concatenate([sample[:, None], np.floor(where / CELL).astype(int)], -1)
    cells, group = np.unique(key, axis=0, return_inverse=True)
    weight = lost[sample, piece]
    total = np.bincount(group.ravel(), weight, len(cells))
    escaped = np.bincount(group.ravel(), weight * out, len(cells))

    def mean(values: np.ndarray) -> np.ndarray:
        sums = [np.bincount(group.ravel(), weight * values[:, k], len(cells)) for k in range(3)]
        return np.stack(sums, -1) / np.maximum(total, 1e-9)[:, None]

    return Events(
        time=(cells[:, 0] + 1) * track.sample_seconds,
        position=mean(where),
        velocity=mean(track.velocity[sample + 1, piece].astype(np.float64)),
        mass=DUST_PER_JOULE * escaped,
        radius=np.full(len(cells), 0.6 * CELL),
        kind=np.full(len(cells), IMPACT, np.uint8),
    )
