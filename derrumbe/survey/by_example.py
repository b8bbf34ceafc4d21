"""More of a texture without repeating it: Heitz and Neyret, "High-performance by-example noise using a histogram-preserving blending
operator" (2018).

The example's colours are turned into independent Gaussian values; patches of it, taken at random, are blended with weights whose squares add
up to one, which keeps their spread; and the values are turned back. Every spot is a blend of its own, so nothing in it can be recognised.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.special import ndtri

SMALLEST, LARGEST = 0.004, 0.022
"""Radius of patches, shares of the picture's longer side: the largest that fits often enough."""
FEWEST = 60
"""Places that patches are taken from, at least."""
LEVELS = 256
SHARP = 2.0
"""Power of the blending weights: more keeps larger parts of patches as they are."""
SEAM = 0.25
"""Patches are taken from near their own column: their distance (share of the width) is normal with this spread."""
JITTER = 0.5
"""Patches stray from an even grid by this share of their radius, or the grid is seen."""
DARKEST = 1e-4


@dataclass(frozen=True, eq=False)
class Example:
    """gaussian (h, w, 3): the texture as independent normal values; places (n, 2): x, y of middles of patches of `radius` pixels.

    quantiles (LEVELS, 3) and axes (3, 3) turn them back to the logarithm of light.
    """

    gaussian: np.ndarray
    places: np.ndarray
    radius: int
    quantiles: np.ndarray
    axes: np.ndarray
    middle: np.ndarray

    def light(self, values: np.ndarray) -> np.ndarray:
        """Return the light (..., 3) of Gaussian values."""
        at = _normal_levels()
        back = np.stack([np.interp(values[..., i], at, self.quantiles[:, i]) for i in range(3)], -1)
        return np.exp(back @ self.axes.T + self.middle).astype(np.float32)


def example_of(picture: np.ndarray, shown: np.ndarray, side: int) -> Example | None:
    """Return the Example that light (h, w, 3) is where `shown` (h, w) bool; None if there is too little of it. side: the plate's longer one."""
    deep = cv2.distanceTransform(np.pad(shown.astype(np.uint8), 1), cv2.DIST_C, 3)[1:-1, 1:-1]
    for radius in sorted({max(2, round(float(share) * side)) for share in np.geomspace(SMALLEST, LARGEST, 6)}, reverse=True):
        places = np.argwhere(deep > radius)[:, ::-1]
        if len(places) >= FEWEST:
            return _learnt(picture, shown, places, radius)
    return None


def _learnt(picture: np.ndarray, shown: np.ndarray, places: np.ndarray, radius: int) -> Example:
    logs = np.log(np.maximum(picture, DARKEST)).astype(np.float64)
    known = logs[shown]
    middle = known.mean(axis=0)
    axes = np.linalg.eigh(np.cov((known - middle).T))[1]
    turned = (logs - middle) @ axes
    quantiles = np.quantile(turned[shown], (np.arange(LEVELS) + 0.5) / LEVELS, axis=0)
    # equal values must not leave a step without a way back
    quantiles += np.arange(LEVELS)[:, None] * 1e-9
    gaussian = np.stack([np.interp(turned[..., i], quantiles[:, i], _normal_levels()) for i in range(3)], -1)
    return Example(gaussian.astype(np.float32), places, radius, quantiles, axes, middle)


def _normal_levels() -> np.ndarray:
    return np.asarray(ndtri((np.arange(LEVELS) + 0.5) / LEVELS))


def spread_out(example: Example, box: tuple[slice, slice], width: int, rng: np.random.Generator) -> np.ndarray:
    """Return light (h, w, 3) float32 of the texture all over a box of a picture of some width; patches come from near their column where there
    are any."""
    size, r = tuple(part.stop - part.start for part in box), example.radius
    total = np.zeros((size[0] + 6 * r, size[1] + 6 * r, 3), np.float32)
    power = np.full(total.shape[:2], 1e-9, np.float32)
    window = np.sin(np.pi * (np.arange(2 * r + 1) + 0.5) / (2 * r + 1)) ** 2
    weight = (np.outer(window, window) ** SHARP).astype(np.float32)
    across = example.gaussian.shape[1] / width
    step, stray = max(1, round(0.8 * r)), int(JITTER * r)
    for y in range(r, size[0] + 3 * r, step):
        for x in range(r, size[1] + 3 * r, step):
            column = across * (box[1].start + x - 2 * r) + SEAM * example.gaussian.shape[1] * rng.standard_normal()
            u, v = _taken(example.places, column, rng)
            at = np.array([y, x]) + rng.integers(-stray, stray + 1, 2)
            part = np.s_[at[0] : at[0] + 2 * r + 1, at[1] : at[1] + 2 * r + 1]
            patch = example.gaussian[v - r : v + r + 1, u - r : u + r + 1]
            total[part] += weight[..., None] * patch[:, :: 1 if rng.random() < 0.5 else -1]
            power[part] += weight**2
    inner = np.s_[3 * r : 3 * r + size[0], 3 * r : 3 * r + size[1]]
    return example.light(total[inner] / np.sqrt(power[inner])[..., None])


def _taken(places: np.ndarray, column: float, rng: np.random.Generator) -> tuple[int, int]:
    """Return the place (x, y) of a patch: of a few at random, the one nearest to a column."""
    some = places[rng.integers(0, len(places), 8)]
    x, y = some[np.argmin(np.abs(some[:, 0] - column))]
    return int(x), int(y)
