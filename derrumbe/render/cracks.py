"""Cracks before and while things come apart: dark lines on the façade's pieces, as wide as `Motion.cracks` says, near the joints that open.

They go as cracks do: in steps along courses and joints of masonry, jagged and forked through render and concrete; broken, of uneven width, with
chips off their rims. None run over glass, which bursts, nor over tiles, which slip. What is under a third of a pixel wide fades.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numba as nb
import numpy as np

from derrumbe.core.files import load_arrays
from derrumbe.core.records import Located, Motion
from derrumbe.render.joints import DARK, DARKER, bonded_borders, shown_at
from derrumbe.render.lines import Lines
from derrumbe.render.noise import chance, value
from derrumbe.render.poses import Pose
from derrumbe.render.scene import Inputs, load
from derrumbe.render.shutter import carried
from derrumbe.render.solids import Lighting

BRICK, STONE, GLASS, ROOF = 0, 2, 4, 5
CHIPPED = 1.45
"""Brightness of chipped rims, of what the plate shows there: on a dark door they may not shine."""
LIFT = 0.25
"""Metres by which a crack lies before the surface that it is in, so that the surface doesn't hide it."""
CRUMBLED = 1.6
"""How much wider a crack looks than it gapes: its edges have crumbled and lie in its shade."""
WIDEST, WIDEST_PIXELS = 0.03, 1.1
"""Metres, and pixels at least, that a crack is never drawn wider than: then the pieces have to part."""
FADES = (0.15, 0.4)
"""Pixels of width at which a crack is nothing yet, and at which it is all there."""
GAPING, GAPING_PIXELS = 0.06, 1.5
"""Metres, and pixels at most, by which the sides have parted when the gap between the pieces shows by itself."""
BLOCK = {BRICK: (0.25, 0.075), STONE: (0.55, 0.3)}
"""Metres along and up from joint to joint of masonry."""
STEP_PIXELS, COARSEST = 2.4, 6.0
"""Pixels that a step is high and long at least, by as many blocks at a time at most."""
WANDER, WANDER_PIXELS = 0.09, 1.6
"""Metres by which a crack wanders off the joint, in pixels at least; it turns about every few times as far."""
SEEN = 0.45
"""Share of the joints that crack where it is seen: others do behind the render."""
BREAK = 0.6
"""Level of the noise under which a crack is closed."""
FORKS, FORK = 0.05, (0.15, 0.5)
"""Forks per bit of crack, and their length, metres."""
CHIPS = 0.16
"""Share of the bits whose rim is chipped."""
SEED = 59


@dataclass(frozen=True, eq=False)
class Edges:
    """n bits of crack on faces that the plate shows: a, b (n,3) at rest, piece and other (n,): between which, bond (n,), its middle (n,3);
    uneven (n,): how much wider or narrower than usual; chipped (n,) bool: a chip off the rim instead of the crack itself; worn (n,3): what the
    plate shows there."""

    a: np.ndarray
    b: np.ndarray
    piece: np.ndarray
    other: np.ndarray
    bond: np.ndarray
    middle: np.ndarray
    uneven: np.ndarray
    chipped: np.ndarray
    worn: np.ndarray


def first_crack(motion: Located[Motion]) -> float:
    """Return the time, in seconds, at which the first crack begins to show; infinity when none does."""
    if motion.record.cracks is None:
        return np.inf
    return float(load_arrays(motion.path(motion.record.cracks))["time"].min(initial=np.inf))


