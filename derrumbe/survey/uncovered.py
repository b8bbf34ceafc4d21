"""What a moving camera sees of what the building hides: pixels of other frames, carried to the first one's view.

Ground is carried by its plane, the sky by the turn alone, what stands between by its cards; a smooth flow, measured around the building,
makes up for what those get wrong. Exposure is matched frame by frame. Where frames agree, the one nearest to their median is taken, pixel by
pixel, so that nothing is blurred; where they don't, nothing is known, and a fill has to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numba import njit

from derrumbe.core.records import FAR, Camera
from derrumbe.geom.camera import SKY_REACH, pixel_grid, project, rays, resized, seen_from
from derrumbe.geom.camera import eye as eye_of
from derrumbe.geom.depth import mesh_depth
from derrumbe.media.exr import read_exr
from derrumbe.survey.exposure import exposure
from derrumbe.survey.filters import around, masked_mean, widened
from derrumbe.survey.matting import display_like
from derrumbe.survey.moving import set_depth_at

SAMPLES = 14
"""Frames that are looked through."""
COARSE = 4
"""Places and flow are found on pictures so many times smaller."""
AGREE = 0.045
"""Frames agree where they stray from their median by less than this (display-like)."""
FEWEST = 2
SAFE, APART = 2.0, 3.0
"""The building's matte in other frames is widened by so many growths; the building must have left what is behind it by so many."""
OCCLUDED = 1.15
"""What lies farther than this times the depth that the other frame has there is hidden in it."""
RING = 0.05
"""Flow and exposure are measured within this share of the longer side around the hole."""
FURTHEST = 0.012
"""The flow goes no further than this share of the longer side."""
SMALLEST = 24
"""Islands of fewer known pixels are left to the fill."""


@dataclass(frozen=True, eq=False)
class Views:
    """The frames of a moving camera. plate: path with {frame}; solid: vertices and triangles of the building; folder: of proxies.npz."""

    plate: str
    cameras: tuple[Camera, ...]
    first_frame: int
    folder: Path
    solid: tuple[np.ndarray, np.ndarray]
    reach: float


