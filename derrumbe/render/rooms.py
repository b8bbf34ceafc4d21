"""What rooms show: floors, ceilings, papered walls with what stands before them, and the framing under a roof. True scale, rest coordinates."""

from __future__ import annotations

import numba as nb
import numpy as np

from derrumbe.render.materials import PLASTER_RGB, brickwork, concrete, layer, mixed, rubble, shown, stripes, tinted
from derrumbe.render.noise import chance, layered

ROOM = 4.2
SLOT = 1.3
"""Metres of wall for one piece of furniture."""
RAFTER, RAFTER_WIDTH = 0.62, 0.12
PURLIN, PURLIN_WIDTH = 2.1, 0.20
BOARD, GAP = 0.16, 0.014
JOIST, JOIST_WIDTH = 0.45, 0.09
"""Metres between the members of roofs and floors, and how wide they are: EN 1995 leaves 0.4 to 0.8 m between rafters."""
RIB, RIB_WIDTH = 1.9, 0.26
"""The same of ribs and rings under domes of stone and concrete."""
SUNK = 0.6
"""Light on what lies between the members, of that on their faces: they stand out by a hand's breadth and shade it."""
BARE = 0.57
"""Level of the noise above which plaster has come off."""

NEUTRAL = 0.5
"""Share of rooms that are painted white or cream."""
PAINTS = np.array(
    [
        [0.70, 0.68, 0.63],
        [0.64, 0.53, 0.31],
        [0.36, 0.50, 0.40],
        [0.34, 0.46, 0.56],
        [0.62, 0.41, 0.37],
        [0.76, 0.75, 0.72],
        [0.40, 0.25, 0.18],
        [0.57, 0.56, 0.38],
    ]
)
"""As paint on plaster is, seen by itself: white reflects three quarters, and half of the rooms have a hue that is told from the street."""
FLOORS = np.array([[0.21, 0.20, 0.19], [0.36, 0.31, 0.25], [0.27, 0.18, 0.11], [0.33, 0.32, 0.30], [0.24, 0.10, 0.085]])


@nb.njit(cache=True)
def covering(x, z, storey, pixel, seed):  # type: ignore[no-untyped-def]
    """Return the albedo of what lies on a floor: carpet, tiles or boards by room."""
    i, k = int(np.floor(x / ROOM)), int(np.floor(z / ROOM))
    pick = min(int(chance(i, storey, k, seed + 41) * 5), 4)
    rgb = (FLOORS[pick, 0], FLOORS[pick, 1], FLOORS[pick, 2])
    if pick in (1, 3):
        own = 0.85 + 0.3 * chance(int(np.floor(x / 0.4)), 0, int(np.floor(z / 0.4)), seed)
        joints = max(stripes(x, 0.4, 0.02, pixel), stripes(z, 0.4, 0.02, pixel))
        return tinted(rgb, (1 + (own - 1) * shown(0.4, pixel)) * (1 - 0.4 * joints))
    if pick == 2:
        own = 0.75 + 0.5 * chance(0, 0, int(np.floor(z / 0.12)), seed)
        return tinted(rgb, (1 + (own - 1) * shown(0.12, pixel)) * (1 - 0.5 * stripes(z, 0.12, 0.008, pixel)))
    return rgb


@nb.njit(cache=True)
def floor(x, y, z, storey, pixel, seed):  # type: ignore[no-untyped-def]
    """Return the albedo of the upper side of a slab."""
    return tinted(covering(x, z, storey, pixel, seed), 0.5 + 1.0 * layered(x * 1.3, y, z * 1.3, seed + 31))


@nb.njit(cache=True)
def framing(across, along, pixel, timber):  # type: ignore[no-untyped-def]
    """Return the albedo of boards between members `across` which one is counted; timber: albedo of the members."""
    member = stripes(across, JOIST, JOIST_WIDTH, pixel)
    boards = tinted(timber, SUNK * (1 - 0.6 * stripes(along, BOARD, GAP, pixel)))
    return mixed(boards, timber, member)


