"""Votes carried along a picture's colour edges (guided filter, He, Sun & Tang 2013, with weights), and what plain sky says."""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.media.guided import guided
from derrumbe.survey.filters import masked_mean
from derrumbe.survey.tints import cells, histogram

RADIUS, WIDE = 0.008, 0.03
"""Radii of the guided filter, shares of the width, for what votes and for what doesn't."""
BELIEF = 0.5
"""How sure the votes against are that are there before any is counted: the plainest pixels have no depth, and are mostly sky or wall."""
LEAST_SKY, SKY_ALONE, PLAIN = 0.01, 6.0, 4.0
"""Share of the first frame that is sky, if it is to tell; how much commoner a colour of its is there than elsewhere; its unrest, codes."""


def heaven_of(codes: np.ndarray, sky: np.ndarray) -> np.ndarray | None:
    """Return the cells of colour (BINS**3,) bool that are the sky's alone in codes (h, w, 3) uint8 with a matte `sky` (h, w); None without one."""
    open_, rest = sky > 0.95, sky < 0.05
    if np.mean(open_) < LEAST_SKY:
        return None
    cell = cells(cv2.GaussianBlur(codes, (0, 0), 0.7))
    return histogram(cell[open_]) * np.count_nonzero(open_) > SKY_ALONE * histogram(cell[rest]) * np.count_nonzero(rest)


def not_the_sky(
    codes: np.ndarray, heaven: np.ndarray | None, vote: np.ndarray, weight: np.ndarray, say: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return votes and weights (h, w) with one against, of weight `say`, wherever there is plain sky: it has no depth of its own."""
    if heaven is None:
        return vote, weight
    smooth = cv2.GaussianBlur(codes, (0, 0), 0.7)
    grey = cv2.cvtColor(codes, cv2.COLOR_RGB2GRAY).astype(np.float32)
    uneven = np.sqrt(np.maximum(cv2.blur(grey * grey, (3, 3)) - cv2.blur(grey, (3, 3)) ** 2, 0))
    own = heaven[cells(smooth)] & (uneven < PLAIN)
    return np.where(own, -1, vote).astype(np.float32), np.where(own, say, weight).astype(np.float32)


def settled(codes: np.ndarray, vote: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return votes (h, w), -1 to 1, along the edges of codes (h, w, 3) uint8: where few are cast, those of a colour's wider surroundings count,
    and without any nothing is in front."""
    size = (codes.shape[1] // 2, codes.shape[0] // 2)
    small, few, said = (cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in (codes, weight, vote * weight))
    wide = guided(small, said / np.maximum(few, 1e-6), few, np.full(few.shape, -BELIEF, np.float32), WIDE)
    return guided(codes, vote, weight, cv2.resize(wide, codes.shape[1::-1], interpolation=cv2.INTER_LINEAR), RADIUS)


def everywhere(near: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return nearness (h, w) lent to pixels without any by those around them."""
    out = near
    for radius in (4, 16, 64):
        mean, cover = masked_mean(np.dstack([near] * 3), weight, radius)
        out = np.where(out > 0, out, np.where(cover > 1e-4, mean[..., 0], 0))
    return out.astype(np.float32)
