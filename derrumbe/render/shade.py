"""Colour of new samples, with light kept apart: a sample shows reflect * light + glint.

Outer faces that the plate showed wear it: reflect = plate / typical light, and their light is typical * new / old. So they are relit by the
ratio of new to old shading, and `reflect * light` gives the plate back while nothing has changed, whichever samples of a pixel gather light.
All other faces take procedural materials.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np

from derrumbe.render.gaps import Gaps, daylight
from derrumbe.render.materials import broken, detail, litter, lumpy, mixed, roughness_normal, tilted, tinted, toothed
from derrumbe.render.noise import cells, chance, layered
from derrumbe.render.panes import TURNED
from derrumbe.render.rooms import painted
from derrumbe.render.scene import Scene
from derrumbe.render.sections import COLUMN, RUBBLE, SLAB, STONE, WINDOW, albedo, below
from derrumbe.render.spalls import Spalls, spalled
from derrumbe.render.surface import Samples
from derrumbe.render.texture import sample as picture_at

DUST_COVER = 0.9
"""Most of a face that dust hides."""
BESIDE, ABOVE = 0.16, 0.62
"""Share of sides that stand, and of those that look up, that dust hides when it has come down: enough to tie a pile together, not to hide
what each piece is."""
POWDER, GROUND = 0.12, 0.3
"""Share of a fresh break that its own powder hides, and of one through masonry or concrete: what breaks there is ground as it parts."""
FINE_ENOUGH = 1.7
"""Pixels up to which a pixel of the plate may be drawn out before made-up roughness helps it."""
LITTER, LITTER_PIXELS = 0.17, 2.6
"""Metres between the small stones that lie on what has come down, and pixels at least, so that they are seen as stones."""
CLUMP, CLUMP_PIXELS = 0.34, 3.2
"""Metres, and pixels at least, between the lumps that masonry and concrete break in: breaks are uneven at every scale that is seen."""
LONG, UPRIGHT = 1.7, 0.75
"""How much longer than high lumps of masonry are, and how far a break looks up or down at most for its courses to be seen."""
OF_BLOCKS = 0.4
"""How uneven blocks are beside breaks that hold none."""
CONCRETE, TIMBER = 1, 3
BROKEN = 1
LEVELS = 97
"""More than there are storeys: what tells the levels of one storey from other storeys."""
HEAPED = 0.3
"""How much sooner small rubble lies in heaps where all that is around came down later than where nothing did."""
LEVEL = (0.62, 0.88)
"""How far up a side looks from which on small rubble stays on it, and all of it does: it slides off at 37 degrees."""
COVERED = 0.7
"""How far up a face looks from which on it is a roof: felt and shingles tear, they don't come off in flakes as plaster and bricks do."""
PALEST = 0.85
"""Albedo of the palest paint."""
LOST, AT_ONCE = 0.45, 8.0
"""Share of rooms' walls and floors that has lost its skin when a piece has come down; how much sooner than dust has settled."""
SAME, FRESH = 0.6, 1.15
"""How far what is under a face has its colour, and how much paler it is: it hasn't weathered."""
UNLIKE = (0.55, 1.4)
"""How dark and how pale the breaks of pieces of one stuff are: of other storeys, other mortar, other age."""
ALIKE = 0.3
"""How much of that floors have: their edges are lines that run through a building, pale between dark rooms."""
SIDED = 0.2
"""Share of the sides of blocks that still wear what covered the wall: plaster, paint or dirt."""
BORROWED = 0.75
"""How far faces that the plate never showed take the colour that it shows before them."""


@dataclass(frozen=True, eq=False)
class Look:
    """Colours of a shot: typical old light of the façade (3,), its albedo and that of settled dust (3,), old light per triangle (T,3), seed."""

    typical: np.ndarray
    facade: np.ndarray
    dust: np.ndarray
    old_light: np.ndarray
    seed: int


@dataclass(frozen=True, eq=False)
class Shading:
    """Per sample: reflect (n,3); old (n,3) light at rest, 0 for procedural faces; change (n,) 0..1, how much of the new light counts;
    normal (n,3) unit, with the unevenness of torn faces. All float32."""

    reflect: np.ndarray
    old: np.ndarray
    change: np.ndarray
    normal: np.ndarray


