"""The shadow layer: light on what stands behind, with the solids and dust of now, over the same with the building as it stood.

Both sides cast the very same rays from the same points, so the ratio is exactly 1 wherever nothing changed.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from derrumbe.geom.lens import straight_pixel
from derrumbe.render.light import Illumination, Transmittance, clear_air, light_at
from derrumbe.render.occlusion import Occluders
from derrumbe.render.receivers import Receivers

TILE = 4
STILL = 0.004
MOST, MOST_WALL = 1.3, 1.1
"""How much brighter ground, and a neighbour's wall (a card at a guessed depth), may get where the building's shadow leaves."""
OPEN = 0.8
"""Share of the light in the open from which on ground counts as lit."""
AROUND = 0.25
"""Widths of the picture over which lit ground is compared."""
LIFT = 0.03
PLANE_GAP = 2e-3
"""Points this share of their depth out of a plane are on another surface."""


def light_on(
    lamp: Illumination,
    occluders: Occluders,
    to: Receivers,
    rays: int,
    sun_air: Transmittance = clear_air,
    sky_air: Transmittance = clear_air,
) -> np.ndarray:
    """Return the light (h,w,3) float32 on receivers, from `rays` sky rays that interleave over TILE x TILE cells; 0 where nothing receives."""
    y, x = np.nonzero(to.valid)
    out = np.zeros((*to.depth.shape, 3), np.float32)
    points, normals = to.points[y, x], to.normals[y, x]
    keys = (y % TILE) * TILE + x % TILE
    out[y, x] = light_at(
        lamp, occluders, points, normals, keys.astype(np.int64) + 1, first_ray=0, sky_rays=rays, sun_air=sun_air, sky_air=sky_air, lift=LIFT
    )
    return out


@nb.njit(cache=True, inline="always")
def _apart(points, normals, j, i, point):  # type: ignore[no-untyped-def]
    """Return how far a point is from the plane of receiver (j, i), metres."""
    gap = 0.0
    for c in range(3):
        gap += normals[j, i, c] * (point[c] - points[j, i, c])
    return abs(gap)


@nb.njit(cache=True)
def averaged(light, depth, points, normals, reach, weight=None):  # type: ignore[no-untyped-def]
    """Average light (h,w,3) over 2*reach x 2*reach neighbours in the same plane, weighted by `weight` (h,w) float32 when there is one."""
    height, width = depth.shape
    out = np.zeros_like(light)
    for y in range(height):
        for x in range(width):
            if depth[y, x] <= 0:
                continue
            near = PLANE_GAP * depth[y, x]
            total, r, g, b = 0.0, 0.0, 0.0, 0.0
            for j in range(max(y - reach, 0), min(y + reach, height)):
                for i in range(max(x - reach, 0), min(x + reach, width)):
                    if (
                        depth[j, i] <= 0
                        or _apart(points, normals, y, x, points[j, i]) > near
                        or _apart(points, normals, j, i, points[y, x]) > near
                    ):
                        continue
                    w = 1.0 if weight is None else weight[j, i]
                    total += w
                    r, g, b = r + w * light[j, i, 0], g + w * light[j, i, 1], b + w * light[j, i, 2]
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = r / total, g / total, b / total
    return out


def smoothed(light: np.ndarray, to: Receivers, weight: np.ndarray | None = None) -> np.ndarray:
    """Return light with the TILE x TILE ray pattern averaged out along surfaces; receivers count by `weight` (h,w) float32."""
    return averaged(light, to.depth, to.points, to.normals, TILE // 2, weight)


def headroom(shown: np.ndarray, light: np.ndarray, to: Receivers) -> np.ndarray:
    """Return how much brighter (m,n) float32 each receiver may get: never than lit ground around it, 1 to MOST.

    shown (m,n): what the plate shows there; light (m,n,3): the model's before anything fell. Where the model's shadow lies on ground that the
    plate shows in the sun, nothing brightens: the shadow is not there. A dark roof isn't shaded ground: all that lies in the model's shadow around
    it must be darker too.
    """
    bright, level = light.mean(-1), to.valid & (to.normals[..., 1] > 0.7)
    if not level.any():
        return np.full(shown.shape, MOST_WALL, np.float32)
    lit = level & (bright > OPEN * np.percentile(bright[level], 95))
    (share, around), (_, within) = _around(shown, lit), _around(shown, level & ~lit)
    room = np.where(share > 1e-3, around / np.maximum(np.maximum(shown, within), 1e-4), MOST)
    return np.clip(room, 1, np.where(level, MOST, MOST_WALL)).astype(np.float32)


def _around(shown: np.ndarray, where: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how much of what is AROUND each receiver is `where` (m,n) bool, and the mean (m,n) of what that shows."""
    import cv2

    window = (2 * round(0.5 * AROUND * shown.shape[1]) + 1,) * 2
    share = cv2.blur(where.astype(np.float32), window)
    return share, cv2.blur(where * shown.astype(np.float32), window) / np.maximum(share, 1e-6)


