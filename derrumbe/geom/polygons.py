"""Plane polygons: area, crossings, clipping to a box. Points are (n, 2); y may run up or down."""

from __future__ import annotations

import numpy as np


def signed_area(points: np.ndarray) -> float:
    """Return the shoelace area of a closed polygon (n, 2): positive when x turns towards y."""
    x, y = np.asarray(points, np.float64).T
    return float(0.5 * (x @ np.roll(y, -1) - y @ np.roll(x, -1)))


def without_repeats(points: np.ndarray) -> np.ndarray:
    """Return the polygon without points that repeat their predecessor, nor a last one that repeats the first."""
    points = np.asarray(points, np.float64)
    return points[np.any(points != np.roll(points, 1, axis=0), axis=1)] if len(points) > 1 else points


def first_crossing(points: np.ndarray) -> tuple[int, int] | None:
    """Return the indices of two edges that cross or touch where they shouldn't, or None for a simple polygon.

    Edge i runs from point i to point i + 1.
    """
    points = np.asarray(points, np.float64)
    count = len(points)
    for first in range(count):
        for second in range(first + 1, count):
            if _edges_meet(points, first, second):
                return first, second
    return None


def _edges_meet(points: np.ndarray, first: int, second: int) -> bool:
    count = len(points)
    a, b = points[first], points[(first + 1) % count]
    c, d = points[second], points[(second + 1) % count]
    if second == first + 1 or (first == 0 and second == count - 1):
        return _folds_back(a, b, d) if second == first + 1 else _folds_back(c, d, b)
    return _segments_meet(a, b, c, d)


def _folds_back(start: np.ndarray, corner: np.ndarray, end: np.ndarray) -> bool:
    """Two neighbouring edges overlap: the second runs back along the first."""
    into, out = corner - start, end - corner
    return bool(abs(_cross(into, out)) <= 1e-9 * np.linalg.norm(into) * np.linalg.norm(out) and into @ out < 0)


def _segments_meet(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> bool:
    sides = [_cross(b - a, c - a), _cross(b - a, d - a), _cross(d - c, a - c), _cross(d - c, b - c)]
    if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
        return True
    ends = [(sides[0], a, b, c), (sides[1], a, b, d), (sides[2], c, d, a), (sides[3], c, d, b)]
    return any(side == 0 and _within(p, q, point) for side, p, q, point in ends)


def _within(p: np.ndarray, q: np.ndarray, point: np.ndarray) -> bool:
    return bool(np.all(np.minimum(p, q) <= point) and np.all(point <= np.maximum(p, q)))


def _cross(u: np.ndarray, v: np.ndarray) -> float:
    return float(u[0] * v[1] - u[1] * v[0])


def densified(points: np.ndarray, step: float, closed: bool = True) -> np.ndarray:
    """Return points along the polygon's (or the open chain's) edges no further than `step` apart, corners included."""
    points = np.asarray(points, np.float64)
    ends = np.roll(points, -1, axis=0) if closed else points[1:]
    parts = []
    for start, end in zip(points, ends, strict=False):
        count = max(1, int(np.ceil(np.linalg.norm(end - start) / step)))
        parts.append(start + (end - start) * (np.arange(count) / count)[:, None])
    return np.concatenate(parts if closed else [*parts, points[-1:]])
