"""Light that each place in a cloud sends to the eye, once per voxel: rays then only add it up."""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from derrumbe.render.dust_depths import lookup
from derrumbe.render.dust_light import LitCloud, spread
from derrumbe.render.dust_noise import BLOCK
from derrumbe.render.dust_scattering import OCTAVES, gains, phase

F = np.float32


def sources(lit: LitCloud, eye: np.ndarray) -> np.ndarray:
    """Return light (x,y,z,4) float32 per unit of hidden background at voxel centres: red, green, blue, and the share of the sun that solids let
    through. eye (3,) index position.

    Sun light is what a phase function of 1/4π multiplies to a radiance, times albedo per octave. Blocks without dust, and none beside them,
    stay 0.
    """
    dark = lit.albedo if lit.dark_albedo is None else lit.dark_albedo
    shares = np.stack([gains(lit.albedo), gains(dark)])
    # light from all around was gathered for pale dust
    dimmer = shares[1].sum(0) / shares[0].sum(0)
    share = np.zeros((1, 1, 1), F) if lit.dark is None else lit.dark
    shape = tuple(-(-n // lit.factor) for n in lit.fine.shape)
    out = np.zeros((*shape, 4), F)
    _fill(
        out, spread(lit.blocks), BLOCK // lit.factor, lit.sun.parts(), lit.around.light, shares, share, lit.dark is not None,
        (np.pi * lit.sun_rgb).astype(F), dimmer, lit.to_sun.astype(F), eye.astype(F),
    )  # fmt: skip
    return out


@njit(cache=True, inline="always")
def _mix(both, n, channel, pale, dark):
    return pale * both[0, n, channel] + dark * both[1, n, channel]


@njit(cache=True, parallel=True)
def _fill(out, blocks, size, sun, around, colour, dark, two, sun_rgb, dimmer, to_sun, eye):
    lit = sun_rgb[0] + sun_rgb[1] + sun_rgb[2] > F(0)
    for i in prange(out.shape[0]):
        for j in range(out.shape[1]):
            for k in range(out.shape[2]):
                if not blocks[i // size, j // size, k // size]:
                    continue
                x, y, z = F(i) + F(0.5), F(j) + F(0.5), F(k) + F(0.5)
                red, green, blue, free, hidden, wandered = _read6(around, F(0.5) * x, F(0.5) * y, F(0.5) * z)
                b = dark[i, j, k] if two and i < dark.shape[0] and j < dark.shape[1] and k < dark.shape[2] else F(0)
                a = F(1) - b
                red, green, blue = red * (a + b * dimmer[0]), green * (a + b * dimmer[1]), blue * (a + b * dimmer[2])
                if lit and max(free, wandered) > F(0.002):
                    p, q, r = x - eye[0], y - eye[1], z - eye[2]
                    cosine = (p * to_sun[0] + q * to_sun[1] + r * to_sun[2]) / max(np.sqrt(p * p + q * q + r * r), F(1e-6))
                    depth = lookup(sun[0], sun[1], sun[2], sun[3], sun[4], x, y, z)
                    for n in range(len(OCTAVES)):
                        share = np.exp(-depth * F(0.5) ** OCTAVES[n]) * (hidden * wandered if n > 0 else free)
                        light = phase(cosine, OCTAVES[n]) * share
                        red += light * _mix(colour, n, 0, a, b) * sun_rgb[0]
                        green += light * _mix(colour, n, 1, a, b) * sun_rgb[1]
                        blue += light * _mix(colour, n, 2, a, b) * sun_rgb[2]
                out[i, j, k, 0], out[i, j, k, 1], out[i, j, k, 2], out[i, j, k, 3] = red, green, blue, wandered


@njit(cache=True, fastmath=True)
def _read6(field, x, y, z):
    """Six channels, trilinear at index positions (samples at +0.5), held at the borders."""
    x = min(max(x - F(0.5), F(0)), F(field.shape[0] - 1))
    y = min(max(y - F(0.5), F(0)), F(field.shape[1] - 1))
    z = min(max(z - F(0.5), F(0)), F(field.shape[2] - 1))
    i, j, k = int(x), int(y), int(z)
    a, b, c = x - F(i), y - F(j), z - F(k)
    s0 = s1 = s2 = s3 = s4 = s5 = F(0)
    for n in range(8):
        p, q, r = min(i + (n >> 2), field.shape[0] - 1), min(j + (n >> 1 & 1), field.shape[1] - 1), min(k + (n & 1), field.shape[2] - 1)
        weight = (a if n >> 2 else F(1) - a) * (b if n >> 1 & 1 else F(1) - b) * (c if n & 1 else F(1) - c)
        s0 += weight * field[p, q, r, 0]
        s1 += weight * field[p, q, r, 1]
        s2 += weight * field[p, q, r, 2]
        s3 += weight * field[p, q, r, 3]
        s4 += weight * field[p, q, r, 4]
        s5 += weight * field[p, q, r, 5]
    return s0, s1, s2, s3, s4, s5
