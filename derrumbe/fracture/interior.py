"""What stands inside the shell: slabs, columns, partitions, framing under the roof."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from manifold3d import Manifold

from derrumbe.fracture.elements import Element
from derrumbe.fracture.materials import PARTITIONS, Kind, Stuff
from derrumbe.fracture.plan import Plan
from derrumbe.geom.carving import UP, WORLD, between, convex_parts

COLUMN = {Stuff.BRICK: 0.4, Stuff.CONCRETE: 0.4, Stuff.STONE: 0.55, Stuff.TIMBER: 0.2}
"""Width of columns, metres."""
POST = 0.18
PARTITION = 0.15
DOOR = 1.1
SLACK = 0.01
"""How much larger a slab may be as its convex hull."""
MOST_PARTS = 40
HEADROOM = 0.5
"""A room lower than this is no room."""

Rooms = list[tuple[int, Manifold]]
Lines = tuple[float, ...]


def interior_elements(room: Manifold, plan: Plan) -> list[Element]:
    """Return the elements inside the cavity `room` of the shell."""
    slabs, rooms = _storeys(room, plan)
    return slabs + _uprights(rooms, plan) + list(_spine_walls(rooms, plan))


def _storeys(room: Manifold, plan: Plan) -> tuple[list[Element], Rooms]:
    """Return slabs, and the free space of each level."""
    slabs: list[Element] = []
    rooms: Rooms = []
    ceiling = room.bounding_box()[4]
    floor = room.bounding_box()[1]
    for level, top in enumerate(plan.tops):
        roofed = ceiling < top + HEADROOM
        soffit = ceiling if roofed else top - plan.slab
        if soffit - floor > HEADROOM:
            rooms.append((level, between(room, UP, floor, soffit)))
        if roofed:
            break
        parts = tuple(part for part in convex_parts([between(room, UP, soffit, top)], [SLACK], MOST_PARTS)[0] if part.volume() > 0.02)
        if parts:
            slabs.append(Element(Kind.SLAB, plan.floor_stuff, level, parts, WORLD, (plan.lines_x, (), plan.lines_z)))
        floor = top
    return slabs, rooms


def _uprights(rooms: Rooms, plan: Plan) -> list[Element]:
    """Return columns and partitions on the same bay lines: fewer lines until both are within their quotas."""
    for every in range(1, 9):
        lines_x, lines_z = plan.lines_x[every - 1 :: every], plan.lines_z[(every - 1) // 2 :: max(1, every // 2)]
        columns, walls = list(_columns(rooms, plan, lines_x, lines_z)), list(_partitions(rooms, plan, lines_x, lines_z))
        if _count(columns) <= plan.quota.columns and _count(walls) <= plan.quota.partitions:
            return columns + walls
    return []


def _count(elements: list[Element]) -> int:
    return sum(len(element.parts) for element in elements)


def _columns(rooms: Rooms, plan: Plan, lines_x: Lines, lines_z: Lines) -> Iterator[Element]:
    for level, space in rooms:
        framing = level >= plan.storeys
        half = (POST if framing else COLUMN[plan.stuff]) / 2
        stuff = Stuff.TIMBER if framing else plan.stuff
        for x in lines_x:
            for z in lines_z:
                yield from _upright(space, level, (x - half, z - half), (x + half, z + half), Kind.COLUMN, stuff)


def _partitions(rooms: Rooms, plan: Plan, lines_x: Lines, lines_z: Lines) -> Iterator[Element]:
    """Walls across the building on every bay line and one along it, each from column to column, with doors in the long one."""
    stuff = PARTITIONS[plan.stuff]
    gap = COLUMN[plan.stuff] / 2
    for level, space in rooms:
        if level >= plan.storeys:
            continue
        box = space.bounding_box()
        for x in lines_x[::2]:
            for a, b in pairwise((box[2] - gap, *lines_z, box[5] + gap)):
                yield from _upright(space, level, (x - PARTITION / 2, a + gap), (x + PARTITION / 2, b - gap), Kind.PARTITION, stuff)
        for z in lines_z[len(lines_z) // 2 :][:1]:
            for a, b in pairwise((box[0] - gap, *lines_x, box[3] + gap)):
                low, high = (a + gap, z - PARTITION / 2), (b - gap - DOOR, z + PARTITION / 2)
                yield from _upright(space, level, low, high, Kind.PARTITION, stuff)


def _spine_walls(rooms: Rooms, plan: Plan) -> Iterator[Element]:
    """A wall across the view through every attic, from post to post: it ties the roof to its floor, and whoever looks in under torn eaves sees it and
    not the sky behind. Only right over the eaves: what rises higher is a spire or a dome, which are hollow."""
    gap = POST / 2
    for space in (space for level, space in rooms if level == plan.storeys):
        box = space.bounding_box()
        for z in _fullest(space, plan.lines_z):
            for a, b in pairwise((box[0] - gap, *plan.lines_x, box[3] + gap)):
                low, high = (a + gap, z - PARTITION / 2), (b - gap, z + PARTITION / 2)
                yield from _upright(space, plan.storeys, low, high, Kind.PARTITION, PARTITIONS[plan.stuff])


def _fullest(space: Manifold, lines: Lines) -> list[float]:
    """Return the line along z on which most of a space stands, the foremost of equal ones; none where there are no lines."""
    across = np.array([0.0, 0.0, 1.0])
    return sorted(lines, key=lambda z: (round(between(space, across, z - PARTITION / 2, z + PARTITION / 2).volume(), 3), z))[-1:]


def _upright(
    space: Manifold, level: int, low: tuple[float, float], high: tuple[float, float], kind: Kind, stuff: Stuff
) -> Iterator[Element]:
    """Yield what stands between two (x, z) corners from floor to ceiling, unless too little of it is inside."""
    if min(high[0] - low[0], high[1] - low[1]) < 0.1:
        return
    box = space.bounding_box()
    bottom, top = box[1], box[4]
    asked = WORLD.box((low[0], bottom, low[1]), (high[0], top, high[1]))
    parts = tuple(part for part in convex_parts([space ^ asked], [SLACK], MOST_PARTS)[0] if part.volume() > 0.02)
    if sum(part.volume() for part in parts) > 0.3 * asked.volume():
        yield Element(kind, stuff, level, parts)
