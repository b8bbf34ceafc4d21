"""Planes in a solve's world: the outlined building's walls and the ground before it, from depth maps (RANSAC, Fischler & Bolles 1981).

A plane is a vector (3,) a with a . X = 1 on it, X in the first camera's axes. What the first camera sees of it has nearness a . r along the ray
r (depth 1), and a . X says which share of the way to the plane a point X is at.
"""

from __future__ import annotations

import numpy as np

TRIALS = 400
SAMPLES = 4000
ON = 0.04
"""A point this near to a plane (share of its depth) lies on it."""
SUPPORT = 0.25
"""Share of the points that the main wall holds at least, and of those behind it that another one does."""
FEWEST = 150
HALF = 0.5


def walls_through(points: np.ndarray, seed: int, on: float = ON) -> np.ndarray:
    """Return the planes (n, 3), none to two, of a convex building's visible walls from points (p, 3) on it and before it.

    The main wall is what most points lie on. Another one may only lie behind it, as the far side of a corner does: what lies before it may
    be something that stands in front. on: how near to a plane (share of its depth) a point lies on it.
    """
    rng = np.random.default_rng((seed, 81))
    points = _some(points, rng)
    if len(points) < FEWEST:
        return np.zeros((0, 3))
    main = _best(points, rng, on)
    if main is None or np.mean(_on(points, main, on)) < SUPPORT:
        return np.zeros((0, 3))
    behind = points[points @ main > 1 + 2 * on]
    if len(behind) < max(FEWEST, 0.1 * len(points)):
        return main[None]
    other = _best(behind, rng, on)
    if other is None or np.mean(_on(behind, other, on)) < SUPPORT or not _is_corner(points, main, other, on):
        return main[None]
    return np.stack([main, other])


def ground_under(points: np.ndarray, seed: int) -> np.ndarray | None:
    """Return the plane (3,) that most of the points (p, 3) of surfaces that lie flat are on; None where no plane holds half of them."""
    rng = np.random.default_rng((seed, 82))
    points = _some(points, rng)
    found = _best(points, rng, ON) if len(points) >= FEWEST else None
    return found if found is not None and np.mean(_on(points, found, ON)) > HALF else None


def _some(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return points if len(points) <= SAMPLES else points[np.sort(rng.choice(len(points), SAMPLES, replace=False))]


def _on(points: np.ndarray, plane: np.ndarray, on: float) -> np.ndarray:
    return np.abs(points @ plane - 1) < on


def _best(points: np.ndarray, rng: np.random.Generator, on: float) -> np.ndarray | None:
    """Return the plane that most points lie on."""
    best, found = 0, None
    for trio in rng.integers(0, len(points), (TRIALS, 3)):
        corners = points[trio]
        if abs(np.linalg.det(corners)) < 1e-9 * np.prod(np.linalg.norm(corners, axis=1)):
            continue
        plane = np.linalg.solve(corners, np.ones(3))
        count = int(np.count_nonzero(_on(points, plane, on)))
        if count > best:
            best, found = count, plane
    if found is None:
        return None
    for _ in range(3):
        near = points[_on(points, found, on)]
        found = np.linalg.lstsq(near, np.ones(len(near)), rcond=None)[0] if len(near) >= 3 else found
    return found


def _is_corner(points: np.ndarray, main: np.ndarray, other: np.ndarray, on: float) -> bool:
    """Is what lies on the main wall before the other plane, as it is at a corner that sticks out, or is the other a plane far behind?"""
    own = points[_on(points, main, on) & ~_on(points, other, on)]
    return len(own) > 0 and float(np.mean(own @ other > 1)) > 0.8
