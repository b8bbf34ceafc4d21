"""What stands before the building of a moving camera: votes of keyframes' depths, carried to each frame, along its colour edges.

A pixel votes for standing in front when it lies clearly before the walls, and against it when it doesn't, as far as its depth is sure.
The votes of several keyframes, carried by their depths, agree on what is real and cancel what is not; what is too plain to have a depth
goes with what has its colour (guided filter, He, Sun & Tang 2013, with weights).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numba import njit

from derrumbe.core.files import load_arrays, save_arrays
from derrumbe.survey.colour_edges import everywhere, not_the_sky, settled
from derrumbe.survey.depths import Depths
from derrumbe.survey.filters import connected_to, filled, widened
from derrumbe.survey.hidden_foot import HiddenFoot
from derrumbe.survey.loose_edges import without_loose_wall
from derrumbe.survey.shown import Shown, points_of, rays_of
from derrumbe.survey.things_ahead import (
    WINDOW,
    around,
    cut_free,
    detached,
    flatness,
    grown,
    lies_flat,
    raised,
    whole,
    with_feet,
    with_flanks,
    without_fragments,
    without_scraps,
)

VOTERS = 6
"""Keyframes that vote on a frame."""
SURE = 100.0
"""Sureness of a depth that has a full vote."""
WITNESSES, CONFIRMED, AGREE = 2, 2, 0.04
"""Keyframes on either side that are asked; how many must have the same nearness, within this share and two planes, for a full vote."""
LEAST_VOTE = 0.1
NEARER = 1.03
"""Of what falls on one pixel, what is nearer by this factor hides the rest."""
TAKEN = 0.1
"""Vote, of -1 to 1, from which a pixel is in front."""
OFF_GROUND = 0.04
"""What stands is at least so much nearer than the ground along its ray, as a share."""
ROOF, DUSTY = 0.25, 3.0
"""What lies flat higher over the ground than this share of the building's height is a roof; dust runs out over the ground for so many heights."""
WELL_BEFORE = 0.7
"""Where no ground is known, dust is taken to reach what stands at less than this share of the way to the walls, wherever that is in the picture."""
STEP = 0.35
"""Share of what is clear by which a thing leaves the wall at its edge, where windows blur the step: round walls leave it by a tenth."""
MOSTLY = 0.7
"""Share of the neighbours in time that must have what a frame misses; what none of them has is dropped."""


@dataclass(frozen=True, eq=False)
class Scenery:
    """The building in the solve's world. walls: planes (n, 3) as in `solved_planes`; up: (3,); outline: (m, 3) the outline on the walls, all
    in the first camera's axes; clear: share of the way to the walls before which a point begins to be in front; ground: plane (3,)
    or None; heaven: (BINS**3,) bool cells of colour that only the sky has, as in `tints`, or None; foot: what of the walls is hidden, or None."""

    walls: np.ndarray
    up: np.ndarray
    outline: np.ndarray
    clear: float
    ground: np.ndarray | None = None
    heaven: np.ndarray | None = None
    foot: HiddenFoot | None = None

    def share(self, points: np.ndarray) -> np.ndarray:
        """Return at which share of the way to the walls points (..., 3) are."""
        return np.asarray((points @ self.walls.T).min(axis=-1))

    @property
    def height(self) -> float:
        """The outline's height over the ground, which must be known."""
        assert self.ground is not None
        return float(np.ptp(self.outline @ self.ground)) / float(np.linalg.norm(self.ground))

    def rise(self, points: np.ndarray) -> np.ndarray:
        """Return how high points (..., 3) are over the ground, as a share of the building's height."""
        assert self.ground is not None
        return (1 - points @ self.ground) / (float(np.linalg.norm(self.ground)) * self.height)

    def under_dust(self, here: Shown) -> np.ndarray:
        """Return where the frame sees ground (h, w) bool that the building's dust will reach."""
        assert self.ground is not None
        ray, eye = rays_of(here) @ here.rotation, -here.translation @ here.rotation
        down = ray @ self.ground
        met = eye + ray * ((1 - float(eye @ self.ground)) / np.where(down > 1e-9, down, np.inf))[..., None]
        middle = self.outline.mean(axis=0)
        reach = DUSTY * self.height + 0.5 * float(np.linalg.norm(np.ptp(self.outline, axis=0)))
        return (down > 1e-9) & (np.linalg.norm(met - middle, axis=-1) < reach)


