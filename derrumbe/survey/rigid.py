"""What moves as one piece has one shape: masks of its neighbours in time, carried along its own motion, vote on each frame's.

Own motion leaves wall that a car has just uncovered in its mask, and loses a tyre in its shade, but seldom in the same place twice. A car that turns moves
nearly as a plane does over a few frames (compare Wang and Adelson, Representing moving images with layers, 1994); what bends doesn't, and stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from derrumbe.survey.filters import connected_to

OFFSETS = (-2, -1, 1, 2)
"""Frames that vote, and the frame's own vote against one of theirs."""
OWN = 1.5
SMALLEST = 2e-3
"""Share of the picture of the smallest thing that is voted on."""
FEWEST, TOGETHER, OFF = 24, 0.5, 1.0
"""Corners that must move as one plane does, which share of all, and by how many pixels they may stray."""
RETURNS = 0.5
"""Pixels within which a corner that is followed there and back returns."""
ALIKE = 0.85
"""Intersection over union that masks of one shape have at least."""
SEED = 11


def steadied(mask: np.ndarray, codes: np.ndarray, others: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return a mask (h, w) bool of what moves by itself in codes (h, w, 3) as its neighbours in time, masks and codes, agree on each rigid thing in it."""
    labels, stats = cv2.connectedComponentsWithStats(mask.astype(np.uint8))[1:3]
    grey, out = _grey(codes), mask.copy()
    for label in np.flatnonzero(stats[1:, 4] > SMALLEST * mask.size) + 1:
        own = labels == label
        seen = [_carried(own, grey, theirs, _grey(their_codes)) for theirs, their_codes in others]
        votes = [one for one in seen if one is not None]
        agreed = OWN * own + np.sum(votes, axis=0) > 0.5 * (OWN + len(votes)) if votes else own
        out = (out & ~own) | agreed
    return out


def _carried(own: np.ndarray, grey: np.ndarray, theirs: np.ndarray, their_grey: np.ndarray) -> np.ndarray | None:
    """Return a neighbour's mask (h, w) bool of the thing that is `own` (h, w) bool here, carried here; None where it doesn't move as one or its shape is
    another. What lies outside of the neighbour's picture is as it is here."""
    way = _motion(own, grey, their_grey)
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
