"""Which pixels about a plant's rim are its own, by the colours that plant and walls have just there.

A plant found by its texture is right to a window's width: that rounds leaves off, cuts thin trunks in two, leaves holes, and takes in eaves. Colours tell
them pixel by pixel, if they are learnt nearby: rust before grey stone is leaf, whatever green trees and brick there are elsewhere. Local classifiers as in
Bai et al., "Video SnapCut" (2009); their histograms lie on a coarse grid of places, as in Chen, Paris and Durand's bilateral grid (2007).
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.ndimage import convolve1d, gaussian_filter1d

from derrumbe.survey.filters import connected_to, shrunk
from derrumbe.survey.tints import FEWEST

WORKING_SIDE = 1000
"""Larger pictures are made smaller first."""
LIGHTS, TINTS, SPAN = 10, 20, 40.0
"""Bins of lightness and of either tint, and the tint (CIELAB) that the outermost ones begin at."""
PLACES, NEAR = 64, 1.2
"""Places of the grid along the longer side, and the sigma in them over which colours count."""
ANYWHERE = 20.0
"""Pixels' worth that colours of the whole picture count for at each place."""
INSIDE, OUTSIDE, AROUND = 0.008, 0.004, 0.12
"""What lies so far inside the rough region teaches the plant's colours, what lies so far outside, but not farther than AROUND, those of walls; shares of the
longer side."""
REACH = 0.03
"""A plant's rim may be off by this share of the longer side."""
TELLING, LIKELY, SURE = 3.0, 0.7, (-0.5, 1.0)
"""Most that colours say, log odds; what a whole REACH from the rim says; and which odds teach in the second round."""
PINHOLE = 0.015
"""Holes smaller than the square of this share of the longer side are dark leaves."""


