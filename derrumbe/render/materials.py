"""What a building is made of: procedural albedo of stuff in rest coordinates at true scale (metres).

Details are averaged over the pixel: stripes and layers exactly, by their box-filtered coverage, so that distant joists and courses neither alias
nor flicker; cells and bricks fade into their mean.
Materials: 0 brick, 1 concrete, 2 stone, 3 timber, 4 glass, 5 roof.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from derrumbe.render.noise import cells, chance, layered, value

COURSE, BRICK, JOINT = 0.075, 0.25, 0.011
ASHLAR, ASHLAR_COURSE = 0.24, 0.32
"""Depth of the dressed stones before a stone wall's core, and height of their courses, metres."""
PLASTER = 0.025
"""Thickness of plaster on the inner side of walls and under ceilings, metres."""
PLASTER_RGB = (0.66, 0.64, 0.59)
PALEST = 0.8
SHEET, BARED = 0.75, (0.6, 0.68)
"""Metres that sheets of metal on a level roof are wide, and the levels of the noise above which they, and the boards under them, are torn off."""
PANE = (0.52, 0.64)
"""Metres that a pane is wide and high."""
HOLES, ALIKE = 0.07, 0.65
"""Share of the lumps of a break of masonry that have fallen out, and up to which they are as most of their piece is."""
BED, SHADED, PERPEND, JOINTED = 0.9, 0.7, 0.5, 0.35
"""How much brighter the bed of a lump of masonry is that juts out all the way over the one above it, how much darker one is that lies under it, the joint
beside it as far as it juts out, and any joint."""
TONES = (0.68, 1.3)
"""How bright lumps of masonry are, least and most, of their mean: no two stones are of one bed, no two bricks of one place in the kiln."""
JOINT_SHARE = 0.1
"""Share of a lump's sides that its joints take."""
OF_FACE = 0.18
"""Share of the façade's hue in what is under it: clays and sands of the place. With more of it, brick, mortar and concrete are one brown."""


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


@nb.njit(cache=True, inline="always")
def layer(at, low, high, pixel):  # type: ignore[no-untyped-def]
    """Return the share of a pixel (m) centred on `at` that lies between low and high, all in metres along one axis."""
    return max(min(at + 0.5 * pixel, high) - max(at - 0.5 * pixel, low), 0.0) / pixel


@nb.njit(cache=True, inline="always")
def _filled(at, period, width):  # type: ignore[no-untyped-def]
    whole = np.floor(at / period)
    return whole * width + min(at - whole * period, width)


@nb.njit(cache=True, inline="always")
def stripes(at, period, width, pixel):  # type: ignore[no-untyped-def]
    """Return the share of a pixel (m) centred on `at` that stripes cover: `width` wide, one each `period`, from 0 on."""
    return (_filled(at + 0.5 * pixel, period, width) - _filled(at - 0.5 * pixel, period, width)) / pixel


@nb.njit(cache=True)
def brickwork(x, y, z, nx, ny, nz, pixel, facade, seed):  # type: ignore[no-untyped-def]
    """Courses of 65 mm bricks with 10 mm joints; the core is redder than the weathered face."""
    core = mixed((0.36, 0.14, 0.08), facade, OF_FACE)
    mortar = mixed((0.48, 0.46, 0.42), facade, 0.5 * OF_FACE)
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
    tint = 0.6 + 0.8 * chance(int(column), int(row), 0, seed)
    sharp = mortar if joint else tinted(core, tint)
    flat = mixed(core, mortar, 0.22)
    rgb = mixed(flat, sharp, clear)
    # whole stretches keep their mortar, others broke through the bricks: as large as pieces are, so that these tell from each other
    smeared = min(max(layered(x * 0.7, y * 0.7, z * 0.7, seed + 5) * 6 - 2.6, 0.0), 1.0)
    return tinted(mixed(rgb, mortar, 0.05 + 0.75 * smeared), 0.66 + 0.68 * layered(x * 5, y * 5, z * 5, seed + 7))


@nb.njit(cache=True)
def concrete(x, y, z, pixel, facade, seed):  # type: ignore[no-untyped-def]
    """Grey paste with aggregate, paler where fresh."""
    base = mixed((0.54, 0.53, 0.505), facade, 0.3 * OF_FACE)
    border, tint = 0.3, 0.5
    clear = shown(0.05, pixel)
    if clear > 0:
        border, tint = cells(x * 24, y * 24, z * 24, seed)
    stone = (0.75 + 0.6 * tint) if border > 0.12 else 0.85
    rgb = tinted(base, 1 + (stone - 1) * clear)
    return tinted(rgb, 0.6 + 0.8 * layered(x * 3, y * 3, z * 3, seed + 3))


