"""Torn edges: break faces are split finely and pushed out of their planes, so that cracks are jagged and masonry is toothed.

The push is a field of the rest position, so both sides of a crack follow the same line and fit until they part. Outer faces, slabs and room
walls stay in their planes: only their broken borders move, within the plane. Masonry and slates part between blocks: their breaks go to the nearest
corners of these, so that they step along courses and joints with level treads and upright risers, without slopes in between.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np

from derrumbe.render.noise import chance, value

OUTER, BROKEN, ROOM = 0, 1, 3
FACING, SHOWN = 1, 2
"""Ranks of faces by how soon their rims are seen: those that look at the camera, as the far walls of rooms do, and those that it sees as they stand."""
FINEST = 0.11
"""Metres; finer edges than a brick's height gain nothing."""
MOST_TRIANGLES = 400_000
LEAST_TRIANGLES = 240_000
PIXELS = 3.0
INNER = 3.0
"""Edges inside a broken side may be this much longer than those along its rim, which is what shows."""
PER_RIM = 5.5
"""Triangles per rim edge, about."""
LEAST_SLOPE, TURN = 0.2, np.radians(5)
"""How far from level a roof looks at least to have a direction; directions that walls are told apart by."""
LEVEL = 0.97
"""How far up a roof looks at least to be level."""
REACH = np.array([0.20, 0.14, 0.26, 0.35, 0.0, 0.10])
"""Largest push by material, metres: brick, concrete, stone, timber, glass, roof."""
BLOCK = np.array([[0.25, 0.15], [0.0, 0.0], [0.5, 0.3], [0.0, -1.0], [0.0, 0.0], [0.25, 0.2]])
"""Metres along and up of what masonry and roofing break in, by material: two courses of bricks, a stone, a slate; less than none up for timber, which
splinters."""
STRAYS, HANGS, CHIPPED = 0.45, 0.6, 0.3
"""Blocks by which a break strays at most over several of them, and by which each hangs on or has gone with the others, before it steps on to the nearest
joint; how far their arrises are chipped, of the reach."""
BED = 0.6
"""How far up or down a break looks from which on it runs along a bed."""
BOARD = 0.22
"""Metres across the grain in which timber splinters: boards and laths tear at lengths of their own. Grain runs along x, as fracture has it."""
ACROSS_GRAIN = 0.4
"""How far timber tears across its grain, of how far it tears along it."""
SEEN_REACH = 3.6
"""Pixels that torn edges are pushed at most, where that is more than their reach: breaks are ragged at every scale, and a large building's would look sawn."""
CLEARANCE = 0.7
"""Share of the way to a piece's centre by which its faces are pushed at most."""
UNTURNING, TURNED = 8, 0.15
"""Times at most that pushes are halved where they would turn a triangle of a whole face over, by more than so much of its area: what is next to a corner of
a block has none left."""
SAME = 1e-4
"""Metres within which vertices are at one place."""
COARSEST = 5.0
"""Most times that torn edges grow with the size of a pixel."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """vertices (V,3) float64, vertex_piece (V,) int32; triangles (T,3) int32, piece (T,) int32, face (T,) uint8."""

    vertices: np.ndarray
    vertex_piece: np.ndarray
    triangles: np.ndarray
    piece: np.ndarray
    face: np.ndarray


def tear(
    mesh: Mesh, centre: np.ndarray, material: np.ndarray, eye: np.ndarray, seen: np.ndarray, pixel: float, budget: int, seed: int
) -> Mesh:
    """Return the mesh with torn break faces. centre (N,3), material (N,) per piece; eye (3,): who sees it whole, seen (T,) bool: which triangles; pixel: its
    size at the building, metres; budget: about how many triangles are worth their time, for each rank."""
    rank = ranks(mesh, eye, seen)
    fine = split(mesh, rank, edge_lengths(mesh, rank, pixel, budget))
    own = REACH[np.minimum(material, len(REACH) - 1)]
    scale = np.clip(SEEN_REACH * pixel / np.maximum(own, 1e-6), 1.0, COARSEST)
    block = BLOCK[np.minimum(material, len(BLOCK) - 1)]
    moved = _pushed(
        fine.vertices, fine.vertex_piece, fine.triangles, fine.face == BROKEN, _normals(fine), room_for(fine, centre), own * scale, scale, block,
        along_walls(mesh, len(centre)), places(fine.vertices), seed,
    )  # fmt: skip
    return Mesh(moved, fine.vertex_piece, fine.triangles, fine.piece, fine.face)


def ranks(mesh: Mesh, eye: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return how fine (T,) uint8 the rims of each triangle's flat side must be: SHOWN where it is an outer one of which the eye (3,) has `seen` (T,) bool
    some, FACING where it is another one that looks there, 0 elsewhere."""
    side = flat_sides(mesh)
    shown = np.zeros(int(side.max(initial=-1)) + 1, bool)
    shown[side[seen & (mesh.face == OUTER)]] = True
    return np.where(shown[side], SHOWN, np.where(faces_eye(mesh, eye), FACING, 0)).astype(np.uint8)


