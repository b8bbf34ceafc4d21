"""Radial lens distortion: between straight pictures, as a pinhole shows them, and the plate as it was filmed.

`Camera.distortion` is (k1, k2, …), all about the principal point, as in Brown, "Close-range camera calibration" (1971), and as OpenCV,
COLMAP and Blender (polynomial) write it: with r the distance from the axis at depth 1,
filmed = undistorted * (1 + k1 r² + k2 r⁴ + …). No terms: the plate is undistorted. Terms belong to the lens, not to the picture's size.

The kernels take a lens as a tuple (focal, cx, cy, terms) that `lens_of` makes; one without terms costs a comparison and changes no bit.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from derrumbe.core.records import Camera

Lens = tuple[float, float, float, np.ndarray]

ROUNDS = 30
"""Newton's steps at most; a few are enough for any lens that isn't a fisheye."""
CLOSE = 1e-12
FLATTEST, WIDEST = 0.05, 4.0
"""Least slope of filmed over undistorted radius that is followed, and largest radius: beyond, the polynomial folds over and nothing was
filmed there. It goes on straight with that slope, so that nothing outside the picture folds back into it."""


def lens_of(camera: Camera, origin: tuple[float, float] = (0.0, 0.0)) -> Lens:
    """Return the lens for pixels counted from `origin`. terms: empty without distortion, else the square of the radius up to which the
    polynomial is followed, then k1, k2, …"""
    centre = (camera.cx - origin[0], camera.cy - origin[1])
    terms = np.zeros(0)
    if any(camera.distortion):
        terms = np.array([_fold(camera.distortion), *camera.distortion])
    return camera.focal_px, *centre, terms


def _fold(terms: tuple[float, ...]) -> float:
    """Return the square of the least radius at which filmed over undistorted radius is as flat as FLATTEST, at most WIDEST squared."""
    squares = np.linspace(0, WIDEST**2, 4097)
    slope = 1 + sum((2 * n + 3) * k * squares ** (n + 1) for n, k in enumerate(terms))
    flat = np.flatnonzero(slope < FLATTEST)
    return float(squares[flat[0] - 1] if len(flat) else squares[-1])


def filmed(camera: Camera, pixels: np.ndarray) -> np.ndarray:
    """Return where undistorted pixels (..., 2) lie in the plate, (..., 2) float64."""
    if not any(camera.distortion):
        return np.array(pixels, np.float64)
    away = np.asarray(pixels, np.float64) - (camera.cx, camera.cy)
    out = np.empty((away.size // 2, 2))
    _film(np.ascontiguousarray(away).reshape(-1, 2), lens_of(camera), out)
    return out.reshape(away.shape)


def undistorted(camera: Camera, pixels: np.ndarray) -> np.ndarray:
    """Return where pixels (..., 2) of the plate lie in the undistorted picture, (..., 2) float64; the inverse of `filmed`."""
    if not any(camera.distortion):
        return np.array(pixels, np.float64)
    away = np.asarray(pixels, np.float64) - (camera.cx, camera.cy)
    out = np.empty((away.size // 2, 2))
    _straighten(np.ascontiguousarray(away).reshape(-1, 2), lens_of(camera), out)
    return out.reshape(away.shape)


def sights(camera: Camera, shape: tuple[int, int], corner: tuple[float, float]) -> np.ndarray:
    """Return the directions (h, w, 2), x/z and y/z in camera axes, of places a pixel apart of which the first is `corner`."""
    out = np.empty((*shape, 2))
    _sights(lens_of(camera), *corner, out)
    return out


@nb.njit(cache=True)
def _film(away, lens, out):  # type: ignore[no-untyped-def]
    for i in range(len(away)):
        out[i] = pixel_of(away[i, 0], away[i, 1], lens[0], lens)


@nb.njit(cache=True)
def _straighten(away, lens, out):  # type: ignore[no-untyped-def]
    for i in range(len(away)):
        out[i] = straight_pixel(away[i, 0] + lens[1], away[i, 1] + lens[2], lens)


@nb.njit(cache=True)
def _sights(lens, left, top, out):  # type: ignore[no-untyped-def]
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            out[y, x] = slope_of(left + x, top + y, lens)


@nb.njit(cache=True, inline="always")
def pixel_of(x, y, z, lens):  # type: ignore[no-untyped-def]
    """Return the plate's pixel that shows a point in camera axes."""
    if len(lens[3]) == 0:
        return lens[0] * x / z + lens[1], lens[0] * y / z + lens[2]
    u, v = x / z, y / z
    stretch = stretched(u * u + v * v, lens[3])
    return lens[0] * stretch * u + lens[1], lens[0] * stretch * v + lens[2]


