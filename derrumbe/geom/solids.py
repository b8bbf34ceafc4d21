"""Closed solids: sight cones, prisms, and their intersection (manifold3d). Metres; vertices (n, 3) float64, triangles (m, 3) int32."""

from __future__ import annotations

from collections.abc import Sequence

import manifold3d
import numpy as np
from manifold3d import CrossSection as Shape
from manifold3d import Manifold as Solid

from derrumbe.core.errors import DerrumbeError
from derrumbe.core.records import Camera
from derrumbe.geom.camera import eye, rays

UP = (0.0, 1.0, 0.0)


def shape(polygons: Sequence[np.ndarray]) -> Shape:
    """Return the plane region covered by closed polygons (n, 2) of either winding (even-odd)."""
    return Shape([np.asarray(polygon, np.float64) for polygon in polygons], manifold3d.FillRule.EvenOdd)


def grown(region: Shape, by: float) -> Shape:
    """Return a region grown (or shrunk, when negative) by `by`, corners kept sharp."""
    return region.offset(by, manifold3d.JoinType.Miter, 2.0)


def cone(camera: Camera, region: Shape, near: float, far: float) -> Solid:
    """Return what lies behind a picture region (pixels) between two depths along the camera's axis."""
    polygons = region.to_polygons()
    if not polygons:
        raise DerrumbeError("a sight cone needs a region that isn't empty")
    points = np.concatenate(polygons)
    caps = np.asarray(manifold3d.triangulate(polygons), np.int64)
    # Pixel y runs down, so counter-clockwise in (x, y) is clockwise as seen: the far cap is wound right as it is.
    directions, origin, count = rays(camera, points), eye(camera), len(points)
    vertices = np.concatenate([origin + near * directions, origin + far * directions])
    sides = []
    start = 0
    for polygon in polygons:
        here = np.arange(start, start + len(polygon))
        after = np.roll(here, -1)
        sides += [np.stack([here, after, here + count], 1), np.stack([after, after + count, here + count], 1)]
        start += len(polygon)
    triangles = np.concatenate([caps[:, ::-1], caps + count, *sides])
    return _checked(_from_arrays(vertices, triangles))


def upright_prism(footprint: np.ndarray, low: float, high: float) -> Solid:
    """Return the prism over a footprint (n, 2) of (x, z) corners, either winding, between two heights."""
    # (x, z) -> (x, -z) extruded along z, then turned so that it stands: (x, y, z) -> (x, z, -y).
    region = shape([np.asarray(footprint) * (1.0, -1.0)])
    return region.extrude(high - low).transform(np.array([[1.0, 0, 0, 0], [0, 0, 1, low], [0, -1, 0, 0]]))


def wall_prism(
    region: Shape, origin: np.ndarray, along: np.ndarray, inward: np.ndarray, depth: float, upwards: tuple[float, ...] | np.ndarray = UP
) -> Solid:
    """Return a wall region (metres along, up) carried `depth` metres along `inward` from the wall at `origin`. upwards: the way up the wall for
    every metre of height; it may lean."""
    # Local axes (along, up, outward) are right-handed; the extrusion runs outward from -depth to 0.
    turn = np.stack([along, upwards, -inward], 1)
    return region.extrude(depth).translate([0.0, 0.0, -depth]).transform(np.concatenate([turn, np.reshape(origin, (3, 1))], 1))


def union(solids: Sequence[Solid]) -> Solid:
    """Return everything that is in any of the solids."""
    return Solid.batch_boolean(list(solids), manifold3d.OpType.Add)


def mesh(solid: Solid) -> tuple[np.ndarray, np.ndarray]:
    """Return (vertices (n, 3) float64, triangles (m, 3) int32), closed, outward."""
    arrays = solid.to_mesh64()
    return np.asarray(arrays.vert_properties, np.float64)[:, :3].copy(), np.asarray(arrays.tri_verts, np.int32)


def _from_arrays(vertices: np.ndarray, triangles: np.ndarray) -> Solid:
    return Solid(manifold3d.Mesh64(np.ascontiguousarray(vertices, np.float64), np.ascontiguousarray(triangles, np.uint64)))


def _checked(solid: Solid) -> Solid:
    if solid.status() != manifold3d.Error.NoError or solid.is_empty():
        raise DerrumbeError(f"a solid came out broken: {solid.status()}")
    return solid