def uncovered(views: Views, picture: np.ndarray, hole: np.ndarray, growth: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the first frame's picture (h, w, 3) with what other frames see inside `hole` (h, w), and where that is (h, w) bool.

    growth: pixels by which the building's matte is widened in other frames.
    """
    here = views.cameras[0]
    small = resized(here, max(2, here.width // COARSE), max(2, here.height // COARSE))
    depth = set_depth_at(views.folder, small, views.reach)
    box = around(hole, RING * max(hole.shape))
    frames = _spread(len(views.cameras))
    seen = [_carried(views, frame, small, depth, picture, hole, box, growth) for frame in frames]
    stack = np.stack([one for one in seen if one is not None]) if any(one is not None for one in seen) else np.zeros((0, 1, 1, 3))
    known = np.zeros(hole.shape, bool)
    if len(stack) < FEWEST:
        return picture, known
    best, sure = agreed(stack)
    known[box] = whole(sure & hole[box])
    out = picture.copy()
    out[known] = best[known[box]]
    return out, known


def _spread(count: int) -> list[int]:
    return sorted({round(float(index)) for index in np.linspace(1, count - 1, min(SAMPLES, count - 1))}) if count > 1 else []


def _carried(
    views: Views,
    index: int,
    small: Camera,
    depth: np.ndarray,
    picture: np.ndarray,
    hole: np.ndarray,
    box: tuple[slice, slice],
    growth: float,
) -> np.ndarray | None:
    """Return another frame's picture in the first one's view within `box` (h, w, 3), NaN where it doesn't show what lies there."""
    other = views.cameras[index]
    there = resized(other, small.width, small.height)
    size = (other.width, other.height)
    free = (_free(views, small, there, depth, growth / COARSE) > 0.5).astype(np.uint8)
    places = cv2.resize(seen_from(small, other, depth).astype(np.float32), size, interpolation=cv2.INTER_LINEAR)[box] - 0.5
    usable = cv2.resize(free, size, interpolation=cv2.INTER_NEAREST)[box] > 0
    usable &= (places >= 0).all(axis=-1) & (places[..., 0] <= other.width - 1) & (places[..., 1] <= other.height - 1)
    if not (usable & hole[box]).any():
        return None
    source = read_exr(Path(views.plate.format(frame=views.first_frame + index)), ("R", "G", "B"))
    return brought(source, places, usable, picture[box], usable & ~hole[box])


def brought(source: np.ndarray, places: np.ndarray, usable: np.ndarray, picture: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """Return another frame (`source`) in the view of `picture` (h, w, 3), set right in place and light by what both show in a ring.

    places (h, w, 2): where in the source each pixel is, as OpenCV counts; usable, ring (h, w) bool: what the source shows, and of that what the
    picture shows as well. NaN where it isn't usable.
    """
    first = cv2.remap(source, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    flow = _flow(picture, first, ring)
    y, x = np.mgrid[0 : flow.shape[0], 0 : flow.shape[1]].astype(np.float32)
    nearer = cv2.remap(places, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    moved = cv2.remap(source, nearer[..., 0], nearer[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    moved = np.maximum(moved, 0) * exposure(picture, moved, ring)
    moved[~usable] = np.nan
    return moved.astype(np.float32)


def _free(views: Views, small: Camera, there: Camera, depth: np.ndarray, growth: float) -> np.ndarray:
    """Return where (h, w) of the small view the other frame sees what lies there: inside its picture, before and beside the building."""
    own = widened(mesh_depth(there, *views.solid) < 1e9, SAFE * growth)
    neighbours = set_depth_at(views.folder, there, views.reach)
    places = seen_from(small, there, depth)
    # Where the building moves with what is behind it, as at its foot, one can't be told from the other.
    apart = np.linalg.norm(places - seen_from(small, there, np.minimum(depth, _nearest(mesh_depth(small, *views.solid)))), axis=-1)
    told = apart > APART * growth
    points = eye_of(small) + rays(small, pixel_grid(small)) * np.minimum(depth, SKY_REACH)[..., None]
    ahead = project(there, points)[1]
    x, y = (np.clip(np.floor(places[..., axis]).astype(int), 0, limit - 1) for axis, limit in ((0, there.width), (1, there.height)))
    return (told & ~own[y, x] & (ahead < OCCLUDED * neighbours[y, x])).astype(np.float32)


def _nearest(depth: np.ndarray) -> np.ndarray:
    """Return a depth (h, w) carried on to where there is none (FAR), from the nearest place that has any."""
    nothing = (depth > FAR / 10).astype(np.uint8)
    if nothing.all():
        return depth
    labels = cv2.distanceTransformWithLabels(nothing, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)[1]
    by_label = np.zeros(labels.max() + 1, np.float32)
    by_label[labels[nothing == 0]] = depth[nothing == 0]
    return by_label[labels]


def _flow(picture: np.ndarray, other: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """Return where in `other` each pixel of `picture` lies, relative (h, w, 2): measured in the ring, carried smoothly across the hole."""
    height, width = ring.shape
    size = (max(16, width // 2), max(16, height // 2))
    weight = cv2.resize(ring.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    greys = [
        cv2.resize(
            np.clip(255 * np.where(ring, _light(display_like(part)), 0.4), 0, 255).astype(np.uint8),
            size,
            interpolation=cv2.INTER_AREA,
        )
        for part in (picture, other)
    ]
    still = np.zeros((*size[::-1], 2), np.float32)
    flow = np.asarray(cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST).calc(greys[0], greys[1], still), np.float32)
    sure = (weight > 0.99).astype(np.float32)
    radius = max(3, round(0.15 * max(size)))
    even: np.ndarray = np.zeros(flow.shape, np.float32)
    cover = np.zeros(weight.shape, np.float32)
    for reach in (radius, 4 * radius):
        mean, share = masked_mean(np.dstack([flow, flow[..., :1]]), sure, reach)
        even = np.where((cover > 0.02)[..., None], even, mean[..., :2]).astype(np.float32)
        cover = np.maximum(cover, share)
    most = FURTHEST * max(size)
    return cv2.resize(np.clip(np.where((cover > 0.001)[..., None], even, 0), -most, most), (width, height)) * np.float32(width / size[0])


def _light(picture: np.ndarray) -> np.ndarray:
    """Return the mean (h, w) of a picture's (h, w, 3) channels."""
    return (picture[..., 0] + picture[..., 1] + picture[..., 2]) / np.float32(3)


def agreed(stack: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return, of pictures (n, h, w, 3) with NaN, the one nearest to the median at each pixel, and where enough of them agree (h, w)."""
    shape = stack.shape[1:3]
    nearest, close, usual = np.zeros(shape, np.int64), np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    _weigh(display_like(stack), nearest, close, usual)
    best = np.take_along_axis(stack, nearest[None, ..., None], axis=0)[0]
    near = (cv2.boxFilter(close, -1, (3, 3)) >= FEWEST - 0.01) & (np.count_nonzero(~np.isnan(stack[..., 0]), axis=0) >= FEWEST)
    return np.nan_to_num(best), near & (cv2.blur(usual, (5, 5)) < AGREE)


@njit(cache=True, fastmath=False)
def _weigh(shown, nearest, close, usual):  # type: ignore[no-untyped-def]
    """Fill for each pixel which of pictures (n, h, w, 3) with NaN is nearest to their median, how many are close to it, and how far off they usually
    are (h, w), 1 where that can't be told."""
    count, height, width = shown.shape[:3]
    ordered, middle, off = np.empty(count, np.float32), np.empty(3, np.float32), np.empty(count, np.float32)
    for y in range(height):
        for x in range(width):
            seen = 0
            for channel in range(3):
                seen = _ordered(shown[:, y, x, channel], ordered)
                middle[channel] = np.float32(0.5) * (ordered[max(seen - 1, 0) // 2] + ordered[seen // 2]) if seen else np.nan
            for k in range(count):
                off[k] = np.inf
                if not np.isnan(shown[k, y, x, 0]):
                    off[k] = _furthest(shown[k, y, x], middle)
                    close[y, x] += off[k] < np.float32(2 * AGREE)
                if off[k] < off[nearest[y, x]]:
                    nearest[y, x] = k
            _ordered(off, ordered)
            usual[y, x] = ordered[min(max(seen // 2, 1), count - 1)] if seen > 1 else 1.0


@njit(cache=True, fastmath=False, inline="always")
def _ordered(values, out):  # type: ignore[no-untyped-def]
    """Put values (n,) into `out` (n,) in rising order, without NaN; return how many that are."""
    count = 0
    for value in values:
        if not np.isnan(value):
            place = count
            while place > 0 and out[place - 1] > value:
                out[place] = out[place - 1]
                place -= 1
            out[place] = value
            count += 1
    return count


@njit(cache=True, fastmath=False, inline="always")
def _furthest(first, second):  # type: ignore[no-untyped-def]
    return max(abs(first[0] - second[0]), abs(first[1] - second[1]), abs(first[2] - second[2]))


def strays(stack: np.ndarray, usual: np.ndarray, unseen: float) -> np.ndarray:
    """Return how far (h, w) float32 pictures (n, h, w, 3) with NaN usually are from a `usual` one (h, w, 3); `unseen` where there are none."""
    out = np.full(usual.shape[:2], unseen, np.float32)
    _stray(stack, usual, out)
    return out


@njit(cache=True, fastmath=False)
def _stray(stack, usual, out):  # type: ignore[no-untyped-def]
    count, height, width = stack.shape[:3]
    off, ordered = np.empty(count, np.float32), np.empty(count, np.float32)
    for y in range(height):
        for x in range(width):
            for k in range(count):
                off[k] = np.nan
                if not np.isnan(stack[k, y, x, 0]):
                    off[k] = _furthest(stack[k, y, x], usual[y, x])
            seen = _ordered(off, ordered)
            if seen:
                out[y, x] = np.float32(0.5) * (ordered[(seen - 1) // 2] + ordered[seen // 2])


def whole(known: np.ndarray) -> np.ndarray:
    """Return the mask without specks and with its pinholes closed."""
    solid = cv2.morphologyEx(known.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    labels, stats = cv2.connectedComponentsWithStats(solid, connectivity=4)[1:3]
    large = stats[:, 4] >= SMALLEST
    large[0] = False
    return np.asarray(large[labels])
