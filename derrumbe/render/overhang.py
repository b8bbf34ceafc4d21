"""Rims of the model that the plate saw past, since an outline is drawn coarser than a roof's edge: once pieces move, one sees past them as the plate did,
but not into the building. What lies behind such a rim and was never seen (breaks, rooms, the far sides of roofs) would come out as black rags along
the skyline, so the rim itself is drawn before it, in the colour of the wall or roof that it goes on from.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from derrumbe.geom.camera import eye
from derrumbe.render.raster import NONE, Projected, Window, visible
from derrumbe.render.scene import OUTER, Scene
from derrumbe.render.worn import STRAYED


def seen_past(scene: Scene, view: Projected, window: Window, offset: tuple[float, float], hit: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Return `hit` (h,w), what samples at `offset` see, with those that look through such a rim at what was never seen given the rim, or NONE where
    its piece still stands: there the plate is right. view: the posed vertices; moved (N,) bool."""
    faces = np.unique(hit[hit >= 0])
    hidden = faces[~_shown(scene, faces)]
    rims = np.flatnonzero(scene.holes.holed)
    if not len(rims) or not len(hidden):
        return hit
    some = np.concatenate([rims, hidden])
    nearest = visible(view, scene.triangles[some], window, offset, holes=replace(scene.openings, holed=scene.openings.holed[some]))
    rim = np.isin(hit, hidden) & (nearest >= 0) & (nearest < len(rims))
    there = some[np.where(rim, nearest, 0)]
    rim &= there != hit
    shown = _shown(scene, rims)[np.where(rim, nearest, 0)]
    stirred = moved[scene.piece[there]]
    out = np.where(rim & ~stirred, NONE, np.where(rim & shown, there, hit))
    return _gone_on(scene, out, rim & stirred & ~shown).astype(hit.dtype)


def seen_through(scene: Scene, view: Projected, window: Window, offset: tuple[float, float], hit: np.ndarray) -> np.ndarray:
    """Return where (h,w) bool samples at `offset` that see nothing, `hit` (h,w), look through an opening that the building shuts in."""
    framing = np.flatnonzero(scene.openings.holed)
    if not len(framing):
        return np.zeros(hit.shape, bool)
    return np.asarray((hit == NONE) & (visible(view, scene.triangles[framing], window, offset) != NONE))


def _gone_on(scene: Scene, hit: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return `hit` (h,w) with samples `where` (h,w) bool, before which stands a rim that looked away at rest (a roof's top, or a break in it), given
    the face nearest to them that the plate showed: its colour goes on as far as a model may stray."""
    from scipy.ndimage import distance_transform_edt

    if not where.any():
        return hit
    reach = STRAYED * max(scene.camera.width, scene.camera.height)
    box = _around(where, int(np.ceil(reach)))
    near, out = hit[box], hit.copy()
    faces = np.unique(near[near >= 0])
    source = np.isin(near, faces[_shown(scene, faces)]) & ~where[box]
    if source.any():
        far, (y, x) = distance_transform_edt(~source, return_indices=True)
        out[box] = np.where(where[box] & (far <= reach), near[y, x], near)
    return out


def _around(where: np.ndarray, pad: int) -> tuple[slice, slice]:
    """Return the rows and columns that hold all of `where` (h,w) bool, and `pad` more."""
    y, x = np.nonzero(where)
    return slice(max(y.min() - pad, 0), y.max() + pad + 1), slice(max(x.min() - pad, 0), x.max() + pad + 1)


def _shown(scene: Scene, faces: np.ndarray) -> np.ndarray:
    """Return which of the triangles `faces` (n,) are outer ones that look at the camera at rest, (n,) bool."""
    towards = eye(scene.camera) - scene.rest[scene.triangles[faces, 0]]
    return np.asarray((scene.face[faces] == OUTER) & (np.einsum("nc,nc->n", towards, scene.normal[faces]) > 0))
