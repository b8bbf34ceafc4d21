"""Things thinner than a pixel or two cover a part of each pixel only: the arm of a lamp before a window is lighter than it looks.

A matte that is whole along such a thing takes the background that is mixed into it along. Its true colour is that of its stouter parts (the pole
that it stands on); how much of a pixel it covers follows from that and from what is on both its sides.
"""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.survey.filters import opened, widened

STOUT, SLIM = 3, 2.0
"""Side of a square, pixels, that fits into what fills its pixels; half the width of what is no longer of a pole's kind."""
ENOUGH = 12
"""Pixels of stout parts needed to tell the thing's colour."""
FAR, NEAR = 16.0, 3.0
"""Sigmas, pixels, over which stout parts lend their colour to thin ones, and the background to what stands before it."""
APART = 0.06
"""Colours (linear light, 0..1) at least so far apart tell how much of a pixel a thing covers."""
LEAST = 0.3
"""A thing covers at least this share of what its matte says: where it looks like the wall behind, it doesn't end."""


def covered(picture: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Return the alpha (h, w) float32 of a solid thing with its thin parts as what they cover of each pixel. picture (h, w, 3): display codes, 0..1."""
    whole = alpha > 0.5
    stout = cv2.morphologyEx(whole.astype(np.uint8), cv2.MORPH_OPEN, np.ones((STOUT, STOUT), np.uint8)) > 0
    slim = stout & ~widened(opened(whole, SLIM), SLIM) & (alpha > 0.95)
    thin = (alpha > 0) & ~widened(stout, SLIM)
    if not thin.any() or np.count_nonzero(slim) < ENOUGH:
        return alpha
    light = np.power(picture, np.float32(2.2))
    own, told = _lent(light, slim, FAR)
    behind, seen = _lent(light, alpha < 0.03, NEAR)
    way = own - behind
    apart = (way * way).sum(axis=-1)
    share = ((light - behind) * way).sum(axis=-1) / np.maximum(apart, 1e-6)
    cover = np.minimum(alpha, np.maximum(share, LEAST * alpha))
    return np.where(thin & told & seen & (apart > APART**2), cover, alpha).astype(np.float32)


def _lent(light: np.ndarray, where: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean (h, w, 3) of light (h, w, 3) `where` (h, w) bool, weighted over sigma pixels, and where (h, w) bool there is any."""
    weight = cv2.GaussianBlur(where.astype(np.float32), (0, 0), sigma)
    mean = cv2.GaussianBlur(light * where[..., None].astype(np.float32), (0, 0), sigma)
    return mean / np.maximum(weight, 1e-6)[..., None], weight > 1e-4
