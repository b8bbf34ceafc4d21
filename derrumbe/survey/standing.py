"""How far away is what stands or passes in front? As far as the ground at its foot, and nearer than what it hides."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d, minimum_filter1d, uniform_filter1d

from derrumbe.core.records import FAR, Camera
from derrumbe.geom.camera import rotation_matrix
from derrumbe.geom.depth import plane_depth
from derrumbe.geom.lens import filmed, sights
from derrumbe.survey.canopy import canopy_depth, clumped, looked_over
from derrumbe.survey.filters import around, disc
from derrumbe.survey.parts import FAINT, SOLID

CLOSEST = 0.5
"""Metres: nothing is nearer than this."""
STRAYS = 0.25
"""Rows by which a thing's foot may rise, a column: more than that is an arm, a crown or a mudguard, which stands over the ground."""
FOOTING = 0.005
"""All within this share of the picture's longer side stands on one foot: a leaning post does."""
EVEN = 0.2
"""Sigma, share of a thing's width, over which its foot is evened out: wheels, blades of grass and stairs of pixels are no depth of its own, and dust that
ended at each column's would show upright strips."""
LOOSE, SCRAP = 0.01, 0.002
"""Scraps of less than this share of the picture (the second) are of the plant within this share of its longer side (the first)."""
THICK = 2.0
"""Metres, at most, by which the middle of a thing stands before what it hides: things are about as deep as they are wide or tall."""


def depth_of_things(
    alpha: np.ndarray,
    camera: Camera,
    furthest: float,
    parts: np.ndarray | None = None,
    light: np.ndarray | None = None,
    wall: np.ndarray | None = None,
) -> np.ndarray:
    """Return the depth (h, w) float32, metres along the axis, of each thing of a matte; FAR where there is none.

    A thing is upright over its foot, which may run into depth as a hedge's does. parts (h, w) int, as in `parts`: things that touch each other in
    the picture, and where none of them is known there are plants (see `canopy` for those without a foot); else those that don't are things. None is
    further away than `furthest`. light (h, w, 3): the picture, whose light and dark tell clumps of leaves. wall (h, w): the depth of the building's
    surface, FAR beside it: what hides it stands before it.
    """
    out = np.full(alpha.shape, FAR, np.float32)
    ground = plane_depth(camera)
    for mask in _masks(alpha, parts):
        window = around(mask)
        solid = mask[window] & (alpha[window] > SOLID)
        limit = _limit(solid, None if wall is None else wall[window], furthest, camera.focal_px)
        if parts is not None and not parts[mask].any() and looked_over(mask, ground):
            last = float(np.median(limit))
            depth = canopy_depth(mask, camera, last)
            depth = depth if light is None else clumped(depth, mask, light, camera, last)
            out[window][mask[window]] = np.minimum(depth[window], limit)[mask[window]]
            continue
        depth = _over_feet(solid, window, ground, limit)
        out[window][mask[window]] = np.broadcast_to(depth, mask[window].shape)[mask[window]]
    return out


def things(alpha: np.ndarray, camera: Camera, furthest: float, parts: np.ndarray | None = None) -> list[tuple[np.ndarray, float]]:
    """Return the things of a matte (h, w), as `depth_of_things` tells them: where each is (h, w) bool, and the depth of its nearest foot."""
    depth = depth_of_things(alpha, camera, furthest, parts)
    return [(mask, float(depth[mask].min())) for mask in _masks(alpha, parts)]


def _masks(alpha: np.ndarray, parts: np.ndarray | None) -> list[np.ndarray]:
    """Return where each thing of a matte is (h, w) bool: the parts that are known, and of the rest what hangs together, over parts before it too. Of
    plants, which are the rest of known parts, loose leaves at a rim are of the crown."""
    present = alpha > FAINT
    known = np.zeros(alpha.shape, np.int16) if parts is None else np.where(present, parts, 0)
    labels = cv2.connectedComponents(present.astype(np.uint8), connectivity=8)[1]
    labels = labels if parts is None else _with_scraps(labels)
    labels = np.where(present & (known == 0), labels, 0)
    return [each == number for each in (known, labels) for number in np.unique(each[each > 0])]


def _with_scraps(labels: np.ndarray) -> np.ndarray:
    """Return components (h, w) int32, 0 for none, where scraps beside a larger one are of it."""
    sizes = np.bincount(labels.ravel())
    whole = np.where(sizes[labels] >= SCRAP * labels.size, labels, 0)
    beside = cv2.dilate(whole.astype(np.float32), disc(LOOSE * max(labels.shape))).astype(np.int32)
    owner = np.zeros(len(sizes), np.int32)
    np.maximum.at(owner, labels, beside)
    own = (sizes >= SCRAP * labels.size) | (owner == 0)
    return np.asarray(np.where(own, np.arange(len(sizes)), owner)[labels] * (labels > 0))


