"""Contact shadow: near where solids rest on the ground, light is gathered at every pixel instead of the coarse grid's cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.core.records import FAR, Camera
from derrumbe.geom.camera import eye, rays
from derrumbe.render.light import Illumination, Transmittance, light_at
from derrumbe.render.occlusion import Occluders
from derrumbe.render.raster import Window
from derrumbe.render.shadow import averaged

RAYS, REACH = 10, 2
"""Sky rays a pixel, and pixels around it whose rays it shares."""
RESTING = 1.2
"""Metres between a solid and the ground behind it in the picture, at most, for a contact."""
WIDE, LEAST, MOST = 0.7, 5, 14
"""Metres around a contact that are refined, in pixels at least and at most."""
LIFT = 0.012
"""Metres that rays start off the ground."""


@dataclass(frozen=True, eq=False)
class Contact:
    """Light (h,w,3) float32 at pixels of a window, and how far it counts there, share (h,w) 0..1."""

    window: Window
    light: np.ndarray
    share: np.ndarray

    def rows(self, top: int, height: int) -> tuple[slice, slice, slice] | None:
        """Return rows of a band of `height` rows from `top`, own rows and columns that overlap; None where there are none."""
        low, high = max(top, self.window.y0), min(top + height, self.window.y1)
        if low >= high:
            return None
        return slice(low - top, high - top), slice(low - self.window.y0, high - self.window.y0), slice(self.window.x0, self.window.x1)


def contacts(depth: np.ndarray, solid: np.ndarray, pixel: float) -> np.ndarray | None:
    """Return how far (h,w) float32 0..1 each pixel counts as near a contact, or None when none does.

    depth (h,w): of the ground, 0 where there is none; solid (h,w): of new solids, FAR where there are none; pixel: metres.
    """
    import cv2

    covered = solid < 0.5 * FAR
    resting = covered & (depth > 0) & (depth - solid < RESTING)
    if not resting.any():
        return None
    reach = float(np.clip(WIDE / pixel, LEAST, MOST))
    away = cv2.distanceTransform((~resting).astype(np.uint8), cv2.DIST_L2, 5)
    inner = cv2.erode(covered.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    share = np.clip(2 * (1 - away / reach), 0, 1)
    share[inner | (depth <= 0)] = 0
    return share if share.any() else None


def contact(
    camera: Camera,
    window: Window,
    depth: np.ndarray,
    normals: np.ndarray,
    share: np.ndarray,
    lamp: Illumination,
    occluders: Occluders,
    airs: tuple[Transmittance, Transmittance],
) -> Contact:
    """Return the light at pixels of `window` where `share` (h,w) is above 0; depth (h,w), normals (h,w,3) of the ground there.

    airs: what dust lets through of sun and sky."""
    y, x = np.nonzero(share)
    pixels = np.stack([x + window.x0 + 0.5, y + window.y0 + 0.5], -1)
    place = np.zeros((*share.shape, 3), np.float32)
    place[y, x] = eye(camera) + rays(camera, pixels) * depth[y, x][:, None]
    keys = (y % 4 * 4 + x % 4).astype(np.int64) + 1
    light = np.zeros_like(place)
    light[y, x] = light_at(
        lamp, occluders, place[y, x], normals[y, x], keys, first_ray=0, sky_rays=RAYS, sun_air=airs[0], sky_air=airs[1], lift=LIFT
    )
    return Contact(window, averaged(light, np.where(share > 0, depth, 0).astype(np.float32), place, normals, REACH), share)
