"""Ground behind the building, and what stands there where it is calm: each kind of ground (lawn, asphalt, gravel) goes on from where it lies.

Patches alone would carry on the one that has most room. Kinds are told by colour, and each place in the hole is of the kind that lies nearest to
it on the ground, so that edges between them run on; then every kind is filled with patches of its own.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.spatial import cKDTree

from derrumbe.survey.cleanplate import BROAD_RADIUS, ENOUGH, encode, patched_in
from derrumbe.survey.filters import widened

ENOUGH_GROUND = 0.5
"""Ground is filled with even ground alone when there is at least this share of what is wanted."""
RING, OPEN_GROUND = 0.03, 0.2
"""Where ground lies open, at least the second of what lies within the first (share of the longer side) around is even; elsewhere bushes, fences and
paths cover it, and go on."""
NEARER = 2.0
AROUND, MEDIAN_SIDE, STRAY, BESIDE = 0.03, 40, 26, 0.006
"""Things on the ground stray from the median within a share of the longer side (found with windows no wider than so many pixels) by so many
codes; they reach a share of the longer side further than they stray."""
KINDS, DIFFERENT, RARE, ROUNDS = 3, 14.0, 0.15, 8
"""Most kinds of ground, by how much (Lab codes) they differ, the share of the ground around, and of what is filled, below which one is none; and
rounds of k-means."""
SHADE = 0.4
"""Ground whose lightness is less than this share of the lightest kind's is in the shade of something, which doesn't go on."""
PLAN_SIDE, REACH, VOTES, EVEN = 320, 0.15, 15, 0.015
"""Kinds are laid out in a picture no larger than this, from ground within a share of the longer side, by so many nearest places; edges between
them are even by a share of it."""
CLOSE = 0.1
"""Ground that is known to be ground, with all that lies on it, is taken from within this share of the longer side: further off are other streets
and ponds."""
ISLAND = 0.003
"""Even parts that hang together over less than this share of the picture are roofs rather than ground."""


def fill_ground(
    texture: np.ndarray,
    hole: np.ndarray,
    sky: np.ndarray,
    skyline: np.ndarray,
    base: np.ndarray,
    banned: np.ndarray,
    seed: int,
    horizon: float = -np.inf,
    focal: float = 1000.0,
    lies: np.ndarray | None = None,
) -> np.ndarray:
    """Return a picture (h, w, 3) whose hole below the skyline is filled: what stands there with patches of what stands, ground with ground.

    `skyline` and `base` are rows (w,): between them things stand. `banned` (h, w) bool: things no patch may be taken from.
    Ground comes from even ground, and no nearer to the camera than NEARER times, as the row of its `horizon` tells: cars and kerbs repeat, near
    grass is coarse. focal: pixels; lies (h, w) bool: ground and what lies on it, where that is known: walls and roofs of the houses around are none.
    """
    rows = np.arange(hole.shape[0], dtype=np.float32)[:, None] + 0.5
    wanted, ground = hole & (rows > skyline[None] - 3), rows > base[None]
    standing = wanted & ~ground
    no_source = (sky > 0.3) | banned | hole
    filled = texture
    if np.count_nonzero(~no_source & ~ground) > ENOUGH * np.count_nonzero(standing):
        filled = patched_in(filled, standing, (no_source | ground) & ~standing, seed, BROAD_RADIUS)
        no_source, wanted = no_source & ~standing, wanted & ground
        no_source |= ~ground
    lowest = float(np.flatnonzero(wanted.any(axis=1)).max(initial=0))
    things = things_on(texture)
    things = things if (sky > 0.5).any() else with_islands(things)
    coarse = rows > (horizon + NEARER * (lowest - horizon) if horizon < lowest else np.inf)
    calm = no_source | things | coarse | (False if lies is None else ~lies)
    ring = widened(wanted, RING * max(hole.shape)) & ~wanted & ground & ~hole
    if np.count_nonzero(~calm) <= ENOUGH_GROUND * np.count_nonzero(wanted) or np.count_nonzero(
        ring & ~calm
    ) <= OPEN_GROUND * np.count_nonzero(ring):
        return patched_in(filled, wanted, _but_ground(no_source, lies, coarse, wanted) & ~wanted, seed + 1)
    for index, (part, own) in enumerate(kinds_of(texture, ~calm, wanted, horizon, focal)):
        filled = patched_in(filled, part, ~own & ~part, seed + 1 + index)
    return filled


def _but_ground(no_source: np.ndarray, lies: np.ndarray | None, coarse: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return where (h, w) bool no patch is taken from: no_source, and, where enough of what lies on the ground around is known, all else too."""
    if lies is None:
        return no_source
    elsewhere = no_source | coarse | ~lies | ~widened(wanted, CLOSE * max(wanted.shape))
    return elsewhere if np.count_nonzero(~elsewhere) > ENOUGH_GROUND * np.count_nonzero(wanted) else no_source


