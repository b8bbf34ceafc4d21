"""Joints that gape by less than a pixel. A few samples per pixel either fall into such a slit or don't, and draw it as dots; so samples see it
closed, and a line as wide as it gapes darkens each pixel by the share that the slit has of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numba as nb
import numpy as np

from derrumbe.core.records import Camera
from derrumbe.geom.camera import project
from derrumbe.geom.lens import lens_of
from derrumbe.render.lines import Lines
from derrumbe.render.poses import Pose
from derrumbe.render.raster import Projected, Window
from derrumbe.render.scene import Inputs, Scene, load
from derrumbe.render.shutter import carried
from derrumbe.render.surface import barycentric, worn_at

OUTER, BROKEN = 0, 1
NARROW = 1.0
"""Pixels by which the sides of a joint may have moved apart, whichever way, for it to be drawn as a line."""
SLID, DOT = 5.0, 4
"""Pixels that they may have slid along each other, and in how many of the WAYS across there must be outer faces on both sides within two pixels, for a
sample to lie in a dot: torn rims that no longer fit leave rows of them. In fewer ways, what is there is a crack and stays.
"""
WAYS = np.array([[1, 0], [0, 1], [1, 1], [1, -1]])
DARK, DARKER = 0.07, 0.5
"""Albedo of the depth of a slit; its most brightness, of what the plate shows there: on a dark door it may not shine."""
LIFT, LIFT_PIXELS = 0.1, 2.0
"""Metres and pixels by which a line lies before the rim that it runs along, so that the wall doesn't hide it; twice as far behind it the wall
may lie, so that none runs over the sky."""
NEAR_BEHIND = 3.0
"""Pixels by which what a sample sees in a slit may stand out from the wall: what is before that flies there."""
WITHIN = 0.06
"""Metres around a neighbour's box within which an edge counts as shared with it."""


def closed_joints(scene: Scene, view: Projected, window: Window, offset: tuple[float, float], hit: np.ndarray) -> np.ndarray:
    """Return `hit` (h,w), what samples at `offset` see, with those in narrow joints, or dots between torn rims, given the outer face beside.
    view: the posed vertices."""
    out = hit.copy()
    _close(
        hit, window.x0 + offset[0], window.y0 + offset[1], lens_of(view.camera), lens_of(scene.camera), scene.triangles, view.cam, scene.view.cam,
        scene.piece, scene.face, out,
    )  # fmt: skip
    return out


@nb.njit(cache=True)
def _close(hit, left, top, lens, wear, triangles, cam, rest_cam, piece, face, out):  # type: ignore[no-untyped-def]
    height, width = hit.shape
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            seen = hit[y, x]
            if seen >= 0 and face[seen] == OUTER:
                continue
            ways = 0
            for way in range(4):
                # where three torn rims meet they may miss each other by two pixels
                for step in (1, 2):
                    dx, dy = step * WAYS[way, 0], step * WAYS[way, 1]
                    if not (dx <= x < width - dx and abs(dy) <= y < height - abs(dy)):
                        continue
                    one, two = hit[y - dy, x - dx], hit[y + dy, x + dx]
                    if one < 0 or two < 0 or face[one] != OUTER or face[two] != OUTER:
                        continue
                    px, py = x + left, y + top
                    a, b, c = triangles[one]
                    d, e, f = triangles[two]
                    u, v = worn_at(px, py, lens, wear, cam, rest_cam, a, b, c)
                    s, t = worn_at(px, py, lens, wear, cam, rest_cam, d, e, f)
                    # both sides carried on to here show the same place of the plate, or one as far off as they have parted
                    parted = np.hypot(u - s, v - t)
                    if parted >= SLID:
                        continue
                    if seen >= 0:
                        g, h, i = triangles[seen]
                        wall = min(barycentric(px, py, lens, cam, a, b, c)[3], barycentric(px, py, lens, cam, d, e, f)[3])
                        if barycentric(px, py, lens, cam, g, h, i)[3] < wall * (1 - NEAR_BEHIND / lens[0]):
                            continue
                    ways += 1
                    if ways >= DOT or (parted < NARROW and piece[one] != piece[two]):
                        out[y, x] = two if seen >= 0 and piece[seen] == piece[two] else one
                        ways = DOT
                    break
                if ways >= DOT:
                    break


