"""Walls in plan, and the camera's height over their feet, from the points that a moving camera's solve places on the building.

The drawn outline's foot says where the walls meet the ground, points say where the walls are: both together put the ground under the walls,
whatever hides or bends the street before them, and walls, ground and cameras are in one world.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from derrumbe.survey.footing import bottom_samples
from derrumbe.survey.polyline import Spots, broken_line, loss, scaled
from derrumbe.survey.siting import FOOT_QUANTILE, Plan, View

FEWEST = 12
"""Points on the building that place its walls at all ..."""
SHALLOW = 0.12
"""... if they are no further off (median, share of their depth) than this."""
SHARPEST, RELIEF = 0.1, 0.003
"""Least spread of a point along the picture, pixels, and of its depth, as a share: walls aren't flat."""
BLUR = 2.0
"""Points are trusted to so many times the solve's mean error."""
TOLL, LEAST_TOLL = 0.03, 4.0
"""A wall more must save the loss of this share of the points, and of so many."""
OVERLOOKED = 0.01
"""The building's top lies this far (share of the focal length) below the horizon where its roof is seen."""
ROOF = 0.25
"""Weight of a point at the top of a building that is seen from above, where it may be on the roof."""


@dataclass(frozen=True, eq=False)
class Move:
    """What a moving camera's solve tells of its first frame: focal length in pixels, and up (3,) in camera axes when its ground shows it.

    points (p, 3) in the first camera's axes, slides (p,): pixels by which they would slide if they were further away by one part in e;
    error: mean, pixels.
    """

    focal: float
    up: np.ndarray | None
    points: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))
    slides: np.ndarray = field(default_factory=lambda: np.zeros(0))
    error: float = 0.0


def solved_plan(view: View, move: Move, outline: np.ndarray, lines: Plan) -> Plan:
    """Return the plan that solved points give, in units of the camera's height over the walls' feet; that of `lines` where they tell nothing."""
    spots = spots_of(view, move, outline)
    if len(spots.t) < FEWEST or np.median(spots.spread / spots.w) > SHALLOW:
        return lines
    known = _knots_of(lines.feet)
    toll = max(LEAST_TOLL, TOLL * float(spots.weight.sum()))
    free = broken_line(spots, _span(view, outline), toll)
    kept = scaled(spots, known)
    # What lines and outline say of the walls' directions stands unless points know better.
    knots = kept if loss(spots, kept) + toll < loss(spots, free) + toll * (len(free) - 1) else free
    feet = np.stack([knots[:, 0], np.ones(len(knots))], 1) / knots[:, 1:]
    height = _height_over(view, outline, knots)
    if height <= 0:
        return lines
    return Plan(feet / height, int(np.argmax(np.diff(np.arctan(knots[:, 0])))), height)


def spots_of(view: View, move: Move, outline: np.ndarray) -> Spots:
    """Return the points that the first camera sees within the outline, in plan."""
    ahead = move.points[:, 2] > 1e-6
    points, slides = move.points[ahead], move.slides[ahead]
    pixels = view.focal * points[:, :2] / points[:, 2:] + view.centre
    contour = outline.astype(np.float32).reshape(-1, 1, 2)
    inside = np.array([cv2.pointPolygonTest(contour, (float(x), float(y)), False) > 0 for x, y in pixels], bool)
    distance = points @ view.forward
    kept = inside & (distance > 1e-6) & (slides > 1e-3)
    across, distance = (points @ view.right)[kept], distance[kept]
    inverse = 1 / distance
    spread = inverse * np.hypot(max(SHARPEST, BLUR * move.error) / slides[kept], RELIEF)
    return Spots(across * inverse, inverse, spread, _weights(view, outline, pixels[kept]))


def _weights(view: View, outline: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Return weights (n,) of points as walls': where the roof is seen, what is low in the outline counts for more."""
    if view.dips(outline).min() < OVERLOOKED * view.focal:
        return np.ones(len(pixels))
    low, high = outline[:, 1].min(), outline[:, 1].max()
    return np.asarray(np.interp(pixels[:, 1], [low, 0.5 * (low + high), high], [ROOF**2, ROOF, 1.0]))


def _span(view: View, outline: np.ndarray) -> tuple[float, float]:
    flat, _ = view.plan_rays(outline)
    slopes = flat[:, 0] / np.maximum(flat[:, 1], 1e-3)
    return float(slopes.min()), float(slopes.max())


def _knots_of(feet: np.ndarray) -> np.ndarray:
    ahead = np.maximum(feet[:, 1], 1e-3)
    return np.stack([feet[:, 0] / ahead, 1 / ahead], 1)


def _height_over(view: View, outline: np.ndarray, knots: np.ndarray) -> float:
    """Return how high the camera stands over the walls' feet: rather too high, so that little of the outline lies below the ground."""
    flat, slope = view.plan_rays(bottom_samples(outline))
    across = flat[:, 0] / np.maximum(flat[:, 1], 1e-3)
    reach = 1 / np.interp(across, knots[:, 0], knots[:, 1]) / np.maximum(flat[:, 1], 1e-3)
    return float(np.quantile(-slope * reach, 1 - FOOT_QUANTILE))
