"""Light that each place in a cloud sends to the eye, once per voxel: rays then only add it up."""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from derrumbe.render.dust_depths import lookup
from derrumbe.render.dust_light import BACKWARD, FLATTER, FORWARD, FORWARD_SHARE, OCTAVES, LitCloud, ambient_colour, gains
from derrumbe.render.dust_noise import BLOCK

F = np.float32


def sources(lit: LitCloud, eye: np.ndarray) -> np.ndarray:
    """Return light (x,y,z,4) float32 per unit of hidden background at voxel centres: red, green, blue, nothing. eye (3,) index position.

    Sun light is what a phase function of 1/4π multiplies to a radiance, times albedo per octave. Blocks without dust, and none beside them,
    stay 0.
    """
    pale = lit.albedo, np.stack([lit.sky_rgb, lit.ground_rgb]) * ambient_colour(lit.albedo)
    dark = lit.albedo if lit.dark_albedo is None else lit.dark_albedo
    shares = np.stack([gains(pale[0]), gains(dark)])
    # ambient light was gathered for the pale dust's mean albedo
    dimmer = gains(dark).sum(0) / gains(pale[0].mean(keepdims=True)).sum() / ambient_colour(pale[0])
    ambient = np.stack([pale[1], pale[1] * dimmer])
    share = np.zeros((1, 1, 1), F) if lit.dark is None else lit.dark
    shape = tuple(-(-n // lit.factor) for n in lit.fine.shape)
    out = np.zeros((*shape, 4), F)
    _fill(
        out, _spread(lit.blocks), BLOCK // lit.factor, lit.sun.parts(), lit.ambient, shares, share, lit.dark is not None,
        (np.pi * lit.sun_rgb).astype(F), ambient.astype(F), lit.to_sun.astype(F), eye.astype(F),
    )  # fmt: skip
    return out


def _spread(blocks: np.ndarray) -> np.ndarray:
    """Return blocks (bool) with all their neighbours: reading between voxels reaches one further."""
    for axis in range(3):
        wide = blocks.copy()
        low, high = [slice(None)] * 3, [slice(None)] * 3
        low[axis], high[axis] = slice(None, -1), slice(1, None)
        wide[tuple(low)] |= blocks[tuple(high)]
        wide[tuple(high)] |= blocks[tuple(low)]
        blocks = wide
    return blocks


@njit(cache=True)
def phase(cosine, octave):
    """Two Henyey-Greenstein lobes, per steradian; each octave is less asymmetric, by FLATTER."""
    share = F(FLATTER) ** octave
    total = F(0)
    for lobe in range(2):
        g = (F(FORWARD) if lobe == 0 else F(BACKWARD)) * share
        weight = F(FORWARD_SHARE) if lobe == 0 else F(1 - FORWARD_SHARE)
        base = F(1) + g * g - F(2) * g * cosine
        total += weight * (F(1) - g * g) / (base * np.sqrt(base))
    return total / F(4 * np.pi)


@njit(cache=True, inline="always")
def _mix(both, n, channel, pale, dark):
    return pale * both[0, n, channel] + dark * both[1, n, channel]


@njit(cache=True, parallel=True)
def _fill(out, blocks, size, sun, ambient, colour, dark, two, sun_rgb, ambient_rgb, to_sun, eye):
    lit = sun_rgb[0] + sun_rgb[1] + sun_rgb[2] > F(0)
    for i in prange(out.shape[0]):
        for j in range(out.shape[1]):
            for k in range(out.shape[2]):
                if not blocks[i // size, j // size, k // size]:
                    continue
                x, y, z = F(i) + F(0.5), F(j) + F(0.5), F(k) + F(0.5)
                sky, ground, free, hidden = _read4(ambient, F(0.5) * x, F(0.5) * y, F(0.5) * z)
                b = dark[i, j, k] if two and i < dark.shape[0] and j < dark.shape[1] and k < dark.shape[2] else F(0)
                a = F(1) - b
                red = sky * _mix(ambient_rgb, 0, 0, a, b) + ground * _mix(ambient_rgb, 1, 0, a, b)
                green = sky * _mix(ambient_rgb, 0, 1, a, b) + ground * _mix(ambient_rgb, 1, 1, a, b)
                blue = sky * _mix(ambient_rgb, 0, 2, a, b) + ground * _mix(ambient_rgb, 1, 2, a, b)
                if lit and free > F(0.002):
                    p, q, r = x - eye[0], y - eye[1], z - eye[2]
                    cosine = (p * to_sun[0] + q * to_sun[1] + r * to_sun[2]) / max(np.sqrt(p * p + q * q + r * r), F(1e-6))
                    depth = lookup(sun[0], sun[1], sun[2], sun[3], sun[4], x, y, z)
                    for n in range(len(OCTAVES)):
                        share = np.exp(-depth * F(0.5) ** OCTAVES[n]) * (hidden if n > 0 else F(1))
                        light = free * phase(cosine, OCTAVES[n]) * share
                        red += light * _mix(colour, n, 0, a, b) * sun_rgb[0]
                        green += light * _mix(colour, n, 1, a, b) * sun_rgb[1]
                        blue += light * _mix(colour, n, 2, a, b) * sun_rgb[2]
                out[i, j, k, 0], out[i, j, k, 1], out[i, j, k, 2] = red, green, blue


@njit(cache=True, fastmath=True)
def _read4(field, x, y, z):
    """Four channels, trilinear at index positions (samples at +0.5), held at the borders."""
    x = min(max(x - F(0.5), F(0)), F(field.shape[0] - 1))
    y = min(max(y - F(0.5), F(0)), F(field.shape[1] - 1))
    z = min(max(z - F(0.5), F(0)), F(field.shape[2] - 1))
    i, j, k = int(x), int(y), int(z)
    a, b, c = x - F(i), y - F(j), z - F(k)
    s0 = s1 = s2 = s3 = F(0)
    for n in range(8):
        p, q, r = min(i + (n >> 2), field.shape[0] - 1), min(j + (n >> 1 & 1), field.shape[1] - 1), min(k + (n & 1), field.shape[2] - 1)
        weight = (a if n >> 2 else F(1) - a) * (b if n >> 1 & 1 else F(1) - b) * (c if n & 1 else F(1) - c)
        s0 += weight * field[p, q, r, 0]
        s1 += weight * field[p, q, r, 1]
        s2 += weight * field[p, q, r, 2]
        s3 += weight * field[p, q, r, 3]
    return s0, s1, s2, s3
