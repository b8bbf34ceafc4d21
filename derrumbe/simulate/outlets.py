"""Where air can leave a building: its openings, and all walls once they burst."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.core.records import Building, Facade, Opening
from derrumbe.simulate.structure import Structure

OPEN_SHARE = 0.25
"""Share of a wall that is open where no openings are known."""
STRIP = 3.5
"""m of wall that burst as one outlet, about."""
LEVEL = 0.5
"""Pieces this near to an outlet's height, m, are the wall that it is in."""


@dataclass(frozen=True)
class Outlets:
    """Places where air leaves: position (K, 3) at rest, outward (K, 3) unit, area (K,) m² open at rest, storey (K,), column (K,); wall (K,) m²
    beside it that opens as the storey closes, along (K, 3): from the middle to the end of that."""

    position: np.ndarray
    outward: np.ndarray
    area: np.ndarray
    wall: np.ndarray
    along: np.ndarray
    storey: np.ndarray
    column: np.ndarray


Outlet = tuple[np.ndarray, np.ndarray, float, float, np.ndarray]


def outlets(structure: Structure, building: Building) -> Outlets:
    """Return the openings of the façades, and strips of all walls, a few metres long, which burst as their storey closes. Strips of walls that
    the camera doesn't see have openings too. Where a storey is narrower than the ground plan, as those of a pagoda or a tower are, its walls are where
    its pieces end."""
    found = [_opening(facade, opening) for facade in building.facades for opening in facade.openings]
    seen = [_edge_of(structure.footprint, facade) for facade in building.facades if facade.openings]
    for edge in range(len(structure.footprint)):
        found += _strips(structure, edge, len(building.storey_tops), 0.0 if edge in seen else OPEN_SHARE)
    found = [at for outlet in found if (at := _on_wall(structure, outlet)) is not None]
    position, outward, along = (np.array([item[column] for item in found]).reshape(-1, 3) for column in (0, 1, 4))
    ix, iz = structure.cells.bay_of(position[:, ::2])
    return Outlets(
        position=position,
        outward=outward,
        area=np.array([item[2] for item in found]),
        wall=np.array([item[3] for item in found]),
        along=along,
        storey=np.minimum(np.searchsorted(structure.storey_tops, position[:, 1]), structure.cells.storeys - 1),
        column=ix * structure.cells.nz + iz,
    )


def _opening(facade: Facade, opening: Opening) -> Outlet:
    across, up = 0.5 * (opening.left + opening.right), 0.5 * (opening.bottom + opening.top)
    position = np.array(facade.origin) + across * np.array(facade.along) + (0.0, up, 0.0)
    return position, np.array(facade.normal), (opening.right - opening.left) * (opening.top - opening.bottom), 0.0, np.zeros(3)


def _on_wall(structure: Structure, outlet: Outlet) -> Outlet | None:
    """Return the outlet moved in to the outermost piece behind it at its height; None where there is none."""
    position, outward, area, wall, along = outlet
    low, high = structure.low - position, structure.high - position
    level = (low[:, 1] < LEVEL) & (high[:, 1] > -LEVEL)
    aside = np.array([outward[2], 0.0, -outward[0]])
    left, right = np.minimum(low * aside, high * aside).sum(1), np.maximum(low * aside, high * aside).sum(1)
    behind = level & (left < 0.5 * STRIP) & (right > -0.5 * STRIP)
    if not behind.any():
        return None
    out = float(np.maximum(low * outward, high * outward).sum(1)[behind].max())
    return position + min(out, 0.0) * outward, outward, area, wall, along


def _edge_of(footprint: np.ndarray, facade: Facade) -> int:
    """Return the footprint edge that a façade stands on."""
    middle = np.array(facade.origin)[::2] + 0.5 * facade.width * np.array(facade.along)[::2]
    return int(np.linalg.norm(0.5 * (footprint + np.roll(footprint, -1, 0)) - middle, axis=-1).argmin())


def _strips(structure: Structure, edge: int, storeys: int, open_share: float) -> list[Outlet]:
    start, end = structure.footprint[edge], np.roll(structure.footprint, -1, 0)[edge]
    length = float(np.linalg.norm(end - start))
    count = max(1, round(length / STRIP))
    direction = (end - start) / max(length, 1e-9)
    normal = np.array([direction[1], 0.0, -direction[0]])
    middle = 0.5 * (start + end) - structure.footprint.mean(0)
    normal *= np.sign(normal[::2] @ middle) or 1.0
    along = 0.5 * length / count * np.array([direction[0], 0.0, direction[1]])
    out = []
    for bottom, top in zip(structure.storey_bottoms[:storeys], structure.storey_tops[:storeys], strict=True):
        wall = (top - bottom) * length / count
        for k in range(count):
            x, z = start + (k + 0.5) / count * (end - start)
            out.append((np.array([x, 0.5 * (bottom + top), z]), normal, open_share * wall, (1 - open_share) * wall, along))
    return out
