"""Which triangle each sample sees: a z-buffer in double precision.

Camera rays share one origin and one offset per time sample, so projecting triangles finds exactly what tracing would, without
a BVH for every sub-frame. Where the lens distorts, each sample asks along its own ray, so that bent edges are exact too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numba as nb
import numpy as np

from derrumbe.core.records import Camera
from derrumbe.geom.lens import box_in_plate, bulge, lens_of, pixel_of, sights
from derrumbe.render.texture import grey

NEAR = 0.05
NONE, STANDS = -1, -2
"""No triangle or piece; what of the building is no piece any more, but stays."""
UNDER = 0.1
"""Metres under the ground from which it hides what has been pressed into it: landing costs bodies more than one step to stop."""
BENT_PAD = 6
"""Pixels that edges between points may bulge out of a window around these, where the lens distorts."""
ABSENT = 0.5
"""Where the plate's matte holds less of the building than this, it isn't there."""


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels: x0 <= x < x1, y0 <= y < y1."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def shape(self) -> tuple[int, int]:
        return max(self.y1 - self.y0, 0), max(self.x1 - self.x0, 0)

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    def grown(self, pad: int, camera: Camera) -> Window:
        """Return the window with `pad` pixels more on every side, within the camera's picture."""
        if 0 in self.shape:
            return self
        return Window(max(self.x0 - pad, 0), max(self.y0 - pad, 0), min(self.x1 + pad, camera.width), min(self.y1 + pad, camera.height))

    def within(self, camera: Camera) -> Window:
        """Return the part of the window that lies in the camera's picture."""
        return Window(max(self.x0, 0), max(self.y0, 0), min(self.x1, camera.width), min(self.y1, camera.height))

    def joined(self, other: Window) -> Window:
        """Return the smallest window that holds both."""
        if 0 in self.shape:
            return other
        if 0 in other.shape:
            return self
        return Window(min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1))


@dataclass(frozen=True, eq=False)
class Projected:
    """World points seen by a camera: cam (V,3) in its axes, metres; pixels (V,2), meaningless behind it. Both float64."""

    camera: Camera
    cam: np.ndarray
    pixels: np.ndarray


def projected(camera: Camera, points: np.ndarray) -> Projected:
    """Project world points (V,3) float64. Equal points give equal bits, whatever stands beside them."""
    cam, pixels = np.empty((len(points), 3)), np.empty((len(points), 2))
    view = np.asarray(camera.rotation, np.float64), np.asarray(camera.translation, np.float64)
    _project(points, *view, lens_of(camera), cam, pixels)
    return Projected(camera, cam, pixels)


@nb.njit(cache=True)
def _project(points, rotation, translation, lens, cam, pixels):  # type: ignore[no-untyped-def]
    for v in range(points.shape[0]):
        for r in range(3):
            cam[v, r] = translation[r] + (rotation[r, 0] * points[v, 0] + rotation[r, 1] * points[v, 1] + rotation[r, 2] * points[v, 2])
        depth = cam[v, 2] if abs(cam[v, 2]) > 1e-9 else 1e-9
        pixels[v, 0], pixels[v, 1] = pixel_of(cam[v, 0], cam[v, 1], depth, lens)


def bounds(view: Projected, pad: int = 2) -> Window:
    """Return the window of the picture that holds the points, padded by `pad` pixels."""
    x0, y0, x1, y1 = _extent(view.pixels, view.cam)
    if x0 > x1:
        return Window(0, 0, 0, 0)
    width, height = view.camera.width, view.camera.height
    pad += BENT_PAD if any(view.camera.distortion) else 0
    left, right = (int(np.clip(v, 0, width)) for v in (np.floor(x0) - pad, np.ceil(x1) + pad))
    top, bottom = (int(np.clip(v, 0, height)) for v in (np.floor(y0) - pad, np.ceil(y1) + pad))
    return Window(left, top, right, bottom)


@nb.njit(cache=True)
def _extent(pixels, cam):  # type: ignore[no-untyped-def]
    x0, y0, x1, y1 = 1e30, 1e30, -1e30, -1e30
    for v in range(pixels.shape[0]):
        if cam[v, 2] > NEAR:
            x0, x1 = min(x0, pixels[v, 0]), max(x1, pixels[v, 0])
            y0, y1 = min(y0, pixels[v, 1]), max(y1, pixels[v, 1])
    return x0, y0, x1, y1


