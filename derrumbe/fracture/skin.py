"""The skin of the building: which faces lie on it, which stand outside it, and where the picture shows it."""

from __future__ import annotations

import numpy as np
from manifold3d import Manifold

from derrumbe.geom.carving import mesh_of, triangle_normals

STEP = 0.006
"""Faces nearer than this to the skin lie on it, metres."""


class Skin:
    """The surface of a solid, for rays."""

    def __init__(self, body: Manifold) -> None:
        from embreex import rtcore_scene
        from embreex.mesh_construction import TriangleMesh

        vertices, triangles = mesh_of(body)
        self._normals, _ = triangle_normals(vertices, triangles)
        self._scene = rtcore_scene.EmbreeScene()
        TriangleMesh(self._scene, vertices[triangles].astype(np.float32))

    def bears(self, corners: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """Return which triangles (T, 3, 3) lie on the skin and look the way it looks there, (T,) bool."""
        distance, facing = self._hits(corners.mean(axis=1) - STEP * normals, normals)
        return np.asarray((facing > 0.99) & (np.abs(distance - STEP) < STEP))

    def leaves_outside(self, corners: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """Return in front of which triangles one stands outside the solid, (T,) bool."""
        _, facing = self._hits(corners.mean(axis=1) + STEP * normals, normals)
        return np.asarray(facing <= 0)

    def covers(self, points: np.ndarray, eye: np.ndarray) -> np.ndarray:
        """Return which points (T, 3) the eye sees in front of or behind the skin, (T,) bool."""
        sight = points - eye
        distance, _ = self._hits(np.broadcast_to(eye, sight.shape), sight / np.linalg.norm(sight, axis=1)[:, None])
        return np.isfinite(distance)

    def _hits(self, start: np.ndarray, direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return distances (inf: none) and the cosines between rays and the outward normals that they meet (0: none)."""
        hit = self._scene.run(start.astype(np.float32), direction.astype(np.float32), output=True)
        found = hit["geomID"] >= 0
        facing = np.einsum("ij,ij->i", self._normals[np.where(found, hit["primID"], 0)], direction)
        return np.where(found, hit["tfar"], np.inf), np.where(found, facing, 0.0)
