"""Dust finer than its grid, added where rays see it: billows that ride the flow give each pixel its own thickness and its own slope to the light.

Rays are few and the grid is coarse, so what they gather is soft. At the depth where a pixel sees its dust, the same billows that shape the grid
are read again, there and a little towards the light (a slope, as in bump mapping; Blinn 1978), and once more several times smaller.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit, prange

from derrumbe.core.records import Camera
from derrumbe.geom.camera import rotation_matrix
from derrumbe.render.dust_light import LitCloud
from derrumbe.render.dust_noise import EASED, SMALLEST, TEXELS, held4, tile1

F = np.float32
THICKER = 1.6
"""How far small billows make dust thicker and thinner, as a power of e from trough to top."""
SLOPES = (0.6, 0.5)
"""How much brighter slopes to the light are: of the grid's own billows, of small ones."""
HEIGHTS = (0.1, 0.2)
"""How much brighter tops are than hollows, of both."""
DIMMEST, BRIGHTEST = 0.45, 1.5
TOWARDS = 0.22
"""How far towards the light slopes are taken, in widths of the smallest billow of the set."""
PIXELS = 2.6
"""Width of the smallest billows in the picture, about."""
LEAST_SHOWN = 1.2
"""Pixels under which a billow is not shown."""
STEEPEST = 4.0
"""How many times deeper than wide a slope gets until no billows are shown on it."""
SPREAD = 4.0
"""Voxels along the ray over which dust is spread that halve its billows."""
SMOOTH = 7
"""Pixels over which the depth of dust is averaged."""
TAPS, STRIDE = 6, 1.6
"""Most places along its path at which moving dust is read, and pixels between them."""


@dataclass(frozen=True)
class Detail:
    """`finer`: how many times smaller than the grid's billows the small ones are; `shutter`: seconds that it is open."""

    finer: float
    shutter: float


def detail_for(camera: Camera, lit: LitCloud, shutter: float) -> Detail:
    """Choose the size of small billows for a shot with its first `camera`: the smallest are some PIXELS wide in the middle of the dust's box."""
    depth = rotation_matrix(camera)[2] @ lit.middle + camera.translation[2]
    pixel = max(float(depth), 1.0) / camera.focal_px / lit.voxel
    finer = 2.0 ** np.floor(np.log2(max(SMALLEST / (PIXELS * pixel), 1.0)))
    return Detail(float(np.clip(finer, 1, 8)), shutter)


def add_detail(front: np.ndarray, middle: np.ndarray, lit: LitCloud, view: tuple, detail: Detail) -> None:
    """Change dust `front` (h,w,4) in place. middle (h,w,2): depth at which each pixel sees it, 0
    where none, and how far depths spread; view: see dust_march."""
    ride, middle = lit.ride, _smoothed(middle)
    towards = (lit.sun_rgb.mean() * lit.to_sun + 0.6 * lit.sky_rgb.mean() * np.array([0.0, 1.0, 0.0])).astype(F)
    towards /= max(float(np.linalg.norm(towards)), 1e-6)
    drift = lit.drift if lit.drift is not None else np.zeros((1, 1, 1, 3), F)
    _add(
        front, middle, view, ride.eased, ride.start, ride.half_start, ride.offset, ride.weight, ride.tile, towards,
        F(detail.finer), drift, F(detail.shutter / lit.voxel) if lit.drift is not None else F(0),
    )  # fmt: skip


def _smoothed(middle: np.ndarray) -> np.ndarray:
    """Return middle (h,w,2) averaged over SMOOTH pixels where it is known: what rays' jitter leaves in it would show as hatching."""
    import cv2

    known = (middle[..., 0] > 0).astype(F)
    share = np.maximum(cv2.blur(known, (SMOOTH, SMOOTH)), F(1e-6))
    return cv2.blur(middle, (SMOOTH, SMOOTH)) / share[..., None] * known[..., None]


@njit(cache=True, fastmath=True)
def _billow(x, y, z, first, second, half_start, offset, weight, texture):
    """Fill texture coordinates (2,3) and trust (2,) at a grid position; return how much they can be trusted together."""
    size, half = F(1) / F(2 * EASED), F(0.5)
    p = size * (x - F(2 * half_start[0])) - half
    q = size * (y - F(2 * half_start[1])) - half
    r = size * (z - F(2 * half_start[2])) - half
    power = F(1e-6)
    for n in range(2):
        dx, dy, dz, trust = held4(first if n == 0 else second, p, q, r)
        part = weight[n] * trust
        texture[n, 0], texture[n, 1], texture[n, 2], texture[n, 3] = (
            x + dx + offset[n, 0],
            y + dy + offset[n, 1],
            z + dz + offset[n, 2],
            part,
        )
        power += part * part
    return min(F(1) / np.sqrt(power), F(1.6))


@njit(cache=True, fastmath=True)
def _slope(middle, v, u):
    """How much deeper the dust gets from pixel to pixel, over a few pixels."""
    reach = 2
    left, right = middle[v, max(u - reach, 0), 0], middle[v, min(u + reach, middle.shape[1] - 1), 0]
    above, below = middle[max(v - reach, 0), u, 0], middle[min(v + reach, middle.shape[0] - 1), u, 0]
    across = abs(right - left) if left > F(0) and right > F(0) else F(0)
    down = abs(below - above) if above > F(0) and below > F(0) else F(0)
    return max(across, down) / F(2 * reach)


