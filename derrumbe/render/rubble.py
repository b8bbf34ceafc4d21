"""Small rubble between and around what has come down. Only a pile's large pieces are simulated; a real one is continuous down to dust.

The solid stuff that lies at each place, bulked, is the height of a bed that fills the gaps between pieces; blocks and splintered timber lie in it and on
what lies there. Everything is a function of the frame's poses, so frames may be made in any order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numba as nb
import numpy as np

from derrumbe.render.apron import apron
from derrumbe.render.noise import cells, layered
from derrumbe.render.poses import Pose, carry
from derrumbe.render.raster import Projected
from derrumbe.render.scene import Inputs, Scene, load, triangle_normals
from derrumbe.render.sections import NOWHERE, RUBBLE, STONE
from derrumbe.render.shutter import carried, pose, posed
from derrumbe.render.strewn import SIDES, Blocks, blocks_at, mean_square, on_pieces, riding

FILL = 1.3
"""Height of the bed over the solid stuff that lies there: a pile's least bulking (1.3 to 1.7), so that pieces stand out of it."""
SPREAD = 0.7
"""Metres that fines run out from under what they came off."""
DROWNED = 0.97
"""Share of the height of what lies there that fines reach at most."""
REPOSE = 0.75
"""Slope at which rubble slides: the tangent of 37 degrees."""
SETTLING, STILL, UNHURRIED = 0.5, 1.5, 0.2
"""Seconds after landing in which a piece's fines gather round it; m/s above which it has none, over that many seconds before and after."""
ALOFT = (1.2, 2.0)
"""Metres, and heights of the bed, above which what has landed lies on something else than the pile."""
FINEST, CELL_PIXELS, MOST_CELLS = 0.12, 2.5, 36_000
"""Metres and pixels of the bed's cells, and how many at most."""
LEAST, SHALLOW = 0.05, 0.8
"""Metres under which the bed ends, and under which its stones stand out less."""
BLOCKS, COVER = 8000, 0.7
"""Most blocks in the bed, and their area, of its own."""
ON_TOP, COVERED = 3500, 0.8
"""The same of blocks on pieces."""
RELIEF, LUMP, LUMPS = 0.32, 2.4, 0.5
"""Height of single stones in the bed over their width; metres from lump to lump, and their height."""
STREAM = 151
GROWN = 0.1
"""Share of its size from which a block is drawn."""