@nb.njit(cache=True)
def ceiling(material, x, y, z, pixel, facade, seed):  # type: ignore[no-untyped-def]
    """Return the albedo of the underside of a slab: plaster, where it has come off joists and boards, or concrete with its formwork's marks."""
    dirt = layered(x * 1.3, y, z * 1.3, seed + 31)
    plaster = tinted(PLASTER_RGB, 0.6 + 0.7 * dirt)
    if material == 3:
        bare = framing(x, z, pixel, (0.27, 0.18, 0.11))
    else:
        bare = tinted(concrete(x, y, z, pixel, facade, seed), 0.7 * (1 - 0.35 * stripes(x, 0.5, 0.03, pixel)))
    off = min(max((layered(x * 0.6, y, z * 0.6, seed + 37) - BARE + 0.16) * max(0.15 / pixel, 3.0), 0.0), 1.0)
    # beams under the slab: their faces are pale, the corners beside them dark
    beam = stripes(z, 3.4, 0.35, pixel)
    shade = layer(z - 3.4 * np.floor(z / 3.4), 0.35, 0.6, pixel)
    return tinted(mixed(plaster, bare, off * (1 - beam)), (1 - 0.4 * shade) * (1 + 0.12 * beam))


@nb.njit(cache=True)
def underside(material, x, y, z, nx, ny, nz, pixel, facade, seed):  # type: ignore[no-untyped-def]
    """Return the albedo of the inner side of a roof or of a wall under it: rafters, purlins and boards; ribs and rings of a dome."""
    level = np.sqrt(nx * nx + nz * nz)
    # across: level, along the face; along: up the face
    hx, hz = (nz / level, -nx / level) if level > 0.05 else (1.0, 0.0)
    across, along = x * hx + z * hz, y / max(level, 0.3) if level > 0.3 else z
    dirt = 0.55 + 0.9 * layered(x * 1.1, y * 1.1, z * 1.1, seed + 47)
    if material == 3 or material == 5:
        member = stripes(across, RAFTER, RAFTER_WIDTH, pixel)
        shade = stripes(across - RAFTER_WIDTH, RAFTER, 0.12, pixel)
        own = 0.7 + 0.6 * chance(int(np.floor(along / BOARD)), 3, 0, seed)
        board = tinted((0.29, 0.25, 0.205), SUNK * (1 + (own - 1) * shown(BOARD, pixel)) * (1 - 0.7 * stripes(along, BOARD, GAP, pixel)))
        rgb = mixed(tinted(board, 1 - 0.5 * shade), (0.43, 0.375, 0.305), member)
        return tinted(mixed(rgb, (0.45, 0.39, 0.315), stripes(along, PURLIN, PURLIN_WIDTH, pixel)), dirt)
    if abs(ny) < 0.35 and material == 0:
        return tinted(brickwork(x, y, z, nx, ny, nz, pixel, facade, seed), 0.8 * dirt)
    if abs(ny) < 0.12 and material == 2:
        return tinted(rubble(x, y, z, pixel, facade, seed), 0.8 * dirt)
    rib = max(stripes(across, RIB, RIB_WIDTH, pixel), stripes(along, RIB, RIB_WIDTH, pixel))
    shade = max(stripes(across - RIB_WIDTH, RIB, 0.2, pixel), stripes(along - RIB_WIDTH, RIB, 0.2, pixel))
    return tinted(mixed(tinted(PLASTER_RGB, 0.62 - 0.3 * shade), tinted(PLASTER_RGB, 0.95), rib), dirt)


