"""Things with holes in them, like trees: which pixels within a rough region are theirs, and which show what is behind.

The region holds a mixture of the thing's colours and of those behind it; around the region the colours behind are seen alone. The share
of every colour that the background explains is what is left through (learning from positive and unlabelled data; Elkan & Noto 2008).
"""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.survey import matting
from derrumbe.survey.filters import disc, masked_mean, widened
from derrumbe.survey.tints import cells, histogram

RING = 0.10
"""Colours behind are learnt within this distance around the region, share of the longer side."""
LEAST = 400
"""Pixels of the ring needed to learn from."""
THROUGH = 0.30
"""Percentile of the background's colours whose abundance in the region tells how much of it is seen through."""
KNEE = (0.35, 0.80)
"""Likelihoods between which a colour goes from the background's to the thing's."""
NEAR, FULL = 0.012, 0.65
"""Radius within which colours behind count as near (share of the longer side); share of the usual contrast that is all thing."""
SURE = (0.06, 0.92)
"""Shares below and above which a pixel is surely empty or solid."""
TRUST = 0.3
BLOCK, STOUT, OFF, GOES_ON = 0.7, 2.5, 3, 0.5
"""A dark block fills so much of its box at least, and is at most so many times as long as it is wide; a trunk goes on above or below, so many
pixels off, over so much of its width."""
LIMB, PALE, PLAIN = 0.006, 0.2, 0.15
"""Half the width of the thickest branches, share of the longer side; share of the contrast by which what is behind them varies; contrast (0..1) that
is all branch at least, or a wall's grain would be twigs."""


def porous_alpha(codes: np.ndarray, region: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """Return the alpha (h, w) float32 of the thing in a rough `region` (h, w) bool of codes (h, w, 3) uint8.

    behind (h, w) bool: what shows the background alone, if near; the region itself doesn't count.
    """
    ring = behind & ~region & widened(region, RING * max(region.shape))
    if np.count_nonzero(ring) < LEAST:
        return region.astype(np.float32)
    picture = codes.astype(np.float32) / 255
    share = np.clip((_thing_share(codes, region, ring) - KNEE[0]) / (KNEE[1] - KNEE[0]), 0, 1) * region
    share *= _contrast(picture, share, ring | (region & (share < 0.1)))
    return matting.leaning(picture, share, share > SURE[1], share < SURE[0], TRUST)


def bare_alpha(codes: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Return the alpha (h, w) float32 of branches without leaves in a rough `region` (h, w) bool of codes (h, w, 3) uint8: how much darker
    a pixel is than what is lightest around it, against what is darkest there."""
    if not region.any():
        return region.astype(np.float32)
    side = max(region.shape)
    grey = cv2.cvtColor(codes, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    reach = disc(max(2, LIMB * side))
    light = cv2.GaussianBlur(cv2.morphologyEx(grey, cv2.MORPH_CLOSE, reach), (0, 0), LIMB * side)
    dark = cv2.GaussianBlur(cv2.erode(grey, disc(2 * LIMB * side)), (0, 0), LIMB * side)
    share = np.clip((light - grey - PALE * (light - dark)) / np.maximum((FULL - PALE) * (light - dark), PLAIN), 0, 1) * region
    share *= ~_windows(share > 0.5, LIMB * side)
    picture = codes.astype(np.float32) / 255
    return matting.leaning(picture, share.astype(np.float32), share > SURE[1], share < SURE[0], TRUST)


def _windows(dark: np.ndarray, limb: float) -> np.ndarray:
    """Return what of dark parts (h, w) bool is a compact block with ends above and below, as windows are and trunks aren't."""
    thick = cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_OPEN, np.ones((round(limb), round(limb)), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(thick, connectivity=4)
    out = np.zeros_like(dark)
    for label in range(1, count):
        left, top, width, height, area = stats[label]
        columns = slice(left, left + width)
        ends = [dark[row, columns].mean() for row in (top - OFF, top + height - 1 + OFF) if 0 <= row < len(dark)]
        if area > BLOCK * width * height and max(width, height) < STOUT * min(width, height) and max(ends, default=0) < GOES_ON:
            out |= labels == label
    return widened(out, 2)


def _contrast(picture: np.ndarray, share: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """Return how far each colour (h, w) 0..1 is from what shows behind nearby, against how far the thing's colours are: twigs are thinner
    than pixels, and what a pixel has of them is this share."""
    radius = max(3, round(NEAR * max(share.shape)))
    near, cover = masked_mean(picture, behind, radius)
    everywhere = picture[behind].mean(axis=0)
    near = np.where((cover > 0.02)[..., None], near, everywhere)
    distance = np.sqrt(((picture - near) ** 2).sum(axis=-1))
    square, weight = masked_mean(np.dstack([distance**2] * 3), share, 2 * radius)
    usual = np.where(weight > 1e-3, np.sqrt(np.maximum(square[..., 0], 0)), 1.0)
    return np.clip(distance / np.maximum(FULL * usual, 1e-3), 0, 1)


def _thing_share(codes: np.ndarray, region: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """Return how likely each pixel's colour is the thing's (h, w), from colours in the region and around it."""
    flat = cells(codes)
    inside, around = histogram(flat[region]), histogram(flat[ring])
    ratio = inside / np.maximum(around, 1e-9)
    seen = around > 1e-5
    order = np.argsort(ratio[seen])
    mass = np.cumsum(around[seen][order])
    through = float(np.clip(ratio[seen][order][np.searchsorted(mass, THROUGH * mass[-1])], 0, 1))
    share = 1 - np.clip(through * around / np.maximum(inside, 1e-9), 0, 1)
    return share[flat].astype(np.float32)
