"""Vanishing points of line segments, and what they tell about a camera.

Segments are (n, 4) pixels x0 y0 x1 y1. A vanishing point is a homogeneous pixel (3,), so that one at infinity is nothing special.
After Coughlan & Yuille, "Manhattan World" (1999), and Rother, "A new approach to vanishing point detection" (2002).
"""

from __future__ import annotations

import numpy as np


def lengths(segments: np.ndarray) -> np.ndarray:
    """Return segment lengths (n,) in pixels."""
    return np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1])


def middles(segments: np.ndarray) -> np.ndarray:
    """Return segment midpoints (n, 2)."""
    return 0.5 * (segments[:, :2] + segments[:, 2:])


def directions(segments: np.ndarray) -> np.ndarray:
    """Return unit directions (n, 2)."""
    return (segments[:, 2:] - segments[:, :2]) / np.maximum(lengths(segments), 1e-9)[:, None]


def misfit(segments: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Return the signed angle (n,) in radians between each segment and the line from its middle to a vanishing point.

    `point` is (3,) or (..., 3); the result is (..., n).
    """
    point = np.asarray(point, np.float64)
    middle, along = middles(segments), directions(segments)
    towards = point[..., None, :2] - point[..., None, 2:] * middle
    cross = along[:, 0] * towards[..., 1] - along[:, 1] * towards[..., 0]
    dot = along[:, 0] * towards[..., 0] + along[:, 1] * towards[..., 1]
    return np.arctan2(cross * np.sign(dot + 1e-300), np.abs(dot))


def meeting_point(segments: np.ndarray, weights: np.ndarray, centre: tuple[float, float], scale: float) -> np.ndarray:
    """Return the homogeneous pixel (3,) nearest to all lines, in the least-squares sense of normalised coordinates."""
    start, end = (segments[:, :2] - centre) / scale, (segments[:, 2:] - centre) / scale
    ones = np.ones((len(segments), 1))
    lines = np.cross(np.hstack([start, ones]), np.hstack([end, ones]))
    lines *= (weights / np.maximum(np.linalg.norm(lines, axis=1), 1e-12))[:, None]
    x, y, w = np.linalg.svd(lines, full_matrices=True)[2][-1]
    return _unit(np.array([x * scale + centre[0] * w, y * scale + centre[1] * w, w]))


def focal_from(first: np.ndarray, second: np.ndarray, centre: tuple[float, float]) -> float | None:
    """Return the focal length in pixels that makes two vanishing points orthogonal, or None when no real one does.

    Caprile & Torre, "Using vanishing points for camera calibration" (1990).
    """
    if abs(first[2]) < 1e-12 or abs(second[2]) < 1e-12:
        return None
    product = (first[:2] / first[2] - centre) @ (second[:2] / second[2] - centre)
    return float(np.sqrt(-product)) if product < 0 else None


def axis_direction(point: np.ndarray, focal: float | np.ndarray, centre: tuple[float, float]) -> np.ndarray:
    """Return the unit camera-space direction (..., 3) whose vanishing point is `point` (..., 3)."""
    point = np.asarray(point, np.float64)
    xy = (point[..., :2] - point[..., 2:] * np.asarray(centre)) / np.asarray(focal)[..., None]
    return _unit(np.concatenate([xy, point[..., 2:]], -1))


def vanishing_point(direction: np.ndarray, focal: float | np.ndarray, centre: tuple[float, float]) -> np.ndarray:
    """Return the homogeneous pixel (..., 3) of camera-space directions (..., 3)."""
    direction = np.asarray(direction, np.float64)
    xy = np.asarray(focal)[..., None] * direction[..., :2] + direction[..., 2:] * np.asarray(centre)
    return np.concatenate([xy, direction[..., 2:]], -1)


def levelled_axes(up: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return horizontal unit axes (right, forward) of a camera whose camera-space up direction is `up` (..., 3)."""
    right = _unit(np.cross(np.broadcast_to([0.0, 0.0, 1.0], up.shape), up))
    return right, np.cross(up, right)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-12)
