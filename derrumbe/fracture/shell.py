"""The shell of the building: outer walls with their openings, gables, roofs. Together its elements fill the shell exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
from manifold3d import Manifold

from derrumbe.core.records import Camera, Opening
from derrumbe.fracture.courses import bands, bay_joints, strips
from derrumbe.fracture.elements import Element
from derrumbe.fracture.layout import CLOSE, Panel, panels
from derrumbe.fracture.materials import Kind, Stuff
from derrumbe.fracture.plan import Plan
from derrumbe.fracture.sight import seen_solids
from derrumbe.fracture.skin import Skin
from derrumbe.fracture.walls import SPECK, STEEP, Sheet
from derrumbe.geom.carving import Facet, Frame, between, convex_parts, mesh_of, triangle_normals

PER_STACK = 5
"""Most convex parts of a chimney, on the average."""
PANE = 0.06
"""Thickness of a window with its frame, metres."""
WIRE = (1.0, 1.5e-3)
"""Metres from which on a part is too long for a section of so many m², 4 by 4 cm."""
SHOWN = 0.01
"""Leftovers that show less than this are hidden behind walls, and left out, m²."""


def shell_elements(sheets: list[Sheet], rest: Manifold, skin: Skin, plan: Plan, camera: Camera, rng: np.random.Generator) -> list[Element]:
    """Return the elements of the shell: of its walls and roofs, and of the `rest` of it that shows on the skin, cut along levels and bays."""
    made: list[Element] = []
    blind = plan.quota.blind_windows
    for sheet in sheets:
        if sheet.facade is None:
            openings = _blind_openings(sheet.facet, plan, blind)
            blind -= len(openings)
        else:
            openings = plan.facades[sheet.facade].openings
        made += _sheet_elements(sheet, openings, plan, rng)
    return made + _leftovers(rest, sheets, skin, plan, camera)


def _blind_openings(facet: Facet, plan: Plan, most: int) -> tuple[Opening, ...]:
    """Invent regular windows for a wall that the camera doesn't see, one level after another while the quota lasts, from the top: the upper
    storeys are what is seen of it, from inside and against the sky, once the front has gone."""
    if abs(facet.normal[1]) > 0.1:
        return ()
    count = max(0, int((facet.high[0] - facet.low[0] - 1.5) // 4.0))
    found: list[Opening] = []
    for floor, top in reversed(list(zip(plan.floors, plan.tops, strict=True))[: plan.storeys]):
        sill, head = floor + 0.9, min(floor + 2.4, top - 0.5)
        inside = facet.low[1] + facet.frame.origin[1] < sill and head < facet.high[1] + facet.frame.origin[1]
        if not inside or head - sill < 0.8 or len(found) + count > most:
            continue
        for centre in np.linspace(facet.low[0], facet.high[0], 2 * count + 1)[1::2]:
            base = facet.frame.origin[1]
            found.append(Opening(left=centre - 0.6, right=centre + 0.6, bottom=sill - base, top=head - base))
    return tuple(found)


def _sheet_elements(sheet: Sheet, openings: tuple[Opening, ...], plan: Plan, rng: np.random.Generator) -> list[Element]:
    made: list[Element] = []
    facet = sheet.facet
    joints = bay_joints(facet, plan), (), ()
    slack = plan.quota.unseen_slack if sheet.facade is None else plan.quota.slack
    for level, band in strips(sheet.solid, facet, openings, plan, rng):
        kind, stuff = _kind(facet.normal, level, plan)
        element = Element(kind, stuff, level, (), facet.frame, joints)
        made += _band_elements(band, element, openings, slack, plan.quota.per_panel)
    return made


def _kind(normal: np.ndarray, level: int, plan: Plan) -> tuple[Kind, Stuff]:
    """Return what a facet of the shell is at a level."""
    if normal[1] > 0.97:
        return Kind.ROOF, plan.floor_stuff
    if normal[1] >= STEEP:
        return Kind.ROOF, Stuff.ROOF
    if level < plan.storeys:
        return Kind.WALL, plan.stuff
    return (Kind.PARAPET if plan.low_roof else Kind.ROOF), plan.stuff


def _band_elements(band: Manifold, element: Element, openings: tuple[Opening, ...], slack: float, most: int) -> list[Element]:
    """Cut one level of a facet into piers, spandrels and windows."""
    box = np.asarray(band.bounding_box()).reshape(2, 3)
    corners = element.frame.local(np.array([[x, y, z] for x in box[:, 0] for y in box[:, 1] for z in box[:, 2]]))
    low, high = corners.min(axis=0), corners.max(axis=0)
    made: list[Element] = []
    for panel in panels(low[0], low[1], high[0], high[1], openings):
        depth = (-PANE if panel.window else low[2]) - (0 if panel.window else 1)
        cut = _cut(band, element.frame, panel, depth, high[2] + 1)
        window = replace(element, kind=Kind.WINDOW, stuff=Stuff.GLASS)
        parts = _sizeable(convex_parts([cut], [slack], most)[0])
        made += _if_any(replace(window if panel.window else element, parts=parts))
    return made


def _cut(band: Manifold, frame: Frame, panel: Panel, back: float, front: float) -> Manifold:
    return band ^ frame.box((panel.left, panel.bottom, back), (panel.right, panel.top, front))


def _leftovers(rest: Manifold, sheets: list[Sheet], skin: Skin, plan: Plan, camera: Camera) -> list[Element]:
    """Return what no large facet took but shows on the surface (corners, steps, odd roofs), cut along levels and bays."""
    lumps = [
        (level, lump) for level, band in bands(rest, plan.tops[:-1]) for cell in _cells(band, level, plan) for lump in cell.decompose()
    ]
    shown = _shown([lump for _, lump in lumps], skin)
    kept = [pair for pair, area in zip(lumps, shown, strict=True) if area > SHOWN]
    solids = [lump for _, lump in kept]
    seen = seen_solids([*solids, *(sheet.solid for sheet in sheets)], camera)
    slack = [plan.quota.slack if seen[k] else plan.quota.unseen_slack for k in range(len(solids))]
    made: list[Element] = []
    for (level, _), parts in zip(kept, convex_parts(solids, slack, plan.quota.leftovers), strict=True):
        kind, stuff = _kind(np.array([0.0, 0.0, 1.0]), level, plan)
        made += _if_any(Element(kind, stuff, level, _sizeable(parts)))
    return made


def stack_elements(found: list[Manifold], plan: Plan) -> list[Element]:
    """Return chimneys, pinnacles and finials as elements of their own."""
    parts = convex_parts(found, [plan.quota.slack] * len(found), PER_STACK * len(found)) if found else []
    levels = (int(np.searchsorted(plan.tops[:-1], stack.bounding_box()[1] + CLOSE)) for stack in found)
    return [
        made for level, own in zip(levels, parts, strict=True) for made in _if_any(Element(Kind.PARAPET, plan.stuff, level, _sizeable(own)))
    ]


def _cells(band: Manifold, level: int, plan: Plan) -> Iterator[Manifold]:
    """Yield the parts of a level between bay lines in x and z, half a bay on in every second level: no joint runs through all of them."""
    lines = plan.lines_x if level % 2 == 0 else tuple((a + b) / 2 for a, b in pairwise(plan.lines_x))
    for left, right in pairwise((-1e4, *lines, 1e4)):
        strip = between(band, np.array([1.0, 0, 0]), left, right)
        for near, far in pairwise((-1e4, *plan.lines_z, 1e4)) if not strip.is_empty() else ():
            yield between(strip, np.array([0, 0, 1.0]), near, far)


def _shown(lumps: list[Manifold], skin: Skin) -> np.ndarray:
    """Return how much of each lump lies on the skin and doesn't face the ground, m²."""
    if not lumps:
        return np.zeros(0)
    meshes = [mesh_of(lump) for lump in lumps]
    corners = np.concatenate([vertices[triangles] for vertices, triangles in meshes])
    owner = np.repeat(np.arange(len(meshes)), [len(triangles) for _, triangles in meshes])
    normals, areas = triangle_normals(corners.reshape(-1, 3), np.arange(3 * len(corners)).reshape(-1, 3))
    seen = skin.bears(corners, normals) & (normals[:, 1] > -0.9)
    return np.bincount(owner, areas * seen, len(lumps))


def _sizeable(parts: list[Manifold]) -> tuple[Manifold, ...]:
    return tuple(part for part in parts if part.volume() > SPECK and not is_wire(part))


def is_wire(part: Manifold) -> bool:
    """Whether a solid is long and thin as nothing in a wall is: what is left between planes that hardly differ, as long as the building is wide, would
    come down whole and stand up out of the heap."""
    low, high = np.asarray(part.bounding_box()).reshape(2, 3)
    length = float(np.linalg.norm(high - low))
    return length > WIRE[0] and part.volume() < WIRE[1] * length


def _if_any(element: Element) -> list[Element]:
    return [element] if element.parts else []