@nb.njit(cache=True)
def furnished(rgb, along, height, room, storey, pixel, seed):  # type: ignore[no-untyped-def]
    """Return a wall's colour with what stands and hangs before it: doors, cupboards with their shelves, pictures, a radiator."""
    slot = int(np.floor(along / SLOT))
    across, pick = along - slot * SLOT, chance(slot, storey, room, seed + 201)
    tint = 0.5 + chance(slot, storey, room, seed + 203)
    clear = shown(0.6, pixel)
    if pick < 0.16:
        if 0.15 < across < 1.02 and height < 2.05:
            edge = across < 0.21 or across > 0.96 or height > 1.99
            return mixed(rgb, tinted((0.30, 0.235, 0.17), tint) if edge else tinted((0.22, 0.15, 0.09), tint), clear)
    elif pick < 0.22:
        # a door that stands open: a dark room behind
        if 0.15 < across < 1.02 and height < 2.05:
            edge = across < 0.21 or across > 0.96 or height > 1.99
            return mixed(rgb, tinted((0.30, 0.235, 0.17), tint) if edge else (0.015, 0.014, 0.013), clear)
    elif pick < 0.40:
        top = 0.9 + 1.1 * chance(slot, storey, room, seed + 207)
        if 0.06 < across < 1.22 and height < top:
            shelf = height % 0.38 < 0.035 or abs(across - 0.64) < 0.02
            inside = tinted((0.06, 0.05, 0.045), 1 + 5 * (chance(int(np.floor(along / 0.07)), int(height / 0.38), room, seed) > 0.55))
            return mixed(rgb, tinted((0.27, 0.19, 0.12), tint) if shelf else inside, clear)
    elif pick < 0.50:
        if 0.3 < across < 1.0 and 1.3 < height < 1.85:
            frame = across < 0.35 or across > 0.95 or height < 1.35 or height > 1.8
            return mixed(rgb, (0.07, 0.06, 0.05) if frame else tinted((0.34, 0.33, 0.30), tint), clear)
    elif pick < 0.57 and 0.2 < across < 1.1 and 0.12 < height < 0.72:
        return mixed(rgb, tinted((0.62, 0.61, 0.58), 0.75 if along % 0.08 < 0.03 else 1.0), clear)
    return rgb


@nb.njit(cache=True, inline="always")
def _paint(number):  # type: ignore[no-untyped-def]
    """Return which of PAINTS a room has, by its number in [0, 1): NEUTRAL of them, and a few others, are white or cream."""
    if number < NEUTRAL:
        return 0 if number < 0.4 * NEUTRAL else 5 if number < 0.7 * NEUTRAL else 1
    return min(int((number - NEUTRAL) / (1 - NEUTRAL) * 8), 7)


@nb.njit(cache=True, inline="always")
def painted(number, shade):  # type: ignore[no-untyped-def]
    """Return the albedo of the paint of a room with this number in [0, 1), times `shade`."""
    pick = _paint(number)
    return PAINTS[pick, 0] * shade, PAINTS[pick, 1] * shade, PAINTS[pick, 2] * shade


@nb.njit(cache=True)
def _papered(pick, along, above_floor, pixel):  # type: ignore[no-untyped-def]
    """Return a painted or papered wall, with its skirting and what is painted or tiled darker below."""
    rgb = (PAINTS[pick, 0], PAINTS[pick, 1], PAINTS[pick, 2])
    if pick in (1, 4, 7):
        rgb = tinted(rgb, 1.06 - 0.16 * stripes(along, 0.3, 0.15, pixel))
    if pick == 5 and above_floor < 1.6:
        tiles = max(stripes(along, 0.2, 0.012, pixel), stripes(above_floor, 0.2, 0.012, pixel))
        rgb = tinted((0.60, 0.63, 0.62), 1 - 0.4 * tiles)
    low = layer(above_floor, 0.11, 1.1, pixel) if pick in (2, 3, 6) else 0.0
    return tinted(rgb, 1 - 0.3 * low - 0.5 * layer(above_floor, 0.0, 0.11, pixel))


@nb.njit(cache=True)
def room_wall(material, x, y, z, nx, ny, nz, above_floor, storey, pixel, facade, seed):  # type: ignore[no-untyped-def]
    """Return the albedo of a room's wall: paint, tiles or paper by room, scuffed below, in patches fallen off the bricks or stones."""
    i, k = int(np.floor((x + nx * 0.6) / ROOM)), int(np.floor((z + nz * 0.6) / ROOM))
    along = x if abs(nz) > abs(nx) else z
    pick = _paint(chance(i, storey, k, seed + 53))
    rgb = furnished(_papered(pick, along, above_floor, pixel), along, above_floor, i + 7 * k, storey, pixel, seed)
    off = min(max((layered(x * 0.8, y * 0.8, z * 0.8, seed + 67) - BARE) * max(0.15 / pixel, 4.0), 0.0), 1.0)
    if off > 0 and material != 3:
        bare = brickwork(x, y, z, nx, ny, nz, pixel, facade, seed) if material != 2 else rubble(x, y, z, pixel, facade, seed)
        rgb = mixed(rgb, bare, off)
    stains = layered(x * 0.9, y * 0.9, z * 0.9, seed + 61)
    return tinted(rgb, (0.6 + 0.62 * stains) * (0.82 + 0.18 * min(max(above_floor, 0.0) / 0.8, 1.0)))
