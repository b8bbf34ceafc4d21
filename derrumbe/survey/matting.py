"""Alpha to a fraction of a pixel, from a guess: where the background is known by subtracting it, elsewhere by colour lines.

Known background: alpha is how far a colour lies on the way from the background to those colours of the solid foreground nearby that explain it (Qian &
Sezan 1992, difference matting; Wang & Cohen, "Optimized Color Sampling for Robust Matting", 2007). Colour lines: the matting Laplacian of Levin,
Lischinski & Weiss, "A Closed-Form Solution to Natural Image Matting" (2008), by the library pymatting.
"""

from __future__ import annotations

import itertools
from typing import Any

import cv2
import numpy as np
from numba import njit

from derrumbe.survey.filters import widened

APART = 0.10
"""Foreground and background whose colours (display-like, 0..1) are this far apart tell alpha by themselves."""
NEARBY, REACH = 2.5, 5
"""Sigma, pixels, over which solid foreground lends its colours to its edge, and how far at most; both times a picture's scale."""
UNLIKE, NOISE = 0.08, 0.03
"""How far (display-like) a pixel may lie off the way to a colour that still explains it, and the least contrast with the background that tells anything."""
SMOOTH = 2.0
"""Weight of the known background's word against that of the colour lines."""
EPSILON = 1e-5
MARGIN = 6
TILE = 224
"""Large edges are solved in tiles of so many pixels, each with MARGIN pixels of its neighbours, so that they cost what their length does."""


def display_like(picture: np.ndarray) -> np.ndarray:
    """Return scene-linear light (h, w, 3) as display-like values, about 0..1, in which noise and contrast are even."""
    return np.power(np.clip(picture, 0, 4), np.float32(1 / 2.2)).astype(np.float32, copy=False)