def shade(
    scene: Scene,
    look: Look,
    samples: Samples,
    age: np.ndarray,
    change: np.ndarray,
    settled: np.ndarray,
    turn: np.ndarray,
    trigger_age: float,
    gaps: Gaps,
    spalls: Spalls,
) -> Shading:
    """Return the shading of `samples`.

    age (N,): seconds since each piece was released, negative before; change (N,): 0 for a piece that has barely moved, 1 for one that has;
    settled (N,): how far dust has come down on it, 0..1; turn (N,3,3) rotations; trigger_age: seconds since the first release; gaps: how far
    joints gape; spalls: where their rims come off.
    """
    count = len(samples.pixel)
    out = Shading(np.empty((count, 3), np.float32), np.empty((count, 3), np.float32), np.empty(count, np.float32), samples.normal.copy())
    _shade(
        samples.triangle, samples.rest, samples.uv, samples.size, samples.worn, samples.coarse, samples.second, scene.piece, scene.face, scene.normal,
        scene.material, joisted(scene), scene.element, scene.storey, scene.floor, scene.level, scene.upper, scene.lower, scene.texture, scene.dull, scene.dulls,
        scene.window.x0, scene.window.y0,
        look.typical, look.facade, look.dust, look.old_light, look.seed, age, change, settled, turn, trigger_age, scene.buried,
        max(LITTER, LITTER_PIXELS * scene.pixel), max(CLUMP, CLUMP_PIXELS * scene.pixel),
        gaps.start, gaps.place, gaps.gape, gaps.of_bond, spalls.bond, spalls.away, spalls.reach, spalls.opens, out.reflect, out.old, out.change, out.normal,
    )  # fmt: skip
    return out


def joisted(scene: Scene) -> bool:
    """Return whether floors are joists and boards."""
    floors = scene.material[scene.element == SLAB]
    return bool(len(floors)) and bool((floors == TIMBER).mean() > 0.5)


def relit(old: np.ndarray, change: np.ndarray, light: np.ndarray, typical: np.ndarray, reflect: np.ndarray) -> np.ndarray:
    """Return the light (n,3) that counts: on faces that wear the plate, typical (3,) times the ratio of new to old, which stays within 0.15
    to 3 and is 1 at first (change (n,) 0..1); elsewhere the light itself. None gets brighter than the plate, unless the palest paint in its
    new light would be: reflect (n,3) is what is worn, over typical."""
    worn = old[:, :1] > 0
    ratio = np.clip(light / np.where(worn, old, 1), 0.15, 3)
    palest = np.max(PALEST * light / np.maximum(reflect * typical, 1e-6), axis=1, keepdims=True)
    ratio *= np.minimum(1, np.maximum(palest, 1) / np.maximum(ratio.max(axis=1, keepdims=True), 1e-6))
    return np.where(worn, typical * (1 + change[:, None] * (ratio - 1)), light).astype(np.float32)


@nb.njit(cache=True, inline="always")
def _eased(low, high, x):  # type: ignore[no-untyped-def]
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)


@nb.njit(cache=True)
def _coat(p, x, y, z, up, age, change, settled, trigger_age, seed):  # type: ignore[no-untyped-def]
    """Share of a face of piece p that dust covers: a little sticks in the air, most comes down on what has landed, thickest on what faces up;
    what came to lie first has most."""
    flying = 0.14 * _eased(0.3, 2.5, age) * change if age > 0 else 0.3 * _eased(0.5, 5.0, trigger_age)
    aloft = flying * (0.4 + 0.6 * max(up, 0.0))
    lying = settled * (BESIDE + (ABOVE - BESIDE) * _eased(-0.3, 0.75, up)) * (0.5 + chance(p, 23, 0, seed))
    patches = 0.25 + 0.8 * layered(x * 1.1, y * 1.1, z * 1.1, seed + 101) + 0.7 * layered(x * 4.3, y * 4.3, z * 4.3, seed + 103)
    return min(max(aloft, lying) * patches, DUST_COVER)


@nb.njit(cache=True, inline="always")
def _littered(x, y, z, up, settled, buried, period, seed):  # type: ignore[no-untyped-def]
    """Share of a face that small rubble covers: on what looks up, in heaps, few where little has come down later."""
    if settled < 0.02 or up < LEVEL[0]:
        return 0.0
    heaps = layered(x / (7 * period), y / (7 * period), z / (7 * period), seed + 131)
    return _eased(LEVEL[0], LEVEL[1], up) * _eased(0.5, 0.62, heaps + 0.12 * settled + HEAPED * (buried - 0.5)) * min(3 * settled, 1.0)