@nb.njit(cache=True, inline="always")
def slope_of(x, y, lens):  # type: ignore[no-untyped-def]
    """Return x/z and y/z of what the plate's place (x, y) shows."""
    u, v = (x - lens[1]) / lens[0], (y - lens[2]) / lens[0]
    if len(lens[3]) == 0:
        return u, v
    gain = _gain(np.sqrt(u * u + v * v), lens[3])
    return gain * u, gain * v


@nb.njit(cache=True, inline="always")
def straight_pixel(x, y, lens):  # type: ignore[no-untyped-def]
    """Return where a pinhole would show what the plate shows at (x, y)."""
    if len(lens[3]) == 0:
        return x, y
    u, v = slope_of(x, y, lens)
    return lens[0] * u + lens[1], lens[0] * v + lens[2]


@nb.njit(cache=True)
def stretched(square, terms):  # type: ignore[no-untyped-def]
    """Return filmed over undistorted radius, by the square of the latter (Horner)."""
    inner, out = min(square, terms[0]), 0.0
    for n in range(len(terms) - 1, 0, -1):
        out = (out + terms[n]) * inner
    if square <= terms[0]:
        return 1 + out
    share = np.sqrt(terms[0] / square)
    return (1 + out) * share + FLATTEST * (1 - share)


@nb.njit(cache=True)
def _gain(wanted, terms):  # type: ignore[no-untyped-def]
    """Return undistorted over filmed radius: solve radius * stretch(radius²) = wanted with Newton's method."""
    if wanted <= 0:
        return 1.0
    radius = wanted
    for _ in range(ROUNDS):
        square, slope = radius * radius, 0.0
        for n in range(len(terms) - 1, 0, -1):
            slope = (slope + (2 * n + 1) * terms[n]) * square
        slope = FLATTEST if square > terms[0] else max(1 + slope, FLATTEST)
        step = (radius * stretched(square, terms) - wanted) / slope
        radius = min(max(radius - step, 0.0), 2 * WIDEST)
        if abs(step) < CLOSE:
            break
    return radius / wanted


@nb.njit(cache=True)
def bulge(radius, length, lens):  # type: ignore[no-untyped-def]
    """Return by how many pixels, at most, a straight line of `length` within `radius` (both at depth 1) leaves its chord in the plate:
    length² / 8 times the greatest second derivative of what the lens does."""
    terms, total = lens[3], 0.0
    radius = min(radius, np.sqrt(terms[0]))
    for n in range(1, len(terms)):
        total += (2 * n + 1) * (2 * n) * abs(terms[n]) * radius ** (2 * n - 1)
    return lens[0] * total * length * length / 8


@nb.njit(cache=True)
def box_in_plate(left, top, right, bottom, lens):  # type: ignore[no-untyped-def]
    """Return the box (left, top, right, bottom), plate pixels, of all that a box at depth 1 holds; a little too large rather than too small."""
    low_x, low_y, high_x, high_y, radius = np.inf, np.inf, -np.inf, -np.inf, 0.0
    for u in (left, right):
        for v in (top, bottom):
            x, y = pixel_of(u, v, 1.0, lens)
            low_x, low_y, high_x, high_y = min(low_x, x), min(low_y, y), max(high_x, x), max(high_y, y)
            radius = max(radius, np.sqrt(u * u + v * v))
    slack = bulge(radius, max(right - left, bottom - top), lens) + 1e-6
    return low_x - slack, low_y - slack, high_x + slack, high_y + slack
