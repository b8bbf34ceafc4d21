"""Depth pictures of meshes: a z-buffer for what doesn't need the renderer's care. Pixel centres at +0.5, depth in metres along the axis."""

from __future__ import annotations

import numba as nb
import numpy as np

from derrumbe.core.records import FAR, Camera
from derrumbe.geom.camera import pixel_grid, rays, rotation_matrix
from derrumbe.geom.lens import box_in_plate, lens_of, sights

NEAR = 0.05


def mesh_depth(camera: Camera, vertices: np.ndarray, triangles: np.ndarray, offset: tuple[float, float] = (0.5, 0.5)) -> np.ndarray:
    """Return the depth (h, w) float32 of the nearest triangle at `offset` inside each pixel, FAR where there is none.

    vertices (n, 3), triangles (m, 3). Triangles that reach behind the camera are left out.
    """
    out = np.full((camera.height, camera.width), FAR, np.float32)
    cam = np.ascontiguousarray(vertices @ rotation_matrix(camera).T + np.asarray(camera.translation, np.float64))
    triangles = np.ascontiguousarray(triangles, np.int32)
    if any(camera.distortion):
        _fill_bent(cam, triangles, sights(camera, out.shape, offset), lens_of(camera, offset), out)
    else:
        _fill(cam, triangles, camera.focal_px, camera.cx - offset[0], camera.cy - offset[1], out)
    return out


def coverage(camera: Camera, vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return how much of each pixel (h, w) float32 the mesh covers, from four samples."""
    spots = ((0.25, 0.375), (0.625, 0.125), (0.875, 0.625), (0.375, 0.875))
    hits = np.stack([mesh_depth(camera, vertices, triangles, spot) < FAR for spot in spots])
    return np.asarray(hits.mean(axis=0, dtype=np.float32))


def plane_depth(camera: Camera, height: float = 0.0) -> np.ndarray:
    """Return the depth (h, w) float32 of the level plane at `height`, FAR above its horizon."""
    rotation = rotation_matrix(camera)
    drop = height - float((-rotation.T @ np.asarray(camera.translation))[1])
    if any(camera.distortion):
        rise = rays(camera, pixel_grid(camera))[..., 1]
    else:
        x = (np.arange(camera.width) + 0.5 - camera.cx) / camera.focal_px
        y = (np.arange(camera.height) + 0.5 - camera.cy)[:, None] / camera.focal_px
        rise = x * rotation[0, 1] + y * rotation[1, 1] + rotation[2, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = drop / rise
    return np.where(np.isfinite(depth) & (depth > NEAR), np.minimum(depth, FAR), FAR).astype(np.float32)


@nb.njit(cache=True, inline="always")
def _depth_in(x, y, ax, ay, bx, by, px, py, area, za, zb, zc):  # type: ignore[no-untyped-def]
    """Return the depth where a triangle a, b, p is seen at x, y, infinite outside it."""
    wa = ((bx - x) * (py - y) - (by - y) * (px - x)) / area
    wb = ((px - x) * (ay - y) - (py - y) * (ax - x)) / area
    wc = 1 - wa - wb
    return np.inf if wa < -1e-9 or wb < -1e-9 or wc < -1e-9 else 1 / (wa / za + wb / zb + wc / zc)


@nb.njit(cache=True, inline="always")
def _span(y, ax, ay, bx, by, px, py):  # type: ignore[no-untyped-def]
    """Return from where to where a triangle a, b, p reaches in the row at y."""
    low, high = np.inf, -np.inf
    for x0, y0, x1, y1 in ((ax, ay, bx, by), (bx, by, px, py), (px, py, ax, ay)):
        if min(y0, y1) <= y <= max(y0, y1):
            first = x0 if y0 == y1 else x0 + (x1 - x0) * ((y - y0) / (y1 - y0))
            second = x1 if y0 == y1 else first
            low, high = min(low, first, second), max(high, first, second)
    return low, high


@nb.njit(cache=True)
def _fill(cam, triangles, focal, cx, cy, out):  # type: ignore[no-untyped-def]
    height, width = out.shape
    for t in range(len(triangles)):
        a, b, c = cam[triangles[t, 0]], cam[triangles[t, 1]], cam[triangles[t, 2]]
        if min(a[2], b[2], c[2]) <= NEAR:
            continue
        ax, ay = focal * a[0] / a[2] + cx, focal * a[1] / a[2] + cy
        bx, by = focal * b[0] / b[2] + cx, focal * b[1] / b[2] + cy
        px, py = focal * c[0] / c[2] + cx, focal * c[1] / c[2] + cy
        area = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
        if area == 0:
            continue
        left, right = max(int(np.ceil(min(ax, bx, px))), 0), min(int(np.floor(max(ax, bx, px))), width - 1)
        top, bottom = max(int(np.ceil(min(ay, by, py))), 0), min(int(np.floor(max(ay, by, py))), height - 1)
        for y in range(top, bottom + 1):
            low, high = _span(y, ax, ay, bx, by, px, py)
            for x in range(max(left, int(np.floor(low)) - 1), min(right, int(np.ceil(high)) + 1) + 1):
                depth = _depth_in(x, y, ax, ay, bx, by, px, py, area, a[2], b[2], c[2])
                if depth < out[y, x]:
                    out[y, x] = depth


@nb.njit(cache=True)
def _fill_bent(cam, triangles, sight, lens, out):  # type: ignore[no-untyped-def]
    """As `_fill`, where a lens bends lines: each pixel asks along its own `sight` (h, w, 2)."""
    height, width = out.shape
    x_min, x_max, y_min, y_max = sight[..., 0].min(), sight[..., 0].max(), sight[..., 1].min(), sight[..., 1].max()
    for t in range(len(triangles)):
        a, b, c = cam[triangles[t, 0]], cam[triangles[t, 1]], cam[triangles[t, 2]]
        if min(a[2], b[2], c[2]) <= NEAR:
            continue
        ax, ay, bx, by, px, py = a[0] / a[2], a[1] / a[2], b[0] / b[2], b[1] / b[2], c[0] / c[2], c[1] / c[2]
        area = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
        low_x, high_x = max(min(ax, bx, px), x_min), min(max(ax, bx, px), x_max)
        low_y, high_y = max(min(ay, by, py), y_min), min(max(ay, by, py), y_max)
        if area == 0 or low_x > high_x or low_y > high_y:
            continue
        left, top, right, bottom = box_in_plate(low_x, low_y, high_x, high_y, lens)
        for row in range(max(int(np.ceil(top)), 0), min(int(np.floor(bottom)), height - 1) + 1):
            for column in range(max(int(np.ceil(left)), 0), min(int(np.floor(right)), width - 1) + 1):
                x, y = sight[row, column, 0], sight[row, column, 1]
                depth = _depth_in(x, y, ax, ay, bx, by, px, py, area, a[2], b[2], c[2])
                if depth < out[row, column]:
                    out[row, column] = depth
