"""Cutting solids up: frames, planar facets, hollowing, convex parts. Booleans by manifold3d. Metres."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count, pairwise

import manifold3d
import numpy as np
from manifold3d import CrossSection, FillRule, JoinType, Manifold, OpType

UP = np.array([0.0, 1.0, 0.0])


@dataclass(frozen=True)
class Frame:
    """A right-handed frame in the world: `axes` rows are u (right), v (up) and w (outward normal)."""

    origin: np.ndarray
    axes: np.ndarray

    def local(self, points: np.ndarray) -> np.ndarray:
        """Return world points (..., 3) as (u, v, w), metres."""
        return (points - self.origin) @ self.axes.T

    def world(self, points: np.ndarray) -> np.ndarray:
        """Return (u, v, w) points (..., 3) in the world."""
        return self.origin + points @ self.axes

    def box(self, low: Sequence[float], high: Sequence[float]) -> Manifold:
        """Return the box between two local corners as a world solid."""
        size = np.subtract(high, low)
        placed = np.column_stack([self.axes.T, self.world(np.asarray(low, np.float64))])
        return Manifold.cube(tuple(size)).transform(placed)


WAFER = 1.5e-3
"""Parts thinner than this are nothing, metres."""
WORLD = Frame(np.zeros(3), np.eye(3))


@dataclass(frozen=True)
class Facet:
    """A flat part of a surface: `frame` has its w along the outward normal; `corners` (n, 3, 2) are its triangles in u and v."""

    frame: Frame
    corners: np.ndarray
    area: float

    @property
    def low(self) -> np.ndarray:
        return np.asarray(self.corners.min(axis=(0, 1)))

    @property
    def high(self) -> np.ndarray:
        return np.asarray(self.corners.max(axis=(0, 1)))

    def within(self, frame: Frame) -> Facet:
        """Return the same facet in another frame of the same plane."""
        flat = np.concatenate([self.corners, np.zeros((*self.corners.shape[:2], 1))], axis=2)
        return Facet(frame, frame.local(self.frame.world(flat))[..., :2], self.area)

    def prism(self, back: float, front: float) -> Manifold:
        """Return what lies behind and before the facet, between w = `back` and w = `front`."""
        shape = CrossSection(list(self.corners), FillRule.NonZero)
        placed = np.column_stack([self.frame.axes.T, self.frame.world(np.array([0.0, 0.0, back]))])
        return Manifold.extrude(shape, front - back).transform(placed)

    @property
    def normal(self) -> np.ndarray:
        return self.frame.axes[2]


def solid(vertices: np.ndarray, triangles: np.ndarray) -> Manifold:
    """Return the solid that a closed mesh bounds: vertices (n, 3), triangles (m, 3). Raises ValueError when the mesh isn't closed."""
    mesh = manifold3d.Mesh64(np.ascontiguousarray(vertices, np.float64), np.ascontiguousarray(triangles, np.uint64))
    mesh.merge()
    made = Manifold(mesh)
    if made.status() != manifold3d.Error.NoError or made.is_empty():
        raise ValueError(f"the mesh is no closed solid: {made.status()}")
    return made


