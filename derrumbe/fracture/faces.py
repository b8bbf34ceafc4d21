"""What each face of a piece is: the plate's own surface, a break, a floor, or the inside of a room."""

from __future__ import annotations

import numpy as np

from derrumbe.fracture.materials import Kind

OUTER, BROKEN, FLOOR, ROOM = 0, 1, 2, 3
STEP = 0.006
"""Faces nearer than this to the building's surface lie on it, metres."""
COVERED = 0.5
"""A face with more than this share against other pieces was inside: it is a break."""


def classify(normals: np.ndarray, uncovered: np.ndarray, kind: np.ndarray, on_surface: np.ndarray) -> np.ndarray:
    """Return `triangle_face` (T,) uint8 of triangles.

    normals (T, 3); uncovered (T,): share that touches no piece; kind (T,): of the element; on_surface (T,) bool.
    """
    flat = (kind == Kind.SLAB) & (np.abs(normals[:, 1]) > 0.9)
    bottom = normals[:, 1] < -0.9
    face = np.where(uncovered > 1 - COVERED, ROOM, BROKEN)
    face[(kind == Kind.SLAB) & (face == ROOM)] = BROKEN
    face[flat] = FLOOR
    face[on_surface & ~bottom] = OUTER
    face[on_surface & bottom] = BROKEN
    return face.astype(np.uint8)


def on_surface(corners: np.ndarray, normals: np.ndarray, vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return which triangles (T, 3, 3) lie on the surface of a mesh and look the same way, (T,) bool."""
    from embreex import rtcore_scene
    from embreex.mesh_construction import TriangleMesh

    scene = rtcore_scene.EmbreeScene()
    TriangleMesh(scene, vertices[triangles].astype(np.float32))
    start = corners.mean(axis=1) - STEP * normals
    hit = scene.run(start.astype(np.float32), normals.astype(np.float32), output=True)
    found = hit["geomID"] >= 0
    aligned = np.einsum("ij,ij->i", _normals(vertices, triangles)[np.where(found, hit["primID"], 0)], normals) > 0.99
    return np.asarray(found & aligned & (np.abs(hit["tfar"] - STEP) < STEP))


def _normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    cross = np.cross(b - a, c - a)
    return cross / np.maximum(np.linalg.norm(cross, axis=1), 1e-30)[:, None]