@dataclass(frozen=True, eq=False)
class Holes:
    """Where solids are not there: the plate showed something else through or before them. holed (T,) bool: triangles that have such places;
    view: all vertices at rest as the plate saw them; matte (h,w): the building's alpha in `window` of the plate, less than ABSENT is a hole."""

    holed: np.ndarray
    view: Projected
    matte: np.ndarray
    window: Window

    def extended(self, view: Projected, count: int) -> Holes:
        """Return the holes among `count` triangles more without any; view: of all their vertices."""
        return replace(self, holed=np.concatenate([self.holed, np.zeros(count, bool)]), view=view)


def visible(
    view: Projected, triangles: np.ndarray, window: Window, offset: tuple[float, float], cull: bool = True, holes: Holes | None = None
) -> np.ndarray:
    """Return the index (h,w) int32 of the nearest triangle at `offset` inside each pixel of `window`, NONE where there is none.

    triangles (T,3) int32, outward; those facing away are skipped when `cull`. Triangles that reach behind the camera are skipped, and
    what is deep under the ground isn't seen.
    """
    hit = np.full(window.shape, NONE, np.int32)
    holes = holes or Holes(np.zeros(len(triangles), bool), view, np.zeros((1, 1), np.float32), window)
    camera, plate = view.camera, lens_of(holes.view.camera, (holes.window.x0, holes.window.y0))
    corner = window.x0 + offset[0], window.y0 + offset[1]
    if any(camera.distortion):
        sight, lens = sights(camera, window.shape, corner), lens_of(camera, corner)
        nearest = _ground(camera, sight[..., 0], sight[..., 1])
        _fill_bent(sight, lens, view.cam, triangles, cull, holes.holed, holes.view.cam, plate, holes.matte, hit, nearest)
    else:
        height, width = window.shape
        x, y = (np.arange(width) + corner[0] - camera.cx, np.arange(height)[:, None] + corner[1] - camera.cy)
        nearest = _ground(camera, x / camera.focal_px, y / camera.focal_px)
        _fill(view.pixels, view.cam, triangles, *corner, cull, holes.holed, holes.view.cam, plate, holes.matte, hit, nearest)
    return hit