@nb.njit(cache=True)
def rubble(x, y, z, pixel, facade, seed):  # type: ignore[no-untyped-def]
    """Field stones in lime mortar: the core of a stone wall, patched with brick here and there."""
    border, tint = cells(x * 4.5, y * 6, z * 4.5, seed)
    base = mixed((0.50, 0.45, 0.37), facade, OF_FACE)
    patched = min(max(7 * (layered(x * 0.22, y * 0.22, z * 0.22, seed + 9) - 0.53), 0.0), 0.45)
    base = mixed(base, mixed((0.34, 0.16, 0.105), facade, 0.3), patched)
    sharp = mixed(tinted(base, 0.5 + 0.85 * tint), (0.50, 0.47, 0.40), 0.8 if border < 0.08 else 0.0)
    rgb = mixed(base, sharp, shown(0.2, pixel))
    return tinted(rgb, 0.66 + 0.68 * layered(x * 7, y * 7, z * 7, seed + 3))


@nb.njit(cache=True)
def ashlar(x, y, z, nx, ny, nz, pixel, facade, seed):  # type: ignore[no-untyped-def]
    """Dressed stones in courses, paler inside than their weathered face, each of its own bed."""
    along = x if abs(nz) > abs(nx) else z
    row = int(np.floor(y / ASHLAR_COURSE))
    column = int(np.floor(along / 0.55 + 0.5 * chance(row, 3, 0, seed)))
    tint = 0.78 + 0.44 * chance(column, row, 1, seed)
    rgb = tinted(mixed((0.52, 0.49, 0.43), facade, 0.55), 1 + (tint - 1) * shown(ASHLAR_COURSE, pixel))
    rgb = tinted(rgb, 0.75 + 0.5 * layered(x * 4, y * 4, z * 4, seed + 3))
    return tinted(rgb, 1 - 0.45 * stripes(y, ASHLAR_COURSE, 0.015, pixel))


@nb.njit(cache=True)
def timber(x, y, z, pixel, seed):  # type: ignore[no-untyped-def]
    """Old wood: grain along x, splintered pale where it is fresh."""
    clear = shown(0.025, pixel)
    grain = value(x * 3, y * 45, z * 45, seed) * clear + 0.5 * (1 - clear)
    fresh = min(max(3 * layered(x * 1.9, y * 1.9, z * 1.9, seed + 19) - 1.2, 0.0), 1.0)
    return tinted(mixed((0.20, 0.155, 0.115), (0.42, 0.34, 0.25), fresh), 0.6 + 0.8 * grain)


@nb.njit(cache=True)
def glazed(along, y, pixel, seed):  # type: ignore[no-untyped-def]
    """Return the albedo of a window that the plate never showed: painted sashes with glazing bars, some panes dark, some dusty, some gone."""
    own = chance(int(np.floor(along / PANE[0])), int(np.floor(y / PANE[1])), 3, seed + 251)
    pane = mixed((0.07, 0.08, 0.077), (0.02, 0.021, 0.021) if own < 0.4 else tinted((0.10, 0.115, 0.11), 0.4 + own), shown(PANE[0], pixel))
    bars = max(stripes(along, PANE[0], 0.06, pixel), stripes(y, PANE[1], 0.06, pixel))
    return mixed(pane, tinted((0.50, 0.48, 0.43), 0.7 + 0.6 * layered(along, y, 0.5, seed + 253)), bars)