@nb.njit(cache=True, inline="always")
def _battered(x, y, z, settled, pixel, seed):  # type: ignore[no-untyped-def]
    """Return whether a wall or floor has lost its plaster or tiles here when it came down, in patches as large as are seen."""
    period = max(0.45, 5 * pixel)
    level = layered(x / period, y / period, z / period, seed + 211)
    return level < (0.5 + 0.35 * (LOST - 0.5)) * min(AT_ONCE * settled, 1.0)


@nb.njit(cache=True)
def _shade(
    triangle, rest, uv, size, worn, coarse, second, piece, face, rest_normal, material, joisted, element, storey, floor, level, upper, lower, texture, dull,
    dulls, left, top,
    typical, facade, dust, old_light, seed, age, change, settled, turn, trigger_age, buried, period, clump, joints, place, gape, parted, bond, away, reach,
    opens, reflect, old, changed, normal,
):  # type: ignore[no-untyped-def]  # fmt: skip
    facade3, dust3 = (facade[0], facade[1], facade[2]), (dust[0], dust[1], dust[2])
    for i in range(triangle.shape[0]):
        t = triangle[i]
        p = piece[t]
        x, y, z = rest[i, 0], rest[i, 1], rest[i, 2]
        if element[p] == RUBBLE:
            y = 0.0  # the bed rises through its stones
        up = normal[i, 1]
        coat = _coat(p, x, y, z, up, age[p], change[p], settled[p], trigger_age, seed)
        grit = 1.0 if element[p] == RUBBLE else _littered(x, y, z, up, settled[p], buried[p], period, seed)
        bare = worn[i] and change[p] > 0 and element[p] != WINDOW and rest_normal[t, 1] < COVERED and spalled(
            uv[i, 0], uv[i, 1], x, y, z, rest_normal[t, 0], rest_normal[t, 2], material[p], bond, away, reach, opens, parted, left, top
        )  # fmt: skip
        bare |= face[t] > BROKEN and material[p] < TIMBER and settled[p] > 0 and _battered(x, y, z, settled[p], size[i], seed)
        kind = BROKEN if bare else face[t]
        if worn[i] and not bare and grit <= 0.5:
            rgb = picture_at(texture, uv[i, 0], uv[i, 1], left, top)
            if second[i, 2] > 0:
                rgb = mixed(rgb, picture_at(texture, second[i, 0], second[i, 1], left, top), second[i, 2])
            if change[p] > 0 and _inside(dulls, uv[i, 0], uv[i, 1], left, top):
                rgb = mixed(rgb, picture_at(dull, uv[i, 0], uv[i, 1], left, top), min(change[p] / TURNED, 1.0))
            base = (rgb[0] / typical[0], rgb[1] / typical[1], rgb[2] / typical[2])
            if coarse[i] > FINE_ENOUGH:
                base = tinted(base, detail(x, y, z, size[i], min((coarse[i] - FINE_ENOUGH) / 2.5, 1.0), seed))
            for c in range(3):
                old[i, c] = old_light[t, c]
            changed[i] = change[p]
        else:
            nx, ny, nz = rest_normal[t]
            for c in range(3):
                old[i, c] = 0
            changed[i] = 1
            if grit > 0.5:
                crumb = mixed(broken(material[p], x, y, z, nx, ny, nz, size[i], facade3, seed), dust3, 0.2)
                border, tint = cells(x / period, y / period, z / period, seed + 151)
                variety = 1.0 if element[p] == RUBBLE else 0.25
                base = mixed(litter(x, y, z, period, crumb, border, tint, variety, seed), dust3, POWDER)
                coat *= 0.55
                _roughen(normal, i, turn[p], tilted(nx, ny, nz, tint, seed))
            else:
                above = np.floor((y - floor[p]) / level[p])
                shown = _borrowed(texture, uv[i, 0], uv[i, 1], left, top, typical, facade3)
                bright, tint = 1.0, -1.0
                if kind == BROKEN and material[p] < TIMBER and element[p] not in (SLAB, COLUMN, STONE):
                    bright, tint = _lumps(material[p], x, y, z, nx, ny, nz, clump, seed)
                base = albedo(
                    element[p], material[p], kind, storey[p] + LEVELS * int(above), (x, y, z), (nx, ny, nz),
                    (y - floor[p] - above * level[p], level[p], joisted), below(upper[p], x, y, z), below(lower[p], x, y, z),
                    (bright, -1.0 if material[p] == CONCRETE else tint, chance(p, 19, 0, seed), shown), size[i], facade3, seed,
                )  # fmt: skip
                if kind == 0 and material[p] != 4 and (ny < 0.7 or material[p] == 5):
                    base = mixed(base, shown, BORROWED)
                if bare and face[t] == 0:
                    # what is under the face is its own stuff, mostly
                    base = mixed(base, tinted(shown, FRESH), SAME)
                if kind == BROKEN:
                    if tint >= 0:
                        nx, ny, nz = tilted(nx, ny, nz, tint, seed)
                    if element[p] == STONE and material[p] < TIMBER:
                        base = _sided(base, p, nx, ny, nz, seed)
                    # breaks are fresh and powdery, and no two alike
                    unlike = UNLIKE[0] + (UNLIKE[1] - UNLIKE[0]) * chance(p, 17, 0, seed)
                    if element[p] == SLAB:
                        unlike = 1 + ALIKE * (unlike - 1)
                    base = mixed(tinted(base, unlike), dust3, GROUND if material[p] < TIMBER else POWDER)
                    blocks = tint >= 0 and material[p] != CONCRETE
                    if blocks:
                        base = tinted(base, bright)
                    _roughen(normal, i, turn[p], roughness_normal(x, y, z, nx, ny, nz, size[i], OF_BLOCKS if blocks else 1.0, seed))
        rgb = mixed(base, dust3, coat)
        if not worn[i] and face[t] == 1 and element[p] != RUBBLE and p < joints.shape[0] - 1:
            rgb = tinted(rgb, daylight(p, x, y, z, rest_normal[t], max(below(upper[p], x, y, z), 0.0), size[i], joints, place, gape))
        for c in range(3):
            reflect[i, c] = max(rgb[c], 0.0)


