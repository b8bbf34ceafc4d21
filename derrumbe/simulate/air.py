"""Air pressed out of failing storeys: a slab that comes down on another empties the room between through what is open around it.

First that is windows, near where the room closes; then the walls between them burst, and what is left comes out all along them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.simulate.events import AIR, Events, clarity
from derrumbe.simulate.outlets import Outlets
from derrumbe.simulate.structure import Structure
from derrumbe.simulate.track import Track

FASTEST = 40.0
"""m/s: jets from demolished buildings are filmed at 10 to 40 m/s."""
DUSTINESS = 0.1
"""kg of fine dust in a cubic metre of pressed-out air, on average."""
RISES = 0.5, 1.5
"""Times that in the first air, and in the last: walls are crushed from the first moment on, ever more."""
FAINTEST = 1.0
"""m/s under which a jet isn't worth a source."""
LEAST_OPEN = 0.15
"""Share of an outlet that stays open however low its room gets."""
WHOLE = 0.5
"""Share of a storey's usual floor from which on a bay is a whole room: pieces are counted where their middles are."""
ROOMS = 6.0
"""m through a storey in which the share of air that goes a way falls to a third: doors and partitions."""
GOLDEN = 0.618
"""Share of a strip from one sample's place of its jet to the next: they come to lie evenly, and make no comb."""
LEAKS = (0.5, 1.5)
"""How much easier than on average air leaves by one outlet or by another: curtains, doors, what has burst already."""
FANS, CORNERS = 0.35, 1.5
"""How far jets of one outlet point to this side or that, and how far they keep the way on which air came: at corners they spread, and leave no gap
between two walls. In lengths of a wall's normal."""


@dataclass(frozen=True)
class Blow:
    """What comes out of K outlets in S - 1 samples, (S - 1, K): speed m/s, area m², dust kg/m³; aside (S - 1, K, 2) x and z of the way that air
    takes to them through the storey, unit vectors."""

    speed: np.ndarray
    area: np.ndarray
    dust: np.ndarray
    aside: np.ndarray


def jets(structure: Structure, track: Track, vents: Outlets) -> Events:
    """Return the dusty jets of all samples."""
    room, shares = room_heights(structure, track), room_shares(structure)
    parts = [_storey_jets(structure, track, room[:, storey], shares[storey], vents, storey) for storey in range(structure.cells.storeys)]
    return Events(*(np.concatenate([getattr(part, name) for part in parts]) for name in Events.__dataclass_fields__))


def room_heights(structure: Structure, track: Track) -> np.ndarray:
    """Return floor and ceiling of every cell over time, (S, storeys, columns, 2) m."""
    storeys, columns = structure.cells.storeys, structure.cells.nx * structure.cells.nz
    out = np.zeros((track.sample_count, storeys, columns, 2))
    ceiling = np.maximum(np.asarray(structure.storey_tops)[:, None] - sunk(structure, track).reshape(-1, storeys, columns), 0.0)
    out[..., 1], out[:, 1:, :, 0] = ceiling, ceiling[:, :-1]
    return out


def sunk(structure: Structure, track: Track) -> np.ndarray:
    """Return how far what doesn't stand upright has sunk in every cell, (S, cells) m: the median by mass, which a lost corner doesn't move."""
    flat = np.flatnonzero(~structure.upright)
    cell, mass = structure.cell[flat], structure.mass[flat]
    half = 0.5 * np.bincount(cell, mass, structure.cells.count)
    before = np.concatenate([[0.0], np.cumsum(2 * half)[:-1]])
    out = np.zeros((track.sample_count, structure.cells.count))
    for k in range(track.sample_count):
        drop = structure.centre[flat, 1] - track.position[k, flat, 1]
        order = np.lexsort((drop, cell))
        heavy = np.cumsum(mass[order]) - before[cell[order]] >= half[cell[order]] * (1 - 1e-9)
        found, first = np.unique(cell[order][heavy], return_index=True)
        out[k, found] = drop[order][heavy][first]
    return out


