"""Spalls: face that has come off along joints that have opened, so that cracks have ragged rims and show what the wall is made of.

Which joint is nearest, and how far it is, is known once per pixel of the picture that pieces wear; a frame only asks how far it gapes by now.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numba as nb
import numpy as np

from derrumbe.geom.camera import eye, project
from derrumbe.render.joints import Rims, rims_of
from derrumbe.render.noise import chance, value
from derrumbe.render.scene import Inputs, Scene, load

REACH, REACH_PIXELS, WIDEST = 0.12, 2.5, 0.5
"""Metres, and pixels at least, that a rim comes off by where it does; metres at most."""
OPENS, OPENS_PIXELS = (0.08, 0.5), (1.2, 5.0)
"""Metres, and pixels at least, that a joint gapes by when its rims begin to come off, and when all has that will."""
WHOLE = 0.42
"""Level of the noise under which a rim stays whole."""
FAR = 4.0
"""Times its reach beyond which nothing comes off."""
BEHIND = 0.4
"""Metres behind what the picture shows from which on a rim isn't seen."""
LONGEST = 1e4
"""Pixels of the longest bit of rim that is followed."""
STONE = 2
BLOCKS = np.array([[0.25, 0.075], [0.0, 0.0], [0.5, 0.3]])
"""Metres along and up from joint to joint by material: brick and stone come off block by block."""
SEED = 71


@dataclass(frozen=True, eq=False)
class Spalls:
    """Per pixel (h,w) of the window that pieces wear: bond int32, the joint whose rim is nearest, -1 for none near; away float32, metres to it.
    reach: metres that come off; opens: metres that a joint gapes by when the first comes off, and the last."""

    bond: np.ndarray
    away: np.ndarray
    reach: float
    opens: tuple[float, float]


@lru_cache(maxsize=1)
def spalls_of(inputs: Inputs) -> Spalls:
    """Return where the face may come off."""
    from scipy.ndimage import distance_transform_edt

    scene = load(inputs)
    reach = float(min(max(REACH, REACH_PIXELS * scene.pixel), WIDEST))
    first, last = (max(metres, pixels * scene.pixel) for metres, pixels in zip(OPENS, OPENS_PIXELS, strict=True))
    drawn = _drawn(scene, rims_of(inputs))
    if not (drawn >= 0).any():
        return Spalls(drawn, np.full(drawn.shape, np.inf, np.float32), reach, (first, last))
    distance, (row, column) = distance_transform_edt(drawn < 0, return_indices=True)
    # a rim lies somewhere in its pixel
    away = ((distance + 0.5) * scene.rest_depth / scene.camera.focal_px).astype(np.float32)
    bond = np.where((away < FAR * reach) & (scene.rest_depth > 0), drawn[row, column], -1).astype(np.int32)
    return Spalls(bond, away, reach, (first, last))


def _drawn(scene: Scene, rims: Rims) -> np.ndarray:
    """Return the bond (h,w) int32 of the rim that runs through each pixel of the window that pieces wear, -1 for none that is seen there."""
    shape = scene.rest_depth.shape
    drawn = np.full(shape, -1, np.int32)
    some = np.flatnonzero(np.einsum("nc,nc->n", rims.normal, rims.a - eye(scene.camera)) < 0)
    (a, near), (b, far) = project(scene.camera, rims.a[some]), project(scene.camera, rims.b[some])
    with np.errstate(invalid="ignore"):
        length = np.where((near > 0) & (far > 0), np.minimum(np.hypot(*(b - a).T), LONGEST), 0)
    count = np.ceil(2 * length).astype(int) + 1
    which = np.repeat(np.arange(len(some)), count)
    along = (np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)) / count[which]
    place, depth = a[which] + along[:, None] * (b - a)[which], near[which] + along * (far - near)[which]
    x, y = (np.floor(np.nan_to_num(place, nan=-1e6)) - (scene.window.x0, scene.window.y0)).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < shape[1]) & (y < shape[0])
    x, y, depth, which = x[inside], y[inside], depth[inside], which[inside]
    seen = (depth > 0) & (depth < scene.rest_depth[y, x] + BEHIND)
    drawn[y[seen], x[seen]] = rims.bond[some][which[seen]]
    return drawn


@nb.njit(cache=True)
def spalled(u, v, x, y, z, nx, nz, material, bond, away, reach, opens, gape, left, top):  # type: ignore[no-untyped-def]
    """Return whether the face has come off where plate pixel (u, v) shows it, at rest point (x, y, z) of a wall with normal (nx, ., nz).

    bond, away, reach, opens: of `Spalls`; gape (B,): metres by which joints gape."""
    i, j = int(np.floor(u)) - left, int(np.floor(v)) - top
    if material > STONE or not (0 <= j < bond.shape[0] and 0 <= i < bond.shape[1]) or bond[j, i] < 0:
        return False
    t = (gape[bond[j, i]] - opens[0]) / (opens[1] - opens[0])
    if t <= 0:
        return False
    wide = 3.0 * max(value(x / (4 * reach), y / (4 * reach), z / (4 * reach), SEED) - WHOLE, 0.0) + 0.5 * (
        value(x / reach, y / reach, z / reach, SEED + 1) - 0.5
    )
    long, high = BLOCKS[material, 0], BLOCKS[material, 1]
    if long > 0:
        row = int(np.floor(y / high))
        column = int(np.floor((x if abs(nz) > abs(nx) else z) / long + 0.5 * (row % 2)))
        wide *= 0.4 + 1.4 * chance(column, row, 0, SEED)
    return away[j, i] < reach * wide * min(t, 1.0)
