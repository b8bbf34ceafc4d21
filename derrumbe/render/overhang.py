"""Rims of the model that the plate saw past, since an outline is drawn coarser than a roof's edge: once pieces move, one sees past them as the plate did,
but not into the building. What lies behind such a rim and was never seen (breaks, rooms, the far sides of roofs) would come out as black rags along
the skyline, so the rim itself is drawn before it, in the colour of the wall or roof that it goes on from.
"""

from __future__ import annotations

import numpy as np

from derrumbe.geom.camera import eye
from derrumbe.render.raster import NONE, Projected, Window, visible
from derrumbe.render.scene import OUTER, Scene


def seen_past(scene: Scene, view: Projected, window: Window, offset: tuple[float, float], hit: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Return `hit` (h,w), what samples at `offset` see, with those that look through such a rim at what was never seen given the rim, or NONE where
    its piece still stands: there the plate is right. view: the posed vertices; moved (N,) bool."""
    faces = np.unique(hit[hit >= 0])
    hidden = faces[~_shown(scene, faces)]
    rims = np.flatnonzero(scene.holes.holed)
    rims = rims[_shown(scene, rims)]
    if not len(rims) or not len(hidden):
        return hit
    some = np.concatenate([rims, hidden])
    nearest = visible(view, scene.triangles[some], window, offset)
    rim = np.isin(hit, hidden) & (nearest >= 0) & (nearest < len(rims))
    there = some[np.where(rim, nearest, 0)]
    return np.where(rim, np.where(moved[scene.piece[there]], there, NONE), hit).astype(hit.dtype)


def _shown(scene: Scene, faces: np.ndarray) -> np.ndarray:
    """Return which of the triangles `faces` (n,) are outer ones that look at the camera at rest, (n,) bool."""
    towards = eye(scene.camera) - scene.rest[scene.triangles[faces, 0]]
    return np.asarray((scene.face[faces] == OUTER) & (np.einsum("nc,nc->n", towards, scene.normal[faces]) > 0))
