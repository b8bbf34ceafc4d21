"""What the plate looks like: edge blur, the façade's colour, what it may be built of."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

Material = Literal["brick", "concrete", "stone", "timber"]
STEP = 0.12
"""Edges of at least this step (display-like codes) tell how soft the lens is."""


def edge_softness(codes: np.ndarray) -> float:
    """Return the Gaussian sigma, in pixels, of the picture's sharpest steps: a blurred step of height A has its slope at A / (sigma √2π)."""
    grey = cv2.cvtColor(codes[: 4 * 2000], cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    reach = 4
    across = 0.5 * np.abs(grey[:, 2:] - grey[:, :-2])[:, reach:-reach]
    wide = grey[:, 1:-1]
    step = np.abs(wide[:, 2 * reach :] - wide[:, : -2 * reach])
    peak = (across > 0.05) & (step > STEP)
    if np.count_nonzero(peak) < 50:
        return 0.7
    # A central difference over two pixels widens the edge itself by 0.82 pixels squared third.
    sigma = step[peak] / (np.sqrt(2 * np.pi) * across[peak])
    sharpest = float(np.percentile(sigma, 12))
    return float(np.clip(np.sqrt(max(sharpest**2 - 1 / 3, 0.09)), 0.3, 4.0))


def wall_colour(texture: np.ndarray, walls: np.ndarray) -> np.ndarray:
    """Return the walls' median colour (3,), leaving out the darkest third (openings) where there is enough."""
    pixels = texture[walls]
    if not len(pixels):
        return np.full(3, 0.3)
    light = pixels.mean(axis=-1)
    return np.median(pixels[light >= np.percentile(light, 33)], axis=0).astype(np.float64)


def guess_material(colour: np.ndarray) -> Material:
    """Return the likeliest material of walls of a colour (ACEScg): red is brick, grey concrete, pale and warm stone, dark and brown timber."""
    red, green, blue = (float(value) for value in colour / max(float(colour.mean()), 1e-6))
    if red / green > 1.2 and red / blue > 1.65:
        return "timber"
    if red / green > 1.13 and red / blue > 1.3:
        return "brick"
    if max(red, green, blue) / min(red, green, blue) < 1.12:
        return "concrete"
    return "stone"
