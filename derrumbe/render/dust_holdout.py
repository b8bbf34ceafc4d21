"""How deep dust may reach in each pixel: the set's depth, its steps kept where the plate shows an edge and soft where it shows none.

Survey's neighbours are cards at guessed depths, so their sides and feet fall where nothing ends in the picture, and dust that is cut there ends
along a ruler. A guided filter (He, Sun and Tang 2010; on a quarter of the picture: He and Sun 2015) works on what inverse depth has over the
ground's, so that open ground stays as it is up to the horizon. Cards step sideways; upwards the set only bends, where one stands on the ground, and
a bend that is smoothed comes nearer: before a low camera by half of the way to the building, whose dust would end above its foot.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from derrumbe.core.records import Camera
from derrumbe.geom.camera import eye, pixel_grid, rays, rotation_matrix
from derrumbe.media.exr import RGB, read_exr
from derrumbe.render.backdrop import set_depth
from derrumbe.render.raster import Window
from derrumbe.render.receivers import SKY_DEPTH
from derrumbe.render.scene import Inputs

REACH = 0.05
"""Half the window, in widths of the picture."""
CONTRAST = 0.6
"""Step in the logarithm of brightness that counts as an edge."""
DARKEST = 0.02
FOOT = 0.2
"""Heights of the building up to which what it ends on is its foot."""
BESIDE = 0.1
"""Widths of the picture from the building to where what stands beside it is as near as it seems."""
JUTS, CLIMBS = 0.02, 0.25
"""Widths of the picture by which a cornice or a gutter juts out over the foot beside it, at most; rows a column by which a foot climbs."""
COARSE = 4
"""Pixels across a cell of the filter's picture."""


def dust_depth(inputs: Inputs, frame: int) -> np.ndarray:
    """Return the depth (h,w) float32, metres along the axis, where dust ends behind everything at a frame; FAR before sky."""
    film_set = inputs.film_set
    record = film_set.record
    return _softened(inputs, record.frames.first if record.locked else frame)


@lru_cache(maxsize=1)
def _softened(inputs: Inputs, frame: int) -> np.ndarray:
    film_set = inputs.film_set
    light = np.nan_to_num(read_exr(film_set.path(film_set.record.clean_plate, frame), RGB)).mean(-1)
    guide = np.log(np.maximum(light, 0) + DARKEST).astype(np.float32)
    return softened(set_depth(inputs, frame), guide, ground(film_set.record.camera_at(frame)))


def before_foot(depth: np.ndarray, window: Window, standing: np.ndarray, camera: Camera, low: float) -> np.ndarray:
    """Return depth (h,w) that below the building's foot, column by column, goes no farther than the foot; `standing` (h,w): depth of the
    building at rest in `window`, 0 where there is none. An end higher than `low` metres is no foot, but eaves. Above, it goes as far as the building:
    what the plate shows of that has nothing before it.

    What the plate shows below stands before the building, terrace or hedge, whatever the flat ground of the set says.
    """
    rows, columns = standing.shape
    found = standing > 0
    if not found.any():
        return depth
    last = rows - 1 - np.argmax(found[::-1], axis=0)
    ends = _down_to_feet(np.where(found.any(0), last, -1), max(round(JUTS * depth.shape[1]), 1))
    foot = np.where(found.any(0), standing[last, np.arange(columns)], np.inf)
    height = eye(camera)[1] * (1 - foot * ground(camera)[window.slices][last, np.arange(columns)])
    foot[~(height < low)] = np.inf
    below = np.arange(window.y0, depth.shape[0])[:, None] > window.y0 + ends[None]
    out = depth.copy()
    part = out[window.y0 :, window.x0 : window.x1]
    part[:] = np.where(below, np.minimum(part, foot.astype(np.float32)), part)
    own = part[: standing.shape[0]]
    own[:] = np.maximum(own, standing)
    out[window.y0 : window.y0 + rows] = _joined(out[window.y0 : window.y0 + rows], standing, window.x0)
    return out


def _down_to_feet(last: np.ndarray, reach: int) -> np.ndarray:
    """Return the last rows (n,) int of a building's columns, -1 for none, those that end in the air beside a foot put down to it: under what juts
    out one sees past the corner. Up to `reach` columns off, and only where the end leaps (CLIMBS)."""
    out = last.copy()
    for shift in range(1, min(reach, len(last) - 1) + 1):
        climb = int(CLIMBS * shift)
        out[shift:] = np.maximum(out[shift:], last[:-shift] - climb)
        out[:-shift] = np.maximum(out[:-shift], last[shift:] - climb)
    return np.where(last < 0, last, out)


