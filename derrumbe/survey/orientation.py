"""Which way the camera looks, and its focal length: a Manhattan frame fitted to line segments.

One model for every view: focal length, pitch, roll and heading of the building's axes. It is searched on a grid, where each segment
votes for the axis that it fits best, then refined by robust least squares. A prior on the field of view decides what the lines
leave open (a frontal façade says nothing about focal length), so that every view gets a sane answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from derrumbe.geom.vanishing import axis_direction, directions, lengths, levelled_axes, meeting_point, misfit, vanishing_point

STEEPEST = np.radians(38.0)
"""A vertical of the world never leans further than this in the picture."""
SIGMA = np.radians(0.8)
"""Spread of a good segment's direction."""
FEET, FEET_SIGMA = 0.1, np.radians(2.0)
"""Edges of the outline along the ground count for this share of all lines, within so many degrees."""
FEWEST_SEGMENTS = 12
STEEPEST_PITCH, STEEPEST_ROLL = np.radians(50.0), np.radians(20.0)
FOCAL_PRIOR = 1.05
"""Usual focal length, in picture widths (the longer side)."""
PRIOR_SPREAD = 0.30
KNOWN_SPREAD = 0.04
"""Spread of log focal length: unknown, and from metadata."""
FOCAL_RANGE = (0.4, 6.0)
LONG = 0.05
"""Segments much longer than this share of the picture's side count alike, shorter ones less."""
STRONGEST = 60
"""Segments count as at most this many independent observations."""


@dataclass(frozen=True)
class Orientation:
    """Camera-space unit directions: `up`, and `along` the building's main horizontal axis (towards the right of frame).

    support: (n,) int per segment: 0 up, 1 along, 2 across, -1 none.
    """

    focal: float
    up: np.ndarray
    along: np.ndarray
    support: np.ndarray
    focal_spread: float
    """Standard deviation of log focal length."""
    upright_count: int
    level_count: int

    @property
    def across(self) -> np.ndarray:
        """Horizontal unit direction away from the camera, square to `along`."""
        return np.cross(self.up, self.along)


