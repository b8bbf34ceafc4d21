"""Votes carried along a picture's colour edges (guided filter, He, Sun & Tang 2013, with weights), and what plain sky says."""

from __future__ import annotations

import cv2
import numpy as np
from numba import njit

from derrumbe.survey.filters import masked_mean
from derrumbe.survey.tints import cells, histogram

RADIUS, WIDE, SMOOTH = 0.008, 0.03, 4e-4
"""Radii of the guided filter, shares of the width, for what votes and for what doesn't; its regularisation, squared colours (0..1)."""
DOUBT, BELIEF = 0.8, 0.5
"""Votes against, before any is counted, and how sure they are: the plainest pixels have no depth, and are mostly sky or wall."""
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


def guided(codes: np.ndarray, values: np.ndarray, weight: np.ndarray, belief: np.ndarray, share: float) -> np.ndarray:
    """Return `values` (h, w), known as far as `weight` (h, w) says and else taken for `belief`, locally linear in the colours of `codes`
    (h, w, 3) uint8. share: radius over the width."""
    colour = codes.astype(np.float32) / 255
    radius = max(2, round(share * codes.shape[1]))
    size = (2 * radius + 1, 2 * radius + 1)
    values = (values * weight + DOUBT * belief) / (weight + DOUBT)
    weight = weight.astype(np.float32) + DOUBT

    def mean(picture: np.ndarray) -> np.ndarray:
        return cv2.blur(picture, size, borderType=cv2.BORDER_REFLECT)

    total = mean(weight)
    middle = mean(colour * weight[..., None]) / total[..., None]
    level = mean(values * weight) / total
    with_value = mean(colour * (values * weight)[..., None]) / total[..., None] - middle * level[..., None]
    spread = [
        mean(colour[..., i] * colour[..., j] * weight) / total - middle[..., i] * middle[..., j] + (SMOOTH if i == j else 0)
        for i in range(3)
        for j in range(i, 3)
    ]
    slope = _solved(spread, with_value)
    offset = level - (slope * middle).sum(axis=-1)
    # Where much is known, a window's answer counts more.
    total = np.sqrt(total)
    cover = mean(total)
    slope, offset = mean(slope * total[..., None]) / cover[..., None], mean(offset * total) / cover
    return np.clip((slope * colour).sum(axis=-1) + offset, -1, 1).astype(np.float32)


def _solved(spread: list[np.ndarray], right: np.ndarray) -> np.ndarray:
    """Return the solutions (h, w, 3) of symmetric systems given by their upper halves, six of (h, w), by cofactors."""
    aa, ab, ac, bb, bc, cc = spread
    out = np.empty(right.shape, np.float32)
    _solve(aa, ab, ac, bb, bc, cc, right, out)
    return out


@njit(cache=True, fastmath=False, error_model="numpy")
def _solve(aa, ab, ac, bb, bc, cc, right, out):  # type: ignore[no-untyped-def]
    for i in range(right.shape[0]):
        for j in range(right.shape[1]):
            a, b, c = np.float64(aa[i, j]), np.float64(ab[i, j]), np.float64(ac[i, j])
            d, e, f = np.float64(bb[i, j]), np.float64(bc[i, j]), np.float64(cc[i, j])
            x, y, z = np.float64(right[i, j, 0]), np.float64(right[i, j, 1]), np.float64(right[i, j, 2])
            first, second, third = d * f - e * e, c * e - b * f, b * e - c * d
            size = a * first + b * second + c * third
            out[i, j, 0] = (first * x + second * y + third * z) / size
            out[i, j, 1] = (second * x + (a * f - c * c) * y + (b * c - a * e) * z) / size
            out[i, j, 2] = (third * x + (b * c - a * e) * y + (a * d - b * b) * z) / size


def everywhere(near: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return nearness (h, w) lent to pixels without any by those around them."""
    out = near
    for radius in (4, 16, 64):
        mean, cover = masked_mean(np.dstack([near] * 3), weight, radius)
        out = np.where(out > 0, out, np.where(cover > 1e-4, mean[..., 0], 0))
    return out.astype(np.float32)
