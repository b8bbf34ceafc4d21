"""Stones that stay toothed into walls that go on past the building's outline: there the plate is kept, and hides what falls behind it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from derrumbe.core.records import Camera
from derrumbe.render.raster import NONE, Projected, Window, bounds, depth_of, projected, visible
from derrumbe.render.scene import Inputs, Scene, load

NEARER = 0.05
"""Metres that a piece is before them to be seen."""


@lru_cache(maxsize=24)
def ends_depth(inputs: Inputs, camera: Camera, offset: tuple[float, float]) -> tuple[Window, np.ndarray] | None:
    """Return the depth (h,w) float32 of those stones in a window, 0 where there are none, as samples at `offset` see them; None without any.

    They are no bodies of their own: they are where a ray that meets the building meets it later, or not, with them left out.
    """
    scene = load(inputs)
    if scene.ends is None:
        return None
    view = scene.view if camera == scene.camera else projected(camera, scene.rest)
    window = bounds(view)
    first, second = (visible(view, scene.triangles, window, offset, holes=holes) for holes in (scene.holes, scene.ends))
    near, far = (depth_of(view, scene.triangles, hit, window) for hit in (first, second))
    return window, np.where((first != NONE) & ((second == NONE) | (far > near + NEARER)), near, 0).astype(np.float32)


def hidden_by_ends(
    inputs: Inputs, scene: Scene, view: Projected, window: Window, offset: tuple[float, float], hit: np.ndarray
) -> np.ndarray:
    """Return hits (h,w) of triangles as `view` sees them in `window`, none where those stones are before them."""
    found = ends_depth(inputs, view.camera, offset)
    if found is None:
        return hit
    own, depth = found
    ends = np.zeros(window.shape, np.float32)
    y, x = own.y0 - window.y0, own.x0 - window.x0
    ends[y : y + own.shape[0], x : x + own.shape[1]] = depth
    behind = (ends > 0) & (depth_of(view, scene.triangles, hit, window) > ends - NEARER)
    return np.where(behind, np.int32(NONE), hit)
