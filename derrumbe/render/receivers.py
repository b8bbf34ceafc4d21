"""Points that catch shadow: what stands behind the new solids in the plate, sampled on a coarse grid of pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.core.records import Camera
from derrumbe.geom.camera import eye, rays
from derrumbe.render.raster import Window, projected, visible
from derrumbe.render.scene import triangle_normals

SKY_DEPTH = 1e8


@dataclass(frozen=True, eq=False)
class Receivers:
    """Every `step`-th pixel of a window: depth (h,w), 0 where nothing receives; points, normals (h,w,3) float32 world."""

    step: int
    depth: np.ndarray
    points: np.ndarray
    normals: np.ndarray

    @property
    def valid(self) -> np.ndarray:
        return self.depth > 0


def grid(window: Window, step: int) -> np.ndarray:
    """Return the pixels' (h,w,2) coordinates of the coarse grid: the middle of each step x step block."""
    y = np.arange(window.y0 + step // 2, window.y1, step) + 0.5
    x = np.arange(window.x0 + step // 2, window.x1, step) + 0.5
    return np.stack(np.meshgrid(x, y), -1)


def place(camera: Camera, step: int, pixels: np.ndarray, depth: np.ndarray, normals: np.ndarray) -> Receivers:
    """Return receivers at pixels (h,w,2) with depth (h,w) and normals (h,w,3)."""
    points = eye(camera) + rays(camera, pixels) * depth[..., None]
    return Receivers(step, depth.astype(np.float32), points.astype(np.float32), normals.astype(np.float32))


def set_normals(
    camera: Camera, window: Window, step: int, vertices: np.ndarray, triangles: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """Return the proxies' normals (h,w,3) on the coarse grid, turned to the camera; up where there is no proxy."""
    coarse = coarse_camera(camera, window, step)
    hit = visible(projected(coarse, vertices.astype(np.float64)), triangles, Window(0, 0, shape[1], shape[0]), (0.5, 0.5), cull=False)
    normals = np.zeros((*shape, 3), np.float32)
    normals[..., 1] = 1
    found = hit >= 0
    own = triangle_normals(vertices, triangles)[hit[found]]
    towards = eye(camera) - vertices[triangles[hit[found], 0]]
    normals[found] = np.where(np.sum(own * towards, 1, keepdims=True) < 0, -own, own)
    return normals


def coarse_camera(camera: Camera, window: Window, step: int) -> Camera:
    """Return the camera whose pixel centres are the coarse grid's points."""
    shift = step // 2 + 0.5
    return camera.model_copy(
        update={
            "focal_px": camera.focal_px / step,
            "cx": (camera.cx - window.x0 - shift) / step + 0.5,
            "cy": (camera.cy - window.y0 - shift) / step + 0.5,
        }
    )