@nb.njit(cache=True)
def broken(material, x, y, z, nx, ny, nz, pixel, facade, seed):  # type: ignore[no-untyped-def]
    """Return the albedo of a fresh break through one material."""
    stains = 0.58 + 0.84 * layered(x * 0.55, y * 0.55, z * 0.55, seed + 13)
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
def sheeting(x, y, z, pixel, seed):  # type: ignore[no-untyped-def]
    """Return the albedo of a level roof: sheets of lead or zinc with standing seams, no two weathered alike, torn off their boards in patches, with holes
    between rafters where boards have gone too."""
    column = int(np.floor(x / SHEET))
    row = int(np.floor(z / (3.2 * SHEET) + chance(column, 3, 0, seed + 241)))
    clear = shown(SHEET, pixel)
    own = 1 + (0.7 * chance(column, row, 0, seed + 243) - 0.35) * clear
    seams = max(stripes(x, SHEET, 0.07, pixel), 0.6 * stripes(z + 3.2 * SHEET * chance(column, 3, 0, seed + 241), 3.2 * SHEET, 0.07, pixel))
    metal = tinted((0.20, 0.205, 0.21), own * (0.75 + 0.5 * layered(x, y, z, seed)) * (1 + 0.7 * seams))
    lost = layered(x * 0.55, y * 0.55, z * 0.55, seed + 245) + 0.12 * (0.5 + (chance(column, row, 1, seed + 247) - 0.5) * clear)
    edge = max(0.3 / pixel, 4.0)
    boards = tinted((0.27, 0.21, 0.15), 1 + (0.6 * chance(int(np.floor(z / 0.22)), column, 5, seed) - 0.3) * shown(0.22, pixel))
    boards = tinted(boards, 1 - 0.8 * stripes(z, 0.22, 0.03, pixel))
    open_to = mixed((0.035, 0.03, 0.026), (0.36, 0.285, 0.20), stripes(x, 0.62, 0.14, pixel))
    rgb = mixed(metal, boards, min(max((lost - BARED[0]) * edge, 0.0), 1.0))
    return mixed(rgb, open_to, min(max((lost - BARED[1]) * edge, 0.0), 1.0))


@nb.njit(cache=True)
def skin(material, x, y, z, nx, ny, nz, pixel, facade, seed):  # type: ignore[no-untyped-def]
    """Return the albedo of an outer face that the plate never showed."""
    if material == 4:
        return glazed(x if abs(nz) > abs(nx) else z, y, pixel, seed)
    if ny > 0.9:
        return sheeting(x, y, z, pixel, seed)
    if material == 5 or ny > 0.7:
        return tinted((0.17, 0.163, 0.155), (0.6 + 0.8 * layered(x, y, z, seed)) * (0.85 + 0.3 * value(x * 13, y * 13, z * 13, seed)))
    return tinted(facade, (0.7 + 0.6 * layered(x * 0.8, y * 0.8, z * 0.8, seed + 71)) * (0.88 + 0.24 * value(x * 9, y * 9, z * 9, seed)))


@nb.njit(cache=True)
def detail(x, y, z, pixel, amount, seed):  # type: ignore[no-untyped-def]
    """Return a factor about 1: roughness of weathered stuff, for faces that the plate showed too edge-on to know them well."""
    coarse, fine = value(x * 5, y * 5, z * 5, seed + 171) - 0.5, value(x * 17, y * 17, z * 17, seed + 173) - 0.5
    return 1 + amount * (0.3 * shown(0.2, pixel) * coarse + 0.6 * shown(0.06, pixel) * fine)


@nb.njit(cache=True)
def litter(x, y, z, period, rgb, border, tint, variety, seed):  # type: ignore[no-untyped-def]
    """Return the albedo of small rubble that lies on something: stones `period` metres apart with crumbs among them, dark between them.

    border, tint: of the stone here (`noise.cells`); variety: 0 for one stuff, 1 for plaster, brick and wood among it."""
    fine, grain = cells(x * 2.3 / period, y * 2.3 / period, z * 2.3 / period, seed + 157)
    if tint < 0.16:
        rgb = mixed(rgb, PLASTER_RGB, 0.7 * variety)
    elif tint < 0.3:
        rgb = mixed(rgb, (0.31, 0.145, 0.09), 0.5 * variety)
    elif tint < 0.36:
        rgb = mixed(rgb, (0.12, 0.085, 0.055), 0.7 * variety)
    shade = 1 + (0.4 + 0.6 * variety) * ((0.7 + 0.5 * grain) * lumpy(border, tint, seed) - 1)
    return tinted(rgb, shade * (1 - 0.2 * (0.5 + 0.5 * variety) * (fine < 0.08)))


@nb.njit(cache=True, inline="always")
def lumpy(border, tint, seed):  # type: ignore[no-untyped-def]
    """Return how bright a stone or a lump of a break is, about 1, darker at its border."""
    return (0.85 + 0.3 * chance(int(tint * 65536), 5, 0, seed)) * (0.6 if border < 0.08 else 1.0)


