"""What each face of a piece is: the plate's own surface, a break, a floor, or the inside of a room."""

from __future__ import annotations

import numpy as np

from derrumbe.fracture.materials import Kind
from derrumbe.fracture.skin import Skin

OUTER, BROKEN, FLOOR, ROOM = 0, 1, 2, 3
COVERED = 0.5
"""A face with more than this share against other pieces was inside: it is a break."""


def classify(corners: np.ndarray, normals: np.ndarray, uncovered: np.ndarray, kind: np.ndarray, skin: Skin, eye: np.ndarray) -> np.ndarray:
    """Return `triangle_face` (T,) uint8 of triangles.

    corners (T, 3, 3); normals (T, 3); uncovered (T,): share that touches no piece; kind (T,): of the element; eye (3,): of the camera.
    A face outside the skin, where a convex piece fills a notch, is outer if the picture shows the building there, else a break.
    """
    free = uncovered > 1 - COVERED
    slab = kind == Kind.SLAB
    outside = free & ~slab & skin.leaves_outside(corners, normals)
    outer = skin.bears(corners, normals) | (outside & skin.covers(corners.mean(axis=1), eye))
    face = np.where(free & ~slab & ~outside, ROOM, BROKEN)
    face[outer] = OUTER
    face[outer & (normals[:, 1] < -0.9)] = BROKEN
    face[slab & (np.abs(normals[:, 1]) > 0.9)] = FLOOR
    return face.astype(np.uint8)
