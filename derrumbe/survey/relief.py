"""Heights of all that stands around, from depth maps: what throws shadows, and the ground they fall on."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit

from derrumbe.survey.filters import masked_mean

CELLS = 320
"""Cells along a side of the grid."""
FEWEST = 2
"""Points that tell a cell's height: their median, since some are too high and some too low."""
GAPS, NOTHING = (1, 2, 4, 8), -1e9
"""Radii, cells, from which cells without points borrow a height; the height of those that nothing is known of: they hide nothing."""
LENT = 0.1
EVEN = 5
"""Cells of the median filter that takes spikes out, twice."""
WIDE = 101
"""Things less wide than this many cells stand on the ground and aren't it."""
BEGIN, FINE, GROWTH = 2.5, 16.0, 1.12
"""Cells from a point where a ray begins, to leave its own unevenness; it goes on by cells, and from so far on by ever longer steps."""


@dataclass(frozen=True, eq=False)
class Relief:
    """heights (n, n) float32: of what stands in each cell, rows along z and columns along x; ground (n, n) float32: of the ground under it;
    corner (2,): x and z where the first cell begins; cell: a cell's side. All in one unit, with y up."""

    heights: np.ndarray
    ground: np.ndarray
    corner: np.ndarray
    cell: float

    def horizon(self, points: np.ndarray, azimuth: float) -> np.ndarray:
        """Return the tangent (p,) float32 of the elevation up to which what stands hides the sky from points (p, 3) towards an azimuth, degrees
        as in `cast.towards`; at least 0."""
        way = np.radians(azimuth)
        out = np.zeros(len(points), np.float32)
        place = (points[:, [0, 2]] - self.corner) / self.cell
        _horizon(self.heights, place, points[:, 1] / self.cell, np.sin(way), -np.cos(way), self.cell, out)
        return out

    def at(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return heights and ground (p,) where points (p, 3) are; NOTHING both beyond the grid."""
        place = np.floor((points[:, [0, 2]] - self.corner) / self.cell).astype(int)
        inside = ((place >= 0) & (place < len(self.heights))).all(axis=1)
        column, row = np.where(inside[:, None], place, 0).T
        return tuple(np.where(inside, part[row, column], NOTHING) for part in (self.heights, self.ground))  # type: ignore[return-value]


def relief_of(points: np.ndarray, middle: np.ndarray, reach: float) -> Relief:
    """Return the relief of points (p, 3), y up, that lie less than `reach` from `middle` (3,) in x and in z."""
    cell = 2 * reach / CELLS
    corner = middle[[0, 2]] - reach
    place = np.floor((points[:, [0, 2]] - corner) / cell).astype(int)
    inside = ((place >= 0) & (place < CELLS)).all(axis=1)
    index, height = place[inside, 1] * CELLS + place[inside, 0], points[inside, 1]
    order = np.lexsort((height, index))
    own, begin, count = np.unique(index[order], return_index=True, return_counts=True)
    enough = count >= FEWEST
    heights, known = np.zeros(CELLS * CELLS, np.float32), np.zeros(CELLS * CELLS, np.float32)
    heights[own[enough]] = height[order][(begin + count // 2)[enough]]
    known[own[enough]] = 1
    heights = _even(*_closed(heights.reshape(CELLS, CELLS), known.reshape(CELLS, CELLS)))
    return Relief(heights, _under(heights), corner, cell)


def _closed(heights: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return heights (n, n) with the gaps between known (n, n) ones closed, and where anything is known now (n, n) bool."""
    lent = known > 0
    for radius in GAPS:
        mean, cover = masked_mean(heights[..., None] * np.ones(3, np.float32), known, radius)
        heights = np.where(lent, heights, mean[..., 0])
        lent = lent | (cover > LENT)
    return heights, lent


def _even(heights: np.ndarray, known: np.ndarray) -> np.ndarray:
    if not known.any():
        return np.full(heights.shape, NOTHING, np.float32)
    full = np.where(known, heights, np.median(heights[known])).astype(np.float32)
    return np.where(known, cv2.medianBlur(cv2.medianBlur(full, EVEN), EVEN), NOTHING).astype(np.float32)


def _under(heights: np.ndarray) -> np.ndarray:
    """Return the ground (n, n) float32 under heights (n, n): what is left when all that is narrow is taken off (a morphological opening)."""
    kernel = np.ones((WIDE, WIDE), np.uint8)
    lowest = cv2.erode(np.where(heights > NOTHING, heights, -NOTHING).astype(np.float32), kernel)
    return cv2.dilate(np.where(lowest < -NOTHING, lowest, NOTHING).astype(np.float32), kernel)


@njit(cache=True)
def _horizon(heights, place, level, across, along, cell, out):  # type: ignore[no-untyped-def]
    rows, columns = heights.shape
    for i in range(len(out)):
        best, reach, step = 0.0, BEGIN, 1.0
        while True:
            x, z = int(np.floor(place[i, 0] + reach * across)), int(np.floor(place[i, 1] + reach * along))
            if x < 0 or z < 0 or x >= columns or z >= rows:
                break
            best = max(best, (heights[z, x] / cell - level[i]) / reach)
            step = step if reach < FINE else step * GROWTH
            reach += step
        out[i] = best