def mesh_of(body: Manifold) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices (n, 3) float64 and triangles (m, 3) int64 of a solid."""
    mesh = body.to_mesh64()
    return np.asarray(mesh.vert_properties)[:, :3].copy(), np.asarray(mesh.tri_verts).astype(np.int64)


def corner_points(body: Manifold) -> np.ndarray:
    """Return the vertices (n, 3) of a solid."""
    return np.asarray(body.to_mesh64().vert_properties)[:, :3]


def union(bodies: Iterable[Manifold]) -> Manifold:
    """Return the union of solids (an empty solid for none)."""
    return Manifold.batch_boolean(list(bodies), OpType.Add)


def between(body: Manifold, normal: np.ndarray, low: float, high: float) -> Manifold:
    """Return the part of `body` with low <= normal·p <= high."""
    return body.trim_by_plane(tuple(normal), low).trim_by_plane(tuple(-normal), -high)


def triangle_normals(vertices: np.ndarray, triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return unit normals (m, 3) and areas (m,) of triangles; a triangle without area has a zero normal."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    cross = np.cross(b - a, c - a)
    length = np.linalg.norm(cross, axis=1)
    return cross / np.maximum(length, 1e-30)[:, None], length / 2


def plane_axes(normal: np.ndarray) -> np.ndarray:
    """Return axes (u, v, w) of a plane: u horizontal and to the right as seen from outside, v up the plane."""
    side = np.cross(UP, normal)
    if np.linalg.norm(side) < 0.05:
        side = np.array([1.0, 0.0, 0.0])
        side = side - normal * (side @ normal)
    side = side / np.linalg.norm(side)
    return np.stack([side, np.cross(normal, side), normal])


def facets(body: Manifold, angle: float = 0.02, distance: float = 0.02) -> list[Facet]:
    """Return the planar facets of a solid, largest first. Triangles within `angle` (rad) and `distance` (m) of a plane share it."""
    vertices, triangles = mesh_of(body)
    normals, areas = triangle_normals(vertices, triangles)
    corners = vertices[triangles]
    free = areas > 1e-6
    found = []
    for seed in np.argsort(-areas, kind="stable"):
        if not free[seed]:
            continue
        off = np.abs((corners - corners[seed, 0]) @ normals[seed]).max(axis=1)
        members = free & (normals @ normals[seed] > np.cos(angle)) & (off < distance)
        free &= ~members
        found.append(_facet(corners[members], normals[seed], float(areas[members].sum())))
    return sorted(found, key=lambda facet: -facet.area)


def _facet(corners: np.ndarray, normal: np.ndarray, area: float) -> Facet:
    plane = Frame(normal * (corners @ normal).max(), plane_axes(normal))
    return Facet(plane, plane.local(corners)[..., :2], area)


LYING = np.array([[1.0, 0, 0, 0], [0, 0, -1.0, 0], [0, 1.0, 0, 0]])
"""Turns world y into z, along which sections are cut and extruded."""
STANDING = np.array([[1.0, 0, 0, 0], [0, 0, 1.0, 0], [0, -1.0, 0, 0]])
ALIKE = 0.01
"""Sections that differ by less than this share of their area are one."""


def hollow(body: Manifold, heights: Sequence[float], side: float, top: float) -> Manifold:
    """Return the room inside a shell, as upright prisms between consecutive `heights` (ascending, metres).

    A prism's ground plan is what all sections of the solid from its floor to `top` above its ceiling share, inset by `side`.
    Prisms whose plans are alike are joined.
    """
    lying = body.transform(LYING)
    prisms: list[tuple[float, float, CrossSection]] = []
    for floor, ceiling in pairwise(heights):
        plan = _shared_section(lying, floor, ceiling, top).offset(-side, JoinType.Miter, 2.0).simplify(side / 20)
        if prisms and _alike(prisms[-1][2], plan):
            prisms[-1] = (prisms[-1][0], ceiling, prisms[-1][2] ^ plan)
        elif plan.area() > side**2:
            prisms.append((floor, ceiling, plan))
    return union(Manifold.extrude(plan, high - low).translate((0, 0, low)).transform(STANDING) for low, high, plan in prisms)


def _shared_section(lying: Manifold, floor: float, ceiling: float, top: float) -> CrossSection:
    inside = (floor + 1e-3, (floor + ceiling) / 2, ceiling - 1e-3, ceiling + top / 2, ceiling + top - 1e-3)
    return CrossSection.batch_boolean([lying.slice(height) for height in inside], OpType.Intersect)


def _alike(first: CrossSection, second: CrossSection) -> bool:
    shared = (first ^ second).area()
    return shared > (1 - ALIKE) * max(first.area(), second.area()) > 0


def convex_parts(bodies: Sequence[Manifold], slack: Sequence[float], most: int = 10_000) -> list[list[Manifold]]:
    """Cut solids into convex parts along the planes of their concave edges; returns the parts of each.

    `slack`, one for each: a part whose hull is larger by no more than that share (and half a millimetre all round) counts as convex.
    Where the hull fills most that isn't there, for its slack, is cut first, until there are `most` parts in all.
    Every part is replaced by its hull. Wafers thinner than `WAFER` are left out.
    """
    heap: list[_Lump] = []
    todo = [(owner, lump) for owner, body in enumerate(bodies) for lump in body.decompose()]
    serial = count()
    while True:
        for owner, body in todo:
            lump = _lump(body, owner, next(serial), slack[owner])
            if lump is not None:
                heapq.heappush(heap, lump)
        if not heap or heap[0].excess == 0 or len(heap) >= most:
            break
        widest = heapq.heappop(heap)
        todo = [(widest.owner, lump) for half in _parted(widest.body) for lump in half.decompose()]
    parts: list[list[Manifold]] = [[] for _ in bodies]
    for lump in sorted(heap, key=lambda lump: lump.serial):
        parts[lump.owner].append(lump.hull)
    return parts


@dataclass(frozen=True)
class _Lump:
    """A connected part on its way to being convex. `excess`: what its hull has too much, m³ per slack; 0 when that is little."""

    body: Manifold
    hull: Manifold
    owner: int
    serial: int
    excess: float

    def __lt__(self, other: _Lump) -> bool:
        return (-self.excess, self.serial) < (-other.excess, other.serial)


def _lump(body: Manifold, owner: int, serial: int, slack: float) -> _Lump | None:
    volume, surface = body.volume(), body.surface_area()
    if volume <= WAFER / 2 * surface:
        return None
    hull = body.hull()
    excess = hull.volume() - volume
    return _Lump(body, hull, owner, serial, 0.0 if excess <= slack * volume + 2.5e-4 * surface else excess / slack)


TRIED = 3
"""How many planes are tried for a cut."""
INTRICATE = 250
"""A solid with more triangles than this is first cut across, which costs less."""
BESIDE = 3e-4
"""A cut in the plane of a face may leave a flap without thickness; then it is made this far beside it, metres."""


def _parted(body: Manifold) -> tuple[Manifold, Manifold]:
    """Cut a solid in two in the plane of most concave edges; across its longest side where no such plane cuts."""
    if body.num_tri() < INTRICATE:
        for plane in concave_planes(body, TRIED):
            for beside in (0.0, BESIDE, -BESIDE):
                halves = body.split_by_plane(tuple(plane[:3]), plane[3] + beside)
                if min(half.volume() for half in halves) > 1e-7:
                    return halves
    return _across(body)


def _across(body: Manifold) -> tuple[Manifold, Manifold]:
    box = np.asarray(body.bounding_box()).reshape(2, 3)
    axis = int(np.argmax(box[1] - box[0]))
    return body.split_by_plane(tuple(np.eye(3)[axis]), float(box[:, axis].mean()))


def concave_planes(body: Manifold, most: int) -> np.ndarray:
    """Return up to `most` face planes (normal, offset), (n, 4), on which concave edges lie, by the length that lies on each."""
    vertices, triangles = mesh_of(body)
    normals, areas = triangle_normals(vertices, triangles)
    first, second, ends = _edges(triangles)
    length = np.linalg.norm(vertices[ends[:, 0]] - vertices[ends[:, 1]], axis=1)
    apex = vertices[triangles[second]].sum(axis=1) - vertices[ends].sum(axis=1)
    rise = np.einsum("ij,ij->i", apex - vertices[ends[:, 0]], normals[first])
    sine = np.linalg.norm(np.cross(normals[first], normals[second]), axis=1)
    concave = (rise > 1e-6) & (sine > 1e-3) & (areas[first] > 1e-9) & (areas[second] > 1e-9)
    at = np.concatenate([first[concave], second[concave]])
    planes = np.column_stack([normals[at], np.einsum("ij,ij->i", normals[at], vertices[triangles[at, 0]])])
    return _heaviest(planes, np.tile((length * sine)[concave], 2), most)


def _edges(triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each edge of a closed mesh its two triangles (n,), (n,) and its two vertices (n, 2)."""
    edges = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    owner = np.repeat(np.arange(len(triangles)), 3)
    order = np.lexsort((owner, edges[:, 1], edges[:, 0]))
    return owner[order[0::2]], owner[order[1::2]], edges[order[0::2]]


def _heaviest(planes: np.ndarray, weights: np.ndarray, most: int) -> np.ndarray:
    """Return the planes that gather the most weight, either side counted as one."""
    sign = np.sign(planes[np.arange(len(planes)), np.argmax(np.abs(planes[:, :3]) > 0.3, axis=1)])
    unique, first, group = np.unique(np.round(planes * sign[:, None], 3) + 0.0, axis=0, return_index=True, return_inverse=True)
    gathered = np.bincount(np.ravel(group), weights, len(unique))
    return np.asarray(planes[first[np.argsort(-gathered, kind="stable")[:most]]])
