"""What stands or passes in front in the plate, cut out of it: exact where it is opaque, without the old background at its soft edges."""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.core.records import CLEARLY_NEARER, FAR

SOLID = 0.95
SPREAD = 3.0
"""Sigma, pixels, over which solid foreground lends its colour to its edge."""
REACH = 9


def cut_out(plate: np.ndarray, alpha: np.ndarray, texture: np.ndarray, building: np.ndarray) -> np.ndarray:
    """Return the foreground's premultiplied colour (h, w, 3).

    At an edge the plate is alpha * foreground + (1 - alpha) * old background. In front of the building the old background is known
    (`texture`, by the `building` matte): it is taken away. The thinner the coverage, the less that difference can be trusted, and the
    more the colour of the solid foreground nearby stands in for it.
    """
    soft = (alpha > 0) & (alpha < 1)
    premultiplied = plate * alpha[..., None]
    if not soft.any():
        return premultiplied
    a = alpha[..., None]
    old = plate + building[..., None] * (texture - plate)
    seen = np.clip(plate - (1 - a) * old, 0, None)
    edge = a * seen + (1 - a) * a * _lent_colour(plate, alpha)
    return np.where(soft[..., None], edge, premultiplied).astype(np.float32)


def hidden(solid: np.ndarray, depth: np.ndarray, front_depth: np.ndarray) -> np.ndarray:
    """Return which share (h, w) float32 of the foreground lies behind pieces that have come clearly nearer, 0..1: their coverage `solid` (h, w), where
    their `depth` says so. front_depth (h, w): metres, FAR where it isn't known."""
    return np.where((front_depth < FAR) & (depth < CLEARLY_NEARER * front_depth), solid, 0).astype(np.float32)


def _lent_colour(plate: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Colour of nearby solid foreground; the plate's own where there is none."""
    solid = (alpha > SOLID).astype(np.float32)
    side = 2 * REACH + 1
    weight = cv2.GaussianBlur(solid, (side, side), SPREAD, borderType=cv2.BORDER_REFLECT_101)[..., None]
    colour = cv2.GaussianBlur(plate * solid[..., None], (side, side), SPREAD, borderType=cv2.BORDER_REFLECT_101)
    known = weight > 1e-3
    return np.where(known, colour / np.where(known, weight, 1), plate)
