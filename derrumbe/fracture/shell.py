"""The shell of the building: outer walls with their openings, gables, roofs. Together its elements fill the shell exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
from manifold3d import Manifold

from derrumbe.core.records import Facade, Opening
from derrumbe.fracture.elements import Element, Joints
from derrumbe.fracture.faces import on_surface
from derrumbe.fracture.layout import CLOSE, Panel, panels
from derrumbe.fracture.materials import FLOORS, Kind, Stuff
from derrumbe.fracture.plan import Plan, Quota
from derrumbe.geom.carving import UP, Facet, Frame, between, convex_parts, mesh_of, triangle_normals

PANE = 0.06
"""Thickness of a window with its frame, metres."""
PROUD = 1e-4
"""How far the region of a facet reaches out of its plane, metres."""
SPECK = 2e-4
"""Bits below this volume are left out, m³."""
LEAST_AREA = 4.0
"""Facets smaller than this are no walls of their own, m²."""
LEAST_SHARE = 0.006
"""The same as a share of the whole surface."""
MOST_FACETS = 24
SHOWN = 0.01
"""Leftovers that show less than this are hidden behind walls, and left out, m²."""
UNSEEN = 1.7
"""How much coarser walls break that the camera doesn't see."""
STAGGER = 0.25
"""How far the joint between two storeys strays from the floor, metres."""
STEEP = 0.5
"""A facet whose normal rises less than this is a wall, else a roof."""


def shell_elements(body: Manifold, room: Manifold, found: list[Facet], plan: Plan, rng: np.random.Generator) -> list[Element]:
    """Return the elements of the shell of `body` around the hollow `room`.

    The large ones of its facets `found` are walls and roofs of even thickness; what is left of its surface is cut along levels and bays.
    """
    rest = body
    made: list[Element] = []
    blind = plan.quota.blind_windows
    for facet, facade in _in_order(_large(found), plan.facades):
        chunk, rest = rest.split(_region(facet, plan))
        if chunk.volume() < SPECK:
            continue
        openings = facade.openings if facade else _blind_openings(facet, plan, blind)
        blind -= 0 if facade else len(openings)
        made += _facet_elements(chunk, facet, openings, plan, 1.0 if facade else UNSEEN, rng)
    return made + _leftovers(rest - room, body, plan)


def _large(found: list[Facet]) -> list[Facet]:
    least = max(LEAST_AREA, LEAST_SHARE * sum(facet.area for facet in found))
    return [facet for facet in found if facet.area > least][:MOST_FACETS]


def _in_order(found: list[Facet], facades: tuple[Facade, ...]) -> Iterator[tuple[Facet, Facade | None]]:
    """Yield facets: visible façades, other walls, then roofs; the bottom is no wall."""
    walls = [facet for facet in found if abs(facet.normal[1]) < STEEP]
    roofs = [facet for facet in found if facet.normal[1] >= STEEP]
    seen: set[int] = set()
    for facade in sorted(facades, key=lambda f: -f.width * f.height):
        match = next((k for k, facet in enumerate(walls) if k not in seen and _same_plane(facet, facade)), None)
        if match is not None:
            seen.add(match)
            yield _as_facade(walls[match], facade), facade
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
    corners = facet.frame.world(np.array([[u, v, 0] for u in (facet.low[0], facet.high[0]) for v in (facet.low[1], facet.high[1])]))
    local = frame.local(corners)[:, :2]
    return Facet(frame, local.min(axis=0), local.max(axis=0), facet.area)


def _thickness(normal: np.ndarray, plan: Plan) -> float:
    """Return how thick the shell is along a facet's normal: the cavity is the body eroded by a box."""
    return float(plan.wall * (abs(normal[0]) + abs(normal[2])) + plan.roof * abs(normal[1]))


def _region(facet: Facet, plan: Plan) -> Manifold:
    return facet.frame.box((*facet.low, -_thickness(facet.normal, plan)), (*facet.high, PROUD))