def kinds_of(
    texture: np.ndarray, known: np.ndarray, wanted: np.ndarray, horizon: float, focal: float
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return, of each kind of `known` ground (h, w) bool in the texture (h, w, 3), the part of what is `wanted` (h, w) bool that is of it, and where
    it is known. Together the parts are all that is wanted."""
    if not wanted.any() or not known.any():
        return [(wanted, known)] if wanted.any() else []
    scale = min(1.0, PLAN_SIDE / max(wanted.shape))
    size = tuple(max(2, round(side * scale)) for side in wanted.shape[::-1])
    near = widened(wanted, REACH * max(wanted.shape))
    small = cv2.resize((known & near).astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
    if np.count_nonzero(small) < 10 * KINDS:
        return [(wanted, known)]
    lab = cv2.cvtColor(cv2.resize(encode(texture)[0], size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB).astype(np.float32)
    tones = _tones(lab[small])
    lit = lab[..., 0] > SHADE * tones[:, 0].max()
    small &= lit
    labels = np.where(lit, _nearest(lab, tones), -1)
    plan = _plan(size, horizon * scale, focal * scale)
    hole = cv2.resize(wanted.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    votes = _votes(plan, small, hole, labels, len(tones))
    # a kind that would be an island of its own lies there by chance
    votes[..., votes[hole].mean(axis=0) < RARE] = 0
    of = cv2.resize(votes, wanted.shape[::-1], interpolation=cv2.INTER_LINEAR).reshape(*wanted.shape, -1).argmax(axis=-1)
    own = np.stack(
        [cv2.resize((labels == kind).astype(np.uint8), wanted.shape[::-1], interpolation=cv2.INTER_NEAREST) for kind in range(len(tones))]
    )
    return [(part, known & (own[kind] > 0)) for kind in range(len(tones)) if (part := wanted & (of == kind)).any()]


def _votes(plan: np.ndarray, known: np.ndarray, hole: np.ndarray, labels: np.ndarray, kinds: int) -> np.ndarray:
    """Return how much (h, w, kinds) the nearest known places (h, w) bool on the plan (h, w, 2) speak for a kind, by their labels (h, w)."""
    votes = np.zeros((*hole.shape, kinds), np.float32)
    count = min(VOTES, int(np.count_nonzero(known)))
    nearest = cKDTree(plan[known]).query(plan[hole], k=range(1, count + 1))[1]
    for kind in range(kinds):
        votes[..., kind][hole] = (labels[known][nearest] == kind).mean(axis=-1)
        votes[..., kind] = np.where(hole, votes[..., kind], known & (labels == kind))
        votes[..., kind] = cv2.GaussianBlur(votes[..., kind], (0, 0), EVEN * max(hole.shape))
    return votes


def _tones(colours: np.ndarray) -> np.ndarray:
    """Return the usual colours (k, 3) of up to KINDS kinds of ground in colours (n, 3): told apart by DIFFERENT, and each a fair share of it."""
    start = [colours.mean(axis=0)]
    while len(start) < KINDS:
        far = np.min([np.linalg.norm(colours - one, axis=-1) for one in start], axis=0)
        start.append(colours[int(np.argsort(far)[int(0.97 * len(far))])])
    means = np.array(start, np.float32)
    for _ in range(ROUNDS):
        labels = _nearest(colours, means)
        means = np.array([colours[labels == kind].mean(axis=0) if (labels == kind).any() else mean for kind, mean in enumerate(means)])
    share = np.bincount(_nearest(colours, means), minlength=len(means)) / len(colours)
    share[means[:, 0] < SHADE * means[share > RARE, 0].max(initial=0)] = 0
    kept: list[np.ndarray] = []
    for index in np.argsort(-share):
        if share[index] > RARE and all(np.linalg.norm(means[index] - one) > DIFFERENT for one in kept):
            kept.append(means[index])
    return np.array(kept, np.float32)


def _nearest(colours: np.ndarray, tones: np.ndarray) -> np.ndarray:
    """Return which of tones (k, 3) is nearest to colours (..., 3)."""
    return np.asarray(((colours[..., None, :] - tones) ** 2).sum(axis=-1).argmin(axis=-1))


def _plan(size: tuple[int, int], horizon: float, focal: float) -> np.ndarray:
    """Return where on level ground pixels lie (h, w, 2), in heights of the camera: across and away."""
    down = np.maximum(np.arange(size[1]) + 0.5 - horizon, 1.0)[:, None] * np.ones(size[0])
    across = (np.arange(size[0]) + 0.5 - size[0] / 2)[None] / down
    return np.dstack([across, focal / down]).astype(np.float32)


def things_on(picture: np.ndarray) -> np.ndarray:
    """Return where (h, w) bool something lies or stands on even ground: what strays from the median around it, and what is right beside."""
    side = max(picture.shape)
    radius = max(2, round(AROUND * side))
    codes = encode(picture)[0]
    scale = min(1.0, (MEDIAN_SIDE / 2) / radius)
    small = cv2.resize(codes, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    usual = cv2.medianBlur(small, 2 * max(1, round(radius * scale)) + 1)
    strays = np.abs(small.astype(np.float32) - usual).max(axis=-1) > STRAY
    solid = cv2.morphologyEx(strays.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    return widened(cv2.resize(solid, codes.shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0, BESIDE * side)


def with_islands(found: np.ndarray) -> np.ndarray:
    """Return things (h, w) bool on the ground with the even parts that they shut in: seen from the air, roofs within their edges."""
    labels, stats = cv2.connectedComponentsWithStats((~found).astype(np.uint8), connectivity=4)[1:3]
    return found | (stats[:, cv2.CC_STAT_AREA] < ISLAND * found.size)[labels]