def orient(
    segments: np.ndarray,
    size: tuple[int, int],
    known_focal: float | None,
    exact: bool,
    seed: int,
    feet: np.ndarray | None = None,
    known_up: np.ndarray | None = None,
) -> Orientation:
    """Fit an Orientation to segments (n, 4) in a picture of `size` (width, height). `exact`: the known focal length is not to be moved.

    feet: (m, 4) the user's edges along the ground, roughly drawn but surely level: they tell walls from the slopes of a gable.
    known_up: camera-space up (3,) when something better than lines tells it.
    """
    centre = (size[0] / 2, size[1] / 2)
    prior = _Prior(known_focal or FOCAL_PRIOR * max(size), 1e-4 if known_focal and exact else KNOWN_SPREAD if known_focal else PRIOR_SPREAD)
    weights = _weights(segments, max(size))
    lean = _lean_of(known_up)
    if known_up is None:
        upright = _upright_point(segments, weights, centre, max(size), np.random.default_rng((seed, 71)))
    else:
        upright = vanishing_point(known_up, prior.focal, centre)
    focal, heading = _search(segments, weights, upright, centre, max(size), prior, np.zeros((0, 4)) if feet is None else feet)
    pose = _pose_of(focal, axis_direction(upright, focal, centre), heading)
    spread = prior.spread
    for sigma in (3 * SIGMA, 1.5 * SIGMA, SIGMA):
        pose, spread = _refined(pose, segments, weights, centre, prior, sigma, lean)
    pose, spread = _refined(pose, segments, weights, centre, prior, _scatter(pose, segments, centre), lean)
    found = _orientation(pose, spread, segments, centre)
    if _is_sane(pose, found) or (known_up is not None and found.level_count >= FEWEST_SEGMENTS // 3):
        return found
    return _orientation(np.array([np.log(prior.focal), lean.pitch, lean.roll, 0.0]), prior.spread, segments, centre)


@dataclass(frozen=True)
class _Lean:
    """What is believed of pitch and roll before looking at lines, radians."""

    pitch: float = 0.0
    roll: float = 0.0
    spread: tuple[float, float] = (0.6, 0.1)


def _lean_of(known_up: np.ndarray | None) -> _Lean:
    """Return the lean of a known up direction; else a loose one: people hold cameras level."""
    if known_up is None:
        return _Lean()
    _, pitch, roll, _ = _pose_of(1.0, known_up, 0.0)
    return _Lean(float(pitch), float(roll), (0.004, 0.004))


def _is_sane(pose: np.ndarray, found: Orientation) -> bool:
    """Do enough lines agree, and does the camera look about level, as cameras do?"""
    enough = min(found.upright_count, found.level_count) >= FEWEST_SEGMENTS // 3
    return bool(enough and abs(pose[1]) < STEEPEST_PITCH and abs(pose[2]) < STEEPEST_ROLL)


@dataclass(frozen=True)
class _Prior:
    focal: float
    spread: float

    def grid(self, side: int) -> np.ndarray:
        low, high = (np.log(side * share) for share in FOCAL_RANGE)
        reach = min(3.5 * self.spread, 1.2)
        middle = np.log(self.focal)
        return (
            np.exp(np.linspace(max(low, middle - reach), max(low, min(high, middle + reach)), 45))
            if self.spread > 1e-3
            else np.array([self.focal])
        )

    def cost(self, focal: np.ndarray) -> np.ndarray:
        return 0.5 * (np.log(focal / self.focal) / self.spread) ** 2


def _weights(segments: np.ndarray, side: int) -> np.ndarray:
    """Weights (n,) by how well a segment's length fixes its direction, as if at most STRONGEST segments were independent."""
    if not len(segments):
        return np.zeros(0)
    squares = lengths(segments) ** 2
    weights = squares / (squares + (LONG * side) ** 2)
    return weights * min(len(segments), STRONGEST) / weights.sum()


def _upright_point(
    segments: np.ndarray, weights: np.ndarray, centre: tuple[float, float], side: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the vertical vanishing point (3,) by RANSAC and reweighting; straight up when there are too few uprights."""
    straight = np.array([0.0, 1.0, 0.0])
    lean = np.arccos(np.minimum(np.abs(directions(segments)[:, 1]), 1.0)) if len(segments) else np.zeros(0)
    chosen = lean < STEEPEST
    upright, weight = segments[chosen], weights[chosen]
    if len(upright) < 4:
        return straight
    pairs = rng.integers(0, len(upright), (600, 2))
    points = [straight, *(meeting_point(upright[pair], np.ones(2), centre, side) for pair in pairs if pair[0] != pair[1])]
    # A small charge for leaning keeps a level camera level when the evidence is thin.
    scores = [_score(upright, weight, point) - 0.02 * weight.sum() * _tilt(point, centre, side) for point in points]
    best = points[int(np.argmax(scores))]
    for sigma in (2 * SIGMA, SIGMA, SIGMA):
        trust = weight * np.exp(-0.5 * (misfit(upright, best) / sigma) ** 2)
        if np.count_nonzero(trust > 0.3 * weight) < 4:
            break
        best = meeting_point(upright, trust * lengths(upright), centre, side)
    return best


def _tilt(point: np.ndarray, centre: tuple[float, float], side: int) -> float:
    up = axis_direction(point, FOCAL_PRIOR * side, centre)
    return float(np.arccos(min(1.0, abs(up[1]))))


def _score(segments: np.ndarray, weights: np.ndarray, point: np.ndarray) -> float:
    return float(weights @ np.exp(-0.5 * (misfit(segments, point) / (1.5 * SIGMA)) ** 2))


def _search(
    segments: np.ndarray,
    weights: np.ndarray,
    upright: np.ndarray,
    centre: tuple[float, float],
    side: int,
    prior: _Prior,
    feet: np.ndarray,
) -> tuple[float, float]:
    """Return the focal length and heading of greatest posterior on a grid, with the vertical vanishing point held."""
    headings = np.radians(np.arange(-45.0, 45.0, 1.0))
    votes_up = _vote(segments, upright[None])
    foot_weights = FEET * max(weights.sum(), 1.0) * lengths(feet) / max(float(lengths(feet).sum()), 1.0)
    best = (-np.inf, prior.focal, 0.0)
    for focal in prior.grid(side):
        up = _pointing_up(axis_direction(upright, focal, centre))
        right, forward = levelled_axes(up)
        along = np.cos(headings)[:, None] * right + np.sin(headings)[:, None] * forward
        across = np.cross(up, along)
        points = (vanishing_point(along, focal, centre), vanishing_point(across, focal, centre))
        votes, steps = (
            np.maximum(*(_vote(lines, point, sigma) for point in points)) for lines, sigma in ((segments, SIGMA), (feet, FEET_SIGMA))
        )
        scores = np.maximum(votes, votes_up) @ weights + steps @ foot_weights - 0.5 * np.abs(headings)
        index = int(np.argmax(scores))
        score = float(scores[index]) - float(prior.cost(focal))
        if score > best[0]:
            best = (score, float(focal), float(headings[index]))
    return best[1], best[2]


def _vote(segments: np.ndarray, points: np.ndarray, sigma: float = SIGMA) -> np.ndarray:
    return np.exp(-0.5 * (misfit(segments, points) / (1.5 * sigma)) ** 2)


def _pointing_up(direction: np.ndarray) -> np.ndarray:
    return direction if direction[1] < 0 else -direction


def _pose_of(focal: float, up: np.ndarray, heading: float) -> np.ndarray:
    """Return (log focal, pitch, roll, heading)."""
    up = _pointing_up(up)
    return np.array([np.log(focal), np.arcsin(np.clip(up[2], -1, 1)), np.arctan2(up[0], -up[1]), heading])


def _axes(pose: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return camera-space (up, along, across) of a pose."""
    _, pitch, roll, heading = pose
    up = np.array([np.cos(pitch) * np.sin(roll), -np.cos(pitch) * np.cos(roll), np.sin(pitch)])
    right, forward = levelled_axes(up)
    along = np.cos(heading) * right + np.sin(heading) * forward
    return up, along, np.cross(up, along)


def _misfits(pose: np.ndarray, segments: np.ndarray, centre: tuple[float, float]) -> np.ndarray:
    """Return (3, n) signed misfits to up, along, across."""
    return np.stack([misfit(segments, vanishing_point(axis, np.exp(pose[0]), centre)) for axis in _axes(pose)])


def _scatter(pose: np.ndarray, segments: np.ndarray, centre: tuple[float, float]) -> float:
    """Return the spread of the directions of segments that fit, robustly: clean pictures deserve more trust than soft ones."""
    if not len(segments):
        return SIGMA
    least = np.abs(_misfits(pose, segments, centre)).min(axis=0)
    fitting = least[least < 2.5 * SIGMA]
    return float(np.clip(1.4826 * np.median(fitting), 0.15 * SIGMA, SIGMA)) if len(fitting) else SIGMA


def _refined(
    pose: np.ndarray, segments: np.ndarray, weights: np.ndarray, centre: tuple[float, float], prior: _Prior, sigma: float, lean: _Lean
) -> tuple[np.ndarray, float]:
    """Return the pose that fits each segment's nearest axis best, and the standard deviation of its log focal length."""
    found = _misfits(pose, segments, centre) if len(segments) else np.zeros((3, 0))
    nearest = np.argmin(np.abs(found), axis=0) if found.size else np.zeros(0, int)
    near = np.min(np.abs(found), axis=0, initial=np.inf) < 3 * sigma
    kept, axis, root = segments[near], nearest[near], np.sqrt(weights[near]) / sigma

    def residuals(trial: np.ndarray) -> np.ndarray:
        lines = _misfits(trial, kept, centre)[axis, np.arange(len(kept))] * root if len(kept) else np.zeros(0)
        leans = [(trial[1] - lean.pitch) / lean.spread[0], (trial[2] - lean.roll) / lean.spread[1]]
        priors = [(trial[0] - np.log(prior.focal)) / prior.spread, *leans, trial[3] / 2.0]
        return np.concatenate([lines, priors])

    solved = least_squares(residuals, pose, loss="soft_l1", x_scale=[0.1, 0.05, 0.05, 0.05])
    information = solved.jac.T @ solved.jac
    return solved.x, float(np.sqrt(np.linalg.inv(information + 1e-9 * np.eye(4))[0, 0]))


def _orientation(pose: np.ndarray, spread: float, segments: np.ndarray, centre: tuple[float, float]) -> Orientation:
    up, along, _ = _axes(pose)
    support = np.full(len(segments), -1)
    if len(segments):
        found = np.abs(_misfits(pose, segments, centre))
        support = np.where(found.min(axis=0) < 2.5 * SIGMA, found.argmin(axis=0), -1)
    return Orientation(
        focal=float(np.exp(pose[0])),
        up=up,
        along=along,
        support=support,
        focal_spread=spread,
        upright_count=int(np.count_nonzero(support == 0)),
        level_count=int(np.count_nonzero(support > 0)),
    )
