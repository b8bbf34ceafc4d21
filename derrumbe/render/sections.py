"""What a side of a piece shows: the section through wall, floor or roof where it broke, what the room showed, or the unseen outside.

A break through a wall goes from its face through bricks or stones to plaster and paint; one through a floor from boards or tiles through screed
to concrete or joists and the ceiling; one through a roof from its tiles to rafters with dark between them.
Elements: 0 slab, 1 outer wall, 2 column, 3 window, 4 partition, 5 roof, 6 parapet or chimney; 7 the bed of rubble and 8 stones
in it, which are no elements.
Faces: 0 outer, 1 broken, 2 slab, 3 room.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from derrumbe.render.materials import (
    ASHLAR,
    PLASTER,
    PLASTER_RGB,
    ashlar,
    broken,
    concrete,
    glazed,
    layer,
    mixed,
    skin,
    stripes,
    timber,
    tinted,
    torn_off,
)
from derrumbe.render.noise import layered
from derrumbe.render.rooms import (
    JOIST,
    JOIST_WIDTH,
    PURLIN,
    PURLIN_WIDTH,
    RAFTER,
    RAFTER_WIDTH,
    ceiling,
    covering,
    floor,
    room_wall,
    underside,
)

SLAB, WALL, COLUMN, WINDOW, PARTITION, ROOF, PARAPET, RUBBLE, STONE = 0, 1, 2, 3, 4, 5, 6, 7, 8
NOWHERE = 1e4
"""Metres to a side that a piece doesn't have."""
VOID = (0.03, 0.026, 0.022)
"""The dark between joists."""
BEAM, BORNE = 0.26, 0.65
"""Height of what bears a floor in a wall, metres, and the share of the wall from its inner side on that it bears on."""
LATH = 0.32
"""Metres between the laths that tiles hang on."""
SPLIT = 1.3
"""How much paler rafters and boards are where they have just split."""
LOFT = (0.19, 0.172, 0.15)
"""What is seen between rafters from the rim of a torn roof: felt, wool and boards that daylight reaches."""


COVERED = 0.6
"""How far the edge of slates and tiles has the colour of their face."""


def sides(piece: np.ndarray, normal: np.ndarray, corner: np.ndarray, area: np.ndarray, count: int) -> np.ndarray:
    """Return the plane (count,4) of each piece's largest flat side: unit normal and its distance from the origin, so that a point x lies
    plane[3] - plane[:3] @ x metres below it; NOWHERE below for a piece without one.

    piece (n,), normal (n,3), corner (n,3), area (n,): of the triangles that count.
    """
    out = np.zeros((count, 4))
    out[:, 3] = NOWHERE
    if not len(piece):
        return out
    keys = np.concatenate([piece[:, None], np.rint(normal * 8)], 1)
    side = np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)
    total = np.bincount(side, area)[side]
    # the last of equal keys stays: the largest side of each piece, its largest triangle
    order = np.lexsort((area, total, piece))
    last = np.r_[piece[order][1:] != piece[order][:-1], True]
    best = order[last]
    out[piece[best], :3] = normal[best]
    out[piece[best], 3] = np.sum(normal[best] * corner[best], 1)
    return out


@nb.njit(cache=True, inline="always")
def below(plane, x, y, z):  # type: ignore[no-untyped-def]
    """Return the depth (m) of a point below a plane of `sides`."""
    return plane[3] - plane[0] * x - plane[1] * y - plane[2] * z


@nb.njit(cache=True)
def _floor_section(material, x, y, z, nx, ny, nz, top, bottom, storey, pixel, facade, seed):  # type: ignore[no-untyped-def]
    along = x if abs(nz) > abs(nx) else z
    if material == 3:
        # boards on joists, dark between them
        member = stripes(along, JOIST, JOIST_WIDTH, pixel)
        rgb = mixed(VOID, timber(x, y, z, pixel, seed), max(member, layer(top, -1.0, 0.035, pixel)))
    else:
        rgb = broken(material, x, y, z, nx, ny, nz, pixel, facade, seed)
        # hollow blocks: every floor between the wars and most since have them
        holes = layer(top, 0.11, 0.2, pixel) * stripes(along, 0.25, 0.14, pixel)
        rgb = mixed(mixed(rgb, VOID, 0.8 * holes), (0.46, 0.44, 0.40), layer(top, 0.02, 0.07, pixel))
    rgb = mixed(rgb, tinted(covering(x, z, storey, pixel, seed), 0.8), layer(top, -1.0, 0.02, pixel))
    return mixed(rgb, PLASTER_RGB, layer(bottom, -1.0, PLASTER, pixel))