@dataclass(frozen=True, eq=False)
class Bed:
    """Where rubble may lie. origin (2,): x, z of the first grid point; cell: metres; shape: points along z and x; final (nz,nx): height of the
    bed in the end; relief (nz,nx): height of stones and lumps, metres; points, owner, share (m,): vertices of pieces that stand for them, whose,
    and the volume of each; material: of the fines; blocks: what lies in it and on the pieces."""

    origin: np.ndarray
    cell: float
    shape: tuple[int, int]
    final: np.ndarray
    relief: np.ndarray
    points: np.ndarray
    owner: np.ndarray
    share: np.ndarray
    material: int
    blocks: Blocks

    def at(self, heights: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Return heights (nz,nx) at places (n,2), linear between grid points, 0 beyond them."""
        from scipy.ndimage import map_coordinates

        return np.asarray(map_coordinates(heights, ((place - self.origin) / self.cell)[:, ::-1].T, order=1, mode="constant"))


def with_rubble(inputs: Inputs, scene: Scene, sample: float) -> Scene:
    """Return the scene with the rubble that lies in it at a motion sample; the scene itself while none does."""
    if not np.any(scene.landed <= sample):
        return scene
    bed = bed_of(inputs)
    if bed is None:
        return scene
    heights, later = (_heights(scene, bed, time) for time in (sample, sample + scene.samples_per_frame))
    grid, faces = _surface(bed.origin, bed.cell, heights, bed.relief)
    foot, grown = _blocks(scene, bed, heights, sample)
    if not len(faces) and not (grown > GROWN).any():
        return scene
    to, size = _blocks(scene, bed, later, sample + scene.samples_per_frame)
    drift = to - foot
    # what grows moves as its top does
    drift[:, 1] += (size - grown) * np.ptp(bed.blocks.corners[:, :, 1], axis=1)
    rise = _surface(bed.origin, bed.cell, later, bed.relief)[0][:, 1] - grid[:, 1]
    whole = _extended(scene, bed, (grid, faces), foot, grown)
    return replace(whole, drift=np.concatenate([np.zeros((1, 3)), drift]), rise=np.r_[np.zeros(len(scene.rest)), rise])


def a_frame_later(scene: Scene, points: np.ndarray, triangle: np.ndarray, following: Pose) -> np.ndarray:
    """Return where surface points (n,3), at rest, of triangles (n,) are in the next frame's pose, (n,3), rubble included."""
    riding = scene.piece[triangle]
    count = scene.position.shape[1]
    position = following.position.copy()
    position[count:] += scene.drift
    out = np.asarray(carry(points, riding, scene.centre, position, following.rotation, following.moved))
    bed = np.flatnonzero(riding == count)
    if len(bed):
        out[bed, 1] += scene.rise[scene.triangles[triangle[bed], 0]]
    return out


@lru_cache(maxsize=1)
def bed_of(inputs: Inputs) -> Bed | None:
    """Return the bed of a shot, or None when nothing comes down."""
    scene = load(inputs)
    fallen = np.flatnonzero(np.isfinite(scene.landed))
    if not len(fallen):
        return None
    last = len(scene.position) - 1.0
    points, owner, share = _stand_ins(scene, fallen)
    lie = carried(scene, pose(scene, last), owner, points)[:, [0, 2]]
    low, high = np.percentile(lie, 1, 0) - 3 * SPREAD, np.percentile(lie, 99, 0) + 3 * SPREAD
    cell = max(FINEST, CELL_PIXELS * scene.pixel, float(np.sqrt(np.prod(high - low) / MOST_CELLS)))
    shape = int((high[1] - low[1]) / cell) + 2, int((high[0] - low[0]) / cell) + 2
    relief = _relief(low, cell, shape, max(0.45, 3.5 * cell))
    stuff = np.bincount(scene.material[owner], share, 8)
    bed = Bed(low, cell, shape, np.zeros(shape), relief, points, owner, share, int(stuff[:3].argmax()), Blocks.none())
    bed = replace(bed, final=_heights(scene, bed, last))
    rng, lain = np.random.default_rng(STREAM), pose(scene, last)
    inside = _in_bed(bed, scene.pixel, stuff, rng).joined(on_pieces(scene, lain, posed(scene, lain), COVERED, ON_TOP, stuff, rng))
    return replace(bed, blocks=inside.joined(apron(scene, low, cell, bed.final, stuff, rng)))


def _stand_ins(scene: Scene, fallen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return points (m,3) at rest inside the pieces that fall, whose they are (m,), and the volume (m,) that each stands for."""
    volume = _volumes(scene)
    start = np.searchsorted(
        scene.vertex_piece, np.arange(len(scene.centre) + 1), sorter=(order := np.argsort(scene.vertex_piece, kind="stable"))
    )
    points, owner = [], []
    for piece in fallen:
        own = order[start[piece] : start[piece + 1]]
        own = own[:: max(1, len(own) // 10)]
        for way in (0.3, 0.75):
            points.append(scene.centre[piece] + way * (scene.rest[own] - scene.centre[piece]))
            owner.append(np.full(len(own), piece))
    whose = np.concatenate(owner)
    return np.concatenate(points), whose, (volume / np.maximum(np.bincount(whose, minlength=len(volume)), 1))[whose]


def _volumes(scene: Scene) -> np.ndarray:
    """Return the volume (N,) of pieces, m³."""
    corners = scene.rest[scene.triangles] - scene.centre[scene.piece][:, None]
    sixth = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6
    return np.maximum(np.bincount(scene.piece, sixth, len(scene.centre)), 0)


def _heights(scene: Scene, bed: Bed, sample: float) -> np.ndarray:
    """Return the height (nz,nx) of the bed's surface without its stones at a motion sample, metres above the ground."""
    span = UNHURRIED * scene.samples_per_second
    at, was, soon = (pose(scene, sample + way) for way in (0.0, -span, span))
    speed = np.linalg.norm(soon.position - was.position, axis=1) / (2 * UNHURRIED)
    down = np.maximum(sample - scene.landed, 0) / scene.samples_per_second
    lying = (1 - np.exp(-down / SETTLING)) * np.exp(-((speed / STILL) ** 2))
    place = carried(scene, at, bed.owner, bed.points)
    volume = bed.share * lying[bed.owner]
    # what hangs higher than a pile of all that is there could be lies on something that stands
    highest = ALOFT[0] + ALOFT[1] * bed.at(_piled(bed, place, volume), place[:, [0, 2]])
    resting = volume * np.clip((highest - place[:, 1]) / ALOFT[0], 0, 1)
    return _slumped(np.minimum(_piled(bed, place, resting), _tops(bed, place, lying[bed.owner] * (resting > 0))), REPOSE * bed.cell)


def _tops(bed: Bed, place: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return the height (nz,nx) that fines reach at most: pieces that lie there, points (m,3) with share (m,), stand out of them."""
    from scipy.ndimage import gaussian_filter, maximum_filter

    flat, inside = _cells(bed, place)
    tops = np.zeros(bed.shape[0] * bed.shape[1])
    np.maximum.at(tops, flat, (place[:, 1] * share)[inside])
    reach = SPREAD / bed.cell
    return np.asarray(DROWNED * gaussian_filter(maximum_filter(tops.reshape(bed.shape), int(2 * reach) + 3), 0.7 * reach))


@nb.njit(cache=True)
def _slumped(heights, rise):  # type: ignore[no-untyped-def]
    """Return heights (nz,nx) that rise by no more than `rise` from one point to the next (a chamfer, in two sweeps)."""
    out = heights.copy()
    rows, columns = out.shape
    far = rise * np.sqrt(2.0)
    for sweep in range(2):
        for n in range(rows * columns):
            m = n if sweep == 0 else rows * columns - 1 - n
            j, i, d = m // columns, m % columns, 1 if sweep else -1
            for dj, di, most in ((d, -1, far), (d, 0, rise), (d, 1, far), (0, d, rise)):
                if 0 <= j + dj < rows and 0 <= i + di < columns:
                    out[j, i] = min(out[j, i], out[j + dj, i + di] + most)
    return out


def _cells(bed: Bed, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the flat grid points (k,) nearest to those of places (m,3) that lie inside the bed, and which do, (m,) bool."""
    column, row = np.rint((place[:, [0, 2]] - bed.origin) / bed.cell).astype(int).T
    inside = (column >= 0) & (row >= 0) & (column < bed.shape[1]) & (row < bed.shape[0])
    return (row * bed.shape[1] + column)[inside], inside


def _piled(bed: Bed, place: np.ndarray, volume: np.ndarray) -> np.ndarray:
    """Return the height (nz,nx) of a bed of volumes (m,) at places (m,3)."""
    from scipy.ndimage import gaussian_filter

    flat, inside = _cells(bed, place)
    total = np.bincount(flat, volume[inside], bed.shape[0] * bed.shape[1]).reshape(bed.shape)
    return np.asarray(FILL * gaussian_filter(total / bed.cell**2, SPREAD / bed.cell, mode="constant"))


@nb.njit(cache=True)
def _relief(origin, cell, shape, stone):  # type: ignore[no-untyped-def]
    """Return the height (nz,nx) of stones about `stone` metres wide, and of lumps."""
    out = np.empty(shape)
    for j in range(shape[0]):
        for i in range(shape[1]):
            x, z = origin[0] + i * cell, origin[1] + j * cell
            border, tint = cells(x / stone, 0.5, z / stone, STREAM)
            lump = layered(x / LUMP, 0.0, z / LUMP, STREAM + 3) - 0.5
            gap = max(1 - border / 0.2, 0.0)
            out[j, i] = RELIEF * stone * (2 * tint - 1 - 0.8 * gap) + LUMPS * lump
    return out


@nb.njit(cache=True)
def _surface(origin, cell, heights, relief):  # type: ignore[no-untyped-def]
    """Return vertices (V,3) of the bed and triangles (T,3) int32 facing up, where there is any."""
    rows, columns = heights.shape
    vertices = np.empty((rows * columns, 3))
    for j in range(rows):
        for i in range(columns):
            high = heights[j, i]
            vertices[j * columns + i, 0] = origin[0] + i * cell
            vertices[j * columns + i, 1] = high + relief[j, i] * min(high / SHALLOW, 1.0)
            vertices[j * columns + i, 2] = origin[1] + j * cell
    triangles = np.empty((2 * rows * columns, 3), np.int32)
    n = 0
    for j in range(rows - 1):
        for i in range(columns - 1):
            if min(min(heights[j, i], heights[j + 1, i]), min(heights[j, i + 1], heights[j + 1, i + 1])) < LEAST:
                continue
            a = j * columns + i
            triangles[n] = (a, a + columns, a + 1)
            triangles[n + 1] = (a + 1, a + columns, a + columns + 1)
            n += 2
    return vertices, triangles[:n].copy()


def _in_bed(bed: Bed, pixel: float, stuff: np.ndarray, rng: np.random.Generator) -> Blocks:
    """Return the blocks that lie in the bed. stuff (8,): volume of each material that falls."""
    # where the bed is thin they lie apart, and a few beyond its rim
    odds = np.clip(bed.final / (4 * LEAST), 0, 1) ** 0.7 * (bed.final > 0.3 * LEAST)
    count = int(min(COVER * float(odds.sum()) * bed.cell**2 / mean_square(pixel), BLOCKS))
    if not count:
        return Blocks.none()
    row, column = np.divmod(rng.choice(odds.size, count, p=odds.reshape(-1) / odds.sum()), bed.shape[1])
    flat = bed.origin + bed.cell * (np.stack([column, row], 1) + rng.uniform(-0.5, 0.5, (count, 2)))
    place, up = np.zeros((count, 3)), np.tile([0.0, 1.0, 0.0], (count, 1))
    place[:, [0, 2]] = flat
    return blocks_at(place, np.full(count, -1), up, stuff, pixel, rng)


def _blocks(scene: Scene, bed: Bed, heights: np.ndarray, sample: float) -> tuple[np.ndarray, np.ndarray]:
    """Return where each block lies (n,3), and how much of its size it has by now (n,)."""
    blocks = bed.blocks
    foot, grown = blocks.place.copy(), np.zeros(len(blocks.place))
    lies, rides = blocks.rides < 0, blocks.rides >= 0
    source = blocks.source[lies][:, [0, 2]]
    grown[lies] = np.clip(1.6 * bed.at(heights, source) / np.maximum(bed.at(bed.final, source), 1e-6), 0, 1)
    # what lies at some distance has rolled there while the bed grew where it came from
    flat = source + grown[lies][:, None] * (foot[lies][:, [0, 2]] - source)
    foot[lies] = np.insert(flat, 1, bed.at(heights + bed.relief * np.minimum(heights / SHALLOW, 1), flat), axis=1)
    if rides.any():
        foot[rides], grown[rides] = riding(scene, blocks.some(rides), pose(scene, sample), sample)
    return foot, grown


def _extended(scene: Scene, bed: Bed, surface: tuple[np.ndarray, np.ndarray], foot: np.ndarray, grown: np.ndarray) -> Scene:
    """Return the scene with the bed as piece N and all blocks, drawn or not, after it: they keep their numbers, places at rest, and colours."""
    count, extra = len(scene.centre), 1 + len(foot)
    grid, faces = surface
    numbers = np.flatnonzero(grown > GROWN)
    blocks = grown[numbers, None, None] * bed.blocks.corners[numbers] + bed.blocks.place[numbers, None]
    first, start = len(scene.rest), len(scene.rest) + len(grid)
    own = (start + 8 * np.arange(len(blocks))[:, None, None] + SIDES).reshape(-1, 3)
    rest = np.concatenate([scene.rest, grid, blocks.reshape(-1, 3)])
    triangles = np.concatenate([faces + first, own]).astype(np.int32)
    piece = np.concatenate([np.full(len(faces), count), np.repeat(count + 1 + numbers, len(SIDES))]).astype(np.int32)
    riding = np.concatenate([np.full(len(grid), count), np.repeat(count + 1 + numbers, 8)]).astype(np.int32)
    material = np.r_[np.uint8(bed.material), bed.blocks.kind]
    broken = np.ones(len(triangles), np.uint8)
    plane = np.tile([0.0, 0.0, 0.0, NOWHERE], (extra, 1))
    blank = np.zeros((len(rest) - first, 3))
    view = Projected(scene.camera, np.concatenate([scene.view.cam, blank]), np.concatenate([scene.view.pixels, blank[:, :2]]))
    return replace(
        scene,
        rest=rest,
        triangles=np.concatenate([scene.triangles, triangles]),
        normal=np.concatenate([scene.normal, triangle_normals(rest, triangles)]),
        piece=np.concatenate([scene.piece, piece]),
        face=np.concatenate([scene.face, broken]),
        made=np.concatenate([scene.made, broken]),
        vertex_piece=np.concatenate([scene.vertex_piece, riding]),
        centre=np.concatenate([scene.centre, np.zeros((1, 3)), bed.blocks.place]),
        lain=np.concatenate([np.zeros((1, 3)), foot]),
        buried=np.concatenate([scene.buried, np.ones(extra, np.float32)]),
        material=np.concatenate([scene.material, material]),
        element=np.concatenate([scene.element, np.r_[np.uint8(RUBBLE), np.full(extra - 1, STONE, np.uint8)]]),
        storey=np.concatenate([scene.storey, np.zeros(extra, np.int16)]),
        floor=np.concatenate([scene.floor, np.zeros(extra)]),
        level=np.concatenate([scene.level, np.ones(extra)]),
        upper=np.concatenate([scene.upper, plane]),
        lower=np.concatenate([scene.lower, plane]),
        view=view,
        holes=scene.holes.extended(view, len(triangles)),
        openings=scene.openings.extended(view, len(triangles)),
    )
