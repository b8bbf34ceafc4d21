"""The building's ground plan: behind the walls that are seen, a guess."""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull

from derrumbe.survey.frame import Frame

DEPTH_SHARE, DEPTH_RANGE = 0.6, (5.0, 22.0)
"""Depth of a building that shows one wall, over its width, and its bounds in metres."""
RECEDES = 0.15
"""Walls that go back by this share of the building's width tell its depth."""
ROUND, SHARPEST_EDGE = np.radians(70.0), np.radians(62.0)
"""Three walls and more that turn by this angle in all, and at no edge by the second, go on round as they began."""
FACING = 0.5
"""Cosine to the main wall's normal from which walls count as the building's front."""


def depth_of(frame: Frame, wanted: float | None) -> float:
    """Return how far the building reaches behind its main wall, metres. wanted: what the artist says."""
    feet = frame.feet
    # What stands back in the middle is a recess; walls that end further back are sides.
    width, back = float(np.ptp(feet[:, 0])), float(-feet[[0, -1], 1].min())
    if is_round(frame):
        seen = float(np.ptp(_all_round(feet)[:, 1]))
    else:
        seen = back if back > RECEDES * width else 0.0
    guess = seen or float(np.clip(DEPTH_SHARE * np.ptp(_front(frame)[:, 0]), *DEPTH_RANGE))
    return max(wanted, seen) if wanted else guess


def is_round(frame: Frame) -> bool:
    """Are the walls facets of something round, as towers, drums and arenas are?"""
    steps = np.diff(frame.feet, axis=0)
    turns = np.diff(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0])))
    return len(turns) > 1 and bool((turns < 0).all() and turns.sum() < -ROUND and turns.min() > -SHARPEST_EDGE)


def footprint_of(frame: Frame, depth: float) -> np.ndarray:
    """Return the corners (n, 2) of the ground plan, (x, z), convex, counter-clockwise seen from above with x right and z up."""
    feet = frame.feet
    if is_round(frame):
        return hull(_all_round(feet))
    front = _front(frame)
    back = np.stack([front[:, 0], np.minimum(front[:, 1], -depth)], 1)
    return hull(np.concatenate([feet, back]))


def _front(frame: Frame) -> np.ndarray:
    """Return the feet (n, 2) of the walls that face the main wall's way."""
    return np.concatenate([np.stack([wall.origin, wall.end]) for wall in frame.walls if wall.normal[2] > FACING])[:, [0, 2]]


def _all_round(feet: np.ndarray) -> np.ndarray:
    """Return the feet and what lies opposite of them about the middle of the circle that fits them best (Kåsa 1976)."""
    system = np.column_stack([2 * feet, np.ones(len(feet))])
    middle = np.linalg.lstsq(system, (feet**2).sum(axis=1), rcond=None)[0][:2]
    return np.concatenate([feet, 2 * middle - feet])


def hull(points: np.ndarray) -> np.ndarray:
    """Return the convex hull (m, 2) of points in plan, counter-clockwise."""
    corners = points[ConvexHull(points).vertices]
    return np.roll(corners, -int(np.argmin(corners.sum(axis=1))), axis=0)