def ratio(now: np.ndarray, before: np.ndarray, to: Receivers, most: np.ndarray) -> np.ndarray:
    """Return now / before (h,w,3) for smoothed light, exactly 1 where it hardly changed or nothing receives, at most `most` (h,w)."""
    out = (now + 1e-6) / (before + 1e-6)
    out[np.abs(out - 1) < STILL] = 1
    out[~to.valid] = 1
    return np.minimum(out, most[..., None]).astype(np.float32)


def shown_before(before: np.ndarray, now: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Return the light before (h,w,3), no less than what may since have become `now` (h,w,3) by `most` (h,w): where the plate doesn't show the model's
    shade, ground was that light, and the foot of a stone on it is darker than it was."""
    return np.maximum(before, now / most[..., None])


@nb.njit(cache=True)
def enlarged(coarse, known, stands, weight, points, normals, depth, building, step, top, origin, across, down, corner, lens):  # type: ignore[no-untyped-def]
    """Return (h,w,3) float32: a coarse layer enlarged along the surfaces of a full-size depth (joint bilateral; Kopf et al., 2007).

    coarse (m,n,3), known (m,n) bool, weight (m,n) float32, points, normals (m,n,3): receivers at the middle of step x step blocks; stands (m,n)
    bool: those on the building. depth (h,w) of rows from `top` on, 0 where nothing receives: 1 there; building (h,w) bool: it is the building's,
    which takes nothing of what lies far behind it: 1 where no receiver nearby is on it. A straight pixel (x, y) sees
    origin + depth * (corner + x * across + y * down).
    """
    height, width = depth.shape
    rows, columns = known.shape
    out = np.ones((height, width, 3), np.float32)
    point = np.empty(3)
    for y in range(height):
        fy = (y + top - step // 2) / step
        j0 = int(np.floor(fy))
        for x in range(width):
            here = depth[y, x]
            fx = (x - step // 2) / step
            i0 = int(np.floor(fx))
            if here <= 0 or _all_one(coarse, j0, i0):
                continue
            u, v = straight_pixel(x + 0.5, y + top + 0.5, lens)
            for c in range(3):
                point[c] = origin[c] + here * (corner[c] + u * across[c] + v * down[c])
            total, r, g, b = 0.0, 0.0, 0.0, 0.0
            for j in range(max(j0, 0), min(j0 + 2, rows)):
                for i in range(max(i0, 0), min(i0 + 2, columns)):
                    if not known[j, i] or (building[y, x] and not stands[j, i]):
                        continue
                    gap = _apart(points, normals, j, i, point) / (PLANE_GAP * here)
                    w = weight[j, i] * (1 - abs(fy - j) + 1e-3) * (1 - abs(fx - i) + 1e-3) * (np.exp(-gap * gap) + 1e-9)
                    total += w
                    r, g, b = r + w * coarse[j, i, 0], g + w * coarse[j, i, 1], b + w * coarse[j, i, 2]
            if total > 0:
                out[y, x, 0], out[y, x, 1], out[y, x, 2] = r / total, g / total, b / total
    return out


@nb.njit(cache=True, inline="always")
def _all_one(coarse, j0, i0):  # type: ignore[no-untyped-def]
    for j in range(max(j0, 0), min(j0 + 2, coarse.shape[0])):
        for i in range(max(i0, 0), min(i0 + 2, coarse.shape[1])):
            if coarse[j, i, 0] != 1 or coarse[j, i, 1] != 1 or coarse[j, i, 2] != 1:
                return False
    return True