@njit(cache=True, fastmath=True)
def _two(tile, x, y, z, dx, dy, dz, scale):
    """Billows at texture coordinates and a little beside them."""
    one = tile1(tile, x * scale, y * scale, z * scale)
    return one, tile1(tile, (x + dx) * scale, (y + dy) * scale, (z + dz) * scale)


@njit(cache=True, fastmath=True)
def _path(drift, x, y, z, half_start, shutter, pixel):
    """How far dust at a grid position moves while the shutter is open, voxels, and at how many places to read it."""
    if shutter <= F(0):
        return (F(0), F(0), F(0)), 1
    i = min(max(int(F(0.5) * x) - half_start[0], 0), drift.shape[0] - 1)
    j = min(max(int(F(0.5) * y) - half_start[1], 0), drift.shape[1] - 1)
    k = min(max(int(F(0.5) * z) - half_start[2], 0), drift.shape[2] - 1)
    a, b, c = shutter * drift[i, j, k, 0], shutter * drift[i, j, k, 1], shutter * drift[i, j, k, 2]
    length = np.sqrt(a * a + b * b + c * c) / pixel
    return (a, b, c), min(int(length / F(STRIDE)) + 1, TAPS)


@njit(cache=True, parallel=True, fastmath=True)
def _add(front, middle, view, riding, start, half_start, offset, weight, tile, towards, finer, drift, shutter):
    origin, base, right, down = view
    first, second = riding
    pace = np.sqrt(right[0] * right[0] + right[1] * right[1] + right[2] * right[2])
    ahead = np.sqrt(base[0] * base[0] + base[1] * base[1] + base[2] * base[2])
    large, small = F(TOWARDS * SMALLEST * 2), F(TOWARDS * SMALLEST) / finer
    for v in prange(front.shape[0]):
        here, there = np.empty((2, 4), F), np.empty((2, 4), F)
        for u in range(front.shape[1]):
            alpha, depth = front[v, u, 3], middle[v, u, 0]
            if alpha < F(0.004) or depth <= F(0):
                continue
            # voxels that a pixel covers; billows smaller than that fade
            pixel = depth * pace
            steep = ahead * _slope(middle, v, u) / pixel
            # a slice through dust at a slant shows lines, and dust that goes on and on along the ray evens out
            flat = min(max((F(STEEPEST) - steep) / F(STEEPEST - 1), F(0)), F(1)) / (F(1) + middle[v, u, 1] * ahead / F(SPREAD))
            coarse_share = flat * min(max(F(SMALLEST * 2) / pixel - F(LEAST_SHOWN), F(0)), F(1))
            fine_share = flat * min(max(F(SMALLEST) / (finer * pixel) - F(LEAST_SHOWN), F(0)), F(1))
            if finer <= F(1.01):
                fine_share = F(0)
            if coarse_share <= F(0):
                continue
            a, b = F(u) + F(0.5), F(v) + F(0.5)
            x = origin[0] + depth * (base[0] + a * right[0] + b * down[0]) + F(start[0])
            y = origin[1] + depth * (base[1] + a * right[1] + b * down[1]) + F(start[1])
            z = origin[2] + depth * (base[2] + a * right[2] + b * down[2]) + F(start[2])
            gain = _billow(x, y, z, first, second, half_start, offset, weight, here)
            x, y, z = x + large * towards[0], y + large * towards[1], z + large * towards[2]
            _billow(x, y, z, first, second, half_start, offset, weight, there)
            move, taps = _path(drift, x - large * towards[0], y - large * towards[1], z - large * towards[2], half_start, shutter, pixel)
            high = slope = fine_high = fine_slope = F(0)
            for n in range(2):
                if here[n, 3] < F(0.02):
                    continue
                sx, sy, sz = there[n, 0] - here[n, 0], there[n, 1] - here[n, 1], there[n, 2] - here[n, 2]
                for tap in range(taps):
                    when, part = (F(tap) + F(0.5)) / F(taps) - F(0.5), here[n, 3] / F(taps)
                    tx, ty, tz = here[n, 0] + when * move[0], here[n, 1] + when * move[1], here[n, 2] + when * move[2]
                    one, other = _two(tile, tx, ty, tz, sx, sy, sz, F(TEXELS))
                    high, slope = high + part * one, slope + part * (one - other)
                    if fine_share > F(0):
                        near = small / large
                        one, other = _two(tile, tx, ty, tz, near * sx, near * sy, near * sz, F(TEXELS) * finer)
                        fine_high, fine_slope = fine_high + part * one, fine_slope + part * (one - other)
            light = F(SLOPES[0]) * slope + F(HEIGHTS[0]) * high
            light = gain * (coarse_share * light + fine_share * (F(SLOPES[1]) * fine_slope + F(HEIGHTS[1]) * fine_high))
            thick = -np.log(max(F(1) - alpha, F(1e-4))) * np.exp(F(THICKER) * gain * fine_share * fine_high)
            new = F(1) - np.exp(-thick) if alpha < F(0.999) else alpha
            share = new / alpha * min(max(F(1) + alpha * light, F(DIMMEST)), F(BRIGHTEST))
            front[v, u, 0] *= share
            front[v, u, 1] *= share
            front[v, u, 2] *= share
            front[v, u, 3] = new
