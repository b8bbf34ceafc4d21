"""How far away plants are whose feet lie below the picture: a wood or a thicket that the camera looks over, up to the building.

No foot tells. What is seen of such a mass is crowns, one behind another, level with each other and reaching back to what stands behind them: the
lower in the picture, the nearer. But crowns are upright: each stands from its top down at one depth, and hides those behind it.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from derrumbe.core.records import FAR, Camera
from derrumbe.geom.camera import eye
from derrumbe.geom.depth import plane_depth
from derrumbe.survey.filters import masked_mean

WIDE = 1.0
"""A mass of plants leaves the picture below over more than this much of its usual height; a trunk or a man who is cut off there doesn't."""
SHRUB = 0.8
"""Metres: lawns and beds that end this low over the ground are level, and nothing of them is upright."""
CROWN, CLUMP = 4.0, 0.8
"""Metres that crowns are wide and, at most, tall, and metres that clumps of their leaves are wide."""
BEFORE, FARTHEST = 2.5, 1.6
"""Metres by which clumps that are lighter than the crowns around them by one spread stand before those, and the most of such spreads."""
LEAST = 0.5
"""Share of the way to a crown from which on its clumps may stand."""
NEAREST_TOPS = 0.25
"""Crowns' tops are at least this share as far below the eye as their lower ends: else none would end level."""
ON_EDGE = 2
"""Rows from the lower border within which plants run out of the picture."""


def looked_over(mask: np.ndarray, ground: np.ndarray) -> bool:
    """Does a thing (h, w) bool leave the picture below, over more than its usual height, and usually end where `ground` (h, w) depth would be seen?"""
    columns, usual = mask.any(axis=0), _usual_top(mask) if mask.any() else 0
    wide = np.count_nonzero(mask[-ON_EDGE:].any(axis=0)) > WIDE * (len(mask) - usual)
    return bool(wide and np.median(ground[usual][columns]) < FAR)


def canopy_depth(mask: np.ndarray, camera: Camera, furthest: float) -> np.ndarray:
    """Return the depth (h, w) float32, metres along the axis, of crowns (h, w) bool the last of which end as far away as `furthest`.

    A row of the picture shows the nearest crowns that are tall enough to reach up to it: no taller than they stand over shrubs, nor than all
    that is seen of them. None is nearer than the crowns whose lower ends are seen
    last, at the mass's lower border, and a tree that overtops the mass is seen as far below its usual top as it rises over that: the higher, the
    nearer, at one depth up to its top, even over the horizon.
    """
    ground, usual, columns = plane_depth(camera), _usual_top(mask), mask.any(axis=0)
    away = float(np.median(ground[usual][columns]))
    # A level plane is as many times nearer than the ground as the camera stands lower over it.
    nearer = furthest / away if away > furthest else 1.0
    drop = float(eye(camera)[1]) * nearer
    nearest = float(np.median(ground[-1][columns])) * nearer
    seen = (len(mask) - usual) * nearest / camera.focal_px
    tall = np.clip(float(eye(camera)[1]) - drop - SHRUB, 0, min(CROWN, seen, (1 - NEAREST_TOPS) * drop))
    level = np.clip(ground * np.float32(nearer * (1 - tall / drop)), min(nearest, furthest), furthest)
    if float(eye(camera)[1]) - drop < SHRUB:
        return np.minimum(ground, np.float32(furthest))
    foot = usual + _overtopping(mask, usual, CROWN * camera.focal_px / furthest)
    upright = level[np.minimum(np.rint(foot).astype(int), len(mask) - 1), np.arange(mask.shape[1])]
    return np.minimum(level, upright).astype(np.float32)


def _overtopping(mask: np.ndarray, usual: int, wide: float) -> np.ndarray:
    """Return by how many rows (w,) trees rise over the `usual` top, evened out over crowns that are `wide` pixels wide, so that none is cut."""
    rise = np.where(mask.any(axis=0), np.maximum(usual - np.argmax(mask, axis=0), 0), 0).astype(float)
    size = 2 * max(1, round(0.5 * wide)) + 1
    return np.asarray(uniform_filter1d(maximum_filter1d(rise, size), size, mode="nearest"))


def clumped(depth: np.ndarray, mask: np.ndarray, light: np.ndarray, camera: Camera, furthest: float) -> np.ndarray:
    """Return the depth (h, w) of crowns (h, w) bool with their lit clumps nearer and the dark between them farther: what comes up among them, such as
    dust, ends along crowns then, and not along a level line. light (h, w, 3): the picture."""
    metre = camera.focal_px / float(np.median(depth[mask]))
    tone = np.repeat(np.log(np.maximum(light.mean(axis=-1, keepdims=True), 1e-4)), 3, axis=-1).astype(np.float32)
    clumps, crowns = (masked_mean(tone, mask, max(1, round(0.5 * wide * metre)))[0][..., 0] for wide in (CLUMP, CROWN))
    lighter = clumps - crowns
    spreads = lighter / max(float(lighter[mask].std()), 1e-6)
    return np.clip(depth - np.float32(BEFORE) * np.clip(spreads, -FARTHEST, FARTHEST), LEAST * depth, np.float32(furthest)).astype(
        np.float32
    )


def _usual_top(mask: np.ndarray) -> int:
    return int(np.median(np.argmax(mask, axis=0)[mask.any(axis=0)]))
