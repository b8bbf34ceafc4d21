"""Panes that shine as the sky does: they mirror a bit of it, or let it through from the building's far side, and do so from their own place alone. Once
their wall has stirred they show what other panes do, a dark room.
"""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.core.records import Building, Camera
from derrumbe.geom.camera import project
from derrumbe.render.raster import Window

BRIGHT = 0.8
"""Light of such a pane over the sky's, and over what all but BRIGHTEST hundredths of the building show, least."""
BRIGHTEST = 2
SIDES, FULL = (0.15, 2.0), 0.5
"""Least and most metres that a pane is wide and high, and the share of its box that it fills: lead on a hip, rims and mouldings are thin."""
NEAR = 0.3
"""Metres within which it lies beside an opening: these are found by how dark they are, and end where a window shines."""
BESIDE, DARK = 0.6, 0.4
"""Metres around it in which the window that it is part of shows how dark it is, and light that this has of its own, at most: pale render stands beside
pale render."""
WARMER = 1.35
"""Red over blue of its light, over that of the sky's, at most: sunlit stone beside a dark roof is as bright, but warm."""
TURNED = 0.2
"""Share of the move that makes light all new at which a pane shows something else."""


def openings_in(camera: Camera, building: Building, window: Window) -> np.ndarray:
    """Return where (h,w) bool in a window of the picture façades have openings."""
    out = np.zeros(window.shape, np.uint8)
    for facade in building.facades:
        for each in facade.openings:
            corners = (each.left, each.bottom), (each.right, each.bottom), (each.right, each.top), (each.left, each.top)
            points = np.asarray(facade.origin) + [u * np.asarray(facade.along) + v * np.array([0.0, 1.0, 0.0]) for u, v in corners]
            pixels, depth = project(camera, points)
            if (depth > 0).all():
                cv2.fillConvexPoly(out, np.rint(pixels - (window.x0, window.y0)).astype(np.int32), 1)
    return out > 0


def dulled(texture: np.ndarray, building: np.ndarray, openings: np.ndarray, sky: np.ndarray, pixel: float) -> tuple[np.ndarray, np.ndarray]:
    """Return what the building (h,w) bool wears, texture (h,w,3), with panes as bright as the sky given the darkest colours beside them, and where
    it differs, (h,w) bool. openings (h,w) bool; sky (3,): its light; pixel: metres that one covers."""
    if not building.any():
        return texture, np.zeros(building.shape, bool)
    light = texture.mean(-1)
    shining = building & (light > BRIGHT * max(float(sky.mean()), float(np.percentile(light[building], 100 - BRIGHTEST))))
    shining &= texture[..., 0] * sky[2] < WARMER * sky[0] * texture[..., 2]
    around = np.ones((2 * max(1, round(BESIDE / pixel)) + 1,) * 2, np.uint8)
    darkest = cv2.erode(np.ascontiguousarray(texture, np.float32), around)
    shining &= darkest.mean(-1) < DARK * light
    _, label, found, _ = cv2.connectedComponentsWithStats(shining.astype(np.uint8))
    wide, high, area = found[:, cv2.CC_STAT_WIDTH], found[:, cv2.CC_STAT_HEIGHT], found[:, cv2.CC_STAT_AREA]
    pane = (np.minimum(wide, high) * pixel >= SIDES[0]) & (np.maximum(wide, high) * pixel <= SIDES[1]) & (area >= FULL * wide * high)
    reach = np.ones((2 * max(1, round(NEAR / pixel)) + 1,) * 2, np.uint8)
    pane &= np.isin(np.arange(len(pane)), label[cv2.dilate(openings.astype(np.uint8), reach) > 0])
    pane[0] = False
    # the lens has spread its light over its rim
    dull = cv2.dilate(pane[label].astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return np.where(dull[..., None], np.minimum(darkest, texture), texture).astype(np.float32), dull
