"""Reading the plate's picture of the building between pixels (Catmull and Rom, 1974: interpolating, so a whole-pixel shift is exact)."""

from __future__ import annotations

import numba as nb
import numpy as np


@nb.njit(cache=True, inline="always")
def _weights(t):  # type: ignore[no-untyped-def]
    a = t * (-0.5 + t * (1 - 0.5 * t))
    b = 1 + t * t * (-2.5 + 1.5 * t)
    c = t * (0.5 + t * (2 - 1.5 * t))
    return a, b, c, t * t * (-0.5 + 0.5 * t)


@nb.njit(cache=True)
def sample(picture, u, v, left, top):  # type: ignore[no-untyped-def]
    """Return the colour (r, g, b) at pixel coordinates (u, v) of a picture whose first pixel is (left, top); edges are held.

    Ringing is held near the four nearest pixels' range, so that no overshoot goes below black.
    """
    height, width = picture.shape[0], picture.shape[1]
    x, y = u - left - 0.5, v - top - 0.5
    i, j = int(np.floor(x)), int(np.floor(y))
    wx, wy = _weights(x - i), _weights(y - j)
    r, g, b = 0.0, 0.0, 0.0
    for n in range(4):
        row = min(max(j + n - 1, 0), height - 1)
        for m in range(4):
            w = wx[m] * wy[n]
            column = min(max(i + m - 1, 0), width - 1)
            r += w * picture[row, column, 0]
            g += w * picture[row, column, 1]
            b += w * picture[row, column, 2]
    x0, x1 = min(max(i, 0), width - 1), min(max(i + 1, 0), width - 1)
    y0, y1 = min(max(j, 0), height - 1), min(max(j + 1, 0), height - 1)
    return (
        _kept(r, picture[y0, x0, 0], picture[y0, x1, 0], picture[y1, x0, 0], picture[y1, x1, 0]),
        _kept(g, picture[y0, x0, 1], picture[y0, x1, 1], picture[y1, x0, 1], picture[y1, x1, 1]),
        _kept(b, picture[y0, x0, 2], picture[y0, x1, 2], picture[y1, x0, 2], picture[y1, x1, 2]),
    )


@nb.njit(cache=True, inline="always")
def _kept(value, a, b, c, d):  # type: ignore[no-untyped-def]
    low, high = min(a, b, c, d), max(a, b, c, d)
    slack = 0.25 * (high - low)
    return min(max(value, max(low - slack, min(low, 0.0))), high + slack)


@nb.njit(cache=True)
def grey(picture, u, v, left, top):  # type: ignore[no-untyped-def]
    """Return the value of a one-channel picture at pixel coordinates (u, v), linear between pixels; edges are held."""
    height, width = picture.shape
    x, y = min(max(u - left - 0.5, 0.0), width - 1.0), min(max(v - top - 0.5, 0.0), height - 1.0)
    i, j = int(x), int(y)
    i1, j1 = min(i + 1, width - 1), min(j + 1, height - 1)
    a, b = x - i, y - j
    return (picture[j, i] * (1 - a) + picture[j, i1] * a) * (1 - b) + (picture[j1, i] * (1 - a) + picture[j1, i1] * a) * b
