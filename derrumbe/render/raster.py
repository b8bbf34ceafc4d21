"""Which triangle each sample sees: a z-buffer in double precision.

Camera rays share one origin and one offset per time sample, so projecting triangles finds exactly what tracing would, without
a BVH for every sub-frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np

from derrumbe.core.records import Camera
from derrumbe.geom.camera import project

NEAR = 0.05
NONE = -1


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

    def joined(self, other: Window) -> Window:
        """Return the smallest window that holds both."""
        if 0 in self.shape:
            return other
        if 0 in other.shape:
            return self
        return Window(min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1))


def bounds(camera: Camera, points: np.ndarray, pad: int = 2) -> Window:
    """Return the window of the picture that holds the projection of world points (n,3), padded by `pad` pixels."""
    pixels, depth = project(camera, points)
    pixels = pixels[depth > NEAR]
    if not len(pixels):
        return Window(0, 0, 0, 0)
    low, high = np.floor(pixels.min(0)) - pad, np.ceil(pixels.max(0)) + pad
    x0, x1 = (int(np.clip(v, 0, camera.width)) for v in (low[0], high[0]))
    y0, y1 = (int(np.clip(v, 0, camera.height)) for v in (low[1], high[1]))
    return Window(x0, y0, x1, y1)


def visible(
    camera: Camera, points: np.ndarray, triangles: np.ndarray, window: Window, offset: tuple[float, float], cull: bool = True
) -> np.ndarray:
    """Return the index (h,w) int32 of the nearest triangle at `offset` inside each pixel of `window`, NONE where there is none.

    points (V,3) float64 world; triangles (T,3) int32, outward; those facing away are skipped when `cull`. Triangles that reach behind the
    camera are skipped.
    """
    pixels, depth = project(camera, points)
    hit = np.full(window.shape, NONE, np.int32)
    nearest = np.zeros(window.shape, np.float64)
    _fill(pixels, depth, triangles, window.x0 + offset[0], window.y0 + offset[1], cull, hit, nearest)
    return hit


@nb.njit(cache=True)
def _fill(pixels, depth, triangles, left, top, cull, hit, nearest):  # type: ignore[no-untyped-def]
    height, width = hit.shape
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        if min(depth[a], depth[b], depth[c]) <= 0.05:
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
        za, zb, zc = 1 / depth[a], 1 / depth[b], 1 / depth[c]
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
                    nearest[y, x] = closeness
                    hit[y, x] = t