@nb.njit(cache=True)
def toothed(along, y, long, high, seed):  # type: ignore[no-untyped-def]
    """Return how bright a toothed break of masonry is here, about 1, and the number in [0, 1) of the lump of it, `long` and `high` metres, with its
    own course and bond. Lumps jut out by chance: one under another that juts out further lies in its shade, one over another catches light on its bed.
    """
    along += 0.35 * long * (2 * value(along / (3 * long), y / (3 * high), 0.5, seed + 231) - 1)
    y += 0.35 * high * (2 * value(along / (2 * long), y / (4 * high), 1.5, seed + 233) - 1)
    row = int(np.floor(y / high))
    column, own = _lump(along, row, long, seed)
    _, over = _lump(along, row + 1, long, seed)
    up, across = y / high - row, along / long + chance(row, 7, 0, seed + 235) - column
    step = own - over
    top = min(max((up - 0.55) / 0.3, 0.0), 1.0)
    bright = 1 + (BED * step if step > 0 else SHADED * step) * top
    number = chance(column, row, 11, seed + 237)
    bright *= TONES[0] + (TONES[1] - TONES[0]) * chance(int(number * 65536), 15, 0, seed)
    # the joint beside it, as deep as it juts out, and the one under it
    dark = max((JOINTED + PERPEND * own) * (across < JOINT_SHARE), JOINTED * (up < JOINT_SHARE))
    return bright * (1 - dark), number


@nb.njit(cache=True, inline="always")
def _lump(along, row, long, seed):  # type: ignore[no-untyped-def]
    """Return the number of the lump at `along` (m) in a row, and how far it juts out, 0..1."""
    column = int(np.floor(along / long + chance(row, 7, 0, seed + 235)))
    return column, chance(column, row, 9, seed + 239)


@nb.njit(cache=True)
def torn_off(rgb, material, lump, seed):  # type: ignore[no-untyped-def]
    """Return the albedo of a break of masonry or concrete whose mean colour is rgb. lump: how bright concrete is there, two numbers in [0, 1), of
    the lump, below 0 for none, and of its piece, and the colour of the wall's face: most lumps of a piece, and not of the next, hold mortar or
    plaster, or bits of the face, or broke through; some fell out and left a hole.
    """
    bright, number, own, face = lump
    if number < 0:
        return tinted(rgb, bright)
    pick = chance(int(number * 65536), 13, 0, seed)
    if pick < HOLES:
        return tinted(rgb, 0.2)
    if pick < ALIKE:
        pick = own
    if pick < 0.24:
        on = (0.55, 0.515, 0.45)
    elif pick < 0.36:
        on = PLASTER_RGB
    elif pick < 0.54:
        on = face
    elif pick < 0.80:
        on = (0.50, 0.215, 0.115) if material == 0 else (0.50, 0.44, 0.34)
    else:
        on = rgb
    # what is uneven under it stays so, and nothing is paler than fresh plaster
    red, green, blue = mixed(rgb, on, 0.6)
    return min(red, PALEST), min(green, PALEST), min(blue, PALEST)


@nb.njit(cache=True)
def tilted(nx, ny, nz, tint, seed):  # type: ignore[no-untyped-def]
    """Tilt the normal: every stone, and every lump of a break, lies its own way."""
    key = int(tint * 65536)
    tx, ty, tz = (chance(key, 1, 0, seed) * 2 - 1), (chance(key, 2, 0, seed) * 2 - 1), (chance(key, 3, 0, seed) * 2 - 1)
    tx, ty, tz = nx + 0.5 * tx, ny + 0.5 * ty, nz + 0.5 * tz
    length = max(np.sqrt(tx * tx + ty * ty + tz * tz), 1e-3)
    return tx / length, ty / length, tz / length


@nb.njit(cache=True)
def roughness_normal(x, y, z, nx, ny, nz, pixel, amount, seed):  # type: ignore[no-untyped-def]
    """Tilt the normal of a torn face by the slope of its unevenness, at two scales, 1 times or less."""
    tx, ty, tz = 0.0, 0.0, 0.0
    for scale, strength in ((3.0, 0.75), (11.0, 0.55)):
        keep = amount * strength * shown(1 / scale, pixel)
        if keep > 0:
            tx += keep * (value(x * scale, y * scale, z * scale, seed + 83) * 2 - 1)
            ty += keep * (value(x * scale, y * scale, z * scale, seed + 89) * 2 - 1)
            tz += keep * (value(x * scale, y * scale, z * scale, seed + 97) * 2 - 1)
    inward = tx * nx + ty * ny + tz * nz
    tx, ty, tz = nx + tx - inward * nx, ny + ty - inward * ny, nz + tz - inward * nz
    length = np.sqrt(tx * tx + ty * ty + tz * tz)
    return tx / length, ty / length, tz / length
