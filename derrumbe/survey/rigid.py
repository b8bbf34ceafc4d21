"""What moves as one piece has one shape: masks of its neighbours in time, carried along its own motion, vote on each frame's.

Own motion leaves wall that a car has just uncovered in its mask, and loses a tyre in its shade, but seldom in the same place twice. A car that turns moves
nearly as a plane does over a few frames (compare Wang and Adelson, Representing moving images with layers, 1994); what bends doesn't, and stays as it is.
A plain roof before plain sky may be lost for many frames in a row: frames further away don't outvote those, but say where colours must tell.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from derrumbe.survey.filters import connected_to

VOTERS, DOUBTERS = 2, 8
"""Frames to either side that vote, and those that raise doubt."""
OWN = 1.5
"""The frame's own vote against one of theirs."""
DISOWNED, CLAIMED = 0.15, 0.1
"""Share of all that must say that a pixel is none of the thing's, or that another is."""
SMALLEST = 2e-3
"""Share of the picture of the smallest thing that is voted on."""
FEWEST, TOGETHER, OFF = 24, 0.5, 1.0
"""Corners that must move as one plane does, which share of all, and by how many pixels they may stray."""
RETURNS = 0.5
"""Pixels within which a corner that is followed there and back returns."""
ALIKE = 0.85
"""Intersection over union that masks of one shape have at least."""
SEED = 11

Shown = tuple[np.ndarray, np.ndarray]
"""A frame's mask (h, w) bool and its codes (h, w, 3)."""


def steadied(mask: np.ndarray, codes: np.ndarray, before: Sequence[Shown], after: Sequence[Shown]) -> tuple[np.ndarray, np.ndarray]:
    """Return a mask (h, w) bool of what moves by itself in codes (h, w, 3) as its neighbours in time agree on each rigid thing in it; and where (h, w) bool
    enough of all say otherwise, those further away too. before, after: frames to either side, the nearest first."""
    labels, stats = cv2.connectedComponentsWithStats(mask.astype(np.uint8))[1:3]
    grey, out, doubt = _grey(codes), mask.copy(), np.zeros_like(mask)
    for label in np.flatnonzero(stats[1:, 4] > SMALLEST * mask.size) + 1:
        own = labels == label
        votes = _votes(own, grey, (*before[:VOTERS], *after[:VOTERS]))
        agreed = OWN * own + np.sum(votes, axis=0) > 0.5 * (OWN + len(votes)) if votes else own
        out = (out & ~own) | agreed
        said = np.mean([own, *votes, *_handed_on(own, grey, before), *_handed_on(own, grey, after)], axis=0)
        doubt |= np.where(agreed, said < 1 - DISOWNED, said > CLAIMED) & _upper(own)
    return out, doubt


def _upper(own: np.ndarray) -> np.ndarray:
    """Return the rows (h, 1) bool down to the middle of a thing, (h, w) bool: below it stands in its own shade, of which all frames take some for it."""
    rows = np.flatnonzero(own.any(axis=1))
    return (np.arange(len(own)) < (rows[0] + rows[-1]) / 2)[:, None]


def _votes(own: np.ndarray, grey: np.ndarray, others: Sequence[Shown]) -> list[np.ndarray]:
    """Return the masks (h, w) bool that others show of the thing that is `own` (h, w) bool here, carried here, of those in which it moves as one."""
    seen = [_carried(own, theirs, _motion(own, grey, _grey(codes))) for theirs, codes in others]
    return [one for one in seen if one is not None]


def _handed_on(own: np.ndarray, grey: np.ndarray, side: Sequence[Shown]) -> list[np.ndarray]:
    """Return the masks (h, w) bool of the thing that is `own` (h, w) bool here in frames ever further away, carried here from each to the next: a car that
    turns is followed over a few frames only."""
    way, here, last, out = np.eye(3), own, grey, []
    for theirs, codes in side:
        step = _motion(here, last, _grey(codes))
        if step is None:
            break
        way, last = step @ way, _grey(codes)
        here = cv2.warpPerspective(own.astype(np.uint8), way, own.shape[::-1]) > 0
        out.append(_carried(own, theirs, way))
    return [one for one in out if one is not None]


def _carried(own: np.ndarray, theirs: np.ndarray, way: np.ndarray | None) -> np.ndarray | None:
    """Return another frame's mask (h, w) bool of the thing that is `own` (h, w) bool here, carried here against its `way` there, a homography (3, 3); None
    where there is none or its shape is another. What lies outside of that frame's picture is as it is here."""
    if way is None:
        return None
    size, how = own.shape[::-1], cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen, inside = (cv2.warpPerspective(part.astype(np.float32), way, size, flags=how) > 0.5 for part in (theirs, np.ones_like(theirs)))
    seen = connected_to(np.where(inside, seen, own), own)
    return seen if np.count_nonzero(seen & own) > ALIKE * np.count_nonzero(seen | own) else None


def _motion(own: np.ndarray, grey: np.ndarray, other: np.ndarray) -> np.ndarray | None:
    """Return the homography (3, 3) from here to another frame that a thing's corners follow; None where too few follow one."""
    inner = cv2.erode(own.astype(np.uint8), np.ones((5, 5), np.uint8))
    here = cv2.goodFeaturesToTrack(grey, 400, 0.005, 4, mask=inner)
    if here is None or len(here) < FEWEST:
        return None
    there, found = _followed(grey, other, here)
    back, again = _followed(other, grey, there)
    good = found & again & (np.linalg.norm(back - here, axis=-1).ravel() < RETURNS)
    if np.count_nonzero(good) < FEWEST:
        return None
    cv2.setRNGSeed(SEED)
    way, fits = cv2.findHomography(here[good], there[good], cv2.RANSAC, OFF)
    return way if way is not None and fits.sum() >= max(FEWEST, TOGETHER * np.count_nonzero(good)) else None


def _followed(grey: np.ndarray, other: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where corners (n, 1, 2) are in another picture (Lucas and Kanade 1981), and which were found (n,) bool."""
    places, found, _ = cv2.calcOpticalFlowPyrLK(grey, other, points, points.copy(), winSize=(15, 15), maxLevel=4)
    return places, found.ravel() > 0


def _grey(codes: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.cvtColor(np.rint(codes).astype(np.uint8), cv2.COLOR_RGB2GRAY))