def _blind_openings(facet: Facet, plan: Plan, most: int) -> tuple[Opening, ...]:
    """Invent regular windows for a wall that the camera doesn't see, one level after another while the quota lasts."""
    if abs(facet.normal[1]) > 0.1:
        return ()
    count = int((facet.high[0] - facet.low[0] - 1.5) // 4.0)
    found: list[Opening] = []
    for floor, top in list(zip(plan.floors, plan.tops, strict=True))[: plan.storeys]:
        sill, head = floor + 0.9, min(floor + 2.4, top - 0.5)
        inside = facet.low[1] + facet.frame.origin[1] < sill and head < facet.high[1] + facet.frame.origin[1]
        if not inside or head - sill < 0.8 or len(found) + count > most:
            continue
        for centre in np.linspace(facet.low[0], facet.high[0], 2 * count + 1)[1::2]:
            base = facet.frame.origin[1]
            found.append(Opening(left=centre - 0.6, right=centre + 0.6, bottom=sill - base, top=head - base))
    return tuple(found)


def _facet_elements(
    chunk: Manifold, facet: Facet, openings: tuple[Opening, ...], plan: Plan, coarse: float, rng: np.random.Generator
) -> list[Element]:
    made: list[Element] = []
    joints = _joints(facet, plan)
    for strip in _strips(chunk, facet, joints[0]):
        heights = _storey_joints(strip, facet, openings, plan, rng)
        for level, band in _bands(strip, heights):
            kind, stuff = _kind(facet.normal, level, plan)
            element = Element(kind, stuff, level, (), facet.frame, joints, coarse)
            made += _band_elements(band, element, openings, plan.quota)
    return made


def _strips(chunk: Manifold, facet: Facet, joints: tuple[float, ...]) -> Iterator[Manifold]:
    """Yield upright strips of a wall, two bays wide."""
    edges = (-1e4, *joints[1::2], 1e4)
    base = float(facet.frame.origin @ facet.frame.axes[0])
    for left, right in pairwise(edges):
        strip = between(chunk, facet.frame.axes[0], base + left, base + right)
        if strip.volume() > SPECK:
            yield strip


def _storey_joints(strip: Manifold, facet: Facet, openings: tuple[Opening, ...], plan: Plan, rng: np.random.Generator) -> tuple[float, ...]:
    """Return the heights at which a strip breaks between levels: near the floors, not in one line, and through no opening."""
    box = np.asarray(strip.bounding_box()).reshape(2, 3)
    spread = facet.frame.local(box)[:, 0]
    mine = [o for o in openings if o.left < spread.max() and o.right > spread.min()]
    base = facet.frame.origin[1]
    heights = []
    for top in plan.tops[:-1]:
        moved = top + STAGGER * rng.uniform(-1, 1)
        free = abs(facet.normal[1]) < 0.1 and all(moved < base + o.bottom - CLOSE or moved > base + o.top + CLOSE for o in mine)
        heights.append(moved if free else top)
    return tuple(heights)


def _bands(chunk: Manifold, joints: tuple[float, ...]) -> Iterator[tuple[int, Manifold]]:
    """Yield what lies in each level, cut at the heights `joints`; nothing of the chunk is left out."""
    for level, (floor, top) in enumerate(pairwise((-1e6, *joints, 1e6))):
        band = between(chunk, UP, floor, top)
        if band.volume() > SPECK:
            yield level, band


def _kind(normal: np.ndarray, level: int, plan: Plan) -> tuple[Kind, Stuff]:
    """Return what a facet of the shell is at a level."""
    if normal[1] > 0.97:
        return Kind.ROOF, FLOORS[plan.stuff]
    if normal[1] >= STEEP:
        return Kind.ROOF, Stuff.ROOF
    if level < plan.storeys:
        return Kind.WALL, plan.stuff
    return (Kind.PARAPET if plan.low_roof else Kind.ROOF), plan.stuff


def _joints(facet: Facet, plan: Plan) -> Joints:
    """Return where a wall or a roof breaks first: along its bay lines."""
    axis, lines = (0, plan.lines_x) if abs(facet.frame.axes[0, 0]) > 0.7 else (2, plan.lines_z)
    along = facet.frame.axes[0, axis]
    return tuple(sorted((line - facet.frame.origin[axis]) / along for line in lines)), (), ()


def _band_elements(band: Manifold, element: Element, openings: tuple[Opening, ...], quota: Quota) -> list[Element]:
    """Cut one level of a facet into piers, spandrels and windows."""
    box = np.asarray(band.bounding_box()).reshape(2, 3)
    corners = element.frame.local(np.array([[x, y, z] for x in box[:, 0] for y in box[:, 1] for z in box[:, 2]]))
    low, high = corners.min(axis=0), corners.max(axis=0)
    made: list[Element] = []
    for panel in panels(low[0], low[1], high[0], high[1], openings):
        depth = (-PANE if panel.window else low[2]) - (0 if panel.window else 1)
        cut = _cut(band, element.frame, panel, depth, high[2] + 1)
        window = replace(element, kind=Kind.WINDOW, stuff=Stuff.GLASS)
        parts = _sizeable(convex_parts([cut], quota.slack, quota.per_panel)[0])
        made += _if_any(replace(window if panel.window else element, parts=parts))
    return made


def _cut(band: Manifold, frame: Frame, panel: Panel, back: float, front: float) -> Manifold:
    return band ^ frame.box((panel.left, panel.bottom, back), (panel.right, panel.top, front))


def _leftovers(rest: Manifold, body: Manifold, plan: Plan) -> list[Element]:
    """Return what no large facet took but shows on the surface (corners, steps, odd roofs), cut along levels and bays."""
    lumps = [(level, lump) for level, band in _bands(rest, plan.tops[:-1]) for cell in _cells(band, plan) for lump in cell.decompose()]
    shown = _shown([lump for _, lump in lumps], body)
    kept = [pair for pair, area in zip(lumps, shown, strict=True) if area > SHOWN]
    quota = plan.quota
    made: list[Element] = []
    for (level, _), parts in zip(kept, convex_parts([lump for _, lump in kept], quota.slack, quota.leftovers), strict=True):
        kind, stuff = _kind(np.array([0.0, 0.0, 1.0]), level, plan)
        made += _if_any(Element(kind, stuff, level, _sizeable(parts)))
    return made


def _cells(band: Manifold, plan: Plan) -> Iterator[Manifold]:
    """Yield the parts of a level between bay lines in x and z."""
    for left, right in pairwise((-1e4, *plan.lines_x, 1e4)):
        strip = between(band, np.array([1.0, 0, 0]), left, right)
        for near, far in pairwise((-1e4, *plan.lines_z, 1e4)) if not strip.is_empty() else ():
            yield between(strip, np.array([0, 0, 1.0]), near, far)


def _shown(lumps: list[Manifold], body: Manifold) -> np.ndarray:
    """Return how much of each lump lies on the surface of `body` and doesn't face the ground, m²."""
    if not lumps:
        return np.zeros(0)
    meshes = [mesh_of(lump) for lump in lumps]
    corners = np.concatenate([vertices[triangles] for vertices, triangles in meshes])
    owner = np.repeat(np.arange(len(meshes)), [len(triangles) for _, triangles in meshes])
    normals, areas = triangle_normals(corners.reshape(-1, 3), np.arange(3 * len(corners)).reshape(-1, 3))
    seen = on_surface(corners, normals, *mesh_of(body)) & (normals[:, 1] > -0.9)
    return np.bincount(owner, areas * seen, len(lumps))


def _sizeable(parts: list[Manifold]) -> tuple[Manifold, ...]:
    return tuple(part for part in parts if part.volume() > SPECK)


def _if_any(element: Element) -> list[Element]:
    return [element] if element.parts else []