def own_pixels(
    codes: np.ndarray, rough: np.ndarray, doubtful: np.ndarray, region: np.ndarray, sky: np.ndarray, foot: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return where (h, w) bool plants in a `rough` region (h, w) bool of codes (h, w, 3) uint8 really are, and what of that is surely leaf or trunk and no rim.

    doubtful (h, w) bool: what of the rough region teaches no colours of plants; region (h, w) bool: the building; sky (h, w): alpha; foot: row at which
    the building meets the ground, above which all else is wall or sky. What is farther than AROUND from the building stays as it is.
    """
    scale = min(1.0, WORKING_SIDE / max(rough.shape))
    size = round(rough.shape[1] * scale), round(rough.shape[0] * scale)
    small, clear = cv2.resize(codes, size, interpolation=cv2.INTER_AREA), cv2.resize(sky, size, interpolation=cv2.INTER_AREA) > 0.5
    plant, unsure, building = (
        cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0 for mask in (rough, doubtful, region)
    )
    stands = building | (~clear & (np.arange(size[1])[:, None] < foot * scale))
    own, sure = (
        cv2.resize(found.astype(np.float32), rough.shape[::-1], interpolation=cv2.INTER_LINEAR) > 0.5
        for found in _own(small, plant, unsure, building, stands, clear)
    )
    return own, sure & shrunk(own, 1)


def _own(
    codes: np.ndarray, rough: np.ndarray, unsure: np.ndarray, building: np.ndarray, stands: np.ndarray, clear: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the same in a picture of working size. stands (h, w) bool: walls, of the building or of others, or what is before them."""
    side = max(rough.shape)
    inward = _signed(rough) / side
    about = (_signed(building) / side > -AROUND) & ~clear
    place = LIKELY * np.clip(inward / REACH, -1, 1)
    beside = stands & (inward > -AROUND)
    cell, step = _cells(codes), max(2, round(side / PLACES))
    plant, wall = (inward > INSIDE) & ~unsure, beside & (inward < -OUTSIDE)
    for _ in range(2):
        if min(np.count_nonzero(plant), np.count_nonzero(wall)) < FEWEST:
            return rough, np.zeros_like(rough)
        odds = np.clip(np.log(_share(cell, plant, step) / _share(cell, wall, step)), -TELLING, TELLING)
        odds = cv2.blur(odds.astype(np.float32), (3, 3)) + place
        plant = ((odds > SURE[1]) & (inward > -REACH)) | (rough & ~about)
        wall = beside & (odds < SURE[0])
    own = np.where(about, (odds > 0) & (inward > -REACH), rough)
    own = _without_pinholes(connected_to(own, shrunk(rough, INSIDE * side)), (PINHOLE * side) ** 2)
    return own, own & about & (odds > SURE[1])


def _signed(mask: np.ndarray) -> np.ndarray:
    """Return how far each pixel lies inside a mask (h, w) bool, pixels, negative outside."""
    inner, outer = (cv2.distanceTransform(part.astype(np.uint8), cv2.DIST_L2, 5) for part in (mask, ~mask))
    return inner - outer


def _cells(codes: np.ndarray) -> np.ndarray:
    """Return the bins (h, w, 3) int of colours."""
    lab = cv2.cvtColor(codes.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    light, tint = lab[..., :1] * (LIGHTS / 100), (lab[..., 1:] + SPAN) * (TINTS / (2 * SPAN))
    return np.clip(np.concatenate([light, tint], axis=-1).astype(np.int64), 0, (LIGHTS - 1, TINTS - 1, TINTS - 1))


def _share(cell: np.ndarray, mask: np.ndarray, step: int) -> np.ndarray:
    """Return how common the colour of each pixel is (h, w) among the pixels of a mask (h, w) bool nearby; step: pixels between places."""
    rows, columns = (-(-length // step) + 1 for length in mask.shape)
    y, x = np.nonzero(mask)
    index = np.ravel_multi_index((y // step, x // step, *cell[y, x].T), (rows, columns, LIGHTS, TINTS, TINTS))
    counts = (
        np.bincount(index, minlength=rows * columns * LIGHTS * TINTS**2).astype(np.float32).reshape(rows, columns, LIGHTS, TINTS, TINTS)
    )
    for axis in (2, 3, 4):
        counts = convolve1d(counts, np.array([0.25, 0.5, 0.25], np.float32), axis=axis, mode="nearest")
    usual = counts.sum(axis=(0, 1)) / counts.sum()
    for axis in (0, 1):
        counts = gaussian_filter1d(counts, NEAR, axis=axis, mode="constant")
    shares = (counts + ANYWHERE * usual) / (counts.sum(axis=(2, 3, 4), keepdims=True) + ANYWHERE)
    return _at_pixels(shares, cell, step) + 1e-4


def _at_pixels(shares: np.ndarray, cell: np.ndarray, step: int) -> np.ndarray:
    """Return each pixel's own bin (h, w) of shares (rows, columns, bins) at places, between the four around it."""
    (above, down), (left, across) = (_between(length, step) for length in cell.shape[:2])
    out = np.zeros(cell.shape[:2], np.float32)
    for row, part in ((above, 1 - down), (above + 1, down)):
        for column, share in ((left, 1 - across), (left + 1, across)):
            place = np.clip(row, 0, shares.shape[0] - 1)[:, None], np.clip(column, 0, shares.shape[1] - 1)[None]
            out += (part[:, None] * share[None] * shares[(*place, *np.moveaxis(cell, -1, 0))]).astype(np.float32)
    return out


def _between(length: int, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the place before each of `length` pixels, and how far it is on the way to the next one."""
    at = (np.arange(length) + 0.5) / step - 0.5
    first = np.floor(at).astype(np.int64)
    return first, at - first


def _without_pinholes(mask: np.ndarray, smallest: float) -> np.ndarray:
    """Return a mask (h, w) bool without holes of fewer than `smallest` pixels."""
    _count, labels, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    return mask | (stats[:, cv2.CC_STAT_AREA] < smallest)[labels]
