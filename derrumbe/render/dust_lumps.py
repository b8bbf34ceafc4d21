"""Billows smaller than the grid, inside the march: at every step they make dust thicker and thinner, and brighter where they face the light.

They are read where the step is, so they have depth: they hide each other, end sharply before the sky, and show no slices. They ride the flow
as the grid's own billows do, and fade where the picture, the shutter or a veil would even them out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from derrumbe.core.records import Camera
from derrumbe.geom.camera import rotation_matrix
from derrumbe.render.dust_light import SEED, LitCloud
from derrumbe.render.dust_noise import EASED, SMALLEST, TEXELS, bump, bumps, held, held4

F = np.float32
DEEP = 2.9
"""How far lumps make dust thicker and thinner, as a power of e from trough to top."""
EVEN = 0.3
"""What is taken off that power, since rich lumps would gain more than poor ones lose."""
BROAD, BROADER = 0.9, 5.0
"""Lumps ride on broad ones, so much as strong and so many times as large: a cauliflower's heads and their florets."""
PATCHY = 1.5
"""How much stronger lumps are on broad ones than between them: one size all over looks like wool."""
FLORETS = 0.5
"""How much stronger they are in a small cloud, which has no heads."""
FACING, TOPS = 1.7, 0.4
"""How much brighter lumps are where they face the light, and on their tops."""
USUAL = 0.05
"""How high lumps are that are seen: tops hide the rest, so light is shared out about them."""
SKY = 0.6
"""What of the sky's light comes from above, beside the sun's from where it stands."""
DIMMEST, BRIGHTEST = 0.3, 1.7
TOWARDS, FARTHER = 0.45, 2.5
"""How far towards the light a lump's slope is taken, in widths of the smallest lump, and so many times farther on broad ones: a slope taken over
less than their own size is shade in ridges across the light, as if by shafts."""
VEIL = 0.3
"""Optical depth per voxel under which dust is a veil and its lumps fade: one that hides by itself what the dust about it does not is a disc."""
APART = 4.0
"""How much of a veil dust is that stands apart (dust_noise.room), over VEIL and besides it: heads as large as what they are on are puffs. Broad lumps
tear it as far as they are no heads."""
TEARS, HAZE = 1.1, 0.04
"""How far lumps tear a veil, in proportion and not as a power, so that nothing in it gets many times as thick: down to clean air, its mean kept; and
the depth per voxel under which it is a haze, and they don't."""
PIXELS = 2.6
"""Width of the smallest lumps in the picture, about."""
LEAST_SHOWN = 1.0
"""Pixels of a ray's picture under which the smallest lumps fade."""
STREAKS, FADES = 0.1, 1.4
"""Quarters of the way that dust moves while the shutter is open, over the smallest lump's width: from which on lumps are read at two places along
it, and how fast they fade besides."""
UNSEEN = 0.06
"""Transmittance of the dust before them under which lumps are not looked at."""


@dataclass(frozen=True)
class Detail:
    """`finer`: how many times smaller than the grid's billows lumps are; `shutter`: seconds that it is open."""

    finer: float
    shutter: float


def detail_for(camera: Camera, lit: LitCloud, shutter: float) -> Detail:
    """Choose the size of lumps for a shot with its first `camera`: the smallest are some PIXELS wide in the middle of the dust's box."""
    depth = rotation_matrix(camera)[2] @ lit.middle + camera.translation[2]
    pixel = max(float(depth), 1.0) / camera.focal_px / lit.voxel
    finer = 2.0 ** np.floor(np.log2(max(SMALLEST / (PIXELS * pixel), 1.0)))
    return Detail(float(np.clip(finer, 1, 8)), shutter)


def lumps_of(lit: LitCloud, detail: Detail | None) -> tuple:
    """Return what `lump` wants, for a lit cloud."""
    ride = lit.ride
    sun, sky = lit.sun_rgb.mean() * lit.to_sun, np.array([0.0, SKY * lit.sky_rgb.mean(), 0.0])
    light = sun.astype(F), F(sky[1]), F(max(float(np.linalg.norm(sun + sky)), 1e-6))
    drift = lit.drift if lit.drift is not None and detail is not None else np.zeros((1, 1, 1, 3), F)
    blur = F(detail.shutter / lit.voxel) if lit.drift is not None and detail is not None else F(0)
    finer = F(detail.finer if detail is not None else 0.0)
    return (
        ride.eased[0],
        ride.eased[1],
        ride.start,
        ride.half_start,
        ride.offset,
        ride.weight,
        bumps(SEED),
        light,
        finer,
        drift,
        blur,
        lit.room.about,
        F(lit.room.cloud),
    )


