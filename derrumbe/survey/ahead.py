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
from derrumbe.survey.depths import Depths
from derrumbe.survey.filters import disc, filled, masked_mean, widened
from derrumbe.survey.sweep import Shown
from derrumbe.survey.tints import cells, histogram

VOTERS = 6
"""Keyframes that vote on a frame."""
SURE = 100.0
"""Sureness of a depth that has a full vote."""
WITNESSES, CONFIRMED, AGREE = 2, 2, 0.04
"""Keyframes on either side that are asked; how many must have the same nearness, within this share and two planes, for a full vote."""
LEAST_VOTE = 0.1
NEARER = 1.03
"""Of what falls on one pixel, what is nearer by this factor hides the rest."""
RADIUS, WIDE, SMOOTH = 0.008, 0.03, 4e-4
"""Radii of the guided filter, shares of the width, for what votes and for what doesn't; its regularisation, squared colours (0..1)."""
DOUBT, BELIEF = 0.8, 0.5
"""Votes against, before any is counted, and how sure they are: the plainest pixels have no depth, and are mostly sky or wall."""
TAKEN = 0.1
"""Vote, of -1 to 1, from which a pixel is in front."""
SPECK = 8e-4
"""Share of the picture of the smallest thing."""
AT_EDGE, SMALL = -0.4, 0.03
"""The same for a hole at the picture's edge, and the share of the picture that it takes at most."""
GAP, THROUGH, SHOWN = 0.015, -0.1, -0.6
"""Radius of gaps, share of the width, that a thing closes; the vote below which something else shows in one, and on the whole in a hole."""
LEAST_SKY, SKY_ALONE, PLAIN = 0.01, 6.0, 4.0
"""Share of the first frame that is sky, if it is to tell; how much commoner a colour of its is there than elsewhere; its unrest, codes."""
CLOSE, BESIDE = 0.08, 0.35
"""Things are looked for this far around the building's outline, and so much further to its sides, shares of its height in the picture."""
OFF_GROUND = 0.04
"""What stands is at least so much nearer than the ground along its ray, as a share."""
RIM, FEW = (4.0, 10.0), 30
"""From where to where, pixels off a thing's edge, a step is measured; pixels of wall that it takes."""
MOSTLY = 0.7
"""Share of the neighbours in time that must have what a frame misses; what none of them has is dropped."""
LYING, AS_NEAR = 0.5, 1.05
"""Share of a scrap's surroundings that is ground, and how much nearer than it a scrap is at most."""
SURELY = 0.2
"""How clearly, -1 to 1, the colour of a foot must be the thing's."""
LEAST_GROUND = 0.012
"""Share of the picture that ground takes at least."""
WINDOW, FLAT = 0.014, 0.6
"""Half the side of a window, share of the width, in which a surface's slope is measured; cosine between its normal and up from which it lies flat."""
FAMILY = 1.25
"""What belongs to a thing beyond the building's outline is as far away as it is, within this factor."""


