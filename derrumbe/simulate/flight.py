"""How crumbs fly: with drag, bouncing on the ground and on the pile.

Drag of a tumbling crumb: a = 3/8 Cd rho_air / (rho r) |v| v with Cd = 1 (Clift, Grace, Weber: Bubbles, Drops and Particles, 1978).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from derrumbe.simulate.bonds import GRAVITY
from derrumbe.simulate.debris import DENSITY, Crumbs
from derrumbe.simulate.structure import Structure
from derrumbe.simulate.track import Track

SUBSTEPS = 3
FIELD_CELL = 0.5
"""m: cells of the height field of the pile."""


@dataclass(frozen=True)
class HeightField:
    """Top of what lies still, (S, nx, nz) m, over a grid with corner `low` (x, z) and cells of FIELD_CELL."""

    low: np.ndarray
    top: np.ndarray


def height_field(structure: Structure, track: Track) -> HeightField:
    """Return the top of slow pieces at every sample."""
    reach = np.cbrt(structure.volume) * 0.5
    ends = track.position[-1]
    low = np.minimum(ends[:, ::2].min(0), structure.footprint.min(0)) - 5.0
    high = np.maximum(ends[:, ::2].max(0), structure.footprint.max(0)) + 5.0
    shape = np.minimum(np.ceil((high - low) / FIELD_CELL).astype(int), 600)
    top = np.zeros((track.sample_count, *shape), np.float32)
    for k in range(track.trigger_sample, track.sample_count):
        slow = (np.linalg.norm(track.velocity[k], axis=-1) < 2.0) & (track.position[k, :, 1] < structure.centre[:, 1] - 0.3)
        index = ((track.position[k, slow][:, ::2] - low) / FIELD_CELL).astype(int).clip(0, shape - 1)
        np.maximum.at(top[k], (index[:, 0], index[:, 1]), (track.position[k, slow, 1] + reach[slow]).astype(np.float32))
    return HeightField(low, top)


def fly(crumbs: Crumbs, field: HeightField, track: Track) -> np.ndarray:
    """Return positions (S, M, 3) float32, NaN before birth."""
    out = np.full((track.sample_count, len(crumbs.time), 3), np.nan, np.float32)
    _fly(
        crumbs.time,
        crumbs.position,
        crumbs.velocity,
        crumbs.radius,
        DENSITY[crumbs.material],
        field.low,
        field.top,
        track.sample_seconds,
        out,
    )
    return out


@njit(cache=True)
def _fly(time, position, velocity, radius, density, low, top, dt, out):  # pragma: no cover - compiled
    samples, count = out.shape[0], out.shape[1]
    h = dt / SUBSTEPS
    for m in range(count):
        p, v = position[m].copy(), velocity[m].copy()
        r = radius[m]
        drag = 0.375 * 1.2 / (density[m] * r)
        first = int(np.ceil(time[m] / dt))
        still = False
        p[1] = max(p[1], r)
        for k in range(first, samples):
            ix = min(max(int((p[0] - low[0]) / FIELD_CELL), 0), top.shape[1] - 1)
            iz = min(max(int((p[2] - low[1]) / FIELD_CELL), 0), top.shape[2] - 1)
            floor = top[k, ix, iz]
            if p[1] < floor - 0.8:
                floor = 0.0
            if still and p[1] - r > floor + 0.15:
                still = False
                v[:] = 0.0
            for _ in range(SUBSTEPS):
                if still:
                    break
                speed = np.sqrt(v[0] ** 2 + v[1] ** 2 + v[2] ** 2)
                slowing = 1.0 / (1.0 + drag * speed * h)
                v[0] *= slowing
                v[1] = (v[1] - GRAVITY * h) * slowing
                v[2] *= slowing
                p += v * h
                if p[1] < floor + r:
                    p[1] = max(floor, 0.0) + r
                    still = _bounce(v)
            out[k, m, 0], out[k, m, 1], out[k, m, 2] = p[0], max(p[1], r), p[2]


@njit(cache=True)
def _bounce(v):  # pragma: no cover - compiled
    """Reflect with loss; return True when the particle stays."""
    v[0] *= 0.55
    v[2] *= 0.55
    v[1] = 0.22 * abs(v[1])
    return v[0] ** 2 + v[1] ** 2 + v[2] ** 2 < 0.16
