"""How a cloud of dust scatters light: a phase function of two lobes, and multiple scattering by octaves.

Octaves (Wrenninge, Kulla and Lundqvist 2013): each sees the optical depth shrunk and adds its share, all but the first only as far as a place is
hidden, since thin dust scatters light once. The phase function has two Henyey-Greenstein lobes, flatter in every octave. Shares were fitted to
path tracing (benchmarks/dust_reference.py) at a shrinking by halves; those that came out as nothing are left out.
"""

from __future__ import annotations

import numpy as np
from numba import njit

F = np.float32
OCTAVES = (0, 1, 2, 5)
"""Halvings of optical depth."""
FLATTER = 0.2
"""What is left of the phase function's asymmetry from octave to octave."""
GAINS = (1.0, 1.09, 1.49, 0.5)
"""Share of each octave."""
BOUNCES = (1, 4, 7, 13)
"""Times that each octave's light has met a grain: the power of albedo."""
FORWARD, BACKWARD, FORWARD_SHARE = 0.55, -0.25, 0.7
"""Asymmetry of the two lobes and the share of the first."""
MEAN_COSINE = FORWARD * FORWARD_SHARE + BACKWARD * (1 - FORWARD_SHARE)


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


@njit(cache=True)
def later(depth, gains):
    """Red, green and blue left at optical depth of all octaves but the first, isotropic, before `hidden` takes its share; gains (octaves,3)."""
    red = green = blue = F(0)
    for n in range(1, len(OCTAVES)):
        left = np.exp(-depth * F(0.5) ** OCTAVES[n])
        red += gains[n, 0] * left
        green += gains[n, 1] * left
        blue += gains[n, 2] * left
    return red, green, blue


def gains(albedo: np.ndarray) -> np.ndarray:
    """Return what each octave adds of red, green and blue, (octaves,3) float32; albedo (3,): of one scattering."""
    return (np.array(GAINS)[:, None] * albedo ** np.array(BOUNCES)[:, None]).astype(F)


def albedo_of(reflected: np.ndarray) -> np.ndarray:
    """Return the single-scattering albedo (3,) whose thick cloud reflects this (Kulla and Conty 2017, after d'Eon's fit)."""
    a = np.asarray(reflected, np.float64)
    s = 4.09712 + 4.20863 * a - np.sqrt(9.59217 + 41.6808 * a + 17.7126 * a**2)
    return (1 - s**2) / (1 - MEAN_COSINE * s**2)


def reflectance_of(albedo: np.ndarray) -> np.ndarray:
    """Return what a thick cloud of single-scattering albedo (3,) reflects of even light (van de Hulst 1980, by similarity)."""
    s = np.sqrt((1 - albedo) / (1 - MEAN_COSINE * albedo))
    return (1 - s) * (1 - 0.139 * s) / (1 + 1.17 * s)
