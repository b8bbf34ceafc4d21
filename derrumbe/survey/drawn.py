"""Solid things that the artist drew in front: from an outline of a few clicks to the thing's own edge.

How far an outline may be off its thing is told by its own sides: the longer they are and the more they turn, the more of a curve they cut off
or leave in. Within that reach colours tell thing from surroundings (GrabCut, Rother et al. 2004); alpha then follows the colour lines.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage

from derrumbe.core.records import Vec2
from derrumbe.survey.filters import around, connected_to, disc, filled, largest, opened, widened
from derrumbe.survey.grabcut import grab_cut
from derrumbe.survey.matting import refined, trimap
from derrumbe.survey.slender import bars

LEAST_BAND, SLOPPY = 2.0, 0.002
"""How far a hand-drawn edge may be off at least: pixels, and share of the longer side."""
CORE = 0.5
"""Share of the depth of a thing's middle below its edge that is open at most."""
OUT, RING, ENOUGH = 0.5, 2.5, 60
"""A thing reaches out of its outline by so many times its looseness at most; surroundings teach their colours within so many times it; pixels
of both sides needed to tell them apart."""
CORNER = 3.0
"""What goes on so many times its looseness beyond a thing's stout parts is a limb, and no corner of them."""
FINE = 160
"""Things smaller than this, pixels, are enlarged twice before they are cut out."""
NARROW = 2.5
"""Half the width of what is narrow, in bands."""


def drawn_alpha(codes: np.ndarray, polygon: tuple[Vec2, ...]) -> np.ndarray:
    """Return the alpha (h, w) float32 of a polygon of the user's (plate pixels): along the edges of what was drawn in `codes` (h, w, 3)
    uint8, as near to the polygon as it was drawn carefully."""
    corners = np.asarray(polygon, np.float64)
    mask, loose = filled([corners], codes.shape[:2]) > 0, looseness(corners)
    return followed_alpha(codes, tightened(codes, mask, loose), loose)


def looseness(polygon: np.ndarray) -> float:
    """Return how far, in pixels, a polygon (n, 2) may usually be off a smooth outline through its corners: the height of an arc over a side."""
    sides = np.roll(polygon, -1, axis=0) - polygon
    length = np.linalg.norm(sides, axis=1)
    angle = np.arctan2(sides[:, 1], sides[:, 0])
    turn = np.abs((np.diff(angle, prepend=angle[-1:]) + np.pi) % (2 * np.pi) - np.pi)
    heights = 0.5 * length * np.tan(0.25 * np.minimum(turn, np.roll(turn, -1)))
    return float(np.average(heights, weights=length + 1e-9))


def tightened(codes: np.ndarray, mask: np.ndarray, loose: float) -> np.ndarray:
    """Return a drawn mask (h, w) bool without what has the colours around it, as far as `loose` pixels in from its edge, and with what has
    the thing's, half as far out.

    What the thing encloses stays, whatever its colour; and so does a mask that is right, or too narrow to hold a core of its own, and limbs that are:
    the pole of a sign needn't have the colours of its board.
    """
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    loose = min(loose, CORE * float(depth.max()))
    if loose <= least_band(mask.shape) or np.count_nonzero(_narrow(mask, loose)) > 0.5 * np.count_nonzero(mask):
        return mask
    core, near, ring = depth > loose, widened(mask, OUT * loose), widened(mask, RING * loose)
    if min(np.count_nonzero(core), np.count_nonzero(ring & ~near)) < ENOUGH:
        return mask
    window = around(ring)
    labels = np.where(core, cv2.GC_FGD, np.where(mask, cv2.GC_PR_FGD, np.where(near, cv2.GC_PR_BGD, cv2.GC_BGD)))[window]
    out = np.zeros_like(mask)
    out[window] = largest(ndimage.binary_fill_holes(_cut(codes[window], labels.astype(np.uint8))))
    return out | _limbs(mask, loose)


def _limbs(mask: np.ndarray, loose: float) -> np.ndarray:
    """Return the long parts of a mask (h, w) bool that are narrower than twice `loose` pixels."""
    trunk = opened(mask, loose)
    return connected_to(mask & ~trunk, ~widened(trunk, CORNER * loose))


def _cut(codes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return what GrabCut takes for the thing (h, w) bool."""
    by = 2 if max(labels.shape) < FINE else 1
    picture = cv2.resize(codes, None, fx=by, fy=by, interpolation=cv2.INTER_CUBIC) if by > 1 else codes
    thing = grab_cut(picture, np.kron(labels, np.ones((by, by), np.uint8))).astype(np.float32)
    return cv2.resize(thing, labels.shape[::-1], interpolation=cv2.INTER_AREA) > 0.5


def least_band(shape: tuple[int, ...]) -> float:
    """Return how far, in pixels, any edge drawn by hand in a picture (h, w) may be off."""
    return max(LEAST_BAND, SLOPPY * max(shape))


def followed_alpha(codes: np.ndarray, mask: np.ndarray, loose: float = 0.0) -> np.ndarray:
    """Return the alpha (h, w) float32 of a solid thing's mask (h, w) bool, right within a few pixels, along the colour edges of `codes`.

    Where a mask is no wider than an edge may be off, as along the arm of a lamp, its middle may be wall as well: there the thing is the bar
    that stands out from both its sides. loose: pixels by which narrow parts were drawn too wide.
    """
    picture, band = codes.astype(np.float32) / 255, least_band(mask.shape)
    narrow = _narrow(mask, loose)
    if narrow.any():
        mask = _with_bars(picture, mask, narrow, 2 * max(NARROW * band, loose))
    return refined(picture, *trimap(mask, band))


def _narrow(mask: np.ndarray, loose: float) -> np.ndarray:
    """Return the parts of a mask (h, w) bool that edges drawn by hand might miss altogether."""
    half = max(NARROW * least_band(mask.shape), loose)
    return mask & ~opened(mask, half)


def _with_bars(picture: np.ndarray, mask: np.ndarray, narrow: np.ndarray, wide: float) -> np.ndarray:
    """Return the mask (h, w) bool with the bars in its narrow parts instead of those, which are at most `wide`; as it is where there are
    none."""
    window = around(widened(narrow, 2 * wide))
    thing = np.zeros_like(mask)
    room = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5) * narrow
    thing[window] = bars(picture[window], room[window], wide)
    told = narrow & widened(thing, wide)
    return mask & (cv2.morphologyEx((thing | (mask & ~told)).astype(np.uint8), cv2.MORPH_CLOSE, disc(1)) > 0)
