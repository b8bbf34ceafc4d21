"""Points that catch shadow: what stands behind the new solids in the plate, sampled on a coarse grid of pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.core.records import Camera
from derrumbe.geom.camera import eye, rays
from derrumbe.render.raster import Window, projected, visible
from derrumbe.render.scene import triangle_normals

SKY_DEPTH = 1e8
GROUND = 0.3
"""Metres over the ground from which on what is seen stands upright, though no proxy reaches as far: roofs slope, proxies end in steps."""


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


def set_normals(camera: Camera, window: Window, step: int, vertices: np.ndarray, triangles: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Return the proxies' normals (h,w,3) on the coarse grid, turned to the camera; where there is no proxy up on the ground, and level above it.

    depth (h,w): of what stands there, 0 where nothing does.
    """
    shape = depth.shape
    coarse = coarse_camera(camera, window, step)
    hit = visible(projected(coarse, vertices.astype(np.float64)), triangles, Window(0, 0, shape[1], shape[0]), (0.5, 0.5), cull=False)
    sight = rays(camera, grid(window, step))
    high = (eye(camera)[1] + sight[..., 1] * depth > GROUND) & (depth > 0)
    level = sight * (-1.0, 0.0, -1.0)
    level /= np.maximum(np.linalg.norm(level, axis=-1, keepdims=True), 1e-6)
    normals = np.where(high[..., None], level, (0.0, 1.0, 0.0)).astype(np.float32)
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
