"""Where the building stands: its walls in plan, seen from above, in units of the camera's height over the ground.

Plan coordinates are (right, forward) of a levelled camera at (0, 0). A wall is a line in plan; its foot is where the outline's bottom
meets the ground. In one picture a building shows one wall, or two that meet in an edge nearer to the camera; a moving camera's solved points
show more (`solved_plan`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from derrumbe.geom.vanishing import lengths, levelled_axes, middles
from derrumbe.survey.footing import bottom_samples
from derrumbe.survey.orientation import Orientation

GRAZING = 0.12
"""Smallest cosine between a sight line and a wall's normal for which the wall is still measured."""
SECOND_WALL = 0.10
"""A second wall takes at least this share of the outline's width ..."""
SECOND_PURITY = 0.62
"""... and at least this share of the level lines on it run its way."""
SECOND_LINES = 0.08
"""... and they are at least this share of all level lines."""
ONE_WALL, BESIDE = 0.9, 0.05
"""Of the level lines of a building that shows one wall, at least this share runs along it; least sine between such a wall that runs away from the
camera and the sight lines to it: the camera stands beside it."""
LEAST_DIP = 0.03
"""The foot lies at least this far (share of the picture's longer side) below the horizon."""
FOOT_QUANTILE = 0.35
"""Which of the outline's bottom points decide the foot: rather the nearer, so that little of the outline lies below it."""

Side = Literal["none", "left", "right"]


