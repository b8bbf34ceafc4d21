"""Lens softness: what the renderer drew sharp gets the plate's edges, without softening again what the plate's lens already did.

A piece wears the plate's own texture, which is already as soft as the lens makes it; its outline and the steps between pieces are not.
So coverage is blurred, while colour is blurred only next to a step in depth or in facing.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit

BOX_SIGMA = 0.289
"""Standard deviation of a pixel-wide box, the renderer's own filter, in pixels (1/√12)."""
LEAST_SIGMA = 0.15
"""A blur below this changes nothing that can be seen."""
DEPTH_STEP = 0.01
"""Share of the depth that makes a step between neighbouring pixels an edge."""
FACING_STEP = 0.3
"""Length of the change of the normal that makes an edge."""


@dataclass(frozen=True)
class Softness:
    """sigma: blur that new edges still need. lens: the plate's own blur, whose skirt of the old building must go with it. Pixels."""

    sigma: float
    lens: float

    @property
    def reach(self) -> int:
        """How far, in pixels, anything here looks or spreads."""
        return int(np.ceil(3 * self.sigma)) + self.skirt + 2

    @property
    def skirt(self) -> int:
        return int(np.ceil(2.5 * self.lens)) if self.lens > 0 else 0


def matching(lens_px: float, factor: float) -> Softness:
    """Return the softness that makes box-filtered edges as soft as `factor` times a lens of Gaussian sigma `lens_px`."""
    missing = np.sqrt(max(0.0, (factor * lens_px) ** 2 - BOX_SIGMA**2))
    return Softness(float(missing) if missing >= LEAST_SIGMA else 0.0, lens_px)


def soften_debris(debris: np.ndarray, softness: Softness) -> np.ndarray:
    """Return premultiplied debris (h, w, 4), blurred."""
    return _blurred(debris, softness.sigma)


def soften_removed(removed: np.ndarray, building: np.ndarray, softness: Softness) -> np.ndarray:
    """Return the removed share (h, w) with soft edges, grown outside the building's matte over the lens's skirt of the old outline.

    A pixel that the outline cuts holds old building in all of its colour, so it goes whole. Inside the building nothing is grown: there
    the edge is also a piece's edge, and the two must meet.
    """
    if softness.skirt:
        side = 2 * softness.skirt + 1
        grown = cv2.dilate(removed, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
        removed = np.maximum(removed, grown * np.clip(4 * (1 - building), 0, 1))
    return _blurred(removed, softness.sigma)


def soften_pieces(pieces: np.ndarray, depth: np.ndarray, normal: np.ndarray, softness: Softness) -> np.ndarray:
    """Return premultiplied pieces (h, w, 4) with soft outlines. depth (h, w) metres and normal (h, w, 3) tell the steps between pieces."""
    if softness.sigma == 0:
        return pieces
    blurred = _blurred(pieces, softness.sigma)
    steps = _blurred(cv2.dilate(_steps(pieces, depth, normal), np.ones((3, 3), np.uint8)), softness.sigma)
    return _joined(pieces, blurred, steps)


def _blurred(pixels: np.ndarray, sigma: float) -> np.ndarray:
    if sigma == 0:
        return pixels
    side = 2 * int(np.ceil(3 * sigma)) + 1
    return cv2.GaussianBlur(pixels, (side, side), sigma, borderType=cv2.BORDER_REFLECT_101)


@njit(cache=True)
def _steps(pieces, depth, normal):
    """1 where a pixel and its right or lower neighbour, both covered, lie on different surfaces; else 0."""
    height, width = depth.shape
    steps = np.zeros((height, width), np.float32)
    for y in range(height):
        for x in range(width):
            if pieces[y, x, 3] <= 0.5:
                continue
            for v, u in ((y, x + 1), (y + 1, x)):
                if v >= height or u >= width or pieces[v, u, 3] <= 0.5:
                    continue
                near = min(depth[y, x], depth[v, u])
                turn = np.float32(0)
                for c in range(3):
                    turn += (normal[y, x, c] - normal[v, u, c]) ** 2
                if abs(depth[y, x] - depth[v, u]) > DEPTH_STEP * near or turn > FACING_STEP**2:
                    steps[y, x] = 1
                    steps[v, u] = 1
    return steps


@njit(cache=True)
def _joined(sharp, blurred, steps):
    """Blurred coverage with sharp colour, and blurred colour where there is a step or where the sharp picture has none."""
    height, width = steps.shape
    joined = np.zeros_like(sharp)
    for y in range(height):
        for x in range(width):
            coverage = blurred[y, x, 3]
            if coverage <= 0:
                continue
            alpha = sharp[y, x, 3]
            trust = min(max((alpha - 0.02) / 0.28, 0.0), 1.0) * (1 - min(max(steps[y, x], 0.0), 1.0))
            for c in range(3):
                colour = blurred[y, x, c]
                if trust > 0:
                    colour += trust * (sharp[y, x, c] / alpha * coverage - colour)
                joined[y, x, c] = colour
            joined[y, x, 3] = coverage
    return joined
