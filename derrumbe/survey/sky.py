"""Where the sky is: a seed from colour, smoothness and height in frame, GrabCut (Rother et al. 2004), then soft edges."""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.survey.filters import connected_to, disc, masked_mean, opened, shrunk, soft_edge, widened
from derrumbe.survey.grabcut import grab_cut

WORKING_SIDE = 640
SMALLEST = 0.004
"""Less sky than this share of the picture is none."""
EDGE_BAND = 3
BELOW = 0.02
"""No sky lies further below the horizon than this share of the picture's height."""
STEEPEST = 0.035
"""Skies, clouds included, change by less than this (display codes, 0..1) from pixel to pixel of the working picture."""
SHORE_STEP, SHORE_SHARE = 0.022, 0.5
"""A far shore is a step to darker, of light of at least this (display codes) along this share of the open columns."""
TOLERANCE = 0.11
"""Sky colours stay this near (display codes, 0..1) to the mean of the sky around, or nearer than its own spread."""
NOTCH, CLOSE, CALM = 0.06, 0.035, 0.4
"""How far into an outline its sky goes on between roofs and chimneys, share of the width; how near its colours stay to that of the sky right beside (display
codes), and how much less they change from pixel to pixel than skies elsewhere."""
TIP = 0.03
"""How far it goes on where it is too narrow to be calm, share of the width."""
WIRE = 4.0
"""Pixels over which a wire, or the dark edge that a lens draws, may part it."""
EVEN, APART = 0.01, 0.05
"""A sky of which nine tenths stray by less than the first (display codes, 0..1) is burnt out or wholly overcast; what strays by the second is a roof."""