@dataclass(frozen=True)
class View:
    """A levelled camera: pixel = focal * (x/z, y/z) + centre; `up`, `right`, `forward` are camera-space unit vectors."""

    focal: float
    centre: tuple[float, float]
    up: np.ndarray
    right: np.ndarray
    forward: np.ndarray

    def plan_rays(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return sight lines in plan (n, 2), unit length, and their slopes (n,): rise per unit of plan distance."""
        rays = np.concatenate([(pixels - self.centre) / self.focal, np.ones((len(pixels), 1))], 1)
        flat = rays @ np.stack([self.right, self.forward], 1)
        reach = np.linalg.norm(flat, axis=1)
        return flat / reach[:, None], rays @ self.up / reach

    def dips(self, pixels: np.ndarray) -> np.ndarray:
        """Return how many pixels each point lies below the horizon (n,)."""
        slopes = self.plan_rays(pixels)[1]
        return -slopes * self.focal / abs(self.up[1])


@dataclass(frozen=True)
class Solved:
    """What solved points tell of walls: how many units of the solve one unit is; and, of a building seen from above, the heights of its eaves
    and of its highest point in units."""

    unit: float
    high: tuple[float, float] | None


@dataclass(frozen=True, eq=False)
class Plan:
    """Walls in plan: a broken line through `feet` (n, 2), from left to right as the camera sees them. `main` is the number of the main wall.

    solved: set where a moving camera's solve places the walls.
    """

    feet: np.ndarray
    main: int
    solved: Solved | None = None

    @property
    def ends(self) -> np.ndarray:
        """Left and right foot (2, 2) of the main wall."""
        return self.feet[self.main : self.main + 2]

    @property
    def along(self) -> np.ndarray:
        """Unit direction along the main wall, to the right."""
        span = self.ends[1] - self.ends[0]
        return np.asarray(span / np.linalg.norm(span))

    @property
    def away(self) -> np.ndarray:
        """Unit direction from the camera's side through the main wall."""
        return np.array([-self.along[1], self.along[0]])


def view_of(orientation: Orientation, centre: tuple[float, float]) -> View:
    """Return the levelled view of an orientation."""
    right, forward = levelled_axes(orientation.up)
    return View(orientation.focal, centre, orientation.up, right, forward)


def above_ground(view: View, outline: np.ndarray, side: int) -> tuple[View, float]:
    """Return the view with its horizon high enough for the foot to lie on the ground, and by how many pixels it was moved.

    A building on a rise, or a cropped picture, puts the foot above the horizon. The centre is moved, as a shift lens does: uprights stay upright.
    """
    lowest = float(np.quantile(view.dips(bottom_samples(outline)), FOOT_QUANTILE))
    lift = max(0.0, LEAST_DIP * side - lowest)
    return lifted(view, lift), lift


def tilted(view: View, outline: np.ndarray, side: int) -> tuple[View, float]:
    """As `above_ground`, by tilting the view: for a camera that moves, whose picture's centre is its lens's."""
    lowest = float(np.quantile(view.dips(bottom_samples(outline)), FOOT_QUANTILE))
    lift = max(0.0, LEAST_DIP * side - lowest)
    angle = np.arctan2(lift, view.focal)
    up, forward = np.cos(angle) * view.up - np.sin(angle) * view.forward, np.cos(angle) * view.forward + np.sin(angle) * view.up
    return View(view.focal, view.centre, up, view.right, forward) if lift > 0 else view, lift


def lifted(view: View, pixels: float) -> View:
    """Return the view with its horizon moved up by `pixels`."""
    return View(view.focal, (view.centre[0], view.centre[1] - pixels), view.up, view.right, view.forward)


def site(view: View, orientation: Orientation, outline: np.ndarray, segments: np.ndarray) -> Plan:
    """Return the walls in plan from the outline and the building's own segments (with `orientation.support`)."""
    along = _in_plan(view, orientation.along)
    turned = _turned_away(view, orientation, along, outline, segments)
    if turned is not None:
        return _measured(view, turned, outline, 0.0, "none")
    split, side = _split(view, orientation, along, outline, segments)
    if side != "none" and _second_is_larger(split, side, outline):
        # The wall named main is the larger one in the picture: turn the frame by a quarter.
        along = np.array([-along[1], along[0]]) if side == "right" else np.array([along[1], -along[0]])
        side = "left" if side == "right" else "right"
    return _measured(view, along, outline, split, side)


def _in_plan(view: View, direction: np.ndarray) -> np.ndarray:
    flat = np.array([direction @ view.right, direction @ view.forward])
    return flat / np.linalg.norm(flat)


def _turned_away(view: View, orientation: Orientation, along: np.ndarray, outline: np.ndarray, segments: np.ndarray) -> np.ndarray | None:
    """Return the direction (2,) of the one wall that a house in a street shows, running away from the camera beside it; None for others."""
    length, support = lengths(segments), orientation.support
    own, other = (length[support == axis].sum() for axis in (2, 1))
    if np.count_nonzero(support == 2) < 8 or own < ONE_WALL * (own + other):
        return None
    rays, _ = view.plan_rays(outline)
    for turned in (np.array([-along[1], along[0]]), np.array([along[1], -along[0]])):
        if (rays @ np.array([-turned[1], turned[0]])).min() > BESIDE:
            return turned
    return None


def _split(view: View, orientation: Orientation, along: np.ndarray, outline: np.ndarray, segments: np.ndarray) -> tuple[float, Side]:
    """Return the picture column of the edge between two walls and on which side of it the second wall is; "none" for one wall."""
    level = orientation.support > 0
    if np.count_nonzero(level) < 8:
        return 0.0, "none"
    column, length = middles(segments[level])[:, 0], lengths(segments[level])
    second = orientation.support[level] == 2
    order = np.argsort(column, kind="stable")
    column, gain = column[order], (length * np.where(second, 1.0, -1.0))[order]
    best = (0.0, 0.0, "none")
    for side, sums in (("left", np.cumsum(gain)), ("right", np.cumsum(gain[::-1])[::-1])):
        index = int(np.argmax(sums))
        if sums[index] > best[0] and _is_wall(view, along, outline, column, length[order], second[order], index, side):
            best = (float(sums[index]), _edge_column(orientation, segments, float(column[index])), side)
    return best[1], best[2]  # type: ignore[return-value]


def _is_wall(
    view: View, along: np.ndarray, outline: np.ndarray, column: np.ndarray, length: np.ndarray, second: np.ndarray, index: int, side: str
) -> bool:
    """Is a second wall from `column[index]` outwards wide and pure enough, and would it be seen from the camera?"""
    span = slice(0, index + 1) if side == "left" else slice(index, None)
    low, high = outline[:, 0].min(), outline[:, 0].max()
    width = column[index] - low if side == "left" else high - column[index]
    mine, total = (length[span] * second[span]).sum(), length[span].sum()
    foot = view.plan_rays(np.array([[column[index], view.centre[1]]]))[0][0]
    facing = foot @ along if side == "left" else -(foot @ along)
    return bool(
        SECOND_WALL * (high - low) < width < (1 - SECOND_WALL) * (high - low)
        and mine > SECOND_PURITY * total
        and mine > SECOND_LINES * length.sum()
        and np.count_nonzero(second[span]) >= 4
        and facing > 0
    )


def _edge_column(orientation: Orientation, segments: np.ndarray, column: float) -> float:
    """Return the column of the longest upright stretch near `column`, else `column` itself."""
    upright = orientation.support == 0
    columns, length = middles(segments[upright])[:, 0], lengths(segments[upright])
    reach = 0.05 * np.ptp(segments[:, [0, 2]])
    near = np.abs(columns - column) < reach
    if not near.any():
        return column
    # Collinear stretches of one edge add up.
    totals = [length[near][np.abs(columns[near] - one) < 0.15 * reach].sum() for one in columns[near]]
    return float(columns[near][int(np.argmax(totals))])


def _second_is_larger(split: float, side: Side, outline: np.ndarray) -> bool:
    left, right = split - outline[:, 0].min(), outline[:, 0].max() - split
    return bool(left > right) if side == "left" else bool(right > left)


def _measured(view: View, along: np.ndarray, outline: np.ndarray, split: float, side: Side) -> Plan:
    away = np.array([-along[1], along[0]])
    rays, _slopes = view.plan_rays(outline)
    angles = np.arctan2(rays[:, 0], rays[:, 1])
    left, right = (np.array([np.sin(angle), np.cos(angle)]) for angle in (angles.min(), angles.max()))
    samples = bottom_samples(outline)
    flat, slope = view.plan_rays(samples)
    feet = flat * (1.0 / np.maximum(-slope, 1e-3))[:, None]
    if side == "none":
        distance = float(np.quantile(feet @ away, FOOT_QUANTILE))
        ends = np.stack([_reach(left, away, distance), _reach(right, away, distance)])
        return Plan(ends, 0)
    ray = view.plan_rays(np.array([[split, samples[:, 1].mean()]]))[0][0]
    on_main = samples[:, 0] >= split if side == "left" else samples[:, 0] < split
    outward = -along if side == "left" else along
    # Every foot tells how far along its sight line the shared edge stands.
    reach = np.where(on_main, feet @ away / (ray @ away), feet @ outward / min(ray @ outward, -1e-3))
    corner = ray * float(np.quantile(reach, FOOT_QUANTILE))
    distance = float(corner @ away)
    far = _reach(left if side == "left" else right, -outward, float(-(corner @ outward)))
    main_end = _reach(right if side == "left" else left, away, distance)
    return Plan(np.stack([far, corner, main_end]), 1) if side == "left" else Plan(np.stack([main_end, corner, far]), 0)


def _reach(ray: np.ndarray, away: np.ndarray, distance: float) -> np.ndarray:
    """Return where a plan sight line meets the wall at `distance` along `away`; no further along the wall than a grazing one would."""
    towards = float(ray @ away)
    return np.asarray(distance * (away + (ray - towards * away) / max(towards, GRAZING)))
