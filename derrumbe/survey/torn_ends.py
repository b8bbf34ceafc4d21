"""Where an outline ends in the middle of a wall that goes on, the wall breaks along its stones and not along the outline.

What the outline cuts off stays as filmed, so its end would be as straight as it was drawn, the whole height of a house. Here stones of the building
that are toothed into it stay with it: some courses reach farther than others, and bits as high as a storey farther than those beside them.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage

from derrumbe.survey.foot import below_foot
from derrumbe.survey.vegetation import plant_odds

COURSE, STRETCH = 0.3, 1.7
"""Metres from one stone, or four courses of brick, to the next, and from one bit of wall that reaches far to the next."""
LONGEST = (0.55, 0.8)
"""How far both reach at most, metres."""
STRIP, WALL = 2.0, 75
"""Metres of wall to either side of the outline that are compared, and from the darkest pixel of each row of it to the brightest, the hundredth that shows
wall: windows are darker."""
STRAY = 0.25
"""Share of such a row that is sky, leaves or ground, from which on it is no wall."""
ALIKE = 22.0
"""Codes by which they differ at most where the wall goes on."""
HEIGHT, WINDOW = 2.0, 1.0
"""Metres that such an end is high at least, and over which rows are averaged."""
MOST_OF_IT = 0.6
"""Share of the building's rows at that end in which the wall goes on at least: the house next door may be of the same brick for a storey."""
EDGE = 4
"""Rows at the border of what is shown that don't count."""
FEWEST = 3.0
"""Pixels to a stone at least: finer teeth can't be seen."""


def torn_ends(codes: np.ndarray, region: np.ndarray, sky: np.ndarray, known: np.ndarray, pixel: float, seed: int) -> np.ndarray:
    """Return what of the building (h, w) bool stays with walls that go on to its left and right.

    codes (h, w, 3) uint8; region (h, w) bool: the building's silhouette; sky (h, w): alpha; known (h, w) bool: what the picture shows beside it, too;
    pixel: metres that one covers on the building.
    """
    out = np.zeros_like(region)
    if COURSE / pixel < FEWEST:
        return out
    other = (sky > 0.02) | (plant_odds(codes) > 0) | below_foot(region)
    for side, way in enumerate((slice(None), slice(None, None, -1))):
        own, light = region[:, way], codes[:, way].astype(np.float32)
        last = own.shape[1] - 1 - own[:, ::-1].argmax(axis=1)
        ends = _goes_on(light, own, other[:, way], known[:, way], last, pixel)
        reach = np.where(ends, _reach(len(own), pixel, np.random.default_rng((seed, 0x7EE7, side))), 0)
        columns = np.arange(own.shape[1])
        out[:, way] |= own & (columns > last[:, None] - reach[:, None] / pixel)
    return out


def _goes_on(light: np.ndarray, region: np.ndarray, other: np.ndarray, known: np.ndarray, last: np.ndarray, pixel: float) -> np.ndarray:
    """Return in which rows (h,) bool a wall goes on past the region's last column (h,); other, known (h, w) bool: what is no wall, and what is shown. Rows
    of which nothing is shown there are as the nearest."""
    wide, rows = max(3, round(STRIP / pixel)), np.arange(len(light))[:, None]
    inner, outer = last[:, None] - 2 - np.arange(wide), last[:, None] + 3 + np.arange(wide)
    inside = region.any(axis=1) & (inner[:, -1] >= 0) & (outer[:, -1] < light.shape[1])
    inner, outer = (np.clip(each, 0, light.shape[1] - 1) for each in (inner, outer))
    inside &= region[rows, inner].all(axis=1)
    shown = np.flatnonzero(ndimage.binary_erosion(known[rows[:, 0], outer[:, 0]], iterations=EDGE, border_value=1))
    if not len(shown):
        return np.zeros(len(light), bool)
    wall = other[rows, outer].mean(axis=1) < STRAY
    apart = np.abs(np.subtract(*(np.percentile(light[rows, each], WALL, axis=1) for each in (inner, outer)))).max(axis=-1)
    nearest = shown[np.abs(rows - shown).argmin(axis=1)]
    window = 2 * max(1, round(0.5 * WINDOW / pixel)) + 1
    alike = inside & wall[nearest] & (ndimage.median_filter(apart[nearest], window) < ALIKE)
    high = max(2, round(HEIGHT / pixel))
    closed = cv2.morphologyEx(alike.astype(np.uint8)[:, None], cv2.MORPH_CLOSE, np.ones((window, 1), np.uint8))
    found = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((high, 1), np.uint8))[:, 0] > 0
    return found & (np.count_nonzero(found) > MOST_OF_IT * np.count_nonzero(region.any(axis=1)))


def _reach(rows: int, pixel: float, rng: np.random.Generator) -> np.ndarray:
    """Return how far the wall reaches, metres, by rows (h,): stones by themselves on stretches that join."""
    metres = np.arange(rows) * pixel
    stretch = np.interp(metres, np.arange(int(metres[-1] / STRETCH) + 2) * STRETCH, rng.random(int(metres[-1] / STRETCH) + 2))
    stones = rng.random(int(metres[-1] / COURSE) + 2)[(metres / COURSE).astype(int)]
    return np.asarray(LONGEST[1] * stretch + LONGEST[0] * stones)