def find_sky(codes: np.ndarray, outline_mask: np.ndarray, horizon: float) -> np.ndarray:
    """Return sky alpha (h, w) float32 of `codes` (h, w, 3) uint8. `outline_mask` is the building; `horizon` a row (the sky ends above it)."""
    scale = min(1.0, WORKING_SIDE / max(codes.shape))
    small = cv2.resize(codes, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    building = cv2.resize(outline_mask, small.shape[1::-1], interpolation=cv2.INTER_AREA) > 127
    seed = _seed(small, building, horizon * scale)
    low = _below(small.shape[0], horizon * scale)
    # Seen from above, with its horizon over the picture's border, water is as blue and smooth as a sky.
    if (seed & ~low).mean() < SMALLEST:
        return np.zeros(codes.shape[:2], np.float32)
    region = _cut(small, seed, building, low)
    region |= _notches(small, region, building, low)
    region &= ~_below_far_horizon(small, region)
    region &= ~_pale_roofs(small, region)
    mask = cv2.resize(region.astype(np.float32), codes.shape[1::-1], interpolation=cv2.INTER_LINEAR) > 0.5
    band = max(EDGE_BAND, int(np.ceil(1.5 / scale)))
    return _despeckled(soft_edge(codes.astype(np.float32) / 255, mask, band))


def _seed(codes: np.ndarray, building: np.ndarray, horizon: float) -> np.ndarray:
    """Return what is surely sky (h, w) bool: light or blue, smooth, and joined to the top of the picture."""
    picture = cv2.GaussianBlur(codes, (0, 0), 1.0).astype(np.float32) / 255
    grey = picture.mean(axis=-1)
    blue = (picture[..., 2] > 1.06 * picture[..., 0]) & (picture[..., 2] >= 0.98 * picture[..., 1]) & (grey > 0.2)
    rows = np.arange(codes.shape[0])[:, None]
    upper = rows < max(horizon, 0.25 * codes.shape[0])
    outside = upper & ~building
    if not outside.any():
        return outside
    light = grey > max(0.5, 0.72 * float(np.percentile(grey[outside], 97)))
    likely = (outside & (blue | light) & (_steepness(picture) < STEEPEST)).astype(np.uint8)
    likely = cv2.morphologyEx(likely, cv2.MORPH_OPEN, disc(1))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(likely)
    touching = [i for i in range(1, count) if stats[i, 1] < 0.06 * codes.shape[0] and stats[i, 4] > 0.001 * likely.size]
    return np.isin(labels, touching)


def _steepness(picture: np.ndarray) -> np.ndarray:
    """Return the largest change of any channel to the next pixel (h, w): the edges of roofs and trees fence the sky in."""
    across, down = cv2.Sobel(picture, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(picture, cv2.CV_32F, 0, 1, scale=1 / 8)
    return np.sqrt(across**2 + down**2).max(axis=-1)


def _below(height: int, horizon: float) -> np.ndarray:
    """Return the rows (h, 1) bool that lie too low for any sky."""
    return np.arange(height)[:, None] > horizon + BELOW * height


def _cut(codes: np.ndarray, seed: np.ndarray, building: np.ndarray, low: np.ndarray) -> np.ndarray:
    """Return the sky's region (h, w) bool; low (h, 1): rows without any."""
    reach = max(2.0, 0.012 * codes.shape[1])
    deep = shrunk(building, reach)
    labels = np.where(seed, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[shrunk(seed, 3)] = cv2.GC_FGD
    labels[deep | low] = cv2.GC_BGD
    return _joined(grab_cut(codes, labels, rounds=3) & (seed | _like_the_sky_around(codes, seed)), seed)


def _notches(codes: np.ndarray, region: np.ndarray, building: np.ndarray, low: np.ndarray) -> np.ndarray:
    """Return the sky (h, w) bool deep inside an outline drawn straight over it: what goes on without a step, in the sky's own colour, from its region
    (h, w) bool. Where the sky is one colour nothing is told, since pale walls and roofs have it too."""
    if not region.any() or strays(codes, region)[1]:
        return np.zeros_like(region)
    picture = cv2.GaussianBlur(codes, (0, 0), 0.7).astype(np.float32) / 255
    reach = NOTCH * codes.shape[1]
    mean, cover = masked_mean(picture, region, max(4, round(reach)))
    like = (np.abs(picture - mean).max(axis=-1) < CLOSE) & (cover > 0.01) & building & ~low & widened(region, reach)
    calm = opened(like & (_steepness(picture) < CALM * STEEPEST), 1)
    wide = connected_to(calm, widened(region, WIRE))
    return connected_to(like & widened(wide, TIP * codes.shape[1]), wide)


def _below_far_horizon(codes: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Return what lies below a level edge that runs through most of the region's columns (h, w) bool: sea or haze isn't sky.

    A sheet of water under a hazy sky has its colour; only the straight far shore parts them.
    """
    height, width = region.shape
    grey = codes.astype(np.float32).mean(axis=-1) / 255
    reach = max(2, round(0.008 * height))
    total = np.cumsum(np.vstack([np.zeros((1, width), np.float32), grey]), axis=0)
    rows = np.arange(reach, height - reach)
    step = np.zeros_like(grey)
    step[rows] = (2 * total[rows] - total[rows - reach] - total[rows + reach]) / reach
    sharp = (step > SHORE_STEP) & (cv2.erode(region.astype(np.uint8), np.ones((2 * reach + 1, 1), np.uint8), borderValue=1) > 0)
    fits = []
    for slope in np.linspace(-0.03, 0.03, 13):
        shift = np.rint(slope * (np.arange(width) - width / 2)).astype(int)
        index = np.clip(np.arange(height)[:, None] + shift, 0, height - 1)
        hits, open_ = (np.take_along_axis(plane, index, axis=0).sum(axis=1) for plane in (sharp, region))
        share = np.where((open_ > 0.25 * width) & (np.arange(height) > 0.15 * height), hits / np.maximum(open_, 1), 0)
        # Clouds have edges at every height; a shore stands out.
        usual = float(np.median(share[share > 0])) if (share > 0).any() else 0.0
        fits.append((float(share.max()) - 2.5 * usual, float(share.max()), int(share.argmax()), shift))
    margin, most, row, shift = max(fits, key=lambda fit: fit[0])
    below = (np.arange(height)[:, None] >= row + shift) & (most > SHORE_SHARE) & (margin > 0)
    return below if _stays_darker(grey, region, below) else np.zeros_like(below)


def _stays_darker(grey: np.ndarray, region: np.ndarray, below: np.ndarray) -> bool:
    """Whether what lies `below` an edge (h, w) bool is darker on the whole, too, than as much above it: under a cloud's edge the sky pales again towards
    the horizon."""
    deep = np.count_nonzero(below.any(axis=1))
    above = np.vstack([below[deep:], np.ones((deep, below.shape[1]), bool)])[: len(below)] & ~below
    under, over = grey[region & below], grey[region & above]
    return len(under) > 0 and len(over) > 0 and float(under.mean()) < float(over.mean()) - SHORE_STEP


def _like_the_sky_around(codes: np.ndarray, seed: np.ndarray) -> np.ndarray:
    """Return where colours are those of the sky nearby (h, w) bool: a blue roof under a white sky isn't sky."""
    picture = codes.astype(np.float32) / 255
    radius = max(8, codes.shape[1] // 10)
    mean, _ = masked_mean(picture, seed, radius)
    square, cover = masked_mean(picture**2, seed, radius)
    spread = np.sqrt(np.maximum(square - mean**2, 0)).max(axis=-1)
    whole = picture[seed].mean(axis=0)
    mean = np.where((cover > 0.01)[..., None], mean, whole)
    apart = np.abs(picture - mean).max(axis=-1)
    return apart < np.maximum(TOLERANCE, 2.5 * spread)


def _pale_roofs(codes: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Return what isn't the one colour of an even sky (h, w) bool: a roof in the haze is as light and smooth as a sky."""
    if not region.any():
        return region
    stray, even = strays(codes, region)
    return (stray > APART) & even


def strays(codes: np.ndarray, region: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return how far (h, w) colours stray from a sky's usual one (display codes, 0..1), and whether the sky is all of that."""
    picture = codes.astype(np.float32) / 255
    stray = np.abs(picture - np.median(picture[region], axis=0)).max(axis=-1)
    return stray, float(np.percentile(stray[region], 90)) < EVEN


def _joined(region: np.ndarray, seed: np.ndarray) -> np.ndarray:
    """Keep the parts of `region` that hold some seed: light walls elsewhere aren't sky."""
    count, labels = cv2.connectedComponents(region.astype(np.uint8))
    held = np.bincount(labels[seed & region], minlength=count) > 8
    held[0] = False
    return held[labels]


def _despeckled(alpha: np.ndarray) -> np.ndarray:
    """Fill pinholes in the sky (birds, noise) that are a few pixels large and far from anything else."""
    holes = (alpha < 0.5).astype(np.uint8)
    _count, labels, stats, _ = cv2.connectedComponentsWithStats(holes)
    small = stats[:, 4] < max(6, 6e-6 * alpha.size)
    small[0] = False
    return np.where(small[labels], np.float32(1), alpha)