def places(vertices: np.ndarray) -> np.ndarray:
    """Return the number (V,) int of the place that each vertex is at: both sides of a crack are there, and must go on to the same place."""
    return np.unique(np.rint(vertices / SAME).astype(np.int64), axis=0, return_inverse=True)[1].reshape(-1)


def along_walls(mesh: Mesh, count: int) -> np.ndarray:
    """Return the level direction, x and z, along the wall or roof that each piece is of, by the largest triangle of its outer face, and how far its breaks
    step through it, (count,3): not at all, for they would come out of its face; x and 1 for pieces without such a face."""
    out = np.tile([1.0, 0.0, 1.0], (count, 1))
    a, b, c = (mesh.vertices[mesh.triangles[:, k]] for k in range(3))
    across = np.cross(b - a, c - a)
    outer = np.flatnonzero((mesh.face == OUTER) & (np.hypot(across[:, 0], across[:, 2]) > LEAST_SLOPE * np.linalg.norm(across, axis=1)))
    outer = outer[np.argsort(np.linalg.norm(across[outer], axis=1), kind="stable")]
    # the last one of a piece stays, its largest; pieces of one wall must agree to the last bit, and so must those of opposite walls
    way = TURN * (np.rint(np.arctan2(across[outer, 0], across[outer, 2]) / TURN) % np.rint(np.pi / TURN))
    out[mesh.piece[outer]] = np.stack([np.cos(way), -np.sin(way), np.zeros(len(way))], 1)
    return out


def faces_eye(mesh: Mesh, eye: np.ndarray) -> np.ndarray:
    """Return the outer triangles, and those of rooms, (T,) bool that look at the eye (3,): a straight rim of theirs is seen as soon as a joint
    opens, or what stands before it has gone. So is a level roof's, once it tips up against the sky."""
    normal = _normals(mesh)
    towards = np.sum(normal * (eye - mesh.vertices[mesh.triangles[:, 0]]), 1)
    return np.asarray((((mesh.face == OUTER) | (mesh.face == ROOM)) & (towards > 0)) | ((mesh.face == OUTER) & (normal[:, 1] > LEVEL)))


def edge_lengths(mesh: Mesh, rank: np.ndarray, pixel: float, budget: int) -> np.ndarray:
    """Return the lengths (3,), metres, to split rims to by rank (T,) of the face that they bound: as fine as shows, within the budget for each."""
    rims = _rims(_keys(mesh.triangles), flat_sides(mesh), rank)
    size, most = _lengths(mesh)[mesh.face == BROKEN], 0.5 * min(max(budget, LEAST_TRIANGLES), MOST_TRIANGLES)
    total = [float(size[rims[mesh.face == BROKEN] == each].sum()) for each in range(SHOWN + 1)]
    finest = max(FINEST, PIXELS * pixel)
    lengths = np.maximum(finest, PER_RIM / most * np.array(total))
    return np.maximum.accumulate(lengths[::-1])[::-1]


def flat_sides(mesh: Mesh) -> np.ndarray:
    """Return the number (T,) of the flat side of a piece that each triangle belongs to."""
    sides = np.concatenate([mesh.piece[:, None], mesh.face[:, None], np.rint(_normals(mesh) * 8)], 1)
    return np.unique(sides, axis=0, return_inverse=True)[1].reshape(-1)


