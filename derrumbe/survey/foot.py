"""Where the building meets the ground: what lies below its foot is ground as filmed, in the building's shadow as long as that stands."""

from __future__ import annotations

import cv2
import numpy as np

SLACK, HANDED = 0.005, 0.008
"""Ground as filmed goes on behind the foot, which may be drawn too low, and then over to ground that is filled in; shares of the longer side."""
EVEN = 0.025
"""The line along which it does is this even, share of the longer side: an outline's steps of a pixel would be seen."""


def below_foot(region: np.ndarray) -> np.ndarray:
    """Return what (h, w) bool lies below the foot of a region (h, w) bool: lower than any of it, with what lies to both sides of its corners at
    less than 45 degrees. Below an eave, where wall goes on beside, lies no ground."""
    height, width = region.shape
    x = np.arange(width)
    lowest = np.where(region.any(axis=0), height - np.argmax(region[::-1], axis=0), -np.inf)
    foot = np.maximum(np.maximum.accumulate(lowest + x) - x, np.maximum.accumulate((lowest - x)[::-1])[::-1] + x)
    return np.asarray(np.arange(height)[:, None] >= foot)


def footed(clean: np.ndarray, texture: np.ndarray, hole: np.ndarray, low: np.ndarray) -> np.ndarray:
    """Return the clean plate (h, w, 3) with the ground of the texture (h, w, 3) right below a hole (h, w) bool where that is `low` (h, w) bool, below
    the building's foot, and over into what is filled in above.

    As long as the building stands its shadow lies there. What is filled in is ground in the open.
    """
    height, columns = len(hole), np.arange(hole.shape[1])
    foot = height - np.argmax(hole[::-1], axis=0)
    stands = hole.any(axis=0) & low[np.minimum(foot, height - 1), columns] & (foot < height)
    if not stands.any():
        return clean
    even = np.clip(_evened(foot, stands, EVEN * max(hole.shape)), foot - 1.5, foot + 1.5)
    rows = np.arange(height)[:, None]
    share = np.clip(1 - ((even - rows - 0.5) / max(hole.shape) - SLACK) / HANDED, 0, 1)
    share = np.where(hole & stands, np.maximum(share * _shade(clean, texture, foot, stands), low), 0)
    y, x = np.nonzero(share)
    row = np.clip(2 * even[x] - 1 - y, foot[x], height - 1).astype(np.float32)
    upper = row.astype(int)
    part = (row - upper)[:, None]
    ground = texture[upper, x] * (1 - part) + texture[np.minimum(upper + 1, height - 1), x] * part
    out = clean.copy()
    out[y, x] += share[y, x, None].astype(np.float32) * (ground - out[y, x])
    return out


def _shade(clean: np.ndarray, texture: np.ndarray, foot: np.ndarray, stands: np.ndarray) -> np.ndarray:
    """Return how surely (w,), 0..1, the ground right below the rows `foot` (w,) lies in shadow: surely where it is half as light as what is filled
    in above, and not where it is as light."""
    side, columns = max(clean.shape), np.arange(len(foot))
    steps = np.arange(max(2, round(SLACK * side)))[:, None]
    below, above = np.minimum(foot + steps, len(clean) - 1), np.maximum(foot - 1 - round(HANDED * side) - steps, 0)
    filmed, filled = (
        np.log(np.maximum(one[rows, columns].mean(axis=-1), 1e-4)).mean(axis=0) for one, rows in ((texture, below), (clean, above))
    )
    return np.clip(_evened(filled - filmed, stands, 0.5 * EVEN * side) / np.log(2), 0, 1)


def _evened(values: np.ndarray, known: np.ndarray, sigma: float) -> np.ndarray:
    """Return values (n,) blurred along themselves, of known ones alone."""
    total, weight = (cv2.GaussianBlur(one[None].astype(np.float32), (0, 0), sigma)[0] for one in (values * known, known))
    return np.asarray(total / np.maximum(weight, 1e-6))