@lru_cache(maxsize=1)
def edges_of(inputs: Inputs) -> Edges:
    """Return the edges along which cracks are seen."""
    scene = load(inputs)
    bonds, centre = scene.bonds, scene.bond_place
    if not len(bonds):
        none, place = np.zeros(0, int), np.zeros((0, 3))
        return Edges(place, place, none, none, none, place, np.zeros(0), np.zeros(0, bool), place)
    found = bonded_borders(inputs)
    bond, owner, normal = found.bond, found.owner, found.normal
    a, b = scene.rest[found.ends[:, 0]], scene.rest[found.ends[:, 1]]
    brittle = np.isin(scene.material[bonds], (GLASS, ROOF)).any(1)
    shows = ~brittle & (np.array([chance(k, 1, 0, SEED) for k in range(len(bonds))]) < SEEN)
    kept = np.flatnonzero(shows[bond])
    block = np.array([BLOCK.get(int(stuff), (0.0, 0.0)) for stuff in scene.material[owner[kept]]]).reshape(-1, 2)
    block *= np.clip(STEP_PIXELS * scene.pixel / np.maximum(block, 1e-6), 1, COARSEST)
    far = max(WANDER, WANDER_PIXELS * scene.pixel)
    a, b, source, chipped = _path(a[kept], b[kept], normal[kept], block, far, CHIPS, FORKS, FORK, max(FORK[0], 4 * scene.pixel))
    kept = kept[source]
    uneven = _uneven(0.5 * (a + b), 12 * far)
    worn = shown_at(scene, 0.5 * (a + b))
    return Edges(a, b, owner[kept], bonds[bond[kept], 1], bond[kept], centre[bond[kept]], uneven, chipped, worn)


@nb.njit(cache=True)
def _strayed(p, across, up, block, far):  # type: ignore[no-untyped-def]
    """Return where in the face (along, up, metres) a crack goes that was planned through point p: a smooth stray, then on to the next joint."""
    x, y, z = p / (7 * far)
    out = np.array([np.dot(p, across), np.dot(p, up)])
    for c in range(2):
        coarse, fine = value(x, y, z, SEED + c) - 0.5, value(3.3 * x, 3.3 * y, 3.3 * z, SEED + 3 + c) - 0.5
        out[c] += far * (2.2 * coarse + 0.8 * fine)
    if block[0] > 0:
        row = np.floor(out[1] / block[1] + 0.5)
        shift = 0.5 * (row - 2 * np.floor(0.5 * row))
        column = np.floor(out[0] / block[0] + shift)
        for c in range(2):
            # no two blocks are alike
            out[c] = (row if c else column - shift + 0.5) * block[c] + 0.3 * block[c] * (chance(int(column), int(row), c, SEED) - 0.5)
    return out


@nb.njit(cache=True)
def _path(start, end, normal, block, far, chips, forks, fork, least):  # type: ignore[no-untyped-def]
    """Return bits (m,3), (m,3) of crack along planned edges (n,3), the edge (m,) that each comes from, and whether it is a chip (m,)."""
    room = 0
    for n in range(start.shape[0]):
        fine = 0.5 * block[n, 1] if block[n, 0] > 0 else 0.4 * far
        room += 6 * (int(np.sqrt(np.sum((end[n] - start[n]) ** 2)) / fine) + 2)
    a, b = np.empty((room, 3)), np.empty((room, 3))
    source, chipped = np.empty(room, np.int64), np.zeros(room, np.bool_)
    m = 0
    for n in range(start.shape[0]):
        level = np.sqrt(normal[n, 0] ** 2 + normal[n, 2] ** 2)
        across = np.array([normal[n, 2], 0.0, -normal[n, 0]]) / level if level > 0.05 else np.array([1.0, 0.0, 0.0])
        up = np.cross(normal[n], across)
        base = normal[n] * np.dot(start[n], normal[n])
        fine = 0.5 * block[n, 1] if block[n, 0] > 0 else 0.4 * far
        count = int(np.sqrt(np.sum((end[n] - start[n]) ** 2)) / fine) + 1
        last = _strayed(start[n], across, up, block[n], far)
        for k in range(1, count + 1):
            here = _strayed(start[n] + (end[n] - start[n]) * (k / count), across, up, block[n], far)
            corner = np.array([last[0], here[1]]) if block[n, 0] > 0 else last
            for leg in range(2):
                p, q = (last, corner) if leg == 0 else (corner, here)
                if abs(p[0] - q[0]) + abs(p[1] - q[1]) < 1e-6:
                    continue
                a[m], b[m], source[m] = base + p[0] * across + p[1] * up, base + q[0] * across + q[1] * up, n
                m += 1
                pick = chance(int(np.floor(p[0] * 97)), int(np.floor(p[1] * 97)), n, SEED)
                if pick < chips:
                    # off the lower rim, where light falls on it
                    a[m], b[m], source[m], chipped[m] = a[m - 1] - 0.6 * least * 0.25 * up, b[m - 1] - 0.6 * least * 0.25 * up, n, True
                    m += 1
                elif pick > 1 - forks and block[n, 0] == 0:
                    side = 1.0 if chance(m, n, 3, SEED) < 0.5 else -1.0
                    long = least + (fork[1] - fork[0]) * chance(m, n, 5, SEED)
                    way = np.array([q[1] - p[1], p[0] - q[0]])
                    way = way / max(np.sqrt(way[0] ** 2 + way[1] ** 2), 1e-9) * long * side
                    drop = 0.6 * long * (chance(m, n, 7, SEED) - 0.5)
                    a[m], b[m] = b[m - 1], b[m - 1] + way[0] * across + (way[1] + drop) * up
                    source[m] = n
                    m += 1
            last = here
    return a[:m].copy(), b[:m].copy(), source[:m].copy(), chipped[:m].copy()


