"""What the plate looks like: edge blur, the façade's colour, what it may be built of."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

Material = Literal["brick", "concrete", "stone", "timber"]
STEP = 0.15
"""Edges of at least this step (display codes, 0..1) tell how soft the lens is."""
SCALES = (0.8, 1.8)
SAMPLING = 1 / 3 + 1 / 12
"""Variance that central differences and the pixel's own area add to an edge, square pixels."""
DEFAULT_SOFTNESS, SHARPEST = 0.5, 0.25
ENOUGH = 30
"""Edges that tell."""
OF_ONE_HUE = 1.35
"""Concrete and stucco in sun and shade spread by 1.15 (see hue_spread), courses of brick in stone by 1.5."""


def edge_softness(codes: np.ndarray, where: np.ndarray | None = None) -> float:
    """Return the Gaussian sigma, in pixels, of the picture's sharper edges: of those `where` (h, w) bool, if there are enough of them.

    A step blurred by sigma, seen through a derivative of Gaussian of width s, has the slope A / sqrt(2 pi (sigma^2 + s^2)): two widths
    tell sigma whatever the step A (Elder & Zucker 1998).
    """
    grey = cv2.cvtColor(codes, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    everywhere = np.ones(grey.shape, bool)
    for mask in (everywhere,) if where is None else (where, everywhere):
        found = [_softness_across(np.ascontiguousarray(a), np.ascontiguousarray(b)) for a, b in ((grey, mask), (grey.T, mask.T))]
        sigmas = np.concatenate(found)
        if len(sigmas) >= ENOUGH:
            break
    else:
        return DEFAULT_SOFTNESS
    return float(np.clip(np.sqrt(max(float(np.median(sigmas)) ** 2 - SAMPLING, 0.0)), SHARPEST, 4.0))


def _softness_across(grey: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return sigmas (n,) of upright edges `where` (h, w) bool, at the peaks of their slope."""
    fine, coarse = (np.abs(_slope(grey, width)) for width in SCALES)
    middle = fine[:, 1:-1]
    peak = (middle >= fine[:, :-2]) & (middle > fine[:, 2:]) & (coarse[:, 1:-1] * 2.5 * SCALES[1] > STEP) & where[:, 1:-1]
    ratio = (middle[peak] / np.maximum(coarse[:, 1:-1][peak], 1e-6)) ** 2
    # A step is never seen steeper through a wider filter, nor sharper than the filters allow.
    sane = (ratio > 1.05) & (ratio < (SCALES[1] / SCALES[0]) ** 2)
    ratio = ratio[sane]
    return np.sqrt((SCALES[1] ** 2 - ratio * SCALES[0] ** 2) / (ratio - 1))


def _slope(grey: np.ndarray, width: float) -> np.ndarray:
    smooth = cv2.GaussianBlur(grey, (0, 0), width, sigmaY=0.8)
    return cv2.filter2D(smooth, cv2.CV_32F, np.array([[-0.5, 0.0, 0.5]], np.float32))


def wall_colour(texture: np.ndarray, walls: np.ndarray) -> np.ndarray:
    """Return the walls' median colour (3,), leaving out the darkest third (openings) where there is enough."""
    pixels = _light_walls(texture, walls)
    return np.median(pixels, axis=0).astype(np.float64) if len(pixels) else np.full(3, 0.3)


def hue_spread(texture: np.ndarray, walls: np.ndarray) -> float:
    """Return how much redder, red over green, the walls' reddest tenth is than their least red tenth: 1 where all is of one hue."""
    pixels = _light_walls(texture, walls)
    if not len(pixels):
        return 1.0
    least, most = np.percentile(pixels[:, 0] / np.maximum(pixels[:, 1], 1e-6), (10, 90))
    return float(most / max(least, 1e-6))


def _light_walls(texture: np.ndarray, walls: np.ndarray) -> np.ndarray:
    pixels = texture[walls]
    light = pixels.mean(axis=-1)
    return pixels[light >= np.percentile(light, 33)] if len(pixels) else pixels


def guess_material(colour: np.ndarray, spread: float = 1.0) -> Material:
    """Return the likeliest material of walls of a colour (ACEScg): red is brick, grey of one hue concrete, dark and brown timber, all else stone.

    spread: see hue_spread. Grey that is brick and stone by turns is a mean of both, and no concrete."""
    red, green, blue = (float(value) for value in colour / max(float(colour.mean()), 1e-6))
    if red / green > 1.2 and red / blue > 1.65 and green / blue > 1.5:
        return "timber"
    if red / green > 1.13 and red / blue > 1.3:
        return "brick"
    if max(red, green, blue) / min(red, green, blue) < 1.12 and spread < OF_ONE_HUE:
        return "concrete"
    return "stone"