def _ground(camera: Camera, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return 1 over the depth (h,w) of the ground where x/z and y/z in camera axes are x, y (any that make (h,w)); 0 from the horizon up."""
    rotation, shift = np.asarray(camera.rotation, np.float64), np.asarray(camera.translation, np.float64)
    up, eye_high = rotation[:, 1], -float(rotation[:, 1] @ shift)
    rise = up[0] * x + up[1] * y + up[2]
    return np.maximum(rise / -(eye_high + UNDER), 0.0) if eye_high > -UNDER else np.zeros(rise.shape)


def holes_of(view: Projected, triangles: np.ndarray, matte: np.ndarray, window: Window) -> Holes:
    """Return the holes that a plate's matte (h,w) in `window` makes in triangles seen at rest in `view`."""
    absent = np.zeros((matte.shape[0] + 1, matte.shape[1] + 1), np.int64)
    absent[1:, 1:] = np.cumsum(np.cumsum(matte < ABSENT, 0), 1)
    pixels = view.pixels[triangles] - (window.x0, window.y0)
    slack = _bulges(view, triangles)[:, None] if any(view.camera.distortion) else 0
    low = np.clip(np.nan_to_num(np.floor(pixels.min(1) - slack)) - 1, 0, (matte.shape[1], matte.shape[0])).astype(int)
    high = np.clip(np.nan_to_num(np.floor(pixels.max(1) + slack)) + 2, 0, (matte.shape[1], matte.shape[0])).astype(int)
    count = absent[high[:, 1], high[:, 0]] - absent[low[:, 1], high[:, 0]] - absent[high[:, 1], low[:, 0]] + absent[low[:, 1], low[:, 0]]
    return Holes(count > 0, view, matte, window)


@nb.njit(cache=True, inline="always")
def _missing(wb, wc, za, zb, zc, a, b, c, rest, lens, matte):  # type: ignore[no-untyped-def]
    """Whether the point with these picture barycentrics was no building in the plate."""
    wa = (1 - wb - wc) * za
    wb, wc = wb * zb, wc * zc
    depth = wa * rest[a, 2] + wb * rest[b, 2] + wc * rest[c, 2]
    if depth <= 0:
        return False
    x = wa * rest[a, 0] + wb * rest[b, 0] + wc * rest[c, 0]
    y = wa * rest[a, 1] + wb * rest[b, 1] + wc * rest[c, 1]
    u, v = pixel_of(x, y, depth, lens)
    return grey(matte, u, v, 0, 0) < ABSENT


def depth_of(view: Projected, triangles: np.ndarray, hit: np.ndarray, window: Window) -> np.ndarray:
    """Return the depth (h,w) float32 at pixel centres of the triangles that `visible` found there, 0 where none."""
    depth = np.zeros(hit.shape, np.float32)
    camera = view.camera
    if any(camera.distortion):
        _depths_along(view.cam, triangles, hit, sights(camera, window.shape, (window.x0 + 0.5, window.y0 + 0.5)), depth)
    else:
        _depths(view.cam, triangles, hit, window.x0 + 0.5 - camera.cx, window.y0 + 0.5 - camera.cy, camera.focal_px, depth)
    return depth


@nb.njit(cache=True)
def _depths(cam, triangles, hit, left, top, focal, depth):  # type: ignore[no-untyped-def]
    for y in range(hit.shape[0]):
        for x in range(hit.shape[1]):
            if hit[y, x] < 0:
                continue
            a, b, c = cam[triangles[hit[y, x], 0]], cam[triangles[hit[y, x], 1]], cam[triangles[hit[y, x], 2]]
            normal = np.cross(b - a, c - a)
            slope = (normal[0] * (left + x) + normal[1] * (top + y)) / focal + normal[2]
            if slope != 0:
                depth[y, x] = np.dot(normal, a) / slope


@nb.njit(cache=True)
def _depths_along(cam, triangles, hit, sight, depth):  # type: ignore[no-untyped-def]
    for y in range(hit.shape[0]):
        for x in range(hit.shape[1]):
            if hit[y, x] < 0:
                continue
            a, b, c = cam[triangles[hit[y, x], 0]], cam[triangles[hit[y, x], 1]], cam[triangles[hit[y, x], 2]]
            normal = np.cross(b - a, c - a)
            slope = normal[0] * sight[y, x, 0] + normal[1] * sight[y, x, 1] + normal[2]
            if slope != 0:
                depth[y, x] = np.dot(normal, a) / slope


def _bulges(view: Projected, triangles: np.ndarray) -> np.ndarray:
    """Return by how many pixels (T,) triangles' edges may leave their chords."""
    flat = view.cam[triangles][..., :2] / np.maximum(view.cam[triangles][..., 2:], NEAR)
    radius, length = np.linalg.norm(flat, axis=-1).max(1), np.linalg.norm(flat.max(1) - flat.min(1), axis=-1)
    lens = lens_of(view.camera)
    return np.array([bulge(*each, lens) for each in zip(radius, length, strict=True)])


@nb.njit(cache=True)
def _fill_bent(sight, lens, cam, triangles, cull, holed, rest, plate, matte, hit, nearest):  # type: ignore[no-untyped-def]
    """As `_fill`, in the plane at depth 1. sight (h,w,2): where each sample's ray meets it; lens: the camera's, counted from the first sample."""
    height, width = hit.shape
    if height == 0 or width == 0:
        return
    x_min, x_max, y_min, y_max = sight[..., 0].min(), sight[..., 0].max(), sight[..., 1].min(), sight[..., 1].max()
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        if min(cam[a, 2], cam[b, 2], cam[c, 2]) <= NEAR:
            continue
        za, zb, zc = 1 / cam[a, 2], 1 / cam[b, 2], 1 / cam[c, 2]
        ax, ay, bx, by, cx, cy = cam[a, 0] * za, cam[a, 1] * za, cam[b, 0] * zb, cam[b, 1] * zb, cam[c, 0] * zc, cam[c, 1] * zc
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0 or (cull and area > 0):
            continue
        x_low, x_high = max(min(ax, bx, cx), x_min), min(max(ax, bx, cx), x_max)
        y_low, y_high = max(min(ay, by, cy), y_min), min(max(ay, by, cy), y_max)
        if x_low > x_high or y_low > y_high:
            continue
        left, top, right, bottom = box_in_plate(x_low, y_low, x_high, y_high, lens)
        inverse = 1 / area
        ub_x, ub_y, uc_x, uc_y = (cy - ay) * inverse, (ax - cx) * inverse, (ay - by) * inverse, (bx - ax) * inverse
        for y in range(max(int(np.ceil(top)), 0), min(int(np.floor(bottom)), height - 1) + 1):
            for x in range(max(int(np.ceil(left)), 0), min(int(np.floor(right)), width - 1) + 1):
                px, py = sight[y, x, 0] - ax, sight[y, x, 1] - ay
                wb, wc = ub_x * px + ub_y * py, uc_x * px + uc_y * py
                if wb < -1e-9 or wc < -1e-9 or wb + wc > 1 + 1e-9:
                    continue
                closeness = za + wb * (zb - za) + wc * (zc - za)
                if closeness > nearest[y, x]:
                    if holed[t] and _missing(wb, wc, za, zb, zc, a, b, c, rest, plate, matte):
                        continue
                    nearest[y, x] = closeness
                    hit[y, x] = t


@nb.njit(cache=True)
def _fill(pixels, cam, triangles, left, top, cull, holed, rest, lens, matte, hit, nearest):  # type: ignore[no-untyped-def]
    height, width = hit.shape
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        if min(cam[a, 2], cam[b, 2], cam[c, 2]) <= NEAR:
            continue
        ax, ay, bx, by, cx, cy = (
            pixels[a, 0] - left,
            pixels[a, 1] - top,
            pixels[b, 0] - left,
            pixels[b, 1] - top,
            pixels[c, 0] - left,
            pixels[c, 1] - top,
        )
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        # y points down, so a triangle that is counter-clockwise from outside has a negative area when it faces us
        if area == 0 or (cull and area > 0):
            continue
        x_low, x_high = max(int(np.ceil(min(ax, bx, cx))), 0), min(int(np.floor(max(ax, bx, cx))), width - 1)
        y_low, y_high = max(int(np.ceil(min(ay, by, cy))), 0), min(int(np.floor(max(ay, by, cy))), height - 1)
        if x_low > x_high or y_low > y_high:
            continue
        inverse = 1 / area
        za, zb, zc = 1 / cam[a, 2], 1 / cam[b, 2], 1 / cam[c, 2]
        # barycentrics are planes over the picture: value at (0,0), slope along x, slope along y
        ub, ub_x, ub_y = (ay * cx - ax * cy) * inverse, (cy - ay) * inverse, (ax - cx) * inverse
        uc, uc_x, uc_y = (ax * by - ay * bx) * inverse, (ay - by) * inverse, (bx - ax) * inverse
        z, z_x, z_y = za + ub * (zb - za) + uc * (zc - za), ub_x * (zb - za) + uc_x * (zc - za), ub_y * (zb - za) + uc_y * (zc - za)
        for y in range(y_low, y_high + 1):
            b0, c0 = ub + ub_y * y, uc + uc_y * y
            low, high = x_low, x_high
            for k in range(3):
                if k == 0:
                    value, slope = b0, ub_x
                elif k == 1:
                    value, slope = c0, uc_x
                else:
                    value, slope = 1 - b0 - c0, -ub_x - uc_x
                value += 1e-9
                if slope > 0:
                    low = max(low, int(np.ceil(-value / slope)))
                elif slope < 0:
                    high = min(high, int(np.floor(-value / slope)))
                elif value < 0:
                    high = low - 1
            z0 = z + z_y * y
            for x in range(low, high + 1):
                closeness = z0 + z_x * x
                if closeness > nearest[y, x]:
                    if holed[t] and _missing(b0 + ub_x * x, c0 + uc_x * x, za, zb, zc, a, b, c, rest, lens, matte):
                        continue
                    nearest[y, x] = closeness
                    hit[y, x] = t
