"""Thin things of the building that stand out of its outline against the sky: aerials, finials, railings, the rim of a roof."""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.survey.filters import disc, widened

THIN, FAR_OUT = 0.006, 0.04
"""Half the width of what counts as thin, and how far it may stand out; shares of the longer side."""


def remnants(sky: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Return where (h, w) bool thin things that aren't `sky` (h, w, 0..1) stand out of the `hole` (h, w) bool that the building leaves.

    What is broad (a tree, the house next door) stays, and so does what doesn't touch the hole.
    """
    side = max(sky.shape)
    solid = ((sky < 0.5) | hole).astype(np.uint8)
    broad = cv2.morphologyEx(solid, cv2.MORPH_OPEN, disc(max(2.0, THIN * side)))
    # an opening also takes the corners of broad things
    thin = (solid > 0) & ~widened(broad > 0, 2) & widened(hole, FAR_OUT * side)
    _, labels = cv2.connectedComponents(((thin | (widened(hole, 3) & (solid > 0))) * np.uint8(1)), connectivity=8)
    touching = np.unique(labels[hole])
    return thin & np.isin(labels, touching[touching > 0])