@njit(cache=True, fastmath=True)
def lump(lumps, x, y, z, thick, pixel, sunlit):
    """Return factors of thickness and of light at index position (x,y,z), and how far lumps are seen there, 0..1; thick: optical depth per voxel,
    pixel: voxels that a ray covers, sunlit: share of the sun that solids let through to there."""
    first, second, start, half_start, offset, weight, tile, light, finer, drift, blur, rooms, body = lumps
    small = F(2 * SMALLEST) / finer
    share = min(max(small / pixel - F(LEAST_SHOWN), F(0)), F(1))
    da, db, dc = _way(drift, x, y, z, start, half_start, F(0.25) * blur)
    streak = np.sqrt(da * da + db * db + dc * dc) / small
    taps = 2 if streak > F(STREAKS) else 1
    share /= F(1) + F(FADES) * streak
    room = held(rooms, F(0.5) * x - F(0.5), F(0.5) * y - F(0.5), F(0.5) * z - F(0.5))
    whole, dense = min(thick / F(VEIL), F(1)), min(thick / (F(VEIL) * (F(1) + F(APART) * (F(1) - room))), F(1))
    even = F(EVEN) * dense / max(whole, F(1e-6))
    torn = share * (F(1) - dense) * min(max(thick / F(HAZE) - F(1), F(0)), F(1))
    share *= dense
    if max(share, torn) <= F(0.02):
        return F(1), F(1), F(0)
    most, room = F(BROAD) * body, room * body
    heads, patchy, florets = F(BROAD) * room, F(PATCHY) * room, F(1) + F(FLORETS) * (F(1) - body)
    x, y, z = x + F(start[0]), y + F(start[1]), z + F(start[2])
    step = F(TOWARDS) * small
    towards, contrast = _towards(light, sunlit)
    size = F(1) / F(2 * EASED)
    scale = F(0.5 * TEXELS) * finer
    p = size * (x - F(2 * half_start[0])) - F(0.5)
    q = size * (y - F(2 * half_start[1])) - F(0.5)
    r = size * (z - F(2 * half_start[2])) - F(0.5)
    power, high, facing, rest = F(1e-6), F(0), F(0), F(0)
    for n in range(2):
        a, b, c, trust = held4(first if n == 0 else second, p, q, r)
        part = weight[n] * trust
        if part < F(0.03):
            continue
        power += part * part
        a, b, c = x + a + offset[n, 0], y + b + offset[n, 1], z + c + offset[n, 2]
        wide, far = scale / F(BROADER), step * F(BROADER * FARTHER)
        broad = bump(tile, a * wide, b * wide, c * wide)
        ahead = bump(tile, (a + far * towards[0]) * wide, (b + far * towards[1]) * wide, (c + far * towards[2]) * wide)
        high += part * heads * broad
        facing += part * heads * (broad - ahead)
        rest += part * (most - heads) * broad
        part *= florets * (F(1) + patchy * broad) / F(taps)
        for tap in range(taps):
            side = F(0) if taps == 1 else F(2 * tap - 1)
            u, v, w = a + side * da, b + side * db, c + side * dc
            here = bump(tile, u * scale, v * scale, w * scale)
            there = bump(tile, (u + step * towards[0]) * scale, (v + step * towards[1]) * scale, (w + step * towards[2]) * scale)
            high += part * here
            facing += part * (here - there)
    level = min(F(1) / np.sqrt(power), F(1.6))
    gain = share * level
    bright = F(1) + gain * contrast * (F(FACING) * facing + F(TOPS) * (high - F(USUAL)))
    more = max(np.exp(gain * (F(DEEP) * high - even)) + torn * level * F(TEARS) * (high + rest), F(0))
    return more, min(max(bright, F(DIMMEST)), F(BRIGHTEST)), share


@njit(cache=True, fastmath=True)
def _towards(light, sunlit):
    """Return the way (3) that most light comes from, the sun as far as it gets there and the sky from straight up, and how much of the contrast in
    the open there is: light from one small place shades lumps more than that from all around, which gets into their folds."""
    sun, up, open_ = light
    a, b, c = sunlit * sun[0], sunlit * sun[1] + up, sunlit * sun[2]
    length = max(np.sqrt(a * a + b * b + c * c), F(1e-6))
    return (a / length, b / length, c / length), min(np.sqrt(length / open_), F(1))


@njit(cache=True, fastmath=True)
def _way(drift, x, y, z, start, half_start, blur):
    """Voxels (3) that dust at an index position moves in `blur`: a time over the voxel's size."""
    if blur <= F(0):
        return F(0), F(0), F(0)
    i = min(max(int(F(0.5) * (x + F(start[0]))) - half_start[0], 0), drift.shape[0] - 1)
    j = min(max(int(F(0.5) * (y + F(start[1]))) - half_start[1], 0), drift.shape[1] - 1)
    k = min(max(int(F(0.5) * (z + F(start[2]))) - half_start[2], 0), drift.shape[2] - 1)
    return blur * drift[i, j, k, 0], blur * drift[i, j, k, 1], blur * drift[i, j, k, 2]