@nb.njit(cache=True)
def _uneven(points, period):  # type: ignore[no-untyped-def]
    """Return how wide (n,) a crack is at points, of its usual width: closed, a hair, or crumbled."""
    out = np.empty(points.shape[0])
    for n in range(points.shape[0]):
        x, y, z = points[n] / period
        wide = 1.2 * value(x, y, z, SEED + 7) + 0.3 * value(3.1 * x, 3.1 * y, 3.1 * z, SEED + 8)
        out[n] = min(4.5 * max(wide - BREAK, 0.0), 2.0)
    return out


@lru_cache(maxsize=1)
def _cracks(motion: Located[Motion]) -> dict[str, np.ndarray]:
    return load_arrays(motion.path(motion.record.cracks)) if motion.record.cracks else {}


def lines_of_cracks(inputs: Inputs, lighting: Lighting, poses: tuple[Pose, ...], seconds: float) -> list[Lines]:
    """Return the cracks that show `seconds` after the first frame, in each pose of a shutter; which do is the middle pose's."""
    cracks = _cracks(inputs.motion)
    if not cracks or not np.any(cracks["time"] < seconds):
        return [Lines.none()] * len(poses)
    edges, scene, at = edges_of(inputs), load(inputs), poses[len(poses) // 2]
    grown = cracks["opening"] * np.clip((seconds - cracks["time"]) / np.maximum(cracks["grows"], 1e-6), 0, 1)
    width = np.where(np.isfinite(cracks["time"]), grown, 0)[edges.bond] * edges.uneven
    some = np.flatnonzero(width > 0)
    sides = (carried(scene, at, side[some], edges.middle[some]) for side in (edges.piece, edges.other))
    share = np.clip(1 - np.linalg.norm(np.subtract(*sides), axis=1) / min(GAPING, GAPING_PIXELS * scene.pixel), 0, 1)
    seen = np.minimum(CRUMBLED * width[some], max(WIDEST, WIDEST_PIXELS * scene.pixel))
    low, high = (pixels * scene.pixel for pixels in FADES)
    share = share * np.clip((seen - low) / (high - low), 0, 1)
    some, seen, share = some[share > 0], seen[share > 0], share[share > 0]
    worn = edges.worn[some]
    rgb = np.where(edges.chipped[some, None], CHIPPED * worn, np.minimum(DARK * lighting.lamp.enclosed, DARKER * worn))
    fixed = seen, rgb, share, np.full(len(some), LIFT), np.full(len(some), 2 * LIFT)
    out = []
    for each in poses:
        a, b = (carried(scene, each, edges.piece[some], ends[some]) for ends in (edges.a, edges.b))
        out.append(Lines(a, b, *fixed))
    return out