def _lengths(mesh: Mesh) -> np.ndarray:
    ends = mesh.vertices[mesh.triangles]
    return np.linalg.norm(ends - np.roll(ends, -1, 1), axis=-1)


def _rims(keys: np.ndarray, side: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """Return the higher rank (T,3) int of the two flat sides that each edge lies between, -1 for an edge within one; keys (T,3): numbers of edges, side (T,),
    rank (T,)."""
    order = np.argsort(keys.reshape(-1), kind="stable")
    keys_there, side_there, rank_there = keys.reshape(-1)[order], np.repeat(side, 3)[order], np.repeat(rank, 3)[order].astype(np.int64)
    between = np.flatnonzero((keys_there[1:] == keys_there[:-1]) & (side_there[1:] != side_there[:-1]))
    out = np.full(keys.size, -1)
    for which in (order[between], order[between + 1]):
        out[which] = np.maximum(rank_there[between], rank_there[between + 1])
    return out.reshape(keys.shape)


def room_for(mesh: Mesh, centre: np.ndarray) -> np.ndarray:
    """Return how far (T,) each broken triangle's plane may be pushed, metres: a share of its distance from its piece's centre (N,3); infinity
    for whole faces, which keep their planes."""
    away = np.abs(np.sum(_normals(mesh) * (mesh.vertices[mesh.triangles[:, 0]] - centre[mesh.piece]), 1))
    return np.where(mesh.face == BROKEN, CLEARANCE * away, np.inf)


def _normals(mesh: Mesh) -> np.ndarray:
    a, b, c = (mesh.vertices[mesh.triangles[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    return normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-30)


def split(mesh: Mesh, rank: np.ndarray, lengths: np.ndarray) -> Mesh:
    """Halve the longest edges of broken faces, and of those with a rank (T,), until no edge along a flat side's rim is longer than `lengths` (3,) by rank,
    and none of a broken side than INNER times that of its rim of the highest rank (Rivara, 1984); faces beside them are split along, so that no gap
    opens."""
    side = flat_sides(mesh)
    own = np.zeros(int(side.max(initial=-1)) + 1, np.int64)
    np.maximum.at(own, side, np.where(mesh.face == BROKEN, _rims(_keys(mesh.triangles), side, rank).max(1), 0))
    while True:
        size, keys = _lengths(mesh), _keys(mesh.triangles)
        rims = _rims(keys, side, rank)
        long = size > np.minimum(np.where(rims < 0, np.inf, lengths[rims]), INNER * lengths[own[side]][:, None])
        wanted = np.flatnonzero(((mesh.face == BROKEN) | (rank > 0)) & long.any(1))
        if not len(wanted):
            return mesh
        mesh, parent = _halved(mesh, keys, np.isin(keys, np.unique(keys[wanted, size.argmax(1)[wanted]])))
        side, rank = side[parent], rank[parent]


def _keys(triangles: np.ndarray) -> np.ndarray:
    """Return one number (T,3) per edge, the same for both triangles that share it. Edge k joins corners k and k + 1."""
    following = np.roll(triangles, -1, 1).astype(np.int64)
    return np.minimum(triangles, following) * (int(triangles.max(initial=0)) + 1) + np.maximum(triangles, following)


def _halved(mesh: Mesh, keys: np.ndarray, cut: np.ndarray) -> tuple[Mesh, np.ndarray]:
    """Put a vertex in the middle of every cut edge and split the triangles accordingly; return the parents (T,) of triangles too."""
    ends = np.stack([mesh.triangles, np.roll(mesh.triangles, -1, 1)], -1)
    _, first, inverse = np.unique(keys[cut], return_index=True, return_inverse=True)
    pair = ends[cut][first]
    vertices = np.concatenate([mesh.vertices, 0.5 * (mesh.vertices[pair].sum(1))])
    owner = np.concatenate([mesh.vertex_piece, mesh.vertex_piece[pair[:, 0]]])
    middle = np.full(cut.shape, -1, np.int32)
    middle[cut] = len(mesh.vertices) + inverse.reshape(-1)
    triangles, parent = _retriangulated(mesh.triangles, middle)
    return Mesh(vertices, owner, triangles, mesh.piece[parent], mesh.face[parent]), parent


@nb.njit(cache=True)
def _retriangulated(triangles, middle):  # type: ignore[no-untyped-def]
    """Return sub-triangles (n,3) int32 and their parents (n,)."""
    out = np.empty((4 * triangles.shape[0], 3), np.int32)
    parent = np.empty(out.shape[0], np.int64)
    n = 0
    for t in range(triangles.shape[0]):
        cuts = (middle[t, 0] >= 0) + (middle[t, 1] >= 0) + (middle[t, 2] >= 0)
        # turn the triangle so that its only cut edge comes first, or its only whole one last
        k = 0
        for r in range(3):
            if (cuts == 1 and middle[t, r] >= 0) or (cuts == 2 and middle[t, (r + 2) % 3] < 0):
                k = r
        a, b, c = triangles[t, k], triangles[t, (k + 1) % 3], triangles[t, (k + 2) % 3]
        ab, bc, ca = middle[t, k], middle[t, (k + 1) % 3], middle[t, (k + 2) % 3]
        start = n
        if cuts == 0:
            out[n] = (a, b, c)
        elif cuts == 1:
            out[n], out[n + 1] = (a, ab, c), (ab, b, c)
        elif cuts == 2:
            out[n], out[n + 1], out[n + 2] = (ab, b, bc), (a, ab, bc), (a, bc, c)
        else:
            out[n], out[n + 1], out[n + 2], out[n + 3] = (a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)
        n += cuts + 1
        for i in range(start, n):
            parent[i] = t
    return out[:n].copy(), parent[:n].copy()


@nb.njit(cache=True)
def _field(x, y, z, high, seed):  # type: ignore[no-untyped-def]
    """Return the push at a rest point, each part within -1..1: the way that a crack strays, and lumps."""
    out = np.empty(3)
    for c in range(3):
        strays = value(x * 0.9, y * 0.9, z * 0.9, seed + 7 * c + 1)
        lumps = value(x * 2.9, y * 2.9, z * 2.9, seed + 7 * c) + 0.6 * value(x * 8.3, y * 8.3, z * 8.3, seed + 7 * c + 3)
        out[c] = 1.3 * (0.9 * strays + lumps - 1.25)
    if high < 0:
        board = chance(int(np.floor(z / BOARD)), int(np.floor(y / BOARD)), 3, seed) * 2 - 1
        out[0], out[1], out[2] = 0.3 * out[0] + 0.8 * board, ACROSS_GRAIN * out[1], ACROSS_GRAIN * out[2]
    return out


@nb.njit(cache=True)
def _stepped(x, y, z, long, high, reach, bed, head, seed):  # type: ignore[no-untyped-def]
    """Return the push, metres, that takes a rest point of a break between blocks, `long` and `high` metres, to the nearest corner of one, chipped; x along
    the wall, y up, z through it. bed, head: whether a break along beds goes through it, and one up the wall; both where one ends on the other."""
    out = np.empty(3)
    # what is told by the block, not by the point, is the same for both sides, wherever each has its vertices
    row, course = int(np.floor(y / high)), int(np.floor(y / (4 * high) + 0.37))
    half = 0.5 * (course % 2)
    up, aside = 0.0, 0.0
    if bed:
        column, deep = int(np.floor(x / long + half)), int(np.floor(z / long + half))
        up = HANGS * (2 * chance(column, course, deep, seed + 5) - 1)
        up += STRAYS * (2 * value(column * 0.4, course * 3.7, deep * 0.4, seed + 1) - 1)
    if head:
        half = 0.5 * (row % 2) + 0.3 * chance(row, 5, 0, seed)
        aside = STRAYS * (2 * value(x * 0.5, row * 0.35, z * 0.5, seed + 8) - 1)
    ax, ay, az = (
        np.floor(x / long + half + aside + 0.5) - half,
        np.floor(y / high + up + 0.5),
        np.floor(z / long + half + aside + 0.5) - half,
    )
    # a corner is chipped as it is, whichever of its vertices go there: both sides fit, and leave no hole
    keys = int(np.floor(8 * ax + 0.5)), int(ay), int(np.floor(8 * az + 0.5))
    corner = ax * long, ay * high, az * long
    for c, at in enumerate((x, y, z)):
        out[c] = corner[c] + CHIPPED * reach * (2 * chance(keys[0], keys[1], keys[2], seed + 7 * c + 3) - 1) - at
    return out


@nb.njit(cache=True)
def _pushed(vertices, vertex_piece, triangles, broken, normals, room, reach, scale, block, along, place, seed):  # type: ignore[no-untyped-def]
    """Return vertices (V,3), those of broken faces pushed within the planes of all whole faces that they belong to, and no face by more than
    it has room (T,). along (N,3): see `along_walls`; place (V,): vertices at one place go equally far, by the
    breaks along beds and up the wall that go `through` it."""
    count = vertices.shape[0]
    torn, through = np.zeros(count, np.bool_), np.zeros((place.max() + 1 if count else 0, 2), np.bool_)
    planes = np.zeros((count, 3, 3))
    known = np.zeros(count, np.int64)
    for t in range(triangles.shape[0]):
        for k in range(3):
            v = triangles[t, k]
            if broken[t]:
                torn[v] = True
                through[place[v], 0 if abs(normals[t, 1]) > BED else 1] = True
            elif known[v] < 3:
                n = normals[t].copy()
                for b in range(known[v]):
                    n -= np.dot(n, planes[v, b]) * planes[v, b]
                length = np.sqrt(np.dot(n, n))
                if length > 0.1:
                    planes[v, known[v]] = n / length
                    known[v] += 1
    push = np.zeros((count, 3))
    for v in range(count):
        p = vertex_piece[v]
        if not torn[v] or known[v] == 3 or reach[p] <= 0:
            continue
        at = vertices[v] / scale[p]
        if block[p, 1] > 0:
            c, s = along[p, 0], along[p, 1]
            by = _stepped(
                c * at[0] + s * at[2],
                at[1],
                c * at[2] - s * at[0],
                block[p, 0],
                block[p, 1],
                reach[p] / scale[p],
                through[place[v], 0],
                through[place[v], 1],
                seed,
            )
            by[2] *= along[p, 2]
            push[v, 0], push[v, 1], push[v, 2] = (c * by[0] - s * by[2]) * scale[p], by[1] * scale[p], (s * by[0] + c * by[2]) * scale[p]
        else:
            push[v] = _field(at[0], at[1], at[2], block[p, 1], seed) * reach[p]
        for b in range(known[v]):
            push[v] -= np.dot(push[v], planes[v, b]) * planes[v, b]
    share = np.ones(count)
    for t in range(triangles.shape[0]):
        for k in range(3):
            v = triangles[t, k]
            far = abs(np.dot(push[v], normals[t]))
            if far * share[v] > room[t]:
                share[v] = room[t] / far
    _evened(share, place)
    # a rim that is pushed across a thin triangle would turn it over, and leave a hole
    for _ in range(UNTURNING):
        turned = 0
        for t in range(triangles.shape[0]):
            if broken[t]:
                continue
            i, j, k = triangles[t]
            before = np.dot(np.cross(vertices[j] - vertices[i], vertices[k] - vertices[i]), normals[t])
            a, b, c = vertices[i] + share[i] * push[i], vertices[j] + share[j] * push[j], vertices[k] + share[k] * push[k]
            if np.dot(np.cross(b - a, c - a), normals[t]) <= -TURNED * before:
                turned += 1
                share[i], share[j], share[k] = 0.5 * share[i], 0.5 * share[j], 0.5 * share[k]
        if not turned:
            break
    _evened(share, place)
    return vertices + share.reshape(-1, 1) * push


@nb.njit(cache=True)
def _evened(share, place):  # type: ignore[no-untyped-def]
    """Lower each share (V,) to the least of all at its place (V,)."""
    least = np.ones(place.max() + 1 if place.shape[0] else 0)
    for v in range(share.shape[0]):
        least[place[v]] = min(least[place[v]], share[v])
    for v in range(share.shape[0]):
        share[v] = least[place[v]]