@nb.njit(cache=True)
def _bearing(rgb, joisted, along, x, y, z, under, pixel, facade, seed):  # type: ignore[no-untyped-def]
    """Return the colour of a wall's section, rgb, with what bears on the wall there of the floor `under` (m) whose upper side it lies: the ends of joists in
    their pockets, or the edge of a slab with the shade under it."""
    if joisted:
        pocket = mixed(VOID, tinted(timber(x, y, z, pixel, seed), SPLIT), stripes(along, JOIST, 1.6 * JOIST_WIDTH, pixel))
        return mixed(rgb, pocket, layer(under, 0.04, 0.04 + BEAM, pixel))
    rgb = mixed(rgb, tinted(concrete(x, y, z, pixel, facade, seed), 1.15), layer(under, 0.0, BEAM, pixel))
    return mixed(rgb, VOID, 0.7 * layer(under, BEAM, 1.5 * BEAM, pixel))


@nb.njit(cache=True)
def _wall_section(material, level, x, y, z, nx, ny, nz, outer, inner, both, lump, pixel, facade, seed):  # type: ignore[no-untyped-def]
    rgb = torn_off(broken(material, x, y, z, nx, ny, nz, pixel, facade, seed), material, lump, seed)
    if material == 2 and not both:
        rgb = mixed(rgb, ashlar(x, y, z, nx, ny, nz, pixel, facade, seed), layer(outer, -1.0, ASHLAR, pixel))
    if not both and inner < BORNE * (inner + outer):
        above_floor, room, joisted = level
        rgb = _bearing(rgb, joisted, x if abs(nz) > abs(nx) else z, x, y, z, room - above_floor, pixel, facade, seed)
    if material != 3:
        rgb = mixed(rgb, PLASTER_RGB, layer(inner, -1.0, PLASTER, pixel))
        if both:
            rgb = mixed(rgb, PLASTER_RGB, layer(outer, -1.0, PLASTER, pixel))
    return rgb


@nb.njit(cache=True)
def _roof_section(material, x, y, z, nx, ny, nz, outer, inner, lump, pixel, facade, seed):  # type: ignore[no-untyped-def]
    if material == 1 or material == 2 or material == 0:
        rgb = torn_off(broken(material, x, y, z, nx, ny, nz, pixel, facade, seed), material, lump, seed)
        return mixed(rgb, PLASTER_RGB, layer(inner, -1.0, PLASTER, pixel))
    along = x if abs(nz) > abs(nx) else z
    wood = timber(x, y, z, pixel, seed)
    loft = tinted(LOFT, 0.4 + 1.2 * layered(x * 2.1, y * 2.1, z * 2.1, seed + 261))
    # rafters run up the slope, purlins across it and laths under the tiles
    member = max(stripes(along, RAFTER, RAFTER_WIDTH, pixel), stripes(y, PURLIN, PURLIN_WIDTH, pixel))
    member = max(member, layer(outer, 0.04, 0.1, pixel) * stripes(y, LATH, 0.5 * LATH, pixel))
    rgb = mixed(loft, tinted(wood, SPLIT), max(member, max(layer(outer, 0.04, 0.07, pixel), layer(inner, -1.0, 0.03, pixel))))
    return mixed(rgb, mixed((0.175, 0.133, 0.112), lump[3], COVERED), layer(outer, -1.0, 0.04, pixel))


@nb.njit(cache=True)
def albedo(element, material, face, storey, point, normal, level, outer, inner, lump, pixel, facade, seed):  # type: ignore[no-untyped-def]
    """Return the linear albedo of a rest point with this rest normal. level: metres above the floor, and from floor to floor, and whether floors are
    joists and boards; outer, inner: its depth below the piece's outer (upper) and inner (lower) side, metres; lump: see `materials.torn_off`; pixel: its
    size there in metres."""
    x, y, z = point
    nx, ny, nz = normal
    if face == 0:
        return skin(material, x, y, z, nx, ny, nz, pixel, facade, seed)
    if face == 1:
        if element == SLAB:
            return _floor_section(material, x, y, z, nx, ny, nz, outer, inner, storey, pixel, facade, seed)
        if element in (WALL, PARAPET, PARTITION):
            return _wall_section(material, level, x, y, z, nx, ny, nz, outer, inner, element == PARTITION, lump, pixel, facade, seed)
        if element == ROOF:
            return _roof_section(material, x, y, z, nx, ny, nz, outer, inner, lump, pixel, facade, seed)
        return broken(material, x, y, z, nx, ny, nz, pixel, facade, seed)
    if face == 2:
        return floor(x, y, z, storey, pixel, seed) if ny > 0 else ceiling(material, x, y, z, pixel, facade, seed)
    if element in (ROOF, PARAPET):
        return underside(material, x, y, z, nx, ny, nz, pixel, facade, seed)
    if element == COLUMN:
        return (
            tinted(concrete(x, y, z, pixel, facade, seed) if material == 1 else PLASTER_RGB, 0.9)
            if material != 3
            else timber(y, x, z, pixel, seed)
        )
    if material == 4 or element == WINDOW:
        return glazed(x if abs(nz) > abs(nx) else z, y, pixel, seed)
    if material == 3:
        return tinted(underside(3, x, y, z, nx, ny, nz, pixel, facade, seed), 1.4)
    return room_wall(material, x, y, z, nx, ny, nz, level[0], storey, pixel, facade, seed)
