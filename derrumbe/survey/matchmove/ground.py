"""The ground in solved points: a plane that many lie on and few lie below (RANSAC, Fischler & Bolles 1981)."""

from __future__ import annotations

import numpy as np

TRIALS = 600
FLAT = 0.012
"""A point this near to the plane (share of its distance) lies on it."""
SUPPORT, FEWEST = 0.30, 40
BELOW = 0.06
"""At most this share of the points may lie clearly below the ground."""
STEEPEST = np.cos(np.radians(65.0))


def ground_normal(points: np.ndarray, seed: int) -> np.ndarray | None:
    """Return the unit normal (3,), pointing up, of the ground under points (n, 3) in camera axes; None when there is no such plane."""
    points = points[points[:, 2] > 0]
    if len(points) < FEWEST:
        return None
    rng = np.random.default_rng((seed, 73))
    weight = 1.0 / np.linalg.norm(points, axis=1)
    best: tuple[int, np.ndarray] = (0, np.zeros(4))
    for trio in rng.integers(0, len(points), (TRIALS, 3)):
        plane = _through(points[trio])
        if plane is None:
            continue
        off = (points @ plane[:3] + plane[3]) * weight
        count = int(np.count_nonzero(np.abs(off) < FLAT))
        if count > best[0] and np.mean(off < -4 * FLAT) < BELOW:
            best = (count, plane)
    count, plane = best
    if count < max(FEWEST, SUPPORT * len(points)):
        return None
    for _ in range(3):
        plane = _fitted(points, weight, plane)
    return plane[:3]


def _through(corners: np.ndarray) -> np.ndarray | None:
    normal = np.cross(corners[1] - corners[0], corners[2] - corners[0])
    length = float(np.linalg.norm(normal))
    if length < 1e-12:
        return None
    normal = normal / length
    normal = -normal if normal[1] > 0 else normal
    # The camera is above the ground, and doesn't lie on its side.
    shift = -float(normal @ corners[0])
    return np.append(normal, shift) if shift > 0 and -normal[1] > STEEPEST else None


def _fitted(points: np.ndarray, weight: np.ndarray, plane: np.ndarray) -> np.ndarray:
    """Return the plane of least squares (relative to distance) through the points near to `plane`."""
    near = np.abs((points @ plane[:3] + plane[3]) * weight) < FLAT
    rows = np.concatenate([points[near], np.ones((np.count_nonzero(near), 1))], 1) * weight[near, None]
    scale = np.array([1, 1, 1, float(np.median(np.linalg.norm(points[near], axis=1)))])
    found = np.linalg.svd(rows * scale, full_matrices=False)[2][-1] * scale
    found /= np.linalg.norm(found[:3])
    found = -found if found[1] > 0 else found
    return found if found @ plane > 0 else plane
