"""Where the outline meets the ground, and where it leaves the picture."""

from __future__ import annotations

import numpy as np

from derrumbe.geom.polygons import densified, signed_area

ON_EDGE = 0.004
"""A point this near to the picture's edge (share of the longer side) lies on it."""
BEYOND_SIDE = 0.25
"""How far a building that leaves the picture sideways goes on, as a share of its outline's width."""


def bottom_chain(outline: np.ndarray) -> np.ndarray:
    """Return the lower side of the outline (m, 2), from its lower left corner to its lower right one, in pixels."""
    points = outline if signed_area(outline) > 0 else outline[::-1]
    # Positive area with y down: the points run clockwise as seen, so the bottom runs from right to left.
    left, right = int(np.argmax(points[:, 1] - points[:, 0])), int(np.argmax(points[:, 1] + points[:, 0]))
    count = len(points)
    steps = (left - right) % count
    return points[[(right + step) % count for step in range(steps + 1)]][::-1]


def bottom_samples(outline: np.ndarray, count: int = 200) -> np.ndarray:
    """Return points evenly spread along the bottom chain (about `count`, 2)."""
    chain = bottom_chain(outline)
    span = np.linalg.norm(np.diff(chain, axis=0), axis=1).sum()
    return densified(chain, max(span / count, 0.5), closed=False)


def touched_edges(outline: np.ndarray, width: int, height: int) -> dict[str, bool]:
    """Return which edges of the picture (left, right, top, bottom) the outline runs along."""
    near = ON_EDGE * max(width, height) + 1.0
    on = {
        "left": outline[:, 0] <= near,
        "right": outline[:, 0] >= width - near,
        "top": outline[:, 1] <= near,
        "bottom": outline[:, 1] >= height - near,
    }
    return {edge: bool(np.count_nonzero(flags & np.roll(flags, -1))) for edge, flags in on.items()}


def continued(
    outline: np.ndarray, width: int, height: int, up_point: np.ndarray, upwards: float = 0.25, sideways: float = BEYOND_SIDE
) -> np.ndarray:
    """Return the outline carried on outside the picture where it runs along an edge, so that no cut is ever seen.

    `up_point` is the homogeneous pixel towards which verticals run; a roof out of frame is carried on towards it by
    `upwards`, a share of the outline's height; a wall goes on `sideways` by a share of its width.
    """
    near = ON_EDGE * max(width, height) + 1.0
    spans = np.ptp(outline, axis=0)
    side = sideways * spans[0]
    moves = (
        ("top", lambda p: p[:, 1] <= near, lambda p: _towards(p, up_point, upwards * spans[1])),
        ("left", lambda p: p[:, 0] <= near, lambda p: np.tile([-side, 0.0], (len(p), 1))),
        ("right", lambda p: p[:, 0] >= width - near, lambda p: np.tile([side, 0.0], (len(p), 1))),
    )
    edges = touched_edges(outline, width, height)
    points = outline
    for edge, on, move in moves:
        if edges[edge] and (edge == "top" or side):
            points = _run_moved(points, on(points), move(points))
    return points


def _run_moved(points: np.ndarray, on: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Return the polygon with every run of points that lie `on` an edge carried by its steps, the run's ends kept in place."""
    parts = []
    for index, point in enumerate(points):
        if not on[index]:
            parts.append(point[None])
            continue
        starts, ends = not on[index - 1], not on[(index + 1) % len(points)]
        moved = point + steps[index]
        parts.append(np.stack([*([point] if starts else []), moved, *([point] if ends else [])]))
    return np.concatenate(parts)


def _towards(points: np.ndarray, up_point: np.ndarray, distance: float) -> np.ndarray:
    """Return steps (n, 2) of `distance` pixels upwards along the verticals through `points`."""
    way = up_point[:2] - up_point[2] * points
    way *= np.where(way[:, 1:] > 0, -1.0, 1.0)
    return way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9) * distance
