"""What passes in front: what differs from the usual picture, without its shadow, cut out to a fraction of a pixel."""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage

from derrumbe.survey import matting
from derrumbe.survey.filters import around, connected_to, disc, opened, widened

FLOOR = 0.02
"""Least difference (display-like, 0..1) that means something, besides the plate's own unrest."""
BLURS = ((0.7, 1.0), (0.4, 0.8))
"""Sigmas, pixels, over which differences are averaged against noise, and the weight of each: a pale shoe under dark trousers is even over the first."""
SURE, LIKELY = 3.5, 2.2
"""Differences in units of unrest: what starts a passer-by, and what goes with it."""
SMALLEST = 3e-4
"""A passer-by covers at least this share of the picture."""
FAINT, BRIDGE = 1.2, 5.0
"""A difference that counts where a passer-by is on both sides: a grey shirt before grey asphalt; and over how many pixels at WIDTH."""
REACH, CORE, BAND, EDGE = 3.0, 2.0, 1.0, 1.5
"""Pixels at WIDTH: how far likely goes from sure; what depth inside is solid; how far outside alpha may reach; how far off a first edge may be, to
both sides: solid colours that lie closer to it tell it better the second time."""
FULL, ENCLOSED = 0.995, 0.5
"""Alpha from which on nothing of the background is seen; what is open to it somewhere has less than the second."""
RIDGE = (2.0, 1.3, 0.7)
"""What is solid though no deeper inside than CORE: pixels at WIDTH around, least depth, and the share of the greatest depth around that it has: a head is
narrow and stands on something wide."""
WIDTH = 600.0
SHADE = (0.42, 0.985)
"""A shadow dims the ground to between these shares of its light."""
EVEN = 0.14
"""... by the same share in all channels, give or take this."""
DIMMED, OTHER = 2.0, 1.6
"""Sigma, pixels at WIDTH, over which a shadow has one darkness, and by how many units of unrest a pale shoe or a hand in it differs from the ground in it."""
SHOE = 1.0
"""Radius, pixels at WIDTH, of a disc too large for what lies in a shadow: where it fits in, ground that is known badly differs from itself."""
STANDING = 0.5
"""Where more than this share of a dim patch has something of the passer-by below it, the patch is clothing and no shadow."""


def passing_alpha(picture: np.ndarray, background: np.ndarray, unrest: np.ndarray) -> np.ndarray:
    """Return the alpha (h, w) float32 of what isn't in the background.

    picture, background (h, w, 3) display-like (see `matting.display_like`), in the same camera; unrest (h, w): by how much the
    background usually changes.
    """
    scale = max(1.0, picture.shape[1] / WIDTH)
    strange = strangeness(picture, background, unrest)
    body = _bodies(strange, scale)
    alpha = np.zeros(strange.shape, np.float32)
    if body.any():
        box = around(body, 4 * DIMMED * scale)
        alpha[box] = _cut_out(picture[box], background[box], unrest[box], strange[box], body[box], scale)
    return alpha