def against(picture: np.ndarray, background: np.ndarray, solid: np.ndarray, empty: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """Return the alpha (h, w) float32 of what stands before a known background.

    picture, background (h, w, 3) display-like; solid, empty (h, w) bool: surely foreground, surely not; scale: pixels in one of a small picture.
    """
    open_ = ~(solid | empty)
    share, apart, _ = _explained(picture, background, solid, open_, scale)
    trust = np.where(open_, SMOOTH * apart / (apart + APART**2), 10.0)
    return _settled(picture, share, trust, open_)


def unexplained(picture: np.ndarray, background: np.ndarray, solid: np.ndarray, empty: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """Return how far (h, w) float32, display-like, what is neither `solid` nor `empty` lies off the ways from the background to all solid colours nearby; 0
    elsewhere. Arguments as in `against`."""
    return _explained(picture, background, solid, ~(solid | empty), scale)[2]


def _explained(
    picture: np.ndarray, background: np.ndarray, solid: np.ndarray, open_: np.ndarray, scale: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the shares, contrasts and least residues (h, w) that `_sampled` fills."""
    share, apart, least = solid.astype(np.float32), *np.zeros((2, *solid.shape), np.float32)
    step = max(1, round(scale))
    here, behind = (np.ascontiguousarray(plane, np.float32) for plane in (picture, background))
    _sampled(here, behind, solid, open_, REACH * step, step, NEARBY * scale, share, apart, least)
    return share, apart, least


def refined(picture: np.ndarray, solid: np.ndarray, empty: np.ndarray) -> np.ndarray:
    """Return the alpha (h, w) float32 between what is `solid` and what is `empty` (h, w) bool, along the picture's colour lines."""
    return _settled(picture, solid.astype(np.float32), np.where(solid | empty, 10.0, 0.0), ~(solid | empty))


def leaning(picture: np.ndarray, guess: np.ndarray, solid: np.ndarray, empty: np.ndarray, trust: float | np.ndarray) -> np.ndarray:
    """Return the alpha (h, w) as `refined` does, but leaning towards a `guess` (h, w) between the two, by `trust`, one or (h, w)."""
    sure = solid | empty
    return _settled(picture, np.where(solid, 1.0, np.where(empty, 0.0, guess)), np.where(sure, 10.0, trust), ~sure)


def thin_core(mask: np.ndarray, band: float) -> np.ndarray:
    """Return what is surely inside a mask (h, w) bool: `band` pixels from its edge, or where it is thinner, its middle."""
    if not mask.any():
        return mask
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    side = 2 * int(np.ceil(band)) + 3
    middle = cv2.dilate(depth, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    return (depth > band) | (mask & (depth >= 0.8 * middle) & (middle <= band))


@njit(cache=True, fastmath=False)
def _sampled(picture, background, solid, open_, reach, step, near, share, apart, least):  # type: ignore[no-untyped-def]
    """Fill for `open_` pixels (h, w) bool of pictures (h, w, 3) which share of the way they lie to solid colours nearby, and how far those are from the
    background, squared (h, w): means over every `step`-th pixel within `reach`, by how near each is, how well it explains the pixel and how much it tells;
    and how far they lie off the nearest of those ways (h, w)."""
    height, width = solid.shape
    for y in range(height):
        for x in range(width):
            if not open_[y, x]:
                continue
            total, shares, contrast, best = 0.0, 0.0, 0.0, 0.0
            for c in range(3):
                best += (picture[y, x, c] - background[y, x, c]) ** 2
            for v in range(max(y % step, y - reach), min(height, y + reach + 1), step):
                for u in range(max(x % step, x - reach), min(width, x + reach + 1), step):
                    away = (v - y) ** 2 + (u - x) ** 2
                    if not solid[v, u] or away > reach**2:
                        continue
                    way, along, off = 0.0, 0.0, 0.0
                    for c in range(3):
                        to = picture[v, u, c] - background[y, x, c]
                        way += to * to
                        along += to * (picture[y, x, c] - background[y, x, c])
                    part = min(max(along / max(way, 1e-6), 0.0), 1.0)
                    for c in range(3):
                        to = picture[v, u, c] - background[y, x, c]
                        off += (picture[y, x, c] - background[y, x, c] - part * to) ** 2
                    best = min(best, off)
                    weight = np.exp(-0.5 * (off / UNLIKE**2 + away / near**2)) * way / (way + NOISE**2)
                    total += weight
                    shares += weight * part
                    contrast += weight * way
            least[y, x] = np.sqrt(best)
            if total > 1e-9:
                share[y, x], apart[y, x] = shares / total, contrast / total


def _settled(picture: np.ndarray, guess: np.ndarray, trust: np.ndarray, open_: np.ndarray) -> np.ndarray:
    """Return the alpha that agrees with `guess` as far as it is trusted and else follows the picture's colour lines."""
    alpha = guess.astype(np.float32)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(widened(open_, MARGIN / 2).astype(np.uint8))
    for label in range(1, count):
        left, top, width, height, _area = stats[label]
        window = slice(max(0, top - 1), top + height + 1), slice(max(0, left - 1), left + width + 1)
        for inner, outer in _tiles(window):
            free = open_[outer] & (labels[outer] == label)
            if not free[within(inner, outer)].any() or min(free.shape) < 3:
                continue
            found = np.where(free, _solved(picture[outer], guess[outer], trust[outer], free), alpha[outer])
            own = open_[inner] & (labels[inner] == label)
            alpha[inner] = np.where(own, found[within(inner, outer)], alpha[inner])
    return alpha


Window = tuple[slice, slice]


def _tiles(window: Window) -> list[tuple[Window, Window]]:
    """Return a window's tiles, each as it is and with its margin."""
    spans = []
    for part in window:
        edges = [*range(part.start, part.stop, TILE), part.stop]
        spans.append([
            (slice(a, b), slice(max(part.start, a - 2 * MARGIN), min(part.stop, b + 2 * MARGIN)))
            for a, b in itertools.pairwise(edges)
        ])  # fmt: skip
    return [((rows[0], columns[0]), (rows[1], columns[1])) for rows in spans[0] for columns in spans[1]]


def within(inner: Window, outer: Window) -> Window:
    """Return a window of the picture as one of the larger window's own pixels."""
    first, second = (slice(i.start - o.start, i.stop - o.start) for i, o in zip(inner, outer, strict=True))
    return first, second


def _solved(picture: np.ndarray, guess: np.ndarray, trust: np.ndarray, free: np.ndarray) -> np.ndarray:
    import scipy.sparse
    from pymatting import cf_laplacian

    lines = cf_laplacian(np.ascontiguousarray(picture, np.float64), EPSILON, 1, ~free)
    weight = trust.ravel().astype(np.float64) + 1e-7
    inside = np.flatnonzero(free)
    fixed = np.where(free, 0.0, guess).ravel()
    # Only the open pixels are unknowns; what is sure beside them goes to the right-hand side.
    rows = lines.tocsr()[inside]
    system = rows[:, inside] + scipy.sparse.diags(weight[inside])
    right = weight[inside] * guess.ravel()[inside] - rows @ fixed
    out = guess.astype(np.float64).ravel()
    out[inside] = np.clip(_found(system, right), 0, 1)
    return out.reshape(free.shape).astype(np.float32)


def _found(system: Any, right: np.ndarray) -> np.ndarray:
    """Return the solution (n,) of a sparse system: by conjugate gradients, or where those don't settle, as without anything solid near, directly."""
    from pymatting import cg, ichol
    from scipy.sparse.linalg import spsolve

    if not np.any(right):
        return np.zeros_like(right)
    try:
        return np.asarray(cg(system, right, M=ichol(system.tocsc()), rtol=1e-4, maxiter=200))
    except ValueError:
        return np.asarray(spsolve(system.tocsc(), right))


def trimap(mask: np.ndarray, band: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (solid, empty) (h, w) bool of a hard mask whose edge is right to `band` pixels."""
    return thin_core(mask, band), ~widened(mask, band) if mask.any() else ~mask
