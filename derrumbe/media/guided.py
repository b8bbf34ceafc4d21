"""The guided filter: values that follow a picture's colour edges (He, Sun & Tang, "Guided image filtering", 2013), here with weights."""

from __future__ import annotations

import cv2
import numpy as np
from numba import njit

SMOOTH = 4e-4
"""Regularisation, squared colours (0..1)."""
DOUBT = 0.8
"""Usual weight of what is believed before anything is known."""


def guided(codes: np.ndarray, values: np.ndarray, weight: np.ndarray, belief: np.ndarray, share: float, doubt: float = DOUBT) -> np.ndarray:
    """Return `values` (h, w), known as far as `weight` (h, w) says and else taken for `belief`, locally linear in the colours of `codes`
    (h, w, 3) uint8. share: radius over the width; doubt: weight of what is believed, which mustn't be 0 where nothing is known."""
    colour = codes.astype(np.float32) / 255
    radius = max(2, round(share * codes.shape[1]))
    size = (2 * radius + 1, 2 * radius + 1)
    values = (values * weight + doubt * belief) / (weight + doubt)
    weight = weight.astype(np.float32) + doubt

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
