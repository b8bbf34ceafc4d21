"""How far away is what stands or passes in front? As far as the ground at its foot."""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.core.records import FAR, Camera
from derrumbe.geom.camera import rotation_matrix
from derrumbe.geom.depth import plane_depth
from derrumbe.geom.lens import filmed, sights

FAINT = 0.02
FOOT = 0.03
"""Share of a thing's height, at its lower end, that is its foot."""
CLOSEST = 0.5
"""Metres: nothing is nearer than this."""


def depth_of_things(alpha: np.ndarray, camera: Camera, furthest: float) -> np.ndarray:
    """Return the depth (h, w) float32, metres along the axis, of each connected thing of a matte; FAR where there is none.

    A thing is taken for upright and flat, at the depth of the ground under its foot; none is further away than `furthest`.
    """
    out = np.full(alpha.shape, FAR, np.float32)
    for mask, depth in things(alpha, camera, furthest):
        out[mask] = depth
    return out


def things(alpha: np.ndarray, camera: Camera, furthest: float) -> list[tuple[np.ndarray, float]]:
    """Return the connected things of a matte (h, w): where each is (h, w) bool, and its depth."""
    present = (alpha > FAINT).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(present, connectivity=8)
    if count == 1:
        return []
    ground = plane_depth(camera)
    found = []
    for label in range(1, count):
        top, height = stats[label, 1], stats[label, 3]
        mask = labels == label
        low = mask.copy()
        low[: int(top + (1 - FOOT) * height)] = False
        foot = ground[low]
        depth = float(np.median(foot[foot < FAR])) if (foot < FAR).any() else furthest
        found.append((mask, float(np.clip(depth, CLOSEST, furthest))))
    return found


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
