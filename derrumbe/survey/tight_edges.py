"""A thing's mask drawn tight to the edge that the full picture shows.

Motion and depth are found in small pictures and over windows: masks from them keep a rim of what is behind, or lose one of the thing's own. Along such a
mask colours tell, but only in the surroundings of each place: a car is dark before a wall and bright before its own shade. So the band in doubt is cut in
tiles, each by its own colours (compare Bai et al., "Video SnapCut", 2009; GrabCut, Rother et al. 2004).
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from derrumbe.survey.filters import opened, widened
from derrumbe.survey.grabcut import grab_cut
from derrumbe.survey.matting import refined, thin_core, trimap

INSIDE, OUTSIDE = 0.00625, 0.0025
"""How far a mask's edge may lie off the thing's, to either side, shares of the longer side."""
TILE, BESIDE = 5.0, 0.5
"""A tile's side, in bands of doubt; and how much of its neighbours it looks at for colours, in tiles."""
FEWEST = 200
"""Pixels that teach the colours of the thing, and as many those of what is behind it; without them the mask stays."""
ROUNDS, FRAYED = 2, 1.0
"""Rounds of each cut; radius, pixels, of threads that a cut leaves at an edge."""
SOFT, SOFTEST = 1.5, 0.001
"""How far a tight edge's mixed pixels reach, pixels and share of the longer side."""

Window = tuple[slice, slice]


def cut_out(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the alpha (h, w) float32 of what a rough mask (h, w) bool holds, along the edges of a display-like picture (h, w, 3)."""
    if not mask.any():
        return np.zeros(mask.shape, np.float32)
    tight = tightened(np.rint(255 * np.clip(picture, 0, 1)).astype(np.uint8), mask)
    return refined(picture, *trimap(tight, max(SOFT, SOFTEST * max(mask.shape))))


def tightened(codes: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the mask (h, w) bool along the edges of codes (h, w, 3) uint8. What is thinner than the band in doubt keeps its middle."""
    side = max(mask.shape)
    band = max(2.0, INSIDE * side)
    sure, beyond = thin_core(mask, band), ~widened(mask, max(1.0, OUTSIDE * side))
    labels = np.select([sure, beyond, mask], [cv2.GC_FGD, cv2.GC_BGD, cv2.GC_PR_FGD], cv2.GC_PR_BGD).astype(np.uint8)
    out, doubt = mask.copy(), ~sure & ~beyond
    for inner, outer in _tiles(doubt, round(TILE * band)):
        if min(np.count_nonzero(labels[outer] == known) for known in (cv2.GC_FGD, cv2.GC_BGD)) >= FEWEST:
            out[inner] = grab_cut(codes[outer], labels[outer], ROUNDS)[_within(inner, outer)]
    return opened(out, FRAYED) | sure


def _tiles(doubt: np.ndarray, size: int) -> Iterator[tuple[Window, Window]]:
    """Yield the tiles that hold some of what is in `doubt` (h, w) bool, each as it is and with its surroundings."""
    spans = [range(0, length, size) for length in doubt.shape]
    for corner in ((top, left) for top in spans[0] for left in spans[1]):
        inner, outer = (
            tuple(slice(max(0, at - reach), min(length, at + size + reach)) for at, length in zip(corner, doubt.shape, strict=True))
            for reach in (0, round(BESIDE * size))
        )
        if doubt[inner].any():
            yield (inner[0], inner[1]), (outer[0], outer[1])


def _within(inner: Window, outer: Window) -> Window:
    rows, columns = (slice(i.start - o.start, i.stop - o.start) for i, o in zip(inner, outer, strict=True))
    return rows, columns
