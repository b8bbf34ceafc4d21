"""Lens softness: what the renderer drew sharp gets the plate's edges, without softening again what the plate's lens already did.

A piece wears the plate's own texture, which is already as soft as the lens makes it; its outline and the steps between pieces are not.
So coverage is blurred, while colour is blurred only next to a step in depth or in facing.

A piece that still looks like the building where it stood has its soft outline in its texture: it stays as it is, and so does the plate
beside it. Else the whole silhouette would soften by a pixel on the first broken frame.
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
TOLERANCE = 0.015
"""Share of its value by which a resting piece may differ from the building's texture."""
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


def resting(pieces: np.ndarray, texture: np.ndarray) -> np.ndarray:
    """Return the coverage (h, w) of premultiplied pieces (h, w, 4) that look like the building at rest, `texture` (h, w, 3), give or take a pixel."""
    square = np.ones((3, 3), np.uint8)
    tolerance = TOLERANCE * np.abs(texture) + 1e-3
    low, high = cv2.erode(texture - tolerance, square), cv2.dilate(texture + tolerance, square)
    alike = _alike(pieces, low, high)
    return cv2.erode(alike, square) * pieces[..., 3]


def soften_removed(removed: np.ndarray, rest: np.ndarray, building: np.ndarray, softness: Softness) -> np.ndarray:
    """Return the removed share (h, w) with soft edges, grown outside the building's matte over the lens's skirt of the old outline.

    A pixel that the outline cuts holds old building in all of its colour, so it goes whole. Inside the building nothing is grown: there
    the edge is also a piece's edge, and the two must meet. Under resting pieces (`rest`, their coverage) and their skirt nothing has gone.
    """
    if softness.skirt:
        outside = np.clip(4 * (1 - building), 0, 1)
        removed = removed * (1 - np.maximum(rest, outside * _spread(rest, softness)))
        removed = np.maximum(removed, outside * np.minimum(_spread(removed, softness), _spread(building, softness)))
    return _blurred(removed * (1 - rest), softness.sigma)


def _spread(share: np.ndarray, softness: Softness) -> np.ndarray:
    side = 2 * softness.skirt + 1
    return cv2.dilate(share, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))


def soften_pieces(pieces: np.ndarray, rest: np.ndarray, depth: np.ndarray, normal: np.ndarray, softness: Softness) -> np.ndarray:
    """Return premultiplied pieces (h, w, 4) with soft outlines, but for the share `rest` (h, w) of their coverage.

    depth (h, w) metres and normal (h, w, 3) tell the steps between pieces.
    """
    if softness.sigma == 0:
        return pieces
    blurred, moving = _blurred(pieces, softness.sigma), _blurred(pieces[..., 3] - rest, softness.sigma)
    steps = _blurred(cv2.dilate(_steps(pieces, depth, normal), np.ones((3, 3), np.uint8)), softness.sigma)
    return _joined(pieces, blurred, rest, moving, steps)


def _blurred(pixels: np.ndarray, sigma: float) -> np.ndarray:
    if sigma == 0:
        return pixels
    kernel = gaussian(sigma)
    return cv2.sepFilter2D(pixels, -1, kernel, kernel, borderType=cv2.BORDER_REFLECT_101)


def gaussian(sigma: float) -> np.ndarray:
    """Return a Gaussian's weights (2 n + 1,) float32 with the variance asked for, which plain samples of a narrow one don't have."""
    if sigma < 0.6:
        return np.array([sigma**2 / 2, 1 - sigma**2, sigma**2 / 2], np.float32)
    reach = int(np.ceil(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return (weights / weights.sum()).astype(np.float32)


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
def _alike(pieces, low, high):
    """1 where a pixel has no coverage, or a colour within the bounds; else 0."""
    height, width = pieces.shape[:2]
    alike = np.ones((height, width), np.float32)
    for y in range(height):
        for x in range(width):
            alpha = pieces[y, x, 3]
            for c in range(3):
                if alpha > 0 and not low[y, x, c] * alpha <= pieces[y, x, c] <= high[y, x, c] * alpha:
                    alike[y, x] = 0
    return alike


@njit(cache=True)
def _joined(sharp, blurred, rest, moving, steps):
    """Soft coverage with sharp colour, and blurred colour where there is a step or where the sharp picture has none.

    Coverage: that of resting pieces is sharp; moving ones spread theirs; what a resting piece has beside it counts for it inside only.
    """
    height, width = steps.shape
    joined = np.zeros_like(sharp)
    for y in range(height):
        for x in range(width):
            alpha = sharp[y, x, 3]
            coverage = min(max(rest[y, x], moving[y, x] + alpha * (blurred[y, x, 3] - moving[y, x])), np.float32(1))
            if coverage <= 0 or blurred[y, x, 3] <= 0:
                continue
            trust = min(max((alpha - 0.02) / 0.28, 0.0), 1.0) * (1 - min(max(steps[y, x], 0.0), 1.0))
            for c in range(3):
                colour = blurred[y, x, c] / blurred[y, x, 3]
                if trust > 0:
                    colour += trust * (sharp[y, x, c] / alpha - colour)
                joined[y, x, c] = colour * coverage
            joined[y, x, 3] = coverage
    return joined