@dataclass(frozen=True)
class Votes:
    """Writes a keyframe's votes. A callable for `Work.map_frames`.

    The file (npz) holds vote (h, w) float16, from -1, on the walls, to 1, clearly before them, and weight (h, w) float16, 0..1.
    """

    depths: Depths
    scenery: Scenery
    out: str

    def done(self, key: int) -> bool:
        return Path(self.out.format(frame=key)).exists()

    def __call__(self, key: int) -> None:
        found = self.depths.at(key)
        points = points_of(self.depths.posed(key - self.depths.frames.start), found.nearness)
        share = self.scenery.share(points)
        # A pixel on the wall votes -1, one twice as far before it as what is clear 1: depths a little off cancel in the mean.
        vote = np.clip((self.scenery.clear - share) / (1 - self.scenery.clear), -1, 1)
        weight = np.clip(found.sureness.astype(np.float32) / SURE, 0, 1) * found.seen * confirmed(self.depths, key, points)
        save_arrays(Path(self.out.format(frame=key)), vote=vote.astype(np.float16), weight=weight.astype(np.float16))

    def carried(self, key: int, here: Shown) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return a keyframe's votes, their weights and nearness (h, w) as the frame `here` sees them, weight 0 where it sees nothing."""
        cast, near = _file(self.out.format(frame=key)), self.depths.at(key).nearness
        there = self.depths.posed(key - self.depths.frames.start)
        vote, weight = (cast[name].astype(np.float32) for name in ("vote", "weight"))
        out = as_seen_by(here, there, near, vote, np.where(weight > LEAST_VOTE, weight, 0))
        return out[0], out[1], out[2]


