"""Static things that stand in front of the building: trees and bushes that overlap its outline.

Leaves are told from walls by colour (green or yellow, never blue) and by their unrest; GrabCut (Rother et al. 2004) then decides pixel by
pixel near what is sure. Conservative: what isn't clearly a plant stays with the building.
"""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.survey.filters import disc, shrunk, soft_edge, widened

WORKING_SIDE = 1000
GREEN = 0.10
"""Least excess of green, (2g - r - b) / (r + g + b) in display codes."""
UNREST = 0.045
"""Leaves change by at least this (display codes, 0..1) within a few pixels; lawns and paint don't."""
FINE, BROAD = 0.006, 0.02
"""Radius of the windows in which unrest is measured and averaged, share of the longer side."""
RAMP = 0.08
"""Rows over which that sets in below the foot, share of the height."""
MEADOW = (0.085, 0.10)
"""Average unrest of grass and of crowns of trees, display codes."""
DENSE = 0.40
"""Share of leaf-like pixels around a sure one."""
SMALLEST = 0.01
"""Smaller plants than this share of the building's area are left with it."""
FADE = (0.03, 0.12)
"""Plants beside the building, below its foot, are kept in front within these distances from it, share of the longer side."""
REACH = 0.012
"""How far from sure leaves others are looked for, share of the longer side."""


def plant_alpha(codes: np.ndarray, region: np.ndarray, sky: np.ndarray) -> np.ndarray:
    """Return the alpha (h, w) float32 of plants in front of the building `region` (h, w) bool, and of the same plants beside it."""
    scale = min(1.0, WORKING_SIDE / max(codes.shape))
    size = (round(codes.shape[1] * scale), round(codes.shape[0] * scale))
    small = cv2.resize(codes, size, interpolation=cv2.INTER_AREA)
    building = cv2.resize(region.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    clear = cv2.resize(sky, size, interpolation=cv2.INTER_AREA) > 0.5
    sure = _in_front(_leafy(small) & ~clear, building)
    if not sure.any():
        return np.zeros(region.shape, np.float32)
    mask = _cut(small, sure, clear)
    large = cv2.resize(mask.astype(np.float32), region.shape[::-1], interpolation=cv2.INTER_LINEAR) > 0.5
    large &= ~(_wall_like(codes) & region)
    return soft_edge(codes.astype(np.float32) / 255, large, max(1, round(1.0 / scale)))


def held_near(alpha: np.ndarray, codes: np.ndarray, region: np.ndarray, foot: float) -> np.ndarray:
    """Return the alpha fading out below row `foot` with the distance from the building, and where the unrest is a meadow's, not a crown's.

    What grows on the ground gathers dust; so may plants at the camera's feet.
    """
    far = cv2.distanceTransform((~region).astype(np.uint8), cv2.DIST_L2, 3) / max(region.shape)
    rows = np.arange(region.shape[0], dtype=np.float32)[:, None]
    fade = np.clip((FADE[1] - far) / (FADE[1] - FADE[0]), 0, 1)
    radius = max(2, round(BROAD * max(region.shape)))
    broad = cv2.blur(_unrest(codes.astype(np.float32).mean(axis=-1) / 255), (2 * radius + 1, 2 * radius + 1))
    crown = np.clip((broad - MEADOW[0]) / (MEADOW[1] - MEADOW[0]), 0, 1)
    low = np.clip((rows - foot) / (RAMP * region.shape[0]), 0, 1) * ~region
    return (alpha * (1 - low * (1 - fade * crown))).astype(np.float32)


def _leafy(codes: np.ndarray) -> np.ndarray:
    """Return where most of the surroundings look like leaves (h, w) bool."""
    picture = codes.astype(np.float32) / 255
    red, green, blue = picture[..., 0], picture[..., 1], picture[..., 2]
    excess = (2 * green - red - blue) / np.maximum(picture.sum(axis=-1), 0.05)
    leaf = (excess > GREEN) & (blue < 0.8 * red) & (blue < 0.75 * green)
    radius = max(2, round(FINE * max(leaf.shape)))
    return (cv2.blur(leaf.astype(np.float32), (2 * radius + 1, 2 * radius + 1)) > DENSE) & (_unrest(picture.mean(axis=-1)) > UNREST)


def _unrest(grey: np.ndarray) -> np.ndarray:
    """Return the standard deviation (h, w) of `grey` (0..1) over small windows."""
    radius = max(2, round(FINE * max(grey.shape)))
    size = (2 * radius + 1, 2 * radius + 1)
    return np.sqrt(np.maximum(cv2.blur(grey * grey, size) - cv2.blur(grey, size) ** 2, 0))


def _wall_like(codes: np.ndarray) -> np.ndarray:
    """Return light pixels without green (h, w) bool: wall seen between leaves."""
    picture = cv2.GaussianBlur(codes, (0, 0), 1.0).astype(np.float32) / 255
    excess = (2 * picture[..., 1] - picture[..., 0] - picture[..., 2]) / np.maximum(picture.sum(axis=-1), 0.05)
    return (excess < 0.04) & (picture.mean(axis=-1) > 0.3)


def _in_front(leafy: np.ndarray, building: np.ndarray) -> np.ndarray:
    """Keep plants that overlap the building by enough and come in from its rim."""
    joined = cv2.morphologyEx(leafy.astype(np.uint8), cv2.MORPH_CLOSE, disc(2))
    labels, stats = cv2.connectedComponentsWithStats(joined)[1:3]
    deep = shrunk(building, 3)
    overlap = np.bincount(labels[building & deep], minlength=len(stats))
    rim = np.bincount(labels[~deep], minlength=len(stats))
    kept = (overlap > SMALLEST * building.sum()) & (rim > 0)
    kept[0] = False
    return kept[labels] & leafy


def _cut(codes: np.ndarray, sure: np.ndarray, clear: np.ndarray) -> np.ndarray:
    """Return the plants' mask (h, w) bool."""
    reach = max(3.0, REACH * max(sure.shape))
    near = widened(sure, reach)
    core = shrunk(sure, 2)
    labels = np.full(sure.shape, cv2.GC_BGD, np.uint8)
    labels[near] = cv2.GC_PR_BGD
    labels[sure] = cv2.GC_PR_FGD
    labels[core] = cv2.GC_FGD
    labels[clear] = cv2.GC_BGD
    window = _window(near, round(4 * reach))
    part = np.ascontiguousarray(labels[window])
    cv2.setRNGSeed(7)
    cv2.grabCut(
        np.ascontiguousarray(codes[window][..., ::-1]), part, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK
    )
    out = np.zeros(sure.shape, bool)
    out[window] = (part == cv2.GC_FGD) | (part == cv2.GC_PR_FGD)
    return cv2.morphologyEx(out.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)) > 0


def _window(mask: np.ndarray, margin: int) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(max(0, rows[0] - margin), rows[-1] + margin + 1), slice(max(0, columns[0] - margin), columns[-1] + margin + 1)