def _cut_out(
    picture: np.ndarray, background: np.ndarray, unrest: np.ndarray, strange: np.ndarray, body: np.ndarray, scale: float
) -> np.ndarray:
    """Return the alpha (h, w) of what is strange: of its `body` (h, w) bool without shadows."""
    shade = _shadows(picture, background, body)
    shade &= ~_in_shadow(picture, _dimmed(picture, background, body, shade, scale), unrest, body, shade, scale)
    ground = _dimmed(picture, background, body, shade, scale)
    brighter = (picture.sum(axis=-1) > ground.sum(axis=-1)) & (strangeness(picture, ground, unrest) > LIKELY)
    body = body & (~(cv2.dilate(shade.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) | (~shade & ((strange > 3 * SURE) | brighter)))
    solid, empty = _core(body, CORE, scale) & (strange > FAINT), ~widened(body, BAND * scale) | shade
    rough = _against(picture, ground, unrest, solid, empty, scale) > 0.5
    solid, empty = _core(rough, EDGE, scale), ~widened(rough, EDGE * scale) | empty
    return _whole(_against(picture, ground, unrest, solid, empty, scale))


def _against(picture: np.ndarray, ground: np.ndarray, unrest: np.ndarray, solid: np.ndarray, empty: np.ndarray, scale: float) -> np.ndarray:
    """Return the alpha (h, w) between solid and empty (h, w) bool. What is brighter than the ground, so no shadow, and that no solid colour nearby
    explains, hanging together with what is solid, has a colour of its own: a pale shoe under dark trousers."""
    alone = matting.unexplained(picture, ground, solid, empty, scale) > SURE * _usual_off(unrest)
    own = alone & (picture.sum(axis=-1) > ground.sum(axis=-1))
    return matting.against(picture, ground, connected_to(solid | own, solid), empty, scale)


def _core(mask: np.ndarray, band: float, scale: float) -> np.ndarray:
    """Return what is surely inside a mask (h, w) bool: `band` pixels at WIDTH from its edge, or the ridge of what is narrower, beside something wide, too."""
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    near, least, share = RIDGE
    deepest = cv2.dilate(depth, disc(near * scale))
    return matting.thin_core(mask, band * scale) | (mask & (depth >= least * scale) & (depth >= share * deepest))


def _whole(alpha: np.ndarray) -> np.ndarray:
    """Return alpha (h, w) with what is mostly covered, and nowhere open to the outside, wholly covered: a shirt the colour of the asphalt."""
    labels = cv2.connectedComponents((alpha < FULL).astype(np.uint8), connectivity=4)[1]
    least = ndimage.minimum(alpha, labels, np.arange(labels.max() + 1))
    return np.where((least > ENCLOSED)[labels], 1, alpha).astype(np.float32)


def strangeness(picture: np.ndarray, background: np.ndarray, unrest: np.ndarray) -> np.ndarray:
    """Return by how many times its unrest (h, w) each pixel of a picture (h, w, 3) differs from its background (h, w, 3), both display-like."""
    off = picture - background
    blurred = [share * _length(cv2.GaussianBlur(off, (0, 0), sigma)) for sigma, share in BLURS]
    return np.maximum(*blurred) / _usual_off(unrest)


def _usual_off(unrest: np.ndarray) -> np.ndarray:
    """Return the difference (h, w), display-like, that means nothing where the background is known to change by `unrest` (h, w)."""
    return cv2.GaussianBlur(unrest, (0, 0), 1.0) + FLOOR


def _length(vectors: np.ndarray) -> np.ndarray:
    """Return the length (h, w) of vectors (h, w, 3)."""
    return np.sqrt(np.einsum("...c,...c->...", vectors, vectors))


def _bodies(strange: np.ndarray, scale: float) -> np.ndarray:
    """Return large connected changes (h, w) bool: sure ones, likely ones next to them, so that limbs and edges come along, and
    faint ones between those."""
    sure = (strange > SURE).astype(np.uint8)
    closed = cv2.morphologyEx(sure, cv2.MORPH_CLOSE, disc(2 * scale))
    _count, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    large = stats[:, 4] > SMALLEST * strange.size
    large[0] = False
    sure = large[labels] & (sure > 0)
    near = cv2.dilate(sure.astype(np.uint8), disc(REACH * scale)) > 0
    body = cv2.morphologyEx((sure | (near & (strange > LIKELY))).astype(np.uint8), cv2.MORPH_CLOSE, disc(scale))
    between = cv2.morphologyEx(body, cv2.MORPH_CLOSE, disc(BRIDGE * scale)) > 0
    return cv2.morphologyEx(((body > 0) | (between & (strange > FAINT))).astype(np.uint8), cv2.MORPH_CLOSE, disc(scale)) > 0


def _shadows(picture: np.ndarray, background: np.ndarray, bodies: np.ndarray) -> np.ndarray:
    """Return the shadows in `bodies` (h, w) bool, each passer-by's alone: another may stand further down in the same columns."""
    shade = np.zeros_like(bodies)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(bodies.astype(np.uint8), connectivity=8)
    for label in range(1, count):
        left, top, width, height, _area = stats[label]
        window = slice(top, top + height), slice(left, left + width)
        shade[window] |= _shadow(picture[window], background[window], labels[window] == label)
    return shade


def _dimmed(picture: np.ndarray, background: np.ndarray, body: np.ndarray, shade: np.ndarray, scale: float) -> np.ndarray:
    """Return the background (h, w, 3) as dark as the shadow nearby makes it: between legs and under shoes that is what is behind.

    body, shade (h, w) bool: what differs from the background, and what of that is shadow.
    """
    known = (shade | ~widened(body, REACH * scale)).astype(np.float32)
    share = np.where(shade, _light_left(picture, background).mean(axis=-1), 1).astype(np.float32)
    weight, total = (cv2.GaussianBlur(plane, (0, 0), DIMMED * scale) for plane in (known, known * share))
    usual = np.where(weight > 1e-3, np.clip(total / np.maximum(weight, 1e-3), 0, 1), 1)
    return (background * usual[..., None] ** (1 / 2.2)).astype(np.float32)


def _in_shadow(
    picture: np.ndarray, ground: np.ndarray, unrest: np.ndarray, body: np.ndarray, shade: np.ndarray, scale: float
) -> np.ndarray:
    """Return what of a shadow (h, w) bool isn't the ground in it (h, w, 3), is as thin as a shoe, and hangs together with the body that casts it."""
    own, other = body & ~shade, shade & (strangeness(picture, ground, unrest) > OTHER)
    return shade & connected_to(own | (other & ~opened(other, SHOE * scale)), own)


def _light_left(picture: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Return what share of the background's light (h, w, 3) is left in a picture (h, w, 3), both display-like."""
    return (picture**2.2 + 0.004) / (background**2.2 + 0.004)


def _shadow(picture: np.ndarray, background: np.ndarray, body: np.ndarray) -> np.ndarray:
    """Return the shadow in one passer-by's `body` (h, w) bool: the ground, evenly dimmed, with nothing of him standing below."""
    ratio = _light_left(picture, background)
    mean = ratio.mean(axis=-1)
    dim = body & (mean > SHADE[0]) & (mean < SHADE[1]) & (np.abs(ratio / mean[..., None] - 1).max(axis=-1) < EVEN)
    patches = cv2.morphologyEx(dim.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    thing = cv2.morphologyEx((body & ~dim).astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)) > 0
    above_thing = np.maximum.accumulate(thing[::-1], axis=0)[::-1]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(patches, connectivity=4)
    share = np.bincount(labels.ravel(), weights=above_thing.ravel(), minlength=count) / np.maximum(stats[:, 4], 1)
    lying = share < STANDING
    lying[0] = False
    return lying[labels]
