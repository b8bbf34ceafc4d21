"""Walls and roofs: the large flat parts of the building's surface, cut off the solid with even thickness."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from manifold3d import Manifold

from derrumbe.core.records import Facade
from derrumbe.geom.carving import Facet, Frame, union

PROUD = 1e-4
"""How far the region of a facet reaches out of its plane, metres."""
SPECK = 2e-4
"""Bits below this volume are left out, m³."""
LEAST_AREA = 4.0
"""Facets smaller than this are no walls of their own, m²."""
LEAST_SHARE = 0.006
"""The same as a share of the whole surface."""
MOST_FACETS = 24
LEANING = 0.02
"""A wall whose normal rises or falls more than this isn't upright."""
STEEP = 0.5
"""A facet whose normal rises less than this is a wall, else a roof."""


@dataclass(frozen=True)
class Sheet:
    """A wall or a roof before it is laid out. `facade`: number of the visible façade that it is, or None."""

    facet: Facet
    facade: int | None
    solid: Manifold


def sheets_of(body: Manifold, found: list[Facet], facades: tuple[Facade, ...], wall: float, roof: float) -> tuple[list[Sheet], Manifold]:
    """Cut the large ones of a solid's facets off it, `wall` and `roof` metres thick. Returns them and what is left of the solid."""
    rest = body
    sheets: list[Sheet] = []
    for facet, facade in _in_order(_large(found), facades):
        thickness = wall * (abs(facet.normal[0]) + abs(facet.normal[2])) + roof * abs(facet.normal[1])
        chunk, rest = rest.split(facet.prism(-thickness, PROUD))
        if chunk.volume() > SPECK:
            sheets.append(Sheet(facet, facade, chunk))
    return sheets, rest


def _large(found: list[Facet]) -> list[Facet]:
    least = max(LEAST_AREA, LEAST_SHARE * sum(facet.area for facet in found))
    return [facet for facet in found if facet.area > least][:MOST_FACETS]


def _in_order(found: list[Facet], facades: tuple[Facade, ...]) -> Iterator[tuple[Facet, int | None]]:
    """Yield facets with the number of their façade: visible façades, other walls, then roofs; the bottom is no wall."""
    walls = [facet for facet in found if abs(facet.normal[1]) < STEEP]
    roofs = [facet for facet in found if facet.normal[1] >= STEEP]
    seen: set[int] = set()
    for number, facade in sorted(enumerate(facades), key=lambda item: -item[1].width * item[1].height):
        match = next((k for k, facet in enumerate(walls) if k not in seen and _same_plane(facet, facade)), None)
        if match is not None:
            seen.add(match)
            yield _as_facade(walls[match], facade), number
    yield from ((facet, None) for k, facet in enumerate(walls) if k not in seen)
    yield from ((facet, None) for facet in roofs)


def _same_plane(facet: Facet, facade: Facade) -> bool:
    offset = (np.asarray(facade.origin) - facet.frame.origin) @ facet.normal
    return bool(np.asarray(facade.normal) @ facet.normal > 0.995 and abs(offset) < 0.3)


def _as_facade(facet: Facet, facade: Facade) -> Facet:
    """Return the facet in the façade's own frame, so that openings are where they were seen."""
    normal = facet.normal
    along = np.asarray(facade.along) - normal * (np.asarray(facade.along) @ normal)
    along = along / np.linalg.norm(along)
    origin = np.asarray(facade.origin) + normal * ((facet.frame.origin - np.asarray(facade.origin)) @ normal)
    frame = Frame(origin, np.stack([along, np.cross(normal, along), normal]))
    return facet.within(frame)


def without_roofs(room: Manifold, sheets: list[Sheet]) -> Manifold:
    """Return a room without what sloping sheets take of it."""
    return room - union(sheet.solid for sheet in sheets if abs(sheet.facet.normal[1]) > LEANING)
