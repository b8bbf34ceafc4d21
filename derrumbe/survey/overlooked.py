"""A building seen from above, by solved points on it: its whole ground plan, slopes of its roof, or the court that it stands around. Metres."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from derrumbe.geom.camera import eye, rays
from derrumbe.geom.solids import Solid, union, upright_prism
from derrumbe.survey.footprint import hull
from derrumbe.survey.frame import Frame

FEWEST = 12
LONELY, NEIGHBOURS = 0.12, 2
"""A point with fewer neighbours than this within so large a share of the building's width is stray."""
SIDES = 14
"""A ground plan has no more sides than this."""
BEHIND = 0.04
"""Points are behind the walls from this share of the building's width on."""
RINGS = (0.88, 0.75, 0.6, 0.45, 0.3)
"""A court steps down towards its middle at these shares of the way to its walls."""
RECESS = 0.25
"""A court begins further behind the walls than this share of the building's width."""
SUNK = 0.9
"""A court's floor lies below this share of the walls' height."""
TRIALS, LEAST_SHARE, MOST_SLOPES = 300, 0.25, 3
NEAR_PLANE, BELOW = 0.02, 0.9
"""Points this near to a plane (share of the building's width) are on it; a roof's plane has so many of all points under it."""
STEEPEST, LEVEL = 0.35, 0.05
"""Least upward part of a roof's normal, and how far it may point to the rear: what falls that way isn't seen."""
UPPER = 0.7
"""Points of a roof lie above this share of the height of the eaves."""
ALONG = np.array([1.0, 0.0, 0.0])
HIGHEST = 0.96
"""The ridge is as high as this quantile of the points: above it are strays."""
TALL = 4.0


@dataclass(frozen=True, eq=False)
class Overlooked:
    """points (n, 3): solved ones on the building in the world; footprint (m, 2): convex, (x, z), counter-clockwise; eaves: metres."""

    points: np.ndarray
    footprint: np.ndarray
    eaves: float

    @property
    def centre(self) -> np.ndarray:
        return np.asarray(self.footprint.mean(axis=0))

    def shrunk(self, share: float) -> np.ndarray:
        """Return the ground plan (m, 2) made smaller about its middle."""
        return self.centre + share * (self.footprint - self.centre)

    def ways_out(self, points: np.ndarray) -> np.ndarray:
        """Return how far out points lie, (n,): 0 in the middle, 1 at the walls."""
        normal, reach = _sides(self.footprint, self.centre)
        return np.asarray(((points[:, [0, 2]] - self.centre) @ normal.T / reach).max(axis=1))


def overlooked(frame: Frame, points: np.ndarray, eaves: float) -> Overlooked | None:
    """Return what points (n, 3) tell of a building seen from above; None when there are too few."""
    feet = frame.feet
    width = float(np.ptp(feet[:, 0]))
    plan = points[:, [0, 2]]
    tree = cKDTree(plan)
    count = np.array([len(near) - 1 for near in tree.query_ball_point(plan, LONELY * width)], int)
    points, plan = points[count >= NEIGHBOURS], plan[count >= NEIGHBOURS]
    if len(points) < FEWEST:
        return None
    # What lies before the walls is stray: they are where most points are.
    behind = _depth_behind(frame, plan) > -BEHIND * width
    corners = np.concatenate([feet, plan[behind]])
    return Overlooked(points, _thinned(hull(corners)), eaves)


def is_court(frame: Frame, seen: Overlooked) -> bool:
    """Do points well inside, further behind the walls than any recess, lie clearly below the walls' top?"""
    deep = _depth_behind(frame, seen.points[:, [0, 2]]) > RECESS * np.ptp(frame.feet[:, 0])
    inner = seen.points[deep & (seen.ways_out(seen.points) < RINGS[1])]
    return len(inner) >= FEWEST and bool(np.median(inner[:, 1]) < SUNK * seen.eaves)


def around_a_court(frame: Frame, seen: Overlooked) -> Solid:
    """Return walls around a court: those before it up to the eaves, those behind as high as anyone looks, the floor in steps."""
    high = TALL * seen.eaves
    base = upright_prism(seen.footprint, 0.0, seen.eaves)
    centre, place = seen.centre, eye(frame.camera)[[0, 2]]
    normal, _ = _sides(seen.footprint, centre)
    ends = np.roll(seen.footprint, -1, axis=0)
    turned_away = ((place - seen.footprint) * normal).sum(axis=1) < 0
    far = [upright_prism(np.stack([centre, a, b]), 0.0, high) for a, b, away in zip(seen.footprint, ends, turned_away, strict=True) if away]
    return union([base, *far]) - union([upright_prism(seen.shrunk(ring), floor, 2 * high) for ring, floor in _steps(seen)])


