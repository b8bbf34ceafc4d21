"""Light in dust by chance: unbiased path tracing of a density grid, for when Mitsuba is not at hand.

Delta tracking to the next grain (Woodcock et al. 1965), ratio tracking towards the sun (Novák, Selle and Jarosz 2014), Russian roulette once a
path is long. No approximation of the marched dust is in it, so it tells what those are worth.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

ROULETTE_FROM, SURVIVES = 40, 0.95


@njit(cache=True)
def _density(sigma, x, y, z):
    """Trilinear, samples at cell centres, held at the border; position in cells."""
    total = 0.0
    x, y, z = x - 0.5, y - 0.5, z - 0.5
    i, j, k = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    for n in range(8):
        p, q, r = i + (n >> 2), j + (n >> 1 & 1), k + (n & 1)
        weight = (x - i if n >> 2 else 1 - x + i) * (y - j if n >> 1 & 1 else 1 - y + j) * (z - k if n & 1 else 1 - z + k)
        p, q, r = min(max(p, 0), sigma.shape[0] - 1), min(max(q, 0), sigma.shape[1] - 1), min(max(r, 0), sigma.shape[2] - 1)
        total += weight * sigma[p, q, r]
    return total


@njit(cache=True)
def _inside(sigma, at):
    return 0 <= at[0] <= sigma.shape[0] and 0 <= at[1] <= sigma.shape[1] and 0 <= at[2] <= sigma.shape[2]


@njit(cache=True)
def _enter(sigma, at, way):
    """Move `at` to where the ray enters the box; return whether it does."""
    near, far = 0.0, 1e30
    for axis in range(3):
        if abs(way[axis]) < 1e-12:
            if not 0 <= at[axis] <= sigma.shape[axis]:
                return False
            continue
        a, b = -at[axis] / way[axis], (sigma.shape[axis] - at[axis]) / way[axis]
        near, far = max(near, min(a, b)), min(far, max(a, b))
    for axis in range(3):
        at[axis] += (near + 1e-9) * way[axis]
    return near < far


@njit(cache=True)
def _phase(cosine, lobes):
    total = 0.0
    for n in range(2):
        g = lobes[n]
        total += (lobes[2] if n == 0 else 1 - lobes[2]) * (1 - g * g) / (1 + g * g - 2 * g * cosine) ** 1.5
    return total / (4 * np.pi)


@njit(cache=True)
def _turned(way, lobes):
    """A new direction by the two lobes."""
    g = lobes[0] if np.random.random() < lobes[2] else lobes[1]
    part = (1 - g * g) / (1 - g + 2 * g * np.random.random())
    cosine = (1 + g * g - part * part) / (2 * g)
    sine, angle = np.sqrt(max(1 - cosine * cosine, 0.0)), 2 * np.pi * np.random.random()
    side = np.array((0.0, way[2], -way[1])) if abs(way[0]) < 0.7 else np.array((-way[2], 0.0, way[0]))
    side /= np.sqrt((side * side).sum())
    other = np.array((way[1] * side[2] - way[2] * side[1], way[2] * side[0] - way[0] * side[2], way[0] * side[1] - way[1] * side[0]))
    return cosine * way + sine * (np.cos(angle) * side + np.sin(angle) * other)


@njit(cache=True)
def _clear(sigma, most, at, way):
    """An estimate of the transmittance from `at` out of the box."""
    here, clear = at.copy(), 1.0
    while True:
        here -= np.log(1 - np.random.random()) / most * way
        if not _inside(sigma, here):
            return clear
        clear *= 1 - _density(sigma, here[0], here[1], here[2]) / most
        if clear < 1e-4:
            return 0.0


@njit(cache=True)
def _from(around, way):
    """What comes from a direction: the cell of a latitude-longitude map (r,c,3)."""
    row = int((0.5 - np.arcsin(min(max(way[1], -1.0), 1.0)) / np.pi) * len(around))
    column = int((0.5 - 0.5 * np.arctan2(way[0], way[2]) / np.pi) * around.shape[1])
    return around[min(row, len(around) - 1), column % around.shape[1]]


@njit(cache=True, parallel=True)
def traced(sigma, eye, ways, albedo, lobes, to_sun, sun, around, samples, seed):
    """Return radiance (n,3) that comes to `eye` (3,) from unit directions `ways` (n,3), mean over `samples` paths.

    sigma (x,y,z): extinction per cell; eye in cells; albedo (3,); lobes: two asymmetries and the share of the first; to_sun: unit vector, sun
    (3,) irradiance facing it; around (r,c,3): all other light, radiance, laid out as in `Set.environment`.
    """
    out, most = np.zeros((len(ways), 3)), sigma.max() + 1e-9
    for n in prange(len(ways)):
        np.random.seed(seed * 1_000_003 + n)
        for _ in range(samples):
            at, way, weight, bounces = eye.copy(), ways[n].copy(), np.ones(3), 0
            alive = _enter(sigma, at, way)
            while alive:
                at -= np.log(1 - np.random.random()) / most * way
                if not _inside(sigma, at):
                    break
                if np.random.random() * most > _density(sigma, at[0], at[1], at[2]):
                    continue
                weight *= albedo
                bounces += 1
                if sun.max() > 0:
                    out[n] += weight * sun * _phase((way * to_sun).sum(), lobes) * _clear(sigma, most, at, to_sun)
                way = _turned(way, lobes)
                if bounces > ROULETTE_FROM:
                    weight /= SURVIVES
                    alive = np.random.random() < SURVIVES
            if alive or bounces == 0:
                out[n] += weight * _from(around, way)
        out[n] /= samples
    return out


@njit(cache=True)
def seen_in(around, ways):
    """Return what comes from unit directions (n,3) where no dust is, (n,3)."""
    out = np.empty((len(ways), 3))
    for n in range(len(ways)):
        out[n] = _from(around, ways[n])
    return out