def _limit(solid: np.ndarray, wall: np.ndarray | None, furthest: float, focal: float) -> np.ndarray:
    """Return the greatest depth (w,) of a thing's columns, `solid` (h, w) bool: half as much as it's thick before the `wall` (h, w) that it hides,
    FAR beside it; and no further than `furthest`. Beside the wall it goes on as at its end, and steps of the wall are no depth of the thing's own."""
    hidden = solid & (wall < FAR) if wall is not None else np.zeros_like(solid)
    columns = np.flatnonzero(hidden.any(axis=0))
    if wall is None or not len(columns):
        return np.full(solid.shape[1], furthest)
    nearest = np.where(hidden, wall, FAR).min(axis=0)[columns]
    size = min(np.count_nonzero(solid.any(axis=way)) for way in (0, 1))
    nearest = np.minimum(nearest - np.minimum(THICK, 0.5 * size * nearest / focal), furthest)
    spread = 2 * round(EVEN * solid.shape[1]) + 1
    limit = np.interp(np.arange(solid.shape[1]), columns, nearest)
    # the mean of minima over windows that all hold a column is at most what is there
    return np.asarray(uniform_filter1d(minimum_filter1d(limit, spread, mode="nearest"), spread, mode="nearest"))


def _over_feet(solid: np.ndarray, window: tuple[slice, slice], ground: np.ndarray, furthest: np.ndarray) -> np.ndarray:
    """Return the depth (columns of the window,) of the `ground` (h, w) under each column of a thing, `solid` (bool) in a window of the picture, no
    more than `furthest` (columns,)."""
    solid = solid if solid.any() else np.ones_like(solid)
    rows, columns = window
    reach = max(1, round(FOOTING * max(ground.shape)))
    lowest = np.where(solid.any(axis=0), rows.stop - 1 - np.argmax(solid[::-1], axis=0), -1e9)
    lowest, rise = maximum_filter1d(lowest, 2 * reach + 1, mode="nearest"), STRAYS * np.arange(len(lowest))
    feet = np.maximum(np.maximum.accumulate(lowest + rise) - rise, np.maximum.accumulate((lowest - rise)[::-1])[::-1] + rise)
    return np.clip(_ground_at(ground[:, columns], _evened(feet)), CLOSEST, np.maximum(furthest, CLOSEST))


def _evened(feet: np.ndarray) -> np.ndarray:
    """Return rows (n,) evened out along a thing; straight lines stay as they are, up to their ends."""
    spare = len(feet) - 1
    if spare < 1:
        return feet
    padded = np.pad(feet, spare, mode="reflect", reflect_type="odd")
    return np.asarray(gaussian_filter1d(padded, EVEN * len(feet))[spare:-spare])


def _ground_at(ground: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the depth (n,) of the `ground` (h, n) at rows (n,) between those of pixels: the inverse of a plane's depth is straight in them."""
    above = np.clip(np.floor(rows), 0, len(ground) - 2).astype(int)
    part, column = np.clip(rows - above, 0, 1), np.arange(ground.shape[1])
    return 1 / ((1 - part) / ground[above, column] + part / ground[above + 1, column])


def carried(alpha: np.ndarray, depth: float, camera: Camera, other: Camera) -> np.ndarray:
    """Return the matte (h, w) of a flat thing at a depth of `camera` as `other` sees it: by the homography of its plane."""
    first, second = rotation_matrix(camera), rotation_matrix(other)
    turn = second @ first.T
    move = np.asarray(other.translation) - turn @ np.asarray(camera.translation)
    plane = turn + np.outer(move, [0.0, 0.0, 1.0]) / depth
    if any(camera.distortion) or any(other.distortion):
        return _carried_bent(alpha, np.linalg.inv(plane), camera, other)
    map_ = _lens(other) @ plane @ np.linalg.inv(_lens(camera))
    return np.clip(cv2.warpPerspective(alpha, map_, (other.width, other.height), flags=cv2.INTER_LINEAR), 0, 1)


def _carried_bent(alpha: np.ndarray, back: np.ndarray, camera: Camera, other: Camera) -> np.ndarray:
    """As `carried`, through lenses that distort. back (3, 3): from `other`'s axes to those of `camera`, for points of the plane."""
    way = np.dstack([sights(other, (other.height, other.width), (0.5, 0.5)), np.ones((other.height, other.width))]) @ back.T
    flat = camera.focal_px * way[..., :2] / np.where(way[..., 2:] > 1e-6, way[..., 2:], np.nan) + (camera.cx, camera.cy)
    places = np.nan_to_num(filmed(camera, flat) - 0.5, nan=-1e4).astype(np.float32)
    return np.clip(cv2.remap(alpha, places[..., 0], places[..., 1], cv2.INTER_LINEAR), 0, 1)


def _lens(camera: Camera) -> np.ndarray:
    """Return the matrix from camera axes to pixels as OpenCV counts them, centres at 0."""
    return np.array([[camera.focal_px, 0, camera.cx - 0.5], [0, camera.focal_px, camera.cy - 0.5], [0, 0, 1.0]])