@dataclass(frozen=True, eq=False)
class Rims:
    """n bits of rim of joints on outer faces: a, b, inner (n,3) at rest, the last a point of the face that they bound; bond (n,), piece and
    other (n,): of which joint, between which; normal (n,3) of the face; worn (n,3): what the plate shows there."""

    a: np.ndarray
    b: np.ndarray
    inner: np.ndarray
    bond: np.ndarray
    piece: np.ndarray
    other: np.ndarray
    normal: np.ndarray
    worn: np.ndarray


@dataclass(frozen=True, eq=False)
class Borders:
    """Edges between outer and broken faces along bonds, those of the first piece of each: ends (n,2) and inner (n,), the third of the outer face,
    vertices; normal (n,3) of that face; bond, owner (n,): the bond, and the piece that has the edge."""

    ends: np.ndarray
    inner: np.ndarray
    normal: np.ndarray
    bond: np.ndarray
    owner: np.ndarray


@lru_cache(maxsize=1)
def bonded_borders(inputs: Inputs) -> Borders:
    """Return the borders of all joints between bonded pieces, at rest."""
    scene = load(inputs)
    ends, normal, inner = _borders(scene.triangles, scene.made, scene.normal, len(scene.rest))
    bond, owner = _bonds_along(scene, ends)
    # both sides have the edge: the first side's will do
    kept = np.flatnonzero((bond >= 0) & (scene.bonds[np.maximum(bond, 0), 0] == owner)) if len(scene.bonds) else np.zeros(0, int)
    return Borders(ends[kept], inner[kept], normal[kept], bond[kept], owner[kept])


@lru_cache(maxsize=1)
def rims_of(inputs: Inputs) -> Rims:
    """Return the rims of all joints between bonded pieces."""
    scene, found = load(inputs), bonded_borders(inputs)
    a, b = scene.rest[found.ends[:, 0]], scene.rest[found.ends[:, 1]]
    other = scene.bonds[found.bond, 1] if len(found.bond) else np.zeros(0, np.int64)
    return Rims(a, b, scene.rest[found.inner], found.bond, found.owner, other, found.normal, shown_at(scene, 0.5 * (a + b)))


