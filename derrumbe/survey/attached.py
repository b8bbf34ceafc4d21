"""Bits of building that a plant's colours take in: what is plain, borders on bare wall, ends along straight lines and has no foot on the ground is
wall. Evergreens are plain as well, and bronze riders, but nothing about them is straight. So is what has hardly a leaf around it in a leafy plant, but for
what stands on its foot: a trunk.
"""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.survey.filters import disc, widened
from derrumbe.survey.in_front_by_look import SEED
from derrumbe.survey.vegetation import long_lines, plant_odds

WORKING_SIDE = 1000
"""Larger pictures are made smaller first: what is plain and what is straight depends on size."""
WINDOW, PLAIN = 0.0025, 0.09
"""Half the side of a window, share of the longer side, and the standard deviation of colour in it (display codes 0..1) below which it is plain."""
HELD, BARE = 0.4, 0.1
"""Alpha from which a bit counts as held in front, and below which wall is bare."""
SMALLEST, BESIDE = 0.006, 3.0
"""Side of the smallest bit, share of the longer side; how much of it touches bare wall at least, in its own sides."""
STRAIGHT = 0.18
"""Share of a bit's rim that lies on long straight lines at least."""
ALIKE = 0.12
"""A bit's rim, which windows blur, has its colour within this (display codes 0..1)."""
STANDS = 0.03
"""What comes as near to the building's foot as this share of the longer side may stand on the ground."""

AROUND = 0.02
"""How far around a bit leaves are looked for, share of the longer side."""
FEW, LEAFY = 0.15, 0.5
"""Share of what is held around a bit that must show leaves, and of all that a plant holds, or it is bare and tells nothing."""


def attached(codes: np.ndarray, alpha: np.ndarray, region: np.ndarray, foot: float) -> np.ndarray:
    """Return the bits (h, w) bool of a building's `region` (h, w) bool that an `alpha` (h, w) of plants holds and that belong to its walls.

    codes (h, w, 3) uint8; foot: row at which the building meets the ground.
    """
    scale = min(1.0, WORKING_SIDE / max(region.shape))
    size = round(region.shape[1] * scale), round(region.shape[0] * scale)
    small, thin = (cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in (codes, alpha))
    inside = cv2.resize(region.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    found = _attached(small, thin, inside, foot * scale).astype(np.float32)
    return region & (cv2.resize(found, region.shape[::-1], interpolation=cv2.INTER_LINEAR) > 0.5)


def leafless(codes: np.ndarray, alpha: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Return the bits (h, w) bool of a building's `region` (h, w) bool that an `alpha` (h, w) of one plant holds though hardly a leaf is near. codes
    (h, w, 3) uint8. A bare plant has none."""
    scale = min(1.0, WORKING_SIDE / max(region.shape))
    size = round(region.shape[1] * scale), round(region.shape[0] * scale)
    small, thin = (cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in (codes, alpha))
    held = thin > BARE
    leaves = held & (plant_odds(small) > SEED)
    if np.count_nonzero(leaves) < LEAFY * np.count_nonzero(held) or not held.any():
        return np.zeros(region.shape, bool)
    window = (2 * round(AROUND * max(held.shape)) + 1,) * 2
    near, all_ = (cv2.blur(part.astype(np.float32), window) for part in (leaves, held))
    far = held & (near < FEW * all_)
    foot = int(np.flatnonzero(held.any(axis=1))[-1]) - STANDS * max(held.shape)
    labels, stats = cv2.connectedComponentsWithStats(far.astype(np.uint8), connectivity=8)[1:3]
    stands = stats[:, cv2.CC_STAT_TOP] + stats[:, cv2.CC_STAT_HEIGHT] > foot
    found = (far & ~stands[labels]).astype(np.float32)
    return region & (cv2.resize(found, region.shape[::-1], interpolation=cv2.INTER_LINEAR) > 0.25)


def _attached(codes: np.ndarray, alpha: np.ndarray, region: np.ndarray, foot: float) -> np.ndarray:
    """Return the same in a picture of working size."""
    side = max(region.shape)
    picture, radius = codes.astype(np.float32) / 255, max(1, round(WINDOW * side))
    plain = (_spread(picture, radius) < PLAIN) & region & (alpha > HELD)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(plain.astype(np.uint8), connectivity=4)
    lines = long_lines(codes) > 0
    touching = np.bincount(labels[widened(region & (alpha < BARE), radius + 2)], minlength=count)
    out = np.zeros_like(region)
    for label in range(1, count):
        left, top, width, height, area = stats[label]
        if area < (SMALLEST * side) ** 2 or touching[label] < BESIDE * np.sqrt(area) or top + height > foot - STANDS * side:
            continue
        pad = radius + 3
        window = slice(max(0, top - pad), top + height + pad), slice(max(0, left - pad), left + width + pad)
        own = labels[window] == label
        if lines[window][widened(own, 2 * radius) & ~own].mean() < STRAIGHT:
            continue
        rim = cv2.dilate(own.astype(np.uint8), disc(pad)) > 0
        near = np.abs(picture[window] - np.median(picture[window][own], axis=0)).max(axis=-1) < ALIKE
        out[window] |= own | (rim & near)
    return out & region


def _spread(picture: np.ndarray, radius: int) -> np.ndarray:
    """Return the standard deviation (h, w) of colours (h, w, 3) over windows, its channels taken together."""
    size = (2 * radius + 1, 2 * radius + 1)
    return np.asarray(np.sqrt(np.maximum(cv2.blur(picture * picture, size) - cv2.blur(picture, size) ** 2, 0).sum(axis=-1)))
