"""Radial lens distortion: between the undistorted pictures that a pinhole `Camera` projects to and the plate as it was filmed.

`Camera.distortion` is (k1, k2, …), all about the principal point, as in Brown, "Close-range camera calibration" (1971), and as OpenCV,
COLMAP and Blender (polynomial) write it: with r the distance from the axis at depth 1,
filmed = undistorted * (1 + k1 r² + k2 r⁴ + …). No terms: the plate is undistorted.
"""

from __future__ import annotations

import numpy as np

from derrumbe.core.records import Camera

ROUNDS = 30
"""Newton's steps at most; a few are enough for any lens that isn't a fisheye."""
CLOSE = 1e-12
FLATTEST, WIDEST = 0.05, 4.0
"""Least slope of filmed over undistorted radius that is followed, and largest radius: beyond, the polynomial folds over and nothing was
filmed there."""


def filmed(camera: Camera, pixels: np.ndarray) -> np.ndarray:
    """Return where undistorted pixels (..., 2) lie in the plate, (..., 2) float64."""
    middle = np.array([camera.cx, camera.cy])
    away = np.asarray(pixels, np.float64) - middle
    if not any(camera.distortion):
        return away + middle
    square = (away**2).sum(-1, keepdims=True) / camera.focal_px**2
    return middle + away * _stretch(camera.distortion, square)


def undistorted(camera: Camera, pixels: np.ndarray) -> np.ndarray:
    """Return where pixels (..., 2) of the plate lie in the undistorted picture, (..., 2) float64; the inverse of `filmed`."""
    middle = np.array([camera.cx, camera.cy])
    away = np.asarray(pixels, np.float64) - middle
    if not any(camera.distortion):
        return away + middle
    wanted = np.sqrt((away**2).sum(-1, keepdims=True)) / camera.focal_px
    radius = _radius(camera.distortion, wanted)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(wanted > 0, radius / wanted, 1.0)
    return middle + away * scale


def _radius(terms: tuple[float, ...], wanted: np.ndarray) -> np.ndarray:
    """Solve radius * stretch(radius²) = wanted with Newton's method."""
    radius = wanted.copy()
    for _ in range(ROUNDS):
        square = radius**2
        slope = _stretch(tuple((2 * n + 3) * k for n, k in enumerate(terms)), square)
        step = (radius * _stretch(terms, square) - wanted) / np.maximum(slope, FLATTEST)
        radius = np.clip(radius - step, 0, WIDEST)
        if np.abs(step).max(initial=0) < CLOSE:
            break
    return radius


def _stretch(terms: tuple[float, ...], square: np.ndarray) -> np.ndarray:
    """Return 1 + k1 r² + k2 r⁴ + … (Horner)."""
    out = np.zeros_like(square)
    for term in reversed(terms):
        out = (out + term) * square
    return 1 + out
