"""Air pressed out of failing storeys: a slab that comes down on another empties the room between through the openings around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.core.records import Building, Facade, Opening
from derrumbe.simulate.events import AIR, Events, clarity
from derrumbe.simulate.structure import Structure
from derrumbe.simulate.track import Track

FASTEST = 40.0
"""m/s: jets from demolished buildings are filmed at 10 to 40 m/s."""
DUSTINESS = 0.1
"""kg of fine dust in a cubic metre of pressed-out air."""
OPEN_SHARE = 0.25
"""Share of a wall that is open once it is cracked, where no openings are known."""
FAINTEST = 1.0
"""m/s under which a jet isn't worth a source."""


@dataclass(frozen=True)
class Outlets:
    """Places where air leaves: position (K, 3) at rest, outward (K, 3) unit, area (K,) m², storey (K,), column (K,)."""

    position: np.ndarray
    outward: np.ndarray
    area: np.ndarray
    storey: np.ndarray
    column: np.ndarray


def outlets(structure: Structure, building: Building) -> Outlets:
    """Return the openings of the façades, and for walls that the camera doesn't see one outlet per bay and storey."""
    found = [_opening(facade, opening) for facade in building.facades for opening in facade.openings]
    seen = [_edge_of(structure.footprint, facade) for facade in building.facades if facade.openings]
    for edge in range(len(structure.footprint)):
        if edge not in seen:
            found += _blind_wall(structure, edge, len(building.storey_tops))
    position = np.array([item[0] for item in found]).reshape(-1, 3)
    ix, iz = structure.cells.bay_of(position[:, ::2])
    return Outlets(
        position=position,
        outward=np.array([item[1] for item in found]).reshape(-1, 3),
        area=np.array([item[2] for item in found]),
        storey=np.minimum(np.searchsorted(structure.storey_tops, position[:, 1]), structure.cells.storeys - 1),
        column=ix * structure.cells.nz + iz,
    )


def _opening(facade: Facade, opening: Opening) -> tuple[np.ndarray, np.ndarray, float]:
    across, up = 0.5 * (opening.left + opening.right), 0.5 * (opening.bottom + opening.top)
    position = np.array(facade.origin) + across * np.array(facade.along) + (0.0, up, 0.0)
    return position, np.array(facade.normal), (opening.right - opening.left) * (opening.top - opening.bottom)


def _edge_of(footprint: np.ndarray, facade: Facade) -> int:
    """Return the footprint edge that a façade stands on."""
    middle = np.array(facade.origin)[::2] + 0.5 * facade.width * np.array(facade.along)[::2]
    return int(np.linalg.norm(0.5 * (footprint + np.roll(footprint, -1, 0)) - middle, axis=-1).argmin())


def _blind_wall(structure: Structure, edge: int, storeys: int) -> list[tuple[np.ndarray, np.ndarray, float]]:
    start, end = structure.footprint[edge], np.roll(structure.footprint, -1, 0)[edge]
    length = float(np.linalg.norm(end - start))
    count = max(1, round(length / 3.5))
    direction = (end - start) / max(length, 1e-9)
    normal = np.array([direction[1], 0.0, -direction[0]])
    middle = 0.5 * (start + end) - structure.footprint.mean(0)
    normal *= np.sign(normal[::2] @ middle) or 1.0
    out = []
    for bottom, top in zip(structure.storey_bottoms[:storeys], structure.storey_tops[:storeys], strict=True):
        for k in range(count):
            x, z = start + (k + 0.5) / count * (end - start)
            out.append((np.array([x, 0.5 * (bottom + top), z]), normal, OPEN_SHARE * (top - bottom) * length / count))
    return out


def jets(structure: Structure, track: Track, vents: Outlets) -> Events:
    """Return the dusty jets of all samples."""
    room = room_heights(structure, track)
    storeys, columns = structure.cells.storeys, structure.cells.nx * structure.cells.nz
    low, high = np.array(structure.cells.low), np.array(structure.cells.high)
    bay_area = float(np.prod(high - low)) / columns
    parts = [_storey_jets(structure, track, room[:, storey], bay_area, vents, storey) for storey in range(storeys)]
    filled = [part for part in parts if len(part.time)]
    return Events(*(np.concatenate([getattr(part, name) for part in filled or parts]) for name in Events.__dataclass_fields__))


def room_heights(structure: Structure, track: Track) -> np.ndarray:
    """Return floor and ceiling of every cell over time, (S, storeys, columns, 2) m: mean heights of what doesn't stand upright there."""
    flat = ~structure.upright
    rest = structure.cells.shape[0], structure.cells.nx * structure.cells.nz
    weight = np.bincount(structure.cell[flat], structure.mass[flat], structure.cells.count)
    tops = np.repeat(structure.storey_tops[:, None], rest[1], 1)
    mean_rest = np.bincount(structure.cell[flat], (structure.mass * structure.centre[:, 1])[flat], structure.cells.count)
    out = np.zeros((track.sample_count, *rest, 2))
    for k in range(track.sample_count):
        mean = np.bincount(structure.cell[flat], structure.mass[flat] * track.position[k, flat, 1], structure.cells.count)
        drop = np.where(weight > 0, (mean_rest - mean) / np.maximum(weight, 1e-9), 0.0).reshape(rest)
        ceiling = np.maximum(tops - drop, 0.0)
        out[k, ..., 1] = ceiling
        out[k, 1:, :, 0] = ceiling[:-1]
    return out


def _storey_jets(structure: Structure, track: Track, room: np.ndarray, bay_area: float, vents: Outlets, storey: int) -> Events:
    """`room` (S, columns, 2) is this storey's floor and ceiling."""
    mine = np.flatnonzero(vents.storey == storey)
    # a room only closes once: what opens again and closes again as rubble heaves presses no air out
    height = np.minimum.accumulate(np.maximum(room[..., 1] - room[..., 0], 0.0), 0)
    flow = np.maximum(-np.diff(height, axis=0), 0.0).sum(1) * bay_area / track.sample_seconds
    open_now = np.clip(height[1:].mean(1) / max(float(height[0].mean()), 1e-6), 0.15, 1.0)
    area = vents.area[mine]
    speed = flow[:, None] / np.maximum(area.sum() * open_now, 1e-6)[:, None] * np.ones(len(mine))
    sample, vent = np.nonzero(speed > FAINTEST)
    which = mine[vent]
    middle = 0.5 * (room[sample + 1, vents.column[which], 0] + room[sample + 1, vents.column[which], 1])
    position = vents.position[which].copy()
    position[:, 1] = np.maximum(middle, 0.3)
    volume = flow[sample] * track.sample_seconds * vents.area[which] / max(float(area.sum()), 1e-6)
    return Events(
        time=(sample + 0.5) * track.sample_seconds,
        position=position,
        velocity=np.minimum(speed[sample, vent], FASTEST)[:, None] * vents.outward[which],
        mass=DUSTINESS * clarity(structure) * volume,
        radius=np.clip(np.sqrt(vents.area[which] * open_now[sample] / np.pi), 0.15, 2.0),
        kind=np.full(len(which), AIR, np.uint8),
    )
