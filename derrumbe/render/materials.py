"""What a building is made of inside: procedural albedo in rest coordinates at true scale (metres).

Details finer than the pixel fade into their mean, so distant brickwork does not shimmer.
Materials: 0 brick, 1 concrete, 2 stone, 3 timber, 4 glass, 5 roof. Faces: 0 outer, 1 broken, 2 slab, 3 room wall.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from derrumbe.render.noise import cells, chance, layered, value

COURSE, BRICK, JOINT = 0.075, 0.25, 0.011
ROOM = 4.2
SLOT = 1.3
"""Metres of wall for one piece of furniture."""

PAINTS = np.array(
    [
        [0.62, 0.60, 0.55],
        [0.58, 0.52, 0.40],
        [0.50, 0.53, 0.47],
        [0.47, 0.50, 0.52],
        [0.55, 0.46, 0.40],
        [0.66, 0.65, 0.62],
        [0.46, 0.40, 0.34],
    ]
)
FLOORS = np.array([[0.21, 0.20, 0.19], [0.36, 0.31, 0.25], [0.27, 0.18, 0.11], [0.33, 0.32, 0.30], [0.19, 0.19, 0.20]])


@nb.njit(cache=True, inline="always")
def shown(period, pixel):  # type: ignore[no-untyped-def]
    """Return how much of a detail of this period (m) survives a pixel of this size (m), 0..1."""
    return min(max((period / pixel - 1.5) / 2.5, 0.0), 1.0)


@nb.njit(cache=True, inline="always")
def tinted(rgb, factor):  # type: ignore[no-untyped-def]
    return rgb[0] * factor, rgb[1] * factor, rgb[2] * factor


@nb.njit(cache=True, inline="always")
def mixed(a, b, t):  # type: ignore[no-untyped-def]
    return a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t


@nb.njit(cache=True)
def brickwork(x, y, z, nx, ny, nz, pixel, facade, seed):  # type: ignore[no-untyped-def]
    """Courses of 65 mm bricks with 10 mm joints; the core is redder than the weathered face."""
    core = mixed((0.30, 0.135, 0.085), facade, 0.35)
    mortar = mixed((0.40, 0.37, 0.32), facade, 0.25)
    along = x if abs(nz) > abs(nx) else z
    if abs(ny) > 0.75:
        row, along = np.floor(z / 0.12), x
        across = z - row * 0.12
    else:
        row = np.floor(y / COURSE)
        across = y - row * COURSE
    shifted = along + (0.125 if int(row) % 2 else 0.0)
    column = np.floor(shifted / BRICK)
    joint = across < JOINT or shifted - column * BRICK < JOINT
    clear = shown(COURSE, pixel)
    tint = 0.72 + 0.56 * chance(int(column), int(row), 0, seed)
    sharp = mortar if joint else tinted(core, tint)
    flat = mixed(core, mortar, 0.22)
    rgb = mixed(flat, sharp, clear)
    # whole stretches keep their mortar, others broke through the bricks
    smeared = min(max(layered(x * 1.7, y * 1.7, z * 1.7, seed + 5) * 3 - 1.2, 0.0), 1.0)
    return tinted(mixed(rgb, mortar, 0.25 + 0.5 * smeared), 0.72 + 0.56 * layered(x * 5, y * 5, z * 5, seed + 7))


@nb.njit(cache=True)
def concrete(x, y, z, pixel, facade, seed):  # type: ignore[no-untyped-def]
    """Grey paste with aggregate, paler where fresh."""
    base = mixed((0.40, 0.385, 0.355), facade, 0.2)
    border, tint = 0.3, 0.5
    clear = shown(0.05, pixel)
    if clear > 0:
        border, tint = cells(x * 24, y * 24, z * 24, seed)
    stone = (0.75 + 0.6 * tint) if border > 0.12 else 0.85
    rgb = tinted(base, 1 + (stone - 1) * clear)
    return tinted(rgb, 0.66 + 0.68 * layered(x * 3, y * 3, z * 3, seed + 3))


@nb.njit(cache=True)
def rubble(x, y, z, pixel, facade, seed):  # type: ignore[no-untyped-def]
    """Field stones in lime mortar: the core of a stone wall."""
    border, tint = cells(x * 4.5, y * 6, z * 4.5, seed)
    base = mixed((0.42, 0.38, 0.31), facade, 0.55)
    sharp = mixed(tinted(base, 0.62 + 0.6 * tint), (0.48, 0.45, 0.38), 0.8 if border < 0.08 else 0.0)
    rgb = mixed(base, sharp, shown(0.2, pixel))
    return tinted(rgb, 0.7 + 0.6 * layered(x * 7, y * 7, z * 7, seed + 3))


@nb.njit(cache=True)
def timber(x, y, z, pixel, seed):  # type: ignore[no-untyped-def]
    grain = value(x * 3, y * 45, z * 45, seed) * shown(0.025, pixel) + 0.5 * (1 - shown(0.025, pixel))
    return tinted((0.36, 0.235, 0.13), 0.6 + 0.8 * grain)


@nb.njit(cache=True)
def broken(material, x, y, z, nx, ny, nz, pixel, facade, seed):  # type: ignore[no-untyped-def]
    """Return the albedo of a fresh break."""
    stains = 0.62 + 0.76 * layered(x * 0.55, y * 0.55, z * 0.55, seed + 13)
    if material == 0:
        return tinted(brickwork(x, y, z, nx, ny, nz, pixel, facade, seed), stains)
    if material == 2:
        return tinted(rubble(x, y, z, pixel, facade, seed), stains)
    if material == 3:
        return timber(x, y, z, pixel, seed)
    if material == 4:
        return 0.05, 0.075, 0.07
    if material == 5:
        return tinted((0.23, 0.19, 0.16), 0.5 + layered(x * 4, y * 4, z * 4, seed))
    return tinted(concrete(x, y, z, pixel, facade, seed), stains)


@nb.njit(cache=True)
def floor_or_ceiling(x, y, z, ny, storey, pixel, seed):  # type: ignore[no-untyped-def]
    """Return the albedo of a slab: carpet, tiles or boards by room above, stained plaster below."""
    i, k = int(np.floor(x / ROOM)), int(np.floor(z / ROOM))
    dirt = layered(x * 1.3, y, z * 1.3, seed + 31)
    if ny < 0.3:
        return tinted((0.50, 0.485, 0.45), 0.55 + 0.75 * dirt)
    pick = min(int(chance(i, storey, k, seed + 41) * 5), 4)
    rgb = (FLOORS[pick, 0], FLOORS[pick, 1], FLOORS[pick, 2])
    if pick in (1, 3):
        tile = 0.7 if (x % 0.4 < 0.02 or z % 0.4 < 0.02) else 0.9 + 0.2 * chance(int(np.floor(x / 0.4)), 0, int(np.floor(z / 0.4)), seed)
        rgb = tinted(rgb, 1 + (tile - 1) * shown(0.2, pixel))
    elif pick == 2:
        rgb = tinted(rgb, 1 + (0.75 + 0.5 * chance(0, 0, int(np.floor(z / 0.12)), seed) - 1) * shown(0.12, pixel))
    return tinted(rgb, 0.55 + 0.9 * dirt)


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
    elif pick < 0.36:
        top = 0.9 + 1.1 * chance(slot, storey, room, seed + 207)
        if 0.06 < across < 1.22 and height < top:
            shelf = height % 0.38 < 0.035 or abs(across - 0.64) < 0.02
            inside = tinted((0.06, 0.05, 0.045), 1 + 5 * (chance(int(np.floor(along / 0.07)), int(height / 0.38), room, seed) > 0.55))
            return mixed(rgb, tinted((0.27, 0.19, 0.12), tint) if shelf else inside, clear)
    elif pick < 0.48:
        if 0.3 < across < 1.0 and 1.3 < height < 1.85:
            frame = across < 0.35 or across > 0.95 or height < 1.35 or height > 1.8
            return mixed(rgb, (0.07, 0.06, 0.05) if frame else tinted((0.34, 0.33, 0.30), tint), clear)
    elif pick < 0.56 and 0.2 < across < 1.1 and 0.12 < height < 0.72:
        return mixed(rgb, tinted((0.62, 0.61, 0.58), 0.75 if along % 0.08 < 0.03 else 1.0), clear)
    return rgb


@nb.njit(cache=True)
def room_wall(x, y, z, nx, nz, above_floor, storey, pixel, seed):  # type: ignore[no-untyped-def]
    """Return the albedo of a painted or papered wall, scuffed towards the floor."""
    i, k = int(np.floor((x + nx * 0.6) / ROOM)), int(np.floor((z + nz * 0.6) / ROOM))
    pick = min(int(chance(i, storey, k, seed + 53) * 7), 6)
    rgb = (PAINTS[pick, 0], PAINTS[pick, 1], PAINTS[pick, 2])
    along = x if abs(nz) > abs(nx) else z
    if pick in (1, 4):
        stripe = 0.9 if along % 0.3 < 0.15 else 1.05
        rgb = tinted(rgb, 1 + (stripe - 1) * shown(0.3, pixel))
    if above_floor < 0.11:
        rgb = tinted(rgb, 0.5)
    elif above_floor < 1.1 and pick in (2, 3, 6):
        rgb = tinted(rgb, 0.72)
    rgb = furnished(rgb, along, above_floor, i + 7 * k, storey, pixel, seed)
    stains = layered(x * 0.9, y * 0.9, z * 0.9, seed + 61)
    return tinted(rgb, (0.6 + 0.62 * stains) * (0.82 + 0.18 * min(above_floor / 0.8, 1.0)))


@nb.njit(cache=True)
def skin(material, x, y, z, ny, pixel, facade, seed):  # type: ignore[no-untyped-def]
    """Return the albedo of an outer face that the plate never showed."""
    if material == 4:
        return 0.04, 0.05, 0.055
    if material == 5 or ny > 0.7:
        return tinted((0.17, 0.163, 0.155), (0.6 + 0.8 * layered(x, y, z, seed)) * (0.85 + 0.3 * value(x * 13, y * 13, z * 13, seed)))
    return tinted(facade, (0.7 + 0.6 * layered(x * 0.8, y * 0.8, z * 0.8, seed + 71)) * (0.88 + 0.24 * value(x * 9, y * 9, z * 9, seed)))


@nb.njit(cache=True)
def albedo(material, face, storey, point, normal, above_floor, pixel, facade, seed):  # type: ignore[no-untyped-def]
    """Return the linear albedo of a rest point with this rest normal. pixel: its size there in metres."""
    x, y, z = point
    nx, ny, nz = normal
    if face == 1 or material == 3:
        return broken(material, x, y, z, nx, ny, nz, pixel, facade, seed)
    if face == 2:
        return floor_or_ceiling(x, y, z, ny, storey, pixel, seed)
    if face == 3:
        return room_wall(x, y, z, nx, nz, above_floor, storey, pixel, seed)
    return skin(material, x, y, z, ny, pixel, facade, seed)


@nb.njit(cache=True)
def litter(x, y, z, period, rgb, seed):  # type: ignore[no-untyped-def]
    """Return the albedo of small rubble that lies on something: stones and crumbs about `period` metres apart, dark between them."""
    border, tint = cells(x / period, y / period, z / period, seed + 151)
    fine, grain = cells(x * 2.3 / period, y * 2.3 / period, z * 2.3 / period, seed + 157)
    return tinted(rgb, (0.75 + 0.4 * tint) * (0.85 + 0.3 * grain) * (0.6 if border < 0.08 else 1.0) * (0.8 if fine < 0.08 else 1.0))


@nb.njit(cache=True)
def litter_normal(x, y, z, nx, ny, nz, period, seed):  # type: ignore[no-untyped-def]
    """Tilt the normal: every stone lies its own way."""
    _, tint = cells(x / period, y / period, z / period, seed + 151)
    key = int(tint * 65536)
    tx, ty, tz = (chance(key, 1, 0, seed) * 2 - 1), (chance(key, 2, 0, seed) * 2 - 1), (chance(key, 3, 0, seed) * 2 - 1)
    tx, ty, tz = nx + 0.5 * tx, ny + 0.5 * ty, nz + 0.5 * tz
    length = max(np.sqrt(tx * tx + ty * ty + tz * tz), 1e-3)
    return tx / length, ty / length, tz / length


@nb.njit(cache=True)
def roughness_normal(x, y, z, nx, ny, nz, pixel, seed):  # type: ignore[no-untyped-def]
    """Tilt the normal of a torn face by the slope of its unevenness, at two scales."""
    tx, ty, tz = 0.0, 0.0, 0.0
    for scale, strength in ((3.0, 0.75), (11.0, 0.55)):
        keep = strength * shown(1 / scale, pixel)
        if keep > 0:
            tx += keep * (value(x * scale, y * scale, z * scale, seed + 83) * 2 - 1)
            ty += keep * (value(x * scale, y * scale, z * scale, seed + 89) * 2 - 1)
            tz += keep * (value(x * scale, y * scale, z * scale, seed + 97) * 2 - 1)
    inward = tx * nx + ty * ny + tz * nz
    tx, ty, tz = nx + tx - inward * nx, ny + ty - inward * ny, nz + tz - inward * nz
    length = np.sqrt(tx * tx + ty * ty + tz * tz)
    return tx / length, ty / length, tz / length