def room_shares(structure: Structure) -> np.ndarray:
    """Return how much of every bay is a room of the building, (storeys, columns) 0..1: none where its outline leaves no floor over or under it, and
    little where an eave alone reaches in, which falls by itself and presses nothing out."""
    storeys, columns = structure.cells.storeys, structure.cells.nx * structure.cells.nz
    flat = ~structure.upright
    mass = np.bincount(structure.cell[flat], structure.mass[flat], structure.cells.count).reshape(storeys, columns)
    usual = np.array([np.median(row[row > 0]) if row.any() else 1.0 for row in mass])
    above = np.clip(mass / (WHOLE * usual[:, None]), 0, 1)
    return np.minimum(above, np.concatenate([np.ones((1, columns)), above[:-1]]))


def _storey_jets(structure: Structure, track: Track, room: np.ndarray, share: np.ndarray, vents: Outlets, storey: int) -> Events:
    """`room` (S, columns, 2) is this storey's floor and ceiling, share (columns,) how much of each bay is room."""
    mine = np.flatnonzero(vents.storey == storey)
    blow = _blown(structure, track, room, share, vents, mine)
    sample, vent = np.nonzero(blow.speed > FAINTEST)
    which, area, speed = mine[vent], blow.area[sample, vent], blow.speed[sample, vent]
    place = 2 * np.mod(GOLDEN * (sample + 1) + GOLDEN**2 * vent, 1.0) - 1
    position = vents.position[which] + place[:, None] * vents.along[which]
    position[:, 1] = np.maximum(0.5 * room[sample + 1, vents.column[which]].sum(-1), 0.3)
    way = vents.outward[which].copy()
    way[:, ::2] += CORNERS * blow.aside[sample, vent] + FANS * place[:, None] * way[:, ::-2] * (1, -1)
    way /= np.linalg.norm(way, axis=1)[:, None]
    return Events(
        time=(sample + 0.5) * track.sample_seconds,
        position=position,
        velocity=np.minimum(speed, FASTEST)[:, None] * way,
        mass=clarity(structure) * blow.dust[sample, vent] * area * speed * track.sample_seconds,
        radius=np.clip(np.sqrt(area / np.pi), 0.15, 2.0),
        kind=np.full(len(which), AIR, np.uint8),
    )


def _blown(structure: Structure, track: Track, room: np.ndarray, share: np.ndarray, vents: Outlets, mine: np.ndarray) -> Blow:
    """Return what a storey's outlets `mine` (K,) blow: every bay's air takes the ways out near it, by how open they are."""
    bays = np.stack(np.meshgrid(structure.cells.centre_x(), structure.cells.centre_z(), indexing="ij"), -1).reshape(-1, 2)
    size = np.subtract(structure.cells.high, structure.cells.low)
    # a room only closes once: what opens again and closes again as rubble heaves presses no air out
    height = np.minimum.accumulate(np.maximum(room[..., 1] - room[..., 0], 0.0), 0)
    flow = -np.diff(height, axis=0) * share * float(np.prod(size)) / len(bays) / track.sample_seconds
    closed = 1 - 0.5 * (height[1:] + height[:-1]) / np.maximum(height[0], 1e-6)
    here, dusty = closed[:, vents.column[mine]], RISES[0] + (RISES[1] - RISES[0]) * closed
    area = (vents.area[mine] + vents.wall[mine] * here) * np.clip(1 - here, LEAST_OPEN, 1.0)
    leak = LEAKS[0] + (LEAKS[1] - LEAKS[0]) * np.mod(GOLDEN * np.arange(len(mine)), 1.0)
    out = vents.position[mine][:, None, ::2] - bays
    far = np.linalg.norm(out, axis=-1)
    near = np.exp(-far / ROOMS)
    driven = flow / np.maximum((area * leak) @ near, 1e-6)
    speed = driven @ near.T
    aside = np.einsum("tk,vk,vkc->tvc", driven, near, out / np.maximum(far, 1e-6)[..., None])
    aside /= np.maximum(np.linalg.norm(aside, axis=-1), 1e-9)[..., None]
    return Blow(leak * speed, area, DUSTINESS * ((driven * dusty) @ near.T) / np.maximum(speed, 1e-6), aside)