def _steps(seen: Overlooked) -> list[tuple[float, float]]:
    """Return rings (share of the way out) and the height of the floor within each, falling inwards."""
    out = seen.ways_out(seen.points)
    floor, steps = seen.eaves, []
    for outer, inner in itertools.pairwise((*RINGS, 0.0)):
        there = seen.points[(out < outer) & (out >= inner), 1]
        floor = min(floor, float(np.median(there))) if len(there) > 2 else floor
        steps.append((outer, max(floor, 0.02 * seen.eaves)))
    return steps


def slopes_of(frame: Frame, seen: Overlooked, seed: int) -> list[np.ndarray]:
    """Return planes (normal pointing up, offset) of the roof, under which all of the building lies; the last is level, through the ridge.

    Without it a slope that only the front of a gable shows would rise until it fills the outline, far over anything that is seen.
    """
    width = float(np.ptp(frame.feet[:, 0]))
    behind = _depth_behind(frame, seen.points[:, [0, 2]]) > BEHIND * width
    high = seen.points[behind & (seen.points[:, 1] > UPPER * seen.eaves)]
    rng = np.random.default_rng((seed, 74))
    found: list[np.ndarray] = []
    while len(found) < MOST_SLOPES:
        plane = _slope(high, seen.points, NEAR_PLANE * width, rng)
        if plane is None:
            break
        found.append(plane)
        high = high[np.abs(high @ plane[:3] - plane[3]) > NEAR_PLANE * width]
    ridge = max(seen.eaves, float(np.quantile(seen.points[:, 1], HIGHEST)))
    return [*found, np.array([0.0, 1.0, 0.0, ridge])]


def depth_under(frame: Frame, slopes: list[np.ndarray], outline: np.ndarray) -> float:
    """Return how deep the building must be for its roof to fill the outline (n, 2; pixels), metres."""
    origin, ways = eye(frame.camera), rays(frame.camera, outline)
    with np.errstate(divide="ignore", invalid="ignore"):
        meets = np.stack([(plane[3] - origin @ plane[:3]) / (ways @ plane[:3]) for plane in slopes])
    first = np.where(meets > 0, meets, 0.0).max(axis=0)
    return float(-(origin[2] + first * ways[:, 2]).min())


def _slope(high: np.ndarray, every: np.ndarray, near: float, rng: np.random.Generator) -> np.ndarray | None:
    """Return the plane (normal, offset) that most points of a roof lie on (RANSAC), rising to the rear or level; None without one.

    Half of the planes that are tried run level along the main wall, as most slopes do: two points make one.
    """
    if len(high) < FEWEST // 2:
        return None
    best: tuple[int, np.ndarray | None] = (max(FEWEST // 2, int(LEAST_SHARE * len(high))) - 1, None)
    for index, (a, b, c) in enumerate(high[rng.integers(0, len(high), (TRIALS, 3))]):
        plane = _plane(a, b - a, c - a if index % 2 else ALONG)
        if plane is None or plane[1] < STEEPEST or plane[2] < -LEVEL:
            continue
        count = int(np.count_nonzero(np.abs(high @ plane[:3] - plane[3]) < near))
        if count > best[0] and np.mean(every @ plane[:3] - plane[3] < near) > BELOW:
            best = (count, plane)
    return best[1]


def _plane(point: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray | None:
    """Return the plane (normal pointing up, offset) through a point along two directions."""
    normal = np.cross(one, other)
    length = float(np.linalg.norm(normal))
    if length < 1e-9:
        return None
    normal = normal * (np.sign(normal[1]) or 1.0) / length
    return np.append(normal, normal @ point)


def _depth_behind(frame: Frame, plan: np.ndarray) -> np.ndarray:
    """Return how far points (n, 2) of the plan lie behind the broken line of visible walls, along the main wall's inward normal."""
    feet = frame.feet
    return np.asarray(np.interp(plan[:, 0], feet[:, 0], feet[:, 1]) - plan[:, 1])


def _sides(footprint: np.ndarray, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return outward normals (m, 2) of a counter-clockwise ground plan's sides and their distances (m,) from its middle."""
    span = np.roll(footprint, -1, axis=0) - footprint
    normal = np.stack([span[:, 1], -span[:, 0]], 1) / np.linalg.norm(span, axis=1, keepdims=True)
    return normal, ((footprint - centre) * normal).sum(axis=1)


def _thinned(corners: np.ndarray) -> np.ndarray:
    """Return a convex plan without the corners that matter least, until it has no more than SIDES."""
    while len(corners) > SIDES:
        before, after = np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0)
        one, two = corners - before, after - before
        area = np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0])
        corners = np.delete(corners, int(np.argmin(area)), axis=0)
    return corners
