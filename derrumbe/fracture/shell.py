"""The shell of the building: outer walls with their openings, gables, roofs. Together its elements fill the shell exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
from manifold3d import Manifold

from derrumbe.core.records import Camera, Opening
from derrumbe.fracture.elements import Element, Joints
from derrumbe.fracture.layout import CLOSE, Panel, panels
from derrumbe.fracture.materials import FLOORS, Kind, Stuff
from derrumbe.fracture.plan import Plan
from derrumbe.fracture.sight import seen_solids
from derrumbe.fracture.skin import Skin
from derrumbe.fracture.walls import SPECK, STEEP, Sheet
from derrumbe.geom.carving import UP, Facet, Frame, between, convex_parts, mesh_of, triangle_normals

PANE = 0.06
"""Thickness of a window with its frame, metres."""
SHOWN = 0.01
"""Leftovers that show less than this are hidden behind walls, and left out, m²."""
CHIMNEY = 2.5
"""What is narrower than this above the eaves, and taller than wide, is a chimney, metres."""
STAGGER = 0.25
"""How far the joint between two storeys strays from the floor, metres."""


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
    """Invent regular windows for a wall that the camera doesn't see, one level after another while the quota lasts."""
    if abs(facet.normal[1]) > 0.1:
        return ()
    count = max(0, int((facet.high[0] - facet.low[0] - 1.5) // 4.0))
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


def _sheet_elements(sheet: Sheet, openings: tuple[Opening, ...], plan: Plan, rng: np.random.Generator) -> list[Element]:
    made: list[Element] = []
    facet = sheet.facet
    joints = _joints(facet, plan)
    slack = plan.quota.unseen_slack if sheet.facade is None else plan.quota.slack
    for strip in _strips(sheet.solid, facet, joints[0]):
        heights = _storey_joints(strip, facet, openings, plan, rng)
        for level, band in _bands(strip, heights):
            kind, stuff = _kind(facet.normal, level, plan)
            element = Element(kind, stuff, level, (), facet.frame, joints)
            made += _band_elements(band, element, openings, slack, plan.quota.per_panel)
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
    lumps = [(level, lump) for level, band in _bands(rest, plan.tops[:-1]) for cell in _cells(band, plan) for lump in cell.decompose()]
    shown = _shown([lump for _, lump in lumps], skin)
    kept = [pair for pair, area in zip(lumps, shown, strict=True) if area > SHOWN]
    solids = [lump for _, lump in kept]
    seen = seen_solids([*solids, *(sheet.solid for sheet in sheets)], camera)
    slack = [plan.quota.slack if seen[k] else plan.quota.unseen_slack for k in range(len(solids))]
    made: list[Element] = []
    for (level, _), parts in zip(kept, convex_parts(solids, slack, plan.quota.leftovers), strict=True):
        kind, stuff = _kind(np.array([0.0, 0.0, 1.0]), level, plan)
        made += _if_any(Element(kind, stuff, level, _sizeable(parts)))
    return [replace(element, kind=Kind.PARAPET) if _is_chimney(element) else element for element in made]


def _is_chimney(element: Element) -> bool:
    """Whether what stands above the eaves is slender and upright: a chimney, a pinnacle, a finial."""
    if element.kind != Kind.ROOF:
        return False
    boxes = np.array([part.bounding_box() for part in element.parts]).reshape(-1, 2, 3)
    wide, tall, deep = boxes[:, 1].max(0) - boxes[:, 0].min(0)
    return bool(max(wide, deep) < CHIMNEY and tall > 1.2 * max(wide, deep))


def _cells(band: Manifold, plan: Plan) -> Iterator[Manifold]:
    """Yield the parts of a level between bay lines in x and z."""
    for left, right in pairwise((-1e4, *plan.lines_x, 1e4)):
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
    return tuple(part for part in parts if part.volume() > SPECK)


def _if_any(element: Element) -> list[Element]:
    return [element] if element.parts else []