def _bonds_along(scene: Scene, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bond (n,) that each edge of vertices (n,2) runs along, -1 for none, and the piece (n,) that has the edge."""
    bonds = scene.bonds
    owner = scene.vertex_piece[ends[:, 0]].astype(np.int64)
    low, high = np.full((len(scene.centre), 3), np.inf), np.full((len(scene.centre), 3), -np.inf)
    np.minimum.at(low, scene.vertex_piece, scene.rest)
    np.maximum.at(high, scene.vertex_piece, scene.rest)
    order = np.argsort(np.concatenate([bonds[:, 0], bonds[:, 1]]), kind="stable")
    starts = np.searchsorted(np.concatenate([bonds[:, 0], bonds[:, 1]])[order], np.arange(len(scene.centre) + 1))
    middle = 0.5 * (scene.rest[ends[:, 0]] + scene.rest[ends[:, 1]])
    return _bond_of(middle, owner, bonds, order % max(len(bonds), 1), starts, low, high, scene.bond_place), owner


def shown_at(scene: Scene, points: np.ndarray) -> np.ndarray:
    """Return what the plate shows (n,3) at points (n,3) of the building at rest, or at the place in it that is nearest to them."""
    pixels = np.nan_to_num(project(scene.camera, points)[0])
    height, width = scene.texture.shape[:2]
    x, y = (
        np.clip(np.floor(pixels[:, k]) - start, 0, size - 1).astype(int)
        for k, start, size in ((0, scene.window.x0, width), (1, scene.window.y0, height))
    )
    return scene.texture[y, x].astype(np.float64)


def _borders(triangles: np.ndarray, face: np.ndarray, normals: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the vertices (n,2) of edges between an outer and a broken triangle, the outer one's normal (n,3), and its third vertex (n,).
    normals (T,3)."""
    following = np.roll(triangles, -1, 1).astype(np.int64)
    low, high = np.minimum(triangles, following).reshape(-1), np.maximum(triangles, following).reshape(-1)
    keys, kinds = low.astype(np.int64) * (count + 1) + high, np.repeat(face, 3)
    order = np.argsort(keys, kind="stable")
    one, two = order[:-1], order[1:]
    both = (keys[one] == keys[two]) & (np.minimum(kinds[one], kinds[two]) == OUTER) & (np.maximum(kinds[one], kinds[two]) == BROKEN)
    one, two = one[both], two[both]
    outer = np.where(kinds[one] == OUTER, one, two)
    return np.stack([low[one], high[one]], 1), normals[outer // 3], np.roll(triangles, -2, 1).reshape(-1)[outer]


@nb.njit(cache=True)
def _bond_of(middle, owner, bonds, which, starts, low, high, centre):  # type: ignore[no-untyped-def]
    """Return the bond (n,) whose other piece touches each edge's middle, the nearest of them, -1 for none."""
    out = np.full(middle.shape[0], -1, np.int64)
    for n in range(middle.shape[0]):
        nearest = 1e30
        for k in range(starts[owner[n]], starts[owner[n] + 1]):
            bond = which[k]
            other = bonds[bond, 0] + bonds[bond, 1] - owner[n]
            inside, away = True, 0.0
            for c in range(3):
                inside &= low[other, c] - WITHIN <= middle[n, c] <= high[other, c] + WITHIN
                away += (centre[bond, c] - middle[n, c]) ** 2
            if inside and away < nearest:
                nearest, out[n] = away, bond
    return out


def lines_of_joints(inputs: Inputs, camera: Camera, enclosed: np.ndarray, poses: tuple[Pose, ...]) -> list[Lines]:
    """Return a line along every narrow joint that gapes, in each pose of a shutter, as wide as it gapes across in the picture of the middle
    pose. enclosed (3,): the light that falls on what is deep inside."""
    rims, scene, at = rims_of(inputs), load(inputs), poses[len(poses) // 2]
    stirred = np.flatnonzero(at.moved[rims.piece] | at.moved[rims.other])
    if not len(stirred):
        return [Lines.none()] * len(poses)
    width = gapes(scene, rims, stirred, camera, at)
    some, width = stirred[width > 0], width[width > 0]
    rgb = np.minimum(DARK * enclosed, DARKER * rims.worn[some])
    lift = np.full(len(some), LIFT + LIFT_PIXELS * scene.pixel)
    out = []
    for each in poses:
        a, b = (
            0.5 * (carried(scene, each, rims.piece[some], p) + carried(scene, each, rims.other[some], p))
            for p in (rims.a[some], rims.b[some])
        )
        out.append(Lines(a, b, width, rgb, np.ones(len(some)), lift, 2 * lift))
    return out


def gapes(scene: Scene, rims: Rims, some: np.ndarray, camera: Camera, at: Pose) -> np.ndarray:
    """Return how far (n,) the joints at rims `some` (n,) gape across in the picture, in metres at their distance; 0 where they don't, where the
    face looks away, and where their sides have parted by more than a line is drawn for."""
    piece, a, b = rims.piece[some], rims.a[some], rims.b[some]
    corners = [project(camera, carried(scene, at, piece, p))[0] for p in (a, b, rims.inner[some])]
    middle = 0.5 * (a + b)
    here, depth = project(camera, carried(scene, at, piece, middle))
    there, _ = project(camera, carried(scene, at, rims.other[some], middle))
    along = corners[1] - corners[0]
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    inward, parted = corners[2] - corners[0], there - here
    side = np.sign(along[:, 0] * inward[:, 1] - along[:, 1] * inward[:, 0])
    across = -side * (along[:, 0] * parted[:, 1] - along[:, 1] * parted[:, 0])
    sight = carried(scene, at, piece, middle) + np.asarray(camera.rotation).T @ np.asarray(camera.translation)
    facing = np.einsum("nc,nc->n", np.einsum("nij,nj->ni", at.rotation[piece], rims.normal[some]), sight) < 0
    with np.errstate(invalid="ignore"):
        narrow = facing & (depth > 0) & (np.linalg.norm(parted, axis=1) < NARROW) & (across > 0)
    return np.where(narrow, across * depth / camera.focal_px, 0.0)
