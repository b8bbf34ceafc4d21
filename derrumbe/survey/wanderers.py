"""Who moves by itself before a moving camera: from evidence to a mask, steady over time, without its shadow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from derrumbe.core.files import load_arrays, save_arrays
from derrumbe.survey.filters import disc, widened
from derrumbe.survey.ground_shadow import without_shadow
from derrumbe.survey.own_motion import codes_of, neighbours
from derrumbe.survey.tints import likelier

RECALL = 0.5
"""Weight of a neighbouring frame's evidence, carried along with the thing, against the frame's own."""
MOVES, STANDS = 3.0, -6.0
"""Evidence (codes) of what surely moves, and of what surely stands still."""
STRONG, UNSURE = 8.0, 9.0
"""Evidence of the thing's own colours; below the second, what has the ground's colours counts as ground."""
SOFT, SMOOTH = 0.0025, 0.004
"""Sigmas over which evidence is averaged, shares of the width."""
GAP, RIM, RING = 0.03, 0.004, 0.06
"""What belongs to one thing, how far its hull is widened, and how far around it colours are learnt, shares of the width."""
FULL = 0.65
"""A thing fills at least this share of its convex hull."""
HOLE = 2.0
"""Radius, working pixels, of what can be reached from outside."""
ASTRAY = 0.008
"""How far, share of the width, a thing may be off where its flow takes it."""
SMALLEST = 6e-4
"""Share of the picture that must surely move."""


@dataclass(frozen=True)
class Wanderers:
    """Writes masks, (h, w) bool at working size (npz). A callable for `Work.map_frames`.

    plate: pattern of its frames; evidence: pattern of files that `own_motion.Evidence` wrote; out: pattern; size: the plate's.
    """

    plate: str
    evidence: str
    out: str
    size: tuple[int, int]

    def done(self, frame: int) -> bool:
        return Path(self.out.format(frame=frame)).exists()

    def __call__(self, frame: int) -> None:
        cv2.setNumThreads(1)
        codes, mask = self._found(frame)
        mask = mask & self._expected(frame)
        save_arrays(Path(self.out.format(frame=frame)), mask=without_shadow(codes, mask) if mask.any() else mask)

    def at(self, frame: int) -> np.ndarray:
        """Return what moves by itself (h, w) bool, at working size, once it is written."""
        return stored(self.out.format(frame=frame))["mask"]

    def codes(self, frame: int) -> np.ndarray:
        """Return a frame (h, w, 3) float32 at working size, in codes near a display's, 0..255."""
        return codes_of(self.plate, frame, self.size)

    def evidence_at(self, frame: int) -> np.ndarray:
        """Return a frame's own evidence (h, w) float32, at working size, as it is compared with `STANDS`."""
        return _blurred(stored(self.evidence.format(frame=frame))["evidence"].astype(np.float32))

    def _found(self, frame: int) -> tuple[np.ndarray, np.ndarray]:
        codes = self.codes(frame)
        return codes, _things(codes, self._remembered(frame))

    def _expected(self, frame: int) -> np.ndarray:
        """Return where (h, w) bool a thing may be by its neighbour in time, where only one side of time tells: at the shot's ends what has just been
        uncovered is found nowhere else, as if it moved. Everywhere in other frames."""
        own = stored(self.evidence.format(frame=frame))
        others = own["others"].tolist()
        nearest = min(others, key=lambda other: abs(other - frame), default=frame)
        if not _is_one_sided(frame, others) or _is_one_sided(nearest, stored(self.evidence.format(frame=nearest))["others"].tolist()):
            return np.ones(own["evidence"].shape, bool)
        theirs = self._found(nearest)[1]
        flow = cv2.resize(own["flow"][others.index(nearest)].astype(np.float32), theirs.shape[::-1], interpolation=cv2.INTER_LINEAR)
        y, x = np.mgrid[0 : theirs.shape[0], 0 : theirs.shape[1]].astype(np.float32)
        seen = cv2.remap(theirs.astype(np.float32), x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return widened(seen > 0.5, ASTRAY * theirs.shape[1])

    def _remembered(self, frame: int) -> np.ndarray:
        """Return the frame's evidence (h, w) and that of its neighbours, carried here along the thing's own flow."""
        own = stored(self.evidence.format(frame=frame))
        total = own["evidence"].astype(np.float32)
        weight = np.ones_like(total)
        for other, flow in zip(own["others"].tolist(), own["flow"], strict=True):
            theirs = stored(self.evidence.format(frame=other))["evidence"].astype(np.float32)
            flow = cv2.resize(flow.astype(np.float32), total.shape[::-1], interpolation=cv2.INTER_LINEAR)
            y, x = np.mgrid[0 : total.shape[0], 0 : total.shape[1]].astype(np.float32)
            x, y = x + flow[..., 0], y + flow[..., 1]
            inside = (x >= 0) & (y >= 0) & (x <= total.shape[1] - 1) & (y <= total.shape[0] - 1)
            share = RECALL / max(1, len(own["others"]) / 2) * inside
            total += share * cv2.remap(theirs, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            weight += share
        return total / weight


def _is_one_sided(frame: int, others: list[int]) -> bool:
    """Are all other frames that a frame is compared with on one side of it in time?"""
    return bool(others) and (max(others) < frame or min(others) > frame)


def _things(codes: np.ndarray, evidence: np.ndarray) -> np.ndarray:
    """Return whole things (h, w) bool: the hulls of what surely moves, less all that surely stands still and reaches in from outside.

    Glass, and paint without texture, tells nothing: it is the thing's if the thing encloses it. What tells nothing and has the colours
    of the ground around is ground.
    """
    width = evidence.shape[1]
    blurred = _blurred(evidence)
    moves = cv2.morphologyEx((cv2.GaussianBlur(evidence, (0, 0), SMOOTH * width) > MOVES).astype(np.uint8), cv2.MORPH_OPEN, disc(1.5))
    hull, core = _hulls(moves, evidence)
    if not hull.any():
        return hull
    outside = ~hull
    rows = np.flatnonzero(hull.any(axis=1))
    low = np.arange(len(hull))[:, None] > (rows[0] + rows[-1]) / 2
    ground = likelier(np.rint(codes).astype(np.uint8), widened(hull, RING * width) & outside & low, core) & low
    open_ = (blurred < STANDS) | ((blurred < UNSURE) & ground) | outside
    labels = cv2.connectedComponents(cv2.morphologyEx(open_.astype(np.uint8), cv2.MORPH_OPEN, disc(HOLE)), connectivity=4)[1]
    reached = np.unique(labels[outside])
    thing = hull & ~np.isin(labels, reached[reached > 0])
    thing = cv2.morphologyEx(thing.astype(np.uint8), cv2.MORPH_OPEN, disc(width / 320)) > 0
    return _holding(thing, moves > 0, SMALLEST * thing.size)


def _blurred(evidence: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(evidence, (0, 0), SOFT * evidence.shape[1]))


def _hulls(moves: np.ndarray, evidence: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the hulls (h, w) bool of large enough groups of moving pixels, and the surest pixels in them: convex ones where a group fills
    its own, since cars and people do but fences don't."""
    width = moves.shape[1]
    closed = cv2.morphologyEx(moves, cv2.MORPH_CLOSE, disc(GAP * width))
    count, labels = cv2.connectedComponents(closed)
    hull, core = np.zeros(moves.shape, np.uint8), np.zeros(moves.shape, bool)
    for label in range(1, count):
        own = (labels == label) & (moves > 0)
        if np.count_nonzero(own) > SMALLEST * moves.size:
            core |= (labels == label) & (evidence > STRONG)
            convex = np.zeros_like(hull)
            cv2.fillConvexPoly(convex, cv2.convexHull(np.argwhere(own)[:, ::-1].astype(np.int32)), 1)
            full = np.count_nonzero((labels == label) & (convex > 0)) > FULL * np.count_nonzero(convex)
            hull |= convex if full else (labels == label).astype(np.uint8)
    return (widened(hull, RIM * width), core) if hull.any() else (hull > 0, core)


def _holding(mask: np.ndarray, part: np.ndarray, least: float) -> np.ndarray:
    """Return the connected things of a mask that hold at least so many pixels of `part`."""
    count, labels = cv2.connectedComponents(mask.astype(np.uint8))
    held = np.bincount(labels[part], minlength=count) > least
    held[0] = False
    return held[labels]


def agreement(found: Wanderers, frame: int, frames: range) -> float | None:
    """Return how well a frame's mask, carried along the thing's own flow, fits the nearest later neighbour's: intersection over union.

    None where there is nothing in either, or no later neighbour.
    """
    later = [other for other in neighbours(frame, frames) if other > frame]
    if not later or not (found.at(frame).any() or found.at(later[0]).any()):
        return None
    file = stored(found.evidence.format(frame=frame))
    flow = file["flow"][file["others"].tolist().index(later[0])].astype(np.float32)
    mask = found.at(frame)
    flow = cv2.resize(flow, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
    y, x = np.mgrid[0 : flow.shape[0], 0 : flow.shape[1]].astype(np.float32)
    there = cv2.remap(found.at(later[0]).astype(np.float32), x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR) > 0.5
    either = np.count_nonzero(there | mask)
    return np.count_nonzero(there & mask) / either if either else None


@lru_cache(maxsize=40)
def stored(path: str) -> dict[str, np.ndarray]:
    """Return the arrays of an npz, which frames around it ask for too."""
    return load_arrays(Path(path))