@dataclass(frozen=True, eq=False)
class Scenery:
    """The building in the solve's world. walls: planes (n, 3) as in `solved_planes`; up: (3,); outline: (m, 3) the outline on the walls, all
    in the first camera's axes; clear: share of the way to the walls before which a point begins to be in front; ground: plane (3,)
    or None; heaven: (BINS**3,) bool cells of colour that only the sky has, as in `tints`, or None."""

    walls: np.ndarray
    up: np.ndarray
    outline: np.ndarray
    clear: float
    ground: np.ndarray | None = None
    heaven: np.ndarray | None = None


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
        share = (points @ self.scenery.walls.T).min(axis=-1)
        # A pixel on the wall votes -1, one twice as far before it as what is clear 1: depths a little off cancel in the mean.
        vote = np.clip((self.scenery.clear - share) / (1 - self.scenery.clear), -1, 1)
        weight = np.clip(found.sureness.astype(np.float32) / SURE, 0, 1) * found.seen * confirmed(self.depths, key, points)
        save_arrays(Path(self.out.format(frame=key)), vote=vote.astype(np.float16), weight=weight.astype(np.float16))

    def carried(self, key: int, here: Shown) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return a keyframe's votes, their weights and nearness (h, w) as the frame `here` sees them, weight 0 where it sees nothing."""
        cast, near = _file(self.out.format(frame=key)), self.depths.at(key).nearness
        kept = cast["weight"] > LEAST_VOTE
        there = self.depths.posed(key - self.depths.frames.start)
        local = (points_of(there, near)[kept]) @ here.rotation.T + here.translation
        ahead = local[:, 2] > 1e-6
        local = local[ahead]
        pixels = local[:, :2] / local[:, 2:] * here.focal + here.lens[:2, 2]
        vote, weight = (cast[name][kept][ahead].astype(np.float32) for name in ("vote", "weight"))
        out = np.zeros((3, *here.moving.shape), np.float32)
        _splat(pixels, (1 / local[:, 2]).astype(np.float32), vote, weight, out)
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
        near = _everywhere(near, weight)
        vote, weight = _not_the_sky(here.codes, self.scenery.heaven, vote, weight)
        vote = settled(here.codes, vote, weight)
        mask = whole(self._things(here, vote > TAKEN, near), vote)
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
        flat = lies_flat(here, near, front, self.scenery.up)
        if self.scenery.ground is not None:
            flat |= front & (points_of(here, near) @ self.scenery.ground > 1 - OFF_GROUND)
        standing = front & ~here.moving & ~flat
        if self.scenery.ground is None:
            standing = with_feet(here.codes, standing, flat)
        things = grown(standing & _around(own, height), standing, near)
        share = (points_of(here, near) @ self.scenery.walls.T).min(axis=-1)
        return detached(without_scraps(things, flat, near), share, own, 0.5 * (1 - self.scenery.clear))


def with_feet(codes: np.ndarray, standing: np.ndarray, flat: np.ndarray) -> np.ndarray:
    """Return what stands (h, w) bool with its feet, which windows that reach over them take for ground (`flat`): colour tells."""
    reach = 1.5 * WINDOW * codes.shape[1]
    foot = flat & widened(standing, reach)
    own = guided(codes, np.where(standing, 1, -1), (~foot).astype(np.float32), np.zeros(flat.shape, np.float32), 1.5 * WINDOW)
    return standing | (foot & (own > SURELY))


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
        points = (rays_of(there)[front] * depth[front][:, None] - there.translation) @ there.rotation
        local = points @ here.rotation.T + here.translation
        local = local[local[:, 2] > 1e-6]
        pixels = local[:, :2] / local[:, 2:] * here.focal + here.lens[:2, 2]
        out = np.zeros((3, *here.moving.shape), np.float32)
        ones = np.ones(len(local), np.float32)
        _splat(pixels, (1 / local[:, 2]).astype(np.float32), ones, ones, out)
        return out[2]


