"""Walls in plan, and the camera's height over their feet, from the points that a moving camera's solve places on the building.

The drawn outline's foot says where the walls meet the ground, points say where the walls are: both together put the ground under the walls,
whatever hides or bends the street before them, and walls, ground and cameras are in one world.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import cv2
import numpy as np

from derrumbe.survey.footing import bottom_chain, bottom_samples
from derrumbe.survey.polyline import BOUND, Spots, broken_line, loss, scaled
from derrumbe.survey.recesses import with_recesses
from derrumbe.survey.siting import FOOT_QUANTILE, Plan, Solved, View

FEWEST = 12
"""Points on the building that place its walls at all ..."""
SHALLOW = 0.12
"""... if they are no further off (median, share of their depth) than this."""
SHARPEST, RELIEF = 0.05, 0.002
"""Least spread of a point along the picture, pixels, and of its depth, as a share: walls aren't flat."""
BLUR = 0.7
"""Points are trusted to so many times the solve's mean error: many frames see them."""
TOLL, LEAST_TOLL = 0.03, 4.0
"""A wall more must save the loss of this share of the points, and of so many."""
OVERLOOKED = 0.01
"""The building's top lies this far (share of the focal length) below the horizon where its roof is seen."""
MOST_BUMPS = 3
EMPTY = 0.35
"""A stretch of the line with fewer points than this share of what is usual holds none."""
STEEP, STEP = 6.0, 0.02
"""A gap: the line's depth (log) changes by this much over a sight line's slope, and by so much in all."""
TOPMOST = 0.96
"""This share of the points lies below what counts as the top: some are always stray."""
ROOF = 0.25
"""Weight of a point at the top of a building that is seen from above, where it may be on the roof."""


@dataclass(frozen=True, eq=False)
class Move:
    """What a moving camera's solve tells of its first frame: focal length in pixels, and up (3,) in camera axes when its ground shows it.

    points (p, 3) in the first camera's axes, slides (p,): pixels by which they would slide if they were further away by one part in e;
    error: mean, pixels. distortion: the lens's radial terms, none for a pinhole.
    """

    focal: float
    up: np.ndarray | None
    points: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))
    slides: np.ndarray = field(default_factory=lambda: np.zeros(0))
    error: float = 0.0
    distortion: tuple[float, ...] = ()


def solved_plan(view: View, move: Move, outline: np.ndarray, lines: Plan) -> Plan:
    """Return the plan that solved points give, in units of the camera's height over the walls' feet; that of `lines` where they tell nothing."""
    spots = spots_of(view, move, outline)
    if len(spots.t) < FEWEST or np.median(spots.spread / spots.w) > SHALLOW:
        return lines
    known = _knots_of(lines.feet)
    toll = max(LEAST_TOLL, TOLL * float(spots.weight.sum()))
    free, spots = _without_bumps(spots, _span(view, outline), toll)
    kept = scaled(spots, known)
    # What lines and outline say of the walls' directions stands unless points know better.
    knots = kept if loss(spots, kept) + toll < loss(spots, free) + toll * (len(free) - 1) else free
    knots = with_recesses(spots, knots, toll)
    feet = np.stack([knots[:, 0], np.ones(len(knots))], 1) / knots[:, 1:]
    height = _height_over(view, outline, knots)
    if height <= 0:
        return lines
    main = int(np.argmax(np.diff(np.arctan(knots[:, 0]))))
    return Plan(feet / height, main, Solved(height, _tops(view, move, outline, knots, height)))


def _without_bumps(spots: Spots, span: tuple[float, float], toll: float) -> tuple[np.ndarray, Spots]:
    """Return the broken line of walls, and the spots without those of what stands free before them.

    A side of a thing that no point lies on is no side: where the line comes nearer and goes back over two such gaps, something else stands.
    """
    line = broken_line(spots, span, toll)
    for _ in range(MOST_BUMPS):
        bump = _bump(spots, line)
        if bump is None:
            break
        left, right = bump
        behind = np.interp(spots.t, [left[0], right[0]], [left[1], right[1]])
        before = (spots.t > left[0]) & (spots.t < right[0]) & (spots.w > behind + BOUND * spots.spread)
        spots = spots.only(~before)
        if len(spots.t) < FEWEST:
            break
        line = broken_line(spots, span, toll)
    return line, spots


