"""Cutting solids up: frames, planar facets, hollowing, convex parts. Booleans by manifold3d. Metres."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import manifold3d
import numpy as np
from manifold3d import Manifold

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
    """A flat part of a surface: `frame` has its w along the outward normal; `low` and `high` bound it in u and v."""

    frame: Frame
    low: np.ndarray
    high: np.ndarray
    area: float

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
    return Manifold.batch_boolean(list(bodies), manifold3d.OpType.Add)


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
        found.append(_facet(corners[members].reshape(-1, 3), normals[seed], float(areas[members].sum())))
    return sorted(found, key=lambda facet: -facet.area)


def _facet(points: np.ndarray, normal: np.ndarray, area: float) -> Facet:
    axes = plane_axes(normal)
    origin = normal * (points @ normal).max()
    plane = Frame(origin, axes)
    local = plane.local(points)[:, :2]
    return Facet(plane, local.min(axis=0), local.max(axis=0), area)


def cavity(body: Manifold, side: float, top: float) -> Manifold:
    """Return the room inside a shell: points whose box of ±`side` in x and z and ±`top` in y lies in the solid; open at the ground.

    A Minkowski erosion, made from one convex hull per triangle of the surface.
    """
    vertices, triangles = mesh_of(body)
    normals, _ = triangle_normals(vertices, triangles)
    lowest = vertices[:, 1].min()
    floor = (normals[:, 1] < -0.9) & (vertices[triangles][:, :, 1].max(axis=1) < lowest + 0.2)
    sweep = np.array([(x, y, z) for x in (-side, side) for y in (-top, top) for z in (-side, side)])
    swept = [Manifold.hull_points((vertices[t][:, None] + sweep).reshape(-1, 3)) for t in triangles[~floor]]
    return body - union(swept)


def convex_parts(body: Manifold, tolerance: float = 0.004, depth: int = 40) -> list[Manifold]:
    """Cut a solid into convex parts along the planes of its concave edges.

    A part whose hull is larger by no more than the share `tolerance` (and half a millimetre all round) counts as convex and is replaced
    by its hull. Wafers thinner than `WAFER` are left out.
    """
    parts: list[Manifold] = []
    for lump in body.decompose():
        volume, hull = lump.volume(), lump.hull()
        if volume <= WAFER / 2 * lump.surface_area():
            continue
        convex = hull.volume() - volume <= tolerance * volume + 2.5e-4 * lump.surface_area()
        halves = None if convex or depth == 0 else _parted(lump)
        parts += [hull] if halves is None else [part for half in halves for part in convex_parts(half, tolerance, depth - 1)]
    return parts


def _parted(body: Manifold) -> tuple[Manifold, Manifold] | None:
    """Cut at a concave edge. Where the exact plane leaves a flap without thickness, cut beside it."""
    plane = concave_plane(body)
    if plane is None:
        return None
    for beside in (0.0, 3e-4, -3e-4):
        halves = body.split_by_plane(tuple(plane[:3]), plane[3] + beside)
        if min(half.volume() for half in halves) > 1e-7:
            return halves
    return None


def concave_plane(body: Manifold) -> np.ndarray | None:
    """Return the face plane (normal, offset) on which the most concave edge length lies, or None for a convex solid."""
    vertices, triangles = mesh_of(body)
    normals, areas = triangle_normals(vertices, triangles)
    first, second, ends = _edges(triangles)
    length = np.linalg.norm(vertices[ends[:, 0]] - vertices[ends[:, 1]], axis=1)
    apex = vertices[triangles[second]].sum(axis=1) - vertices[ends].sum(axis=1)
    rise = np.einsum("ij,ij->i", apex - vertices[ends[:, 0]], normals[first])
    sine = np.linalg.norm(np.cross(normals[first], normals[second]), axis=1)
    concave = (rise > 1e-6) & (sine > 1e-3) & (areas[first] > 1e-9) & (areas[second] > 1e-9)
    if not concave.any():
        return None
    return _heaviest_plane(
        vertices, triangles, normals, np.concatenate([first[concave], second[concave]]), np.tile((length * sine)[concave], 2)
    )


def _edges(triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each edge of a closed mesh its two triangles (n,), (n,) and its two vertices (n, 2)."""
    edges = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    owner = np.repeat(np.arange(len(triangles)), 3)
    order = np.lexsort((owner, edges[:, 1], edges[:, 0]))
    return owner[order[0::2]], owner[order[1::2]], edges[order[0::2]]


def _heaviest_plane(
    vertices: np.ndarray, triangles: np.ndarray, normals: np.ndarray, candidates: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Return the plane through one of the candidate triangles that gathers the most weight."""
    offsets = np.einsum("ij,ij->i", normals[candidates], vertices[triangles[candidates, 0]])
    planes = np.column_stack([normals[candidates], offsets])
    sign = np.sign(planes[np.arange(len(planes)), np.argmax(np.abs(planes[:, :3]) > 0.3, axis=1)])
    keys = np.round(planes * sign[:, None], 3) + 0.0
    unique, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    gathered = np.bincount(np.ravel(group), weights, len(unique))
    return cast(np.ndarray, planes[first[np.argmax(gathered)]])