def without_scraps(things: np.ndarray, flat: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Return the things (h, w) bool but those that lie in ground (`flat`, bool) and are as near (h, w) as it is: ground that wasn't told."""
    labels, count = _labels(things)
    out = things.copy()
    for label in range(1, count):
        own = labels == label
        ring = widened(own, RIM[1]) & ~own
        ground = ring & flat
        if np.count_nonzero(ground) > LYING * np.count_nonzero(ring) and np.median(near[own]) < AS_NEAR * np.median(near[ground]):
            out[own] = False
    return out


def detached(things: np.ndarray, share: np.ndarray, region: np.ndarray, step: float) -> np.ndarray:
    """Return the things (h, w) bool that leave the wall with a step, as what stands before it does; a bulge of the wall itself, such as a round
    one's middle, rises without.

    share (h, w): at which share of the way to the walls each pixel is; region (h, w) bool: the building's; step: the least one.
    """
    labels, count = _labels(things)
    out = things.copy()
    for label in range(1, count):
        own = labels == label
        distance = cv2.distanceTransform((~own).astype(np.uint8), cv2.DIST_L2, 5)
        beyond = (distance > RIM[0]) & (distance < RIM[1]) & region & ~things
        if np.count_nonzero(beyond) < FEW:
            continue
        rim = own & (cv2.distanceTransform(own.astype(np.uint8), cv2.DIST_L2, 5) < RIM[1]) & widened(beyond, 2 * RIM[1])
        if np.median(share[beyond]) - np.median(share[rim]) < step:
            out[own] = False
    return out


def _around(own: np.ndarray, height: int) -> np.ndarray:
    """Return where things are looked for (h, w) bool around a building's region of some height, pixels."""
    close = widened(own, CLOSE * height).astype(np.uint8)
    reach = 2 * round(BESIDE * height) + 1
    return cv2.dilate(close, np.ones((1, reach), np.uint8)) > 0


def heaven_of(codes: np.ndarray, sky: np.ndarray) -> np.ndarray | None:
    """Return the cells of colour (BINS**3,) bool that are the sky's alone in codes (h, w, 3) uint8 with a matte `sky` (h, w); None without one."""
    open_, rest = sky > 0.95, sky < 0.05
    if np.mean(open_) < LEAST_SKY:
        return None
    cell = cells(cv2.GaussianBlur(codes, (0, 0), 0.7))
    return histogram(cell[open_]) * np.count_nonzero(open_) > SKY_ALONE * histogram(cell[rest]) * np.count_nonzero(rest)


def _not_the_sky(codes: np.ndarray, heaven: np.ndarray | None, vote: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return votes and weights (h, w) with one against, a strong one, wherever there is plain sky: it has no depth of its own."""
    if heaven is None:
        return vote, weight
    smooth = cv2.GaussianBlur(codes, (0, 0), 0.7)
    grey = cv2.cvtColor(codes, cv2.COLOR_RGB2GRAY).astype(np.float32)
    uneven = np.sqrt(np.maximum(cv2.blur(grey * grey, (3, 3)) - cv2.blur(grey, (3, 3)) ** 2, 0))
    own = heaven[cells(smooth)] & (uneven < PLAIN)
    return np.where(own, -1, vote).astype(np.float32), np.where(own, VOTERS, weight).astype(np.float32)


def _middle(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Return the median (h, w) of the `valid` ones of values (n, h, w); 0 where there are none."""
    ordered = np.sort(np.where(valid, values, np.inf), axis=0)
    middle = np.take_along_axis(ordered, (np.maximum(valid.sum(axis=0), 1) // 2)[None], axis=0)[0]
    return np.where(np.isfinite(middle), middle, 0).astype(np.float32)


def lies_flat(here: Shown, near: np.ndarray, where: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Return where a surface lies flat (h, w) bool: planes through the nearness of small windows, among the pixels `where`, face up (3,)."""
    thin = (slice(None, None, 2), slice(None, None, 2))
    radius = max(3, round(0.5 * WINDOW * near.shape[1]))
    size = (2 * radius + 1, 2 * radius + 1)
    ray, near, weight = rays_of(here)[thin], near[thin].astype(np.float64), where[thin].astype(np.float64)
    pairs = [(i, j) for i in range(3) for j in range(i, 3)]
    system = np.empty((*near.shape, 3, 3))
    for i, j in pairs:
        system[..., i, j] = system[..., j, i] = cv2.blur(ray[..., i] * ray[..., j] * weight, size)
    right = np.stack([cv2.blur(ray[..., i] * near * weight, size) for i in range(3)], -1)
    # Where the pixels lie on a line, the plane is taken for one that faces the camera.
    system += 1e-7 * np.diag([1, 1, 1e-3])
    plane = np.linalg.solve(system, right[..., None])[..., 0]
    down = -(plane @ (here.rotation @ up)) / np.maximum(np.linalg.norm(plane, axis=-1), 1e-12)
    flat = cv2.blur((down > FLAT) * weight, size) > 0.5 * cv2.blur(weight, size)
    flat = cv2.resize(flat.astype(np.uint8), where.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    # Ground is wide; a patch of a thing may look flat by chance.
    return _without_specks(flat & where, LEAST_GROUND * where.size)


def _everywhere(near: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return nearness (h, w) lent to pixels without any by those around them."""
    out = near
    for radius in (4, 16, 64):
        mean, cover = masked_mean(np.dstack([near] * 3), weight, radius)
        out = np.where(out > 0, out, np.where(cover > 1e-4, mean[..., 0], 0))
    return out.astype(np.float32)


def rays_of(here: Shown) -> np.ndarray:
    """Return the ray (h, w, 3) of every pixel in the camera's own axes, depth 1."""
    height, width = here.moving.shape
    y, x = np.mgrid[0:height, 0:width]
    lens = here.lens
    return np.dstack([(x - lens[0, 2]) / here.focal, (y - lens[1, 2]) / here.focal, np.ones((height, width))])


def points_of(here: Shown, near: np.ndarray) -> np.ndarray:
    """Return points (h, w, 3) in the first camera's axes."""
    return (rays_of(here) / np.maximum(near, 1e-9)[..., None] - here.translation) @ here.rotation


def region_of(scenery: Scenery, here: Shown) -> np.ndarray:
    """Return where the frame sees the outlined part of the walls (h, w) bool."""
    points = scenery.outline @ here.rotation.T + here.translation
    ahead = points[points[:, 2] > 1e-6]
    if len(ahead) < 3:
        return np.zeros(here.moving.shape, bool)
    lens, reach = here.lens, 4.0 * max(here.moving.shape)
    pixels = ahead[:, :2] / ahead[:, 2:] * here.focal + (lens[0, 2] + 0.5, lens[1, 2] + 0.5)
    return filled([np.clip(pixels, -reach, reach)], here.moving.shape) > 0


def grown(inside: np.ndarray, standing: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Return the things (h, w) bool that begin `inside` (h, w) and go on in what is `standing` at about the same nearness."""
    smallest = SPECK * near.size
    seeds = _without_specks(cv2.morphologyEx(inside.astype(np.uint8), cv2.MORPH_OPEN, disc(1)) > 0, smallest)
    out = seeds.copy()
    labels, count = _labels(seeds)
    for label in range(1, count):
        own = labels == label
        usual = float(np.median(near[own]))
        family = own | (standing & (near > usual / FAMILY) & (near < usual * FAMILY))
        parts = _labels(family)[0]
        out |= np.isin(parts, np.unique(parts[own])) & family
    return cv2.morphologyEx(out.astype(np.uint8), cv2.MORPH_CLOSE, disc(1)) > 0


def whole(mask: np.ndarray, vote: np.ndarray) -> np.ndarray:
    """Return things (h, w) bool with their gaps and holes, but those through which votes (h, w) on the whole see something else."""
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, disc(GAP * mask.shape[1])) > 0
    mask = mask | (closed & (vote > THROUGH))
    count, labels = cv2.connectedComponents((~mask).astype(np.uint8), connectivity=4)
    mean = np.bincount(labels.ravel(), weights=vote.ravel(), minlength=count) / np.maximum(np.bincount(labels.ravel(), minlength=count), 1)
    edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    # What the picture's edge encloses along with the thing is a hole as well, if it is small and not seen through.
    hole = mean > SHOWN
    hole[edge] = (mean > AT_EDGE)[edge] & (np.bincount(labels.ravel(), minlength=count) < SMALL * labels.size)[edge]
    hole[0] = False
    return mask | hole[labels]


def settled(codes: np.ndarray, vote: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return votes (h, w), -1 to 1, along the edges of codes (h, w, 3) uint8: where few are cast, those of a colour's wider surroundings count,
    and without any nothing is in front."""
    size = (codes.shape[1] // 2, codes.shape[0] // 2)
    small, few, said = (cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in (codes, weight, vote * weight))
    wide = guided(small, said / np.maximum(few, 1e-6), few, np.full(few.shape, -BELIEF, np.float32), WIDE)
    return guided(codes, vote, weight, cv2.resize(wide, codes.shape[1::-1], interpolation=cv2.INTER_LINEAR), RADIUS)


def guided(codes: np.ndarray, values: np.ndarray, weight: np.ndarray, belief: np.ndarray, share: float) -> np.ndarray:
    """Return `values` (h, w), known as far as `weight` (h, w) says and else taken for `belief`, locally linear in the colours of `codes`
    (h, w, 3) uint8. share: radius over the width."""
    colour = codes.astype(np.float32) / 255
    radius = max(2, round(share * codes.shape[1]))
    size = (2 * radius + 1, 2 * radius + 1)
    values = (values * weight + DOUBT * belief) / (weight + DOUBT)
    weight = weight.astype(np.float32) + DOUBT

    def mean(picture: np.ndarray) -> np.ndarray:
        return cv2.blur(picture, size, borderType=cv2.BORDER_REFLECT)

    total = mean(weight)
    middle = mean(colour * weight[..., None]) / total[..., None]
    level = mean(values * weight) / total
    with_value = mean(colour * (values * weight)[..., None]) / total[..., None] - middle * level[..., None]
    spread = np.empty((*values.shape, 3, 3), np.float32)
    for i in range(3):
        for j in range(i, 3):
            part = mean(colour[..., i] * colour[..., j] * weight) / total - middle[..., i] * middle[..., j]
            spread[..., i, j] = spread[..., j, i] = part
    slope = np.linalg.solve(spread + SMOOTH * np.eye(3, dtype=np.float32), with_value[..., None])[..., 0]
    offset = level - (slope * middle).sum(axis=-1)
    # Where much is known, a window's answer counts more.
    total = np.sqrt(total)
    cover = mean(total)
    slope, offset = mean(slope * total[..., None]) / cover[..., None], mean(offset * total) / cover
    return np.clip((slope * colour).sum(axis=-1) + offset, -1, 1).astype(np.float32)


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


@njit(cache=True, fastmath=False)
def _splat(pixels, near, vote, weight, out):  # type: ignore[no-untyped-def]
    """Put points (n,) on the four pixels around each place; what is nearer hides the rest."""
    height, width = out.shape[1:]
    for i in range(len(near)):
        left, top = int(np.floor(pixels[i, 0])), int(np.floor(pixels[i, 1]))
        for y in range(max(top, 0), min(top + 2, height)):
            for x in range(max(left, 0), min(left + 2, width)):
                share = (1 - abs(pixels[i, 0] - x)) * (1 - abs(pixels[i, 1] - y))
                if share < 0.2:
                    continue
                if out[1, y, x] > 0 and near[i] < out[2, y, x] / NEARER:
                    continue
                if out[1, y, x] > 0 and near[i] < out[2, y, x] * NEARER and weight[i] <= out[1, y, x]:
                    continue
                out[0, y, x], out[1, y, x], out[2, y, x] = vote[i], weight[i], near[i]


def _labels(mask: np.ndarray) -> tuple[np.ndarray, int]:
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    return labels, count


def _without_specks(mask: np.ndarray, smallest: float) -> np.ndarray:
    labels, stats = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)[1:3]
    large = stats[:, 4] >= smallest
    large[0] = False
    return np.asarray(large[labels])


@lru_cache(maxsize=16)
def _file(path: str) -> dict[str, np.ndarray]:
    return load_arrays(Path(path))