@nb.njit(cache=True)
def _lumps(material, x, y, z, nx, ny, nz, clump, seed):  # type: ignore[no-untyped-def]
    """Return how bright the lump of a break is at a rest point, about 1, and its number in [0, 1): masonry breaks in courses, concrete in no order."""
    if material == CONCRETE:
        border, tint = cells(x / clump, y / clump, z / clump, seed + 151)
        return lumpy(border, tint, seed), tint
    if abs(ny) > UPRIGHT:
        return toothed(x, z, LONG * clump, clump, seed)
    return toothed(x if abs(nz) > abs(nx) else z, y, LONG * clump, clump, seed)


@nb.njit(cache=True, inline="always")
def _sided(rgb, p, nx, ny, nz, seed):  # type: ignore[no-untyped-def]
    """Return the albedo of a side of block p: its stuff's, or that of a skin which it has kept, by the side's normal at rest."""
    side = int(np.floor(2 * nx + 0.5)) + 7 * int(np.floor(2 * ny + 0.5)) + 49 * int(np.floor(2 * nz + 0.5))
    if chance(p, side, 29, seed) > SIDED:
        return rgb
    return painted(chance(p, 31, 0, seed), 0.75 + 0.35 * chance(p, side, 37, seed))


@nb.njit(cache=True, inline="always")
def _inside(mask, u, v, left, top):  # type: ignore[no-untyped-def]
    """Return whether a mask (h,w) bool holds the plate's pixel (u, v)."""
    i, j = int(np.floor(u)) - left, int(np.floor(v)) - top
    return 0 <= j < mask.shape[0] and 0 <= i < mask.shape[1] and mask[j, i]


@nb.njit(cache=True, inline="always")
def _borrowed(texture, u, v, left, top, typical, own):  # type: ignore[no-untyped-def]
    """Return the albedo that the plate shows at (u, v), `own` where that is outside its window."""
    if not (0 <= u - left < texture.shape[1] and 0 <= v - top < texture.shape[0]):
        return own
    rgb = picture_at(texture, u, v, left, top)
    return min(rgb[0] / typical[0], 0.9), min(rgb[1] / typical[1], 0.9), min(rgb[2] / typical[2], 0.9)


@nb.njit(cache=True, inline="always")
def _roughen(normal, i, r, n):  # type: ignore[no-untyped-def]
    for k in range(3):
        normal[i, k] = r[k, 0] * n[0] + r[k, 1] * n[1] + r[k, 2] * n[2]
