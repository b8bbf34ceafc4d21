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
from derrumbe.survey.grabcut import quick_cut
from derrumbe.survey.matting import Window, refined, thin_core, trimap, within
from derrumbe.survey.tints import likelier

INSIDE, OUTSIDE = 0.00625, 0.0025
"""How far a mask's edge may lie off the thing's, to either side, shares of the longer side."""
TILE = 5.0
"""Tiles lie so many bands of doubt apart, and are twice as large."""
FEWEST = 200
"""Pixels that teach the colours of the thing, and as many those of what is behind it; without them the mask stays."""
CUT = 0.25
"""Tiles are cut so far beyond the quarter that is theirs alone, in sizes of that: half as far as they learn colours."""
FRAYED = 1.0
"""Radius, pixels, of threads that a cut leaves at an edge."""
SOFT, SOFTEST = 1.5, 0.001
"""How far a tight edge's mixed pixels reach, pixels and share of the longer side."""


def cut_out(picture: np.ndarray, mask: np.ndarray, inside: float = INSIDE, unsure: np.ndarray | None = None) -> np.ndarray:
    """Return the alpha (h, w) float32 of what a rough mask (h, w) bool holds, along the edges of a display-like picture (h, w, 3). inside: how far its edge
    may lie outside of the thing's, share of the longer side; unsure (h, w) bool: where colours tell besides."""
    if not mask.any():
        return np.zeros(mask.shape, np.float32)
    side = max(mask.shape)
    tight, told = tightened(np.rint(255 * np.clip(picture, 0, 1)).astype(np.uint8), mask, inside, unsure)
    near, wide = trimap(tight, max(SOFT, SOFTEST * side)), trimap(tight, max(SOFT, OUTSIDE * side))
    solid, empty = (np.where(told, narrow, loose) for narrow, loose in zip(near, wide, strict=True))
    return refined(picture, solid, empty)


def tightened(
    codes: np.ndarray, mask: np.ndarray, inside: float = INSIDE, unsure: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mask (h, w) bool along the edges of codes (h, w, 3) uint8, and where enough was seen to tell (h, w) bool. What is thinner than the
    band in doubt keeps its middle. unsure (h, w) bool: what is in doubt besides."""
    side = max(mask.shape)
    band = max(2.0, inside * side)
    sure, beyond = thin_core(mask, band), ~widened(mask, max(1.0, OUTSIDE * side))
    unsure = np.zeros_like(mask) if unsure is None else unsure
    sure, beyond = sure & ~unsure, beyond & ~unsure
    labels = np.select([sure, beyond, mask], [cv2.GC_FGD, cv2.GC_BGD, cv2.GC_PR_FGD], cv2.GC_PR_BGD).astype(np.uint8)
    doubt = ~sure & ~beyond
    said, say = np.zeros((2, *mask.shape), np.float32)
    for tile, inner in _tiles(doubt, round(TILE * band)):
        if min(np.count_nonzero(labels[tile] == known) for known in (cv2.GC_FGD, cv2.GC_BGD)) >= FEWEST:
            own, begun = within(inner, tile), _begun(codes[tile], labels[tile], unsure[tile])
            weight = _hat(labels[tile].shape)[own]
            said[inner] += weight * quick_cut(codes[tile], begun, own)
            say[inner] += weight
    cut = np.where(say > 0, said > 0.5 * say, mask)
    tight = opened(np.where(doubt, cut, sure), FRAYED) | sure
    return np.where(say > 0, tight, mask), say > 0


def _begun(codes: np.ndarray, labels: np.ndarray, unsure: np.ndarray) -> np.ndarray:
    """Return labels (h, w) that begin, where the mask tells nothing (`unsure`, (h, w) bool), with the side whose sure pixels of codes (h, w, 3) are more
    alike."""
    if not unsure.any():
        return labels
    behind = likelier(codes, labels == cv2.GC_BGD, labels == cv2.GC_FGD)
    return np.where(unsure, np.where(behind, cv2.GC_PR_BGD, cv2.GC_PR_FGD), labels).astype(np.uint8)


def _tiles(doubt: np.ndarray, size: int) -> Iterator[tuple[Window, Window]]:
    """Yield tiles, each half over its neighbours, in whose middle some is in `doubt` (h, w) bool; and what of each is cut, which is smaller."""
    height, width = doubt.shape
    for top in range(0, height, size):
        for left in range(0, width, size):
            if doubt[top : top + size, left : left + size].any():
                yield _tile(top, left, size, size // 2), _tile(top, left, size, round(CUT * size))


def _tile(top: int, left: int, size: int, reach: int) -> Window:
    return slice(max(0, top - reach), top + size + reach), slice(max(0, left - reach), left + size + reach)


def _hat(shape: tuple[int, ...]) -> np.ndarray:
    """Return how much a tile's word counts (h, w): most in its middle, least at its rim, so that none ends with a step."""
    rows, columns = (1 - np.abs(np.linspace(-1, 1, length)) + 1e-3 for length in shape)
    return np.outer(rows, columns).astype(np.float32)
