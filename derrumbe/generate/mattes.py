"""Where a model may paint: a mask for the model, a soft matte for its answer, and the pixels that tell its colours from the plate's."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

FULL = 0.25
"""Coverage of the physical layers from which the model's picture stands alone."""
NOTHING = 1 / 512
"""Coverage that comp takes for nothing."""
APART = 6
"""Model pixels between the mask and what is compared outside it: what a video autoencoder smears over an edge."""


@dataclass(frozen=True)
class Reach:
    """How far in plate pixels a model may go beyond the physical layers, and how far its picture blurs what stands in front."""

    grow: int
    blur: int


def matte(cover: np.ndarray, front: np.ndarray, reach: Reach) -> np.ndarray:
    """Return the alpha (h, w) of a model's picture: 1 on what is new, falling softly to 0 at `grow` pixels outside it, 0 on what stands in front."""
    x = np.clip((cover - NOTHING) / (FULL - NOTHING), 0, 1)
    alpha = (x * x * (3 - 2 * x)).astype(np.float32)
    if reach.grow > 0:
        alpha = np.maximum(alpha, _halo(alpha, reach.grow))
    return alpha * (1 - _grown(front, reach.blur)) if front.any() else alpha


def model_mask(alpha: np.ndarray, cover: np.ndarray) -> np.ndarray:
    """Return 1 where a model must paint, else 0, (h, w) float32: wherever its picture will be used, or where anything is new.

    Also under what stands in front in neighbouring pixels: a mask with a person's fine outline asks a model to paint that outline.
    """
    return ((alpha > NOTHING) | (cover > NOTHING)).astype(np.float32)


def outside(mask: np.ndarray) -> np.ndarray:
    """Return where (h, w) bool, at the model's size, its picture should be the plate's: well away from the mask."""
    return ~(cv2.dilate((mask > 0).astype(np.uint8), _disc(APART)) > 0)


def _halo(alpha: np.ndarray, grow: int) -> np.ndarray:
    """Spread by half the reach, then blur so that it ends there."""
    spread = cv2.dilate(alpha, _disc(max(grow // 2, 1)))
    side = 2 * max(grow // 2, 1) + 1
    return cv2.blur(cv2.blur(spread, (side // 2 | 1, side // 2 | 1)), (side // 2 | 1, side // 2 | 1))


def _grown(front: np.ndarray, blur: int) -> np.ndarray:
    return cv2.dilate(front, _disc(blur)) if blur > 0 else front


def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