def _bump(spots: Spots, line: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the knots (2,), (2,) behind a thing that stands free before the walls: the outer ends of its two gaps; None without one."""
    jump = np.log(line[1:, 1] / line[:-1, 1])
    near = np.abs(spots.w - np.interp(spots.t, line[:, 0], line[:, 1])) < BOUND * spots.spread
    held = [float(spots.weight[near & (spots.t > a) & (spots.t < b)].sum()) for a, b in itertools.pairwise(line[:, 0])]
    width = np.diff(line[:, 0]) / np.ptp(line[:, 0])
    empty = np.array(held) < EMPTY * width * float(spots.weight.sum())
    gap = np.where(empty | (np.abs(jump) > STEEP * np.diff(line[:, 0])), np.sign(jump) * (np.abs(jump) > STEP), 0)
    for first in np.flatnonzero(gap > 0):
        later = np.flatnonzero(gap[first + 1 :] < 0)
        if len(later):
            return line[first], line[first + 1 + later[0] + 1]
    return None


def _tops(view: View, move: Move, outline: np.ndarray, knots: np.ndarray, height: float) -> tuple[float, float] | None:
    """Return the heights of eaves and of the highest point, in units, of a building that is seen from above; None for others."""
    if not is_overlooked(view, outline):
        return None
    points = points_within(view, move, outline)
    distance = points @ view.forward
    spots = spots_of(view, move, outline)
    high = points @ view.up / height + 1
    wall = np.abs(1 / distance - np.interp(spots.t, knots[:, 0], knots[:, 1])) < BOUND * spots.spread
    if np.count_nonzero(wall) < FEWEST // 2:
        return None
    eaves = float(np.quantile(high[wall], TOPMOST))
    return eaves, max(eaves, float(np.quantile(high, TOPMOST)))


def points_within(view: View, move: Move, outline: np.ndarray) -> np.ndarray:
    """Return the solved points (n, 3), in the first camera's axes and the solve's units, that it sees within the outline."""
    return move.points[_within(view, move, outline)]


def _within(view: View, move: Move, outline: np.ndarray) -> np.ndarray:
    ahead = (move.points[:, 2] > 1e-6) & (move.points @ view.forward > 1e-6) & (move.slides > 1e-3)
    contour = outline.astype(np.float32).reshape(-1, 1, 2)
    pixels = view.focal * move.points[:, :2] / np.where(ahead, move.points[:, 2], 1.0)[:, None] + view.centre
    inside = [cv2.pointPolygonTest(contour, (float(x), float(y)), False) > 0 for x, y in pixels]
    return ahead & np.array(inside, bool)


def spots_of(view: View, move: Move, outline: np.ndarray) -> Spots:
    """Return the points that the first camera sees within the outline, in plan."""
    kept = _within(view, move, outline)
    points, slides = move.points[kept], move.slides[kept]
    inverse = 1 / (points @ view.forward)
    spread = inverse * np.hypot(max(SHARPEST, BLUR * move.error) / slides, RELIEF)
    pixels = view.focal * points[:, :2] / points[:, 2:] + view.centre
    return Spots(points @ view.right * inverse, inverse, spread, _weights(view, outline, pixels))


def is_overlooked(view: View, outline: np.ndarray) -> bool:
    """Does the camera look down on the roof?"""
    return bool(view.dips(outline).min() > OVERLOOKED * view.focal)


def _weights(view: View, outline: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Return weights (n,) of points as walls': where the roof is seen, what is little above the outline's foot counts for more."""
    if not is_overlooked(view, outline):
        return np.ones(len(pixels))
    foot = bottom_chain(outline)
    foot = foot[np.argsort(foot[:, 0], kind="stable")]
    above = (np.interp(pixels[:, 0], foot[:, 0], foot[:, 1]) - pixels[:, 1]) / np.ptp(outline[:, 1])
    return np.asarray(np.interp(above, [0.0, 0.5, 1.0], [1.0, ROOF, ROOF**2]))


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