def _joined(depth: np.ndarray, standing: np.ndarray, x0: int) -> np.ndarray:
    """Return depth (r,w) that beside the building, `standing` (r,n) from column x0 on, is less near the nearer to it, down to as far as the building.

    How far a house that it meets in a corner stands is a guess: by ten metres where its foot is a pixel or two off, and dust that creeps out of
    that corner would end along the outline, as no dust does.
    """
    found, columns = standing > 0, np.arange(depth.shape[1])
    ends = np.argmax(found, axis=1), found.shape[1] - 1 - np.argmax(found[:, ::-1], axis=1)
    inverse = 1 / np.maximum(depth, 1e-3)
    # a dark door is no step in depth, though the picture has an edge there
    even = cv2.blur(inverse, (2 * round(BESIDE / 4 * depth.shape[1]) + 1, 1))
    for end, way in zip(ends, (-1, 1), strict=True):
        out = way * (columns - x0 - end[:, None])
        share = np.where((out > 0) & found.any(axis=1, keepdims=True), np.clip(1 - out / max(BESIDE * depth.shape[1], 1), 0, 1), 0)
        share = share * share * (3 - 2 * share)
        own = 1 / np.maximum(standing[np.arange(len(end)), end], 1e-3)[:, None]
        inverse = np.where(share > 0, np.minimum(inverse, even + share * (own - even)), inverse)
    return np.where(inverse < 1 / np.maximum(depth, 1e-3), 1 / inverse, depth).astype(np.float32)


def ground(camera: Camera) -> np.ndarray:
    """Return the inverse depth (h,w) float32 of the plane y = 0, 1/m; negative above the horizon."""
    if any(camera.distortion):
        return (-rays(camera, pixel_grid(camera))[..., 1] / max(float(eye(camera)[1]), 1e-3)).astype(np.float32)
    up = rotation_matrix(camera)[:, 1]
    x, y = np.arange(camera.width) + 0.5 - camera.cx, np.arange(camera.height) + 0.5 - camera.cy
    rise = (up[0] * x[None, :] + up[1] * y[:, None]) / camera.focal_px + up[2]
    return (-rise / max(float(eye(camera)[1]), 1e-3)).astype(np.float32)


def softened(depth: np.ndarray, guide: np.ndarray, plane: np.ndarray) -> np.ndarray:
    """Return depth (h,w) with steps where `guide` (h,w) has none made soft; what is at SKY_DEPTH or farther stays as it is.

    plane (h,w): inverse depth of the ground, 1/m.
    """
    height, width = depth.shape
    size = max(width // COARSE, 1), max(height // COARSE, 1)
    known = (depth < SKY_DEPTH).astype(np.float32)
    inverse = known / np.maximum(depth, 1e-3)
    nearer = known * (inverse - plane)
    share, small, light = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (known, nearer, known * guide))
    small, light = small / np.maximum(share, 1e-6), light / np.maximum(share, 1e-6)
    gain, base = _fitted(small, light, share, max(round(REACH * size[0]), 1))
    gain, base = (cv2.resize(each, (width, height), interpolation=cv2.INTER_LINEAR) for each in (gain, base))
    out = plane + gain * guide + base
    # a card is as far all across, open ground as far over the plane: in a picture that leans, either alone would let the other bend
    for level in (np.zeros_like(plane), plane):
        low, high = _beside(np.where(known > 0, inverse - level, np.nan), size)
        out = level + np.clip(out - level, low, high)
    return np.where(known > 0, 1 / np.maximum(out, 1e-9), depth).astype(np.float32)


def _beside(values: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and most (h,w) of values (h,w), NaN for none, to the left and right of each pixel as far as the filter reaches; size: of its
    picture."""
    height, width = values.shape
    across = np.ones((1, 4 * max(round(REACH * size[0]), 1) + 1), np.uint8)
    thin = cv2.resize(values, size, interpolation=cv2.INTER_NEAREST)
    low, high = cv2.erode(np.where(np.isnan(thin), 1e3, thin), across), cv2.dilate(np.where(np.isnan(thin), -1e3, thin), across)
    low, high = (cv2.resize(each.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR) for each in (low, high))
    # between the cells of the filter's picture, a pixel's own depth counts
    return np.fmin(low, values), np.fmax(high, values)


def _fitted(values: np.ndarray, guide: np.ndarray, share: np.ndarray, reach: int) -> tuple[np.ndarray, np.ndarray]:
    """Return slope and offset (h,w) of `values` over `guide`, fitted in windows and averaged over them; samples count by `share`."""
    window = (2 * reach + 1, 2 * reach + 1)
    count = np.maximum(cv2.blur(share, window), 1e-6)

    def mean(plane: np.ndarray) -> np.ndarray:
        return cv2.blur(share * plane, window) / count

    middle, level = mean(guide), mean(values)
    slope = (mean(guide * values) - middle * level) / (np.maximum(mean(guide * guide) - middle * middle, 0) + CONTRAST**2)
    return mean(slope), mean(level - slope * middle)
