"""Dark upright edges of the building that its outline leaves: the shade in a corner, a pipe or a ladder along it.

Before a wall next door such an edge would be mirrored with that, and stand on when the building is down.
"""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.survey.filters import connected_to, widened

REACH = 0.012
"""An edge lies within this share of the longer side of the outline."""
DARKER = 0.85
"""Light (codes) of an edge over that of the wall beside it."""
TALL, GAPS = 0.1, 0.02
"""Least height of an edge, and what may cross it, shares of the longer side."""
TOUCHES = 2.0
"""Pixels between an outline and an edge that belongs to it."""


def dark_edges(codes: np.ndarray, region: np.ndarray, sky: np.ndarray) -> np.ndarray:
    """Return the pixels (h, w) bool of dark upright edges right beside the left and the right end of a building's region (h, w) bool, and what lies
    between those and the region. codes (h, w, 3) uint8; sky (h, w): its alpha."""
    light = codes.astype(np.float32).mean(axis=-1)
    left = _left(light, region, sky)
    return left | _left(light[:, ::-1], region[:, ::-1], sky[:, ::-1])[:, ::-1]


def _left(light: np.ndarray, region: np.ndarray, sky: np.ndarray) -> np.ndarray:
    """Return the edge (h, w) bool at the left end."""
    side = max(region.shape)
    reach = round(REACH * side)
    first = np.where(region.any(axis=1), region.argmax(axis=1), 0)[:, None]
    ahead = first - np.arange(region.shape[1])
    near = (ahead > 0) & (ahead <= reach) & (sky < 0.5)
    wall = cv2.blur(light, (2 * reach + 1, 2 * reach + 1))
    wall = np.take_along_axis(wall, np.maximum(first - 2 * reach - 1, 0), axis=1)
    dark = (near & (light < DARKER * wall)).astype(np.uint8)
    gaps = max(1, round(GAPS * side))
    dark = cv2.morphologyEx(dark, cv2.MORPH_CLOSE, np.ones((gaps, 1), np.uint8))
    dark = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((max(2, round(TALL * side)), 1), np.uint8)) > 0
    dark = connected_to(dark, dark & widened(region, TOUCHES))
    dark |= np.roll(dark, -1, axis=1)  # the pixel that it shares with the wall next door
    return near & (np.cumsum(dark, axis=1) > 0)