@dataclass(frozen=True)
class Ahead:
    """Writes what stands in front in a frame. A callable for `Work.map_frames`.

    The file (npz) holds front (h, w) bool, and depth (h, w) float32 in the solve's units, 0 where nothing is in front; working size,
    straight.
    """

    votes: Votes
    out: str

    @property
    def depths(self) -> Depths:
        return self.votes.depths

    @property
    def scenery(self) -> Scenery:
        return self.votes.scenery

    def done(self, frame: int) -> bool:
        return Path(self.out.format(frame=frame)).exists()

    def __call__(self, frame: int) -> None:
        cv2.setNumThreads(1)
        index = frame - self.depths.frames.start
        here = self.depths.shown(index)
        vote, weight, near = self._votes(here, frame)
        sure = np.clip(weight, 0, 1)
        known = widened(weight > LEAST_VOTE, 2) & ~here.moving
        hiding = None if self.scenery.foot is None else self.scenery.foot.hiding(here, vote, weight)
        near = everywhere(near, weight)
        vote, weight = not_the_sky(here.codes, self.scenery.heaven, vote, weight, VOTERS)
        vote = settled(here.codes, vote, weight)
        front = with_flanks(vote > TAKEN, vote, known)
        mask = self._tight(here, whole(self._things(here, front, near), vote, sure > LEAST_VOTE), near, sure)
        if hiding is not None and hiding.any():
            mask |= self._before_foot(here, front, vote, near, sure, hiding)
        depth = np.where(mask, 1 / np.maximum(near, 1e-9), 0).astype(np.float32)
        save_arrays(Path(self.out.format(frame=frame)), front=mask, depth=depth)

    def at(self, frame: int) -> tuple[np.ndarray, np.ndarray]:
        """Return front and depth (h, w), once they are written."""
        held = _file(self.out.format(frame=frame))
        return held["front"], held["depth"]

    def _votes(self, here: Shown, frame: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the mean vote (h, w), -1 to 1, its weight, and the nearness of what votes as the majority does."""
        keys = sorted(self.depths.keyframes(), key=lambda key: (abs(key - frame), key))
        # A voter comes in without a say, so that nothing pops as voters change.
        reach = abs(keys[VOTERS] - frame) if len(keys) > VOTERS else len(self.depths.frames)
        say = np.array([1 - abs(key - frame) / reach for key in keys[:VOTERS]], np.float32)
        say *= len(say) / say.sum()
        vote, sure, near = (np.stack(part) for part in zip(*(self.votes.carried(key, here) for key in keys[:VOTERS]), strict=True))
        sure *= say[:, None, None]
        weight = sure.sum(axis=0)
        mean = (vote * sure).sum(axis=0) / np.maximum(weight, 1e-6)
        agree = (sure > 0) & ((vote > 0) == (mean > 0))
        return mean, weight * ~here.moving, _middle(near, agree)

    def _things(self, here: Shown, front: np.ndarray, near: np.ndarray) -> np.ndarray:
        """Return whole things (h, w) bool that stand before the building or beside it, where its dust will go; what is further off doesn't
        matter, and ground is no thing."""
        own = region_of(self.scenery, here)
        if not own.any():
            return own
        height = int(np.count_nonzero(own.any(axis=1)))
        flat = self._flat(here, front, near)
        share = self.scenery.share(points_of(here, near))
        close = near_it = around(own, height)
        if self.scenery.ground is not None:
            near_it = close | self.scenery.under_dust(here)
        standing = front & ~here.moving & ~flat
        if self.scenery.ground is None:
            standing = with_feet(here.codes, standing, flat)
        things = without_scraps(grown(standing & near_it, standing, near), flat, near)
        if self.scenery.ground is None:
            # found on its own, so that what is close stays as it is; windows that reach over something that moves don't tell what is beside it
            beside = widened(here.moving, WINDOW * own.shape[1])
            rest = standing & ~things & ~beside
            things |= without_scraps(grown(rest & (share < WELL_BEFORE), rest, near), flat | beside, near)
        things = cut_free(things, here.codes, close)
        things = without_fragments(things, here.codes, own)
        return detached(things, share, own, STEP * (1 - self.scenery.clear))

    def _flat(self, here: Shown, front: np.ndarray, near: np.ndarray) -> np.ndarray:
        """Return what of it (h, w) bool lies flat, as ground does."""
        flat = lies_flat(here, near, front, self.scenery.up, flatness(self.scenery.walls, self.scenery.up))
        if self.scenery.ground is not None:
            points = points_of(here, near)
            flat = (flat & (self.scenery.rise(points) < ROOF)) | (front & (points @ self.scenery.ground > 1 - OFF_GROUND))
        return flat

    def _before_foot(
        self, here: Shown, front: np.ndarray, vote: np.ndarray, near: np.ndarray, sure: np.ndarray, hiding: np.ndarray
    ) -> np.ndarray:
        """Return what (h, w) bool hides the building's foot, with all that hangs together with it, without the wall that is seen beside it."""
        # a parapet that hides the foot needn't leave a wall with a step
        found = hiding | self._on(here, front, near, hiding) | raised(front & ~here.moving, near, hiding)
        return self._without_wall(here, whole(found, vote, sure > LEAST_VOTE), near, sure)

    def _on(self, here: Shown, front: np.ndarray, near: np.ndarray, hiding: np.ndarray) -> np.ndarray:
        """Return what (h, w) bool stands in front and hangs together with what hides the building's foot: it needn't leave a wall with a step."""
        own = region_of(self.scenery, here)
        close = around(own | hiding, int(np.count_nonzero(own.any(axis=1))))
        return connected_to((front & close & ~here.moving & ~self._flat(here, front, near)) | hiding, hiding)

    def _tight(self, here: Shown, things: np.ndarray, near: np.ndarray, sure: np.ndarray) -> np.ndarray:
        """Return the things (h, w) bool without wall around them. near, sure (h, w): nearness, and how sure it is, 0 to 1."""
        own = region_of(self.scenery, here)
        # what keeps clear of the building has been cut out by its colours
        close = connected_to(things, around(own, int(np.count_nonzero(own.any(axis=1)))))
        return (things & ~close) | self._without_wall(here, close, near, sure)

    def _without_wall(self, here: Shown, things: np.ndarray, near: np.ndarray, sure: np.ndarray) -> np.ndarray:
        share, clear = self.scenery.share(points_of(here, near)).astype(np.float32), self.scenery.clear
        return without_loose_wall(things, share, sure, here.codes, clear, STEP * (1 - clear))


@dataclass(frozen=True)
class Steady:
    """Writes what stands in front in a frame as its neighbours in time agree on it. A callable for `Work.map_frames`.

    The file (npz) holds front (h, w) float16, 0..1, and depth (h, w) float32 as in `Ahead`, as the lens shows them.
    """

    ahead: Ahead
    out: str

    def done(self, frame: int) -> bool:
        return Path(self.out.format(frame=frame)).exists()

    def __call__(self, frame: int) -> None:
        cv2.setNumThreads(1)
        depths = self.ahead.depths
        index = frame - depths.frames.start
        front, depth = self.ahead.at(frame)
        others = [frame + offset for offset in (-2, -1, 1, 2) if frame + offset in depths.frames]
        if others:
            carried = np.stack([self._carried(other, depths.posed(index)) for other in others])
            count = (carried > 0).sum(axis=0)
            missed = ~front & (count >= MOSTLY * len(others)) & ~depths.moving(index)
            front = (front & (count > 0)) | missed
            depth = np.where(missed, 1 / np.maximum(_middle(carried, carried > 0), 1e-9), np.where(front, depth, 0)).astype(np.float32)
        filmed = (depths.as_filmed(index, part) for part in (front.astype(np.float32), depth))
        save_arrays(Path(self.out.format(frame=frame)), front=next(filmed).astype(np.float16), depth=next(filmed))

    def at(self, frame: int) -> tuple[np.ndarray, np.ndarray]:
        """Return front (h, w) float32 and depth (h, w), once they are written."""
        held = _file(self.out.format(frame=frame))
        return held["front"].astype(np.float32), held["depth"]

    def _carried(self, other: int, here: Shown) -> np.ndarray:
        """Return the nearness (h, w) of what stands in front in another frame as `here` sees it, 0 where there is nothing."""
        front, depth = self.ahead.at(other)
        there = self.ahead.depths.posed(other - self.ahead.depths.frames.start)
        weight = front.astype(np.float32)
        return as_seen_by(here, there, (1 / np.maximum(depth, 1e-9)).astype(np.float32), weight, weight)[2]


def _middle(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Return the median (h, w) of the `valid` ones of values (n, h, w); 0 where there are none."""
    ordered = np.sort(np.where(valid, values, np.inf), axis=0)
    middle = np.take_along_axis(ordered, (np.maximum(valid.sum(axis=0), 1) // 2)[None], axis=0)[0]
    return np.where(np.isfinite(middle), middle, 0).astype(np.float32)


def region_of(scenery: Scenery, here: Shown) -> np.ndarray:
    """Return where the frame sees the outlined part of the walls (h, w) bool."""
    points = scenery.outline @ here.rotation.T + here.translation
    ahead = points[points[:, 2] > 1e-6]
    if len(ahead) < 3:
        return np.zeros(here.moving.shape, bool)
    lens, reach = here.lens, 4.0 * max(here.moving.shape)
    pixels = ahead[:, :2] / ahead[:, 2:] * here.focal + (lens[0, 2] + 0.5, lens[1, 2] + 0.5)
    return filled([np.clip(pixels, -reach, reach)], here.moving.shape) > 0


def confirmed(depths: Depths, key: int, points: np.ndarray) -> np.ndarray:
    """Return how well other keyframes' depths agree with points (h, w, 3), 0 to 1 (h, w): chance seldom hits the same depth twice."""
    keys = depths.keyframes()
    place = keys.index(key)
    others = [keys[i] for i in range(max(0, place - WITNESSES), min(len(keys), place + WITNESSES + 1)) if i != place]
    agreeing = np.zeros(points.shape[:2], np.float32)
    for other in others:
        found, there = depths.at(other), depths.posed(other - depths.frames.start)
        local = points @ there.rotation.T + there.translation
        near = 1 / np.maximum(local[..., 2], 1e-9)
        pixels = np.rint(local[..., :2] * near[..., None] * there.focal + there.lens[:2, 2])
        column, row = (
            np.clip(np.nan_to_num(part, nan=-1, posinf=-1, neginf=-1), -1, 1e6).astype(int) for part in np.moveaxis(pixels, -1, 0)
        )
        inside = (column >= 0) & (row >= 0) & (column < near.shape[1]) & (row < near.shape[0]) & (local[..., 2] > 0)
        column, row = np.where(inside, column, 0), np.where(inside, row, 0)
        step = 0.02 * found.nearness.max()
        agreeing += inside & found.seen[row, column] & (np.abs(found.nearness[row, column] - near) < AGREE * near + step)
    return np.clip(agreeing / CONFIRMED, 0, 1)


def as_seen_by(here: Shown, there: Shown, near: np.ndarray, vote: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return votes, weights and nearness (3, h, w) float32 of the frame `there` as `here` sees them, 0 where it sees nothing. near, vote,
    weight: (h, w) float32; a weight of 0 is not carried."""
    turn = here.rotation @ there.rotation.T
    out = np.zeros((3, *here.moving.shape), np.float32)
    _carry(there.focal, here.focal, turn, here.translation - turn @ there.translation, near, vote, weight, out)
    return out


@njit(cache=True, fastmath=False)
def _carry(own, other, turn, shift, nearness, votes, weights, out):  # type: ignore[no-untyped-def]
    """Put each pixel on the four pixels around where a camera turned and shifted sees it; what is nearer hides the rest."""
    height, width = out.shape[1:]
    middle_x, middle_y = 0.5 * width - 0.5, 0.5 * height - 0.5
    for row in range(votes.shape[0]):
        for column in range(votes.shape[1]):
            weight = weights[row, column]
            if weight <= 0:
                continue
            u, v, first = (column - middle_x) / own, (row - middle_y) / own, max(nearness[row, column], 1e-9)
            z = turn[2, 0] * u + turn[2, 1] * v + turn[2, 2] + shift[2] * first
            if z <= 1e-6 * first:
                continue
            x = other * (turn[0, 0] * u + turn[0, 1] * v + turn[0, 2] + shift[0] * first) / z + middle_x
            y = other * (turn[1, 0] * u + turn[1, 1] * v + turn[1, 2] + shift[1] * first) / z + middle_y
            if not (-2 < x < width + 1 and -2 < y < height + 1):
                continue
            _splat(x, y, np.float32(first / z), votes[row, column], weight, out)


@njit(cache=True, fastmath=False, inline="always")
def _splat(x, y, near, vote, weight, out):  # type: ignore[no-untyped-def]
    height, width = out.shape[1:]
    left, top = int(np.floor(x)), int(np.floor(y))
    for j in range(max(top, 0), min(top + 2, height)):
        for i in range(max(left, 0), min(left + 2, width)):
            if (1 - abs(x - i)) * (1 - abs(y - j)) < 0.2:
                continue
            if out[1, j, i] > 0 and near < out[2, j, i] / NEARER:
                continue
            if out[1, j, i] > 0 and near < out[2, j, i] * NEARER and weight <= out[1, j, i]:
                continue
            out[0, j, i], out[1, j, i], out[2, j, i] = vote, weight, near


@lru_cache(maxsize=16)
def _file(path: str) -> dict[str, np.ndarray]:
    return load_arrays(Path(path))
