"""What of the building lies outside its modelled silhouette (aerials, finials, mixed pixels of a roof's rim), or is seen through it, goes when the part
beside it goes.

The survey's clean plate already does without these pixels; here they get the share of removal of the nearest pixel of the building, once the part
there has come as far as they are away from it: what it rides over goes, and nothing goes because it stirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from derrumbe.core.records import FAR
from derrumbe.media.exr import RGB, read_exr
from derrumbe.render.backdrop import set_depth
from derrumbe.render.raster import Window
from derrumbe.render.scene import Inputs, Scene, load

SEEN, BROADLY, OVER = (0.01, 0.04), (0.004, 0.010), 5
"""Difference between texture and clean plate (square root of light) from which a pixel counts as a remnant, and counts entirely; the same of the mean over
so many pixels a side, which grain is too fine for: a halo of the building in the sky."""
BEYOND = 6.0
"""How many times further than the building the set behind must be to count as the sky: ground at the horizon is."""
INSIDE = 3
"""Pixels inside the silhouette where removal is taken from, past the mixed ones."""
SKYWARD = 2.0
"""Pixels after which what stands out against the sky goes at the latest: it must not hang there."""


@dataclass(frozen=True, eq=False)
class Remnants:
    """Pixels by row: y, x (n,) int; share (n,) 0..1; from_y, from_x (n,): the pixel of the building that each goes with; away (n,): pixels that this
    has to come before they go."""

    y: np.ndarray
    x: np.ndarray
    share: np.ndarray
    from_y: np.ndarray
    from_x: np.ndarray
    away: np.ndarray

    def remove(self, rows: np.ndarray, top: int, removed: tuple[np.ndarray, Window], strayed: tuple[np.ndarray, Window]) -> None:
        """Raise the plane `rows` (n,w), which starts at row `top`, where remnants go. removed: the share (h,w) inside a window; strayed: pixels
        (h,w) by which what stood there has moved, inside another."""
        here = slice(*np.searchsorted(self.y, [top, top + len(rows)]))
        come = np.clip(self._at(*strayed, here) - self.away[here], 0, 1)
        gone = self._at(*removed, here) * come * self.share[here]
        place = self.y[here] - top, self.x[here]
        rows[place] = np.maximum(rows[place], gone)

    def _at(self, values: np.ndarray, window: Window, here: slice) -> np.ndarray:
        """Return values (h,w) of a window where remnants are taken from; 0 outside it."""
        y, x = self.from_y[here] - window.y0, self.from_x[here] - window.x0
        inside = (y >= 0) & (x >= 0) & (y < values.shape[0]) & (x < values.shape[1])
        return np.where(inside, values[np.where(inside, y, 0), np.where(inside, x, 0)], 0)


def _counts(stray: np.ndarray, between: tuple[float, float]) -> np.ndarray:
    """Return how far pixels (h,w,3) count that stray, 0..1."""
    low, high = between
    return np.asarray(np.clip((np.abs(stray).max(-1) - low) / (high - low), 0, 1))


@lru_cache(maxsize=1)
def remnants_of(inputs: Inputs) -> Remnants | None:
    """Return the remnants against the sky, or None: for a moving camera, whose clean plate changes with the frame, and where there are none."""
    film_set = inputs.film_set
    record = film_set.record
    if not record.locked:
        return None
    from scipy.ndimage import binary_fill_holes

    first = record.frames.first
    depth = set_depth(inputs, first)
    building = read_exr(film_set.path(record.building_matte, first), ("Y",))[..., 0]
    texture, clean = (np.sqrt(np.maximum(read_exr(film_set.path(name, first), RGB), 0)) for name in (record.texture, record.clean_plate))
    stray = texture - clean
    broad = cv2.blur(np.ascontiguousarray(stray), (OVER, OVER))
    share = np.maximum(_counts(stray, SEEN), _counts(broad, BROADLY))
    scene = load(inputs)
    solid = _solid(scene, building.shape)
    beyond = BEYOND * float(np.median(scene.rest_depth[scene.rest_depth > 0])) if scene.rest_depth.any() else FAR
    against_sky, bare = (building <= 0.98) & (depth >= min(beyond, 0.99 * FAR)), ((building > 0.5) | binary_fill_holes(solid)) & ~solid
    share[~(against_sky | bare)] = 0
    return _paired(share, solid & (building > 0.98), against_sky)


def _solid(scene: Scene, shape: tuple[int, int]) -> np.ndarray:
    """Return where (h,w) bool pieces stood at rest, hairlines between them closed."""
    import cv2

    out = np.zeros(shape, np.uint8)
    out[scene.window.slices] = scene.rest_depth > 0
    return cv2.morphologyEx(out, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)) > 0


def _paired(share: np.ndarray, solid: np.ndarray, against_sky: np.ndarray) -> Remnants | None:
    import cv2
    from scipy.ndimage import distance_transform_edt

    core = cv2.erode(solid.astype(np.uint8), np.ones((2 * INSIDE + 1, 2 * INSIDE + 1), np.uint8)) > 0
    y, x = np.nonzero(share)
    if not len(y) or not core.any():
        return None
    distance, nearest = distance_transform_edt(~core, return_indices=True)
    away = np.maximum(distance - INSIDE - 1, 0)
    away = np.where(against_sky, np.minimum(away, SKYWARD), away)[y, x].astype(np.float32)
    return Remnants(y, x, share[y, x].astype(np.float32), nearest[0][y, x], nearest[1][y, x], away)
