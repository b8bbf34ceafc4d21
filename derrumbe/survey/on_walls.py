"""Regions of the picture on walls: plane regions in metres along a wall and up."""

from __future__ import annotations

import numpy as np

from derrumbe.geom.camera import eye, rays
from derrumbe.geom.solids import Shape, shape
from derrumbe.survey.frame import Frame, Wall


def wall_region(frame: Frame, wall: Wall, seen: Shape, limits: tuple[float, float]) -> Shape:
    """Return the part of a picture region that falls on a wall, in wall metres (along, up), above the ground and within `limits` along."""
    origin = eye(frame.camera)
    polygons = []
    for polygon in seen.to_polygons():
        points = wall.from_rays(origin, rays(frame.camera, np.asarray(polygon)))
        if np.isfinite(points).all():
            polygons.append(points)
        else:
            polygons.append(_clipped_to_front(frame, wall, np.asarray(polygon)))
    return shape([polygon for polygon in polygons if len(polygon) > 2]) ^ band(limits, 0.0, 1e4)


def _clipped_to_front(frame: Frame, wall: Wall, polygon: np.ndarray) -> np.ndarray:
    """Return the wall points of the part of a pixel polygon whose sight lines reach the wall well before its horizon."""
    camera = frame.camera
    rotation = np.asarray(camera.rotation)
    facing = rotation @ wall.facing
    # rays·normal = (pixel - centre)/focal · facing_xy + facing_z; keep where it is below a small negative number.
    slope = np.array([facing[0], facing[1]]) / camera.focal_px
    level = facing[2] - slope @ (camera.cx, camera.cy) + 0.03
    kept = []
    for start, end in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        a, b = slope @ start + level, slope @ end + level
        if a <= 0:
            kept.append(start)
        if a * b < 0:
            kept.append(start + (end - start) * (a / (a - b)))
    return wall.from_rays(eye(camera), rays(camera, np.array(kept))) if len(kept) > 2 else np.zeros((0, 2))


def band(span: tuple[float, float], low: float, high: float) -> Shape:
    """Return the region between two heights, `span` metres along."""
    return Shape.square([span[1] - span[0], max(high - low, 1e-6)]).translate([span[0], low])
