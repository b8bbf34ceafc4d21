"""Coarse, dark grains thrown out where things break and land: bundles on ballistic paths with drag, put on the dust's grid frame by frame.

Linear drag against still air gives paths in closed form: a bundle relaxes to its settling speed within its own time (Stokes), so nothing is
carried from frame to frame. Bundles of one event leave in one narrow jet, fast and slow ones, which draws it out into a streak. What has come down
lies around the building as a dark skirt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy.ndimage import gaussian_filter

from derrumbe.dust.domain import Domain
from derrumbe.dust.sources import BREATH, IMPACT, JET, Sources

F = np.float32
GRAVITY = 9.81
EXTINCTION = 2.4
"""m²/kg of grains of half a millimetre."""
SHARE = 1.8
"""kg of coarse grains thrown out for each kg of fine dust."""
MOST = 30_000
"""Bundles at most."""
RELAXES = (0.22, 0.6)
"""Seconds in which a bundle takes its settling speed, at most and least small."""
SPEED = (3.5, 0.55, 0.5)
"""Of a jet: m/s from a break; share of an impact's speed that splashes aside; share of pressed-out air's speed."""
CARRIED = 0.5
"""Share of what breaks' or lands' own speed that bundles keep."""
LATE = 0.25
"""Seconds within which an event throws all of it."""
CONE = 0.28
"""Spread of directions in one jet, radians."""
NARROW, WIDENS = 0.18, 0.55
"""Radius of a bundle at birth, m, and how fast it grows, m/s."""
LEAST_RADIUS = 1.6
"""Voxels: a smaller ball would flicker as it crosses the grid."""
TRAIL = 0.10
"""Seconds of its path over which a bundle is drawn out."""
TAPS = 4
LIVES = 4.0
"""Seconds after which a bundle is forgotten, wherever it is."""
HALVINGS = 12
"""Of a bundle's life, to find its landing within a millisecond."""
SCATTER = 0.5
"""m over which what a bundle drops is scattered (sigma)."""


@dataclass(frozen=True)
class Ejecta:
    """Bundles by birth: time (K,) s, place and speed (K,3) m and m/s, mass (K,) kg, relaxes (K,) s."""

    time: np.ndarray
    place: np.ndarray
    speed: np.ndarray
    mass: np.ndarray
    relaxes: np.ndarray


def thrown(events: Sources, amount: float, rng: np.random.Generator) -> Ejecta:
    """Return the bundles that all events but breaths throw, sorted by birth; `amount` times as much as usual."""
    total = np.cumsum(np.where(events.kind == BREATH, 0, events.mass), dtype=np.float64)
    count = 0 if not len(total) or total[-1] * amount <= 0 else min(MOST, 24 * len(total))
    picks = (np.arange(count) + rng.random(count)) / max(count, 1) * (total[-1] if count else 0.0)
    event = np.searchsorted(total, picks, side="right").clip(0, max(len(total) - 1, 0))
    way, pace = _jets(events, rng)
    direction = way[event] + CONE * rng.normal(size=(count, 3))
    time = events.time[event] + LATE * rng.random(count) ** 2
    place = events.position[event] + 0.5 * events.radius[event, None] * rng.uniform(-1, 1, (count, 3))
    speed = (pace[event] * rng.uniform(0.25, 1.3, count))[:, None] * direction
    speed += np.where(events.kind[event] == JET, 0.0, CARRIED)[:, None] * events.velocity[event]
    relaxes, order = rng.uniform(*RELAXES, count), np.argsort(time, kind="stable")
    each = amount * SHARE * float(total[-1]) / count if count else 0.0
    return Ejecta(time[order], place[order], speed[order], np.full(count, each), relaxes[order])


def _jets(events: Sources, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return direction (K,3) and speed (K,) of every event's jet: any way but down, aside from an impact, along pressed-out air."""
    way = rng.normal(size=(len(events.time), 3))
    way[:, 1] = np.abs(way[:, 1]) * np.where(events.kind == IMPACT, 0.6, 0.9)
    fast = np.linalg.norm(events.velocity, axis=1)
    along = events.kind == JET
    way[along] = events.velocity[along] / np.maximum(fast[along], 1e-6)[:, None]
    way /= np.maximum(np.linalg.norm(way, axis=1), 1e-6)[:, None]
    pace = np.choose(events.kind, [SPEED[0] * rng.gamma(2.0, 0.5, len(fast)), 1.5 + SPEED[1] * fast, SPEED[2] * fast, np.zeros(len(fast))])
    return way, np.minimum(pace, 14.0)


def at(ejecta: Ejecta, time: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the bundles in the air (n,) at `time`, s, and their places (n,3)."""
    first, last = np.searchsorted(ejecta.time, (time - LIVES, time))
    which = np.arange(first, last)
    place = along(ejecta, which, time)
    up = place[:, 1] > 0
    return which[up], place[up]


def along(ejecta: Ejecta, which: np.ndarray, time: float | np.ndarray) -> np.ndarray:
    """Return places (n,3) of bundles at `time`; before their birth where they are born."""
    age, relaxes = np.maximum(time - ejecta.time[which], 0)[:, None], ejecta.relaxes[which][:, None]
    settling = np.array([0.0, -GRAVITY, 0.0]) * relaxes
    return ejecta.place[which] + settling * age + (ejecta.speed[which] - settling) * relaxes * -np.expm1(-age / relaxes)


def on_grid(ejecta: Ejecta, time: float, domain: Domain) -> np.ndarray:
    """Return the coarse grains' density at `time`, float32 kg/m³ on the domain's voxels."""
    out = np.zeros(domain.shape, F)
    which, _ = at(ejecta, time)
    age = time - ejecta.time[which]
    radius = np.maximum((NARROW + WIDENS * age) / domain.voxel, LEAST_RADIUS).astype(F)
    for tap in range(TAPS):
        before = TRAIL * (tap + 0.5) / TAPS
        place = (along(ejecta, which, time - before) - domain.origin) / domain.voxel
        _splat(out, place.astype(F), radius, (ejecta.mass[which] / (TAPS * domain.voxel**3)).astype(F))
    return out


def landings(ejecta: Ejecta) -> np.ndarray:
    """Return when each bundle comes to the ground, (K,) s, by bisection."""
    which, low = np.arange(len(ejecta.time)), ejecta.time.copy()
    high = low + LIVES
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        up = along(ejecta, which, middle)[:, 1] > 0
        low, high = np.where(up, middle, low), np.where(up, high, middle)
    return high


@dataclass(frozen=True)
class Skirt:
    """Where coarse grains come down, by landing: time (K,) s, place (K,2) x and z in m, mass (K,) kg."""

    time: np.ndarray
    place: np.ndarray
    mass: np.ndarray

    def lies(self, time: float, domain: Domain) -> np.ndarray:
        """Return what lies at `time`, (x,z) float32 kg/m² on the domain's columns."""
        some = slice(0, int(np.searchsorted(self.time, time, side="right")))
        edges = [domain.origin[axis] + domain.voxel * np.arange(domain.shape[axis] + 1) for axis in (0, 2)]
        mass = np.histogram2d(self.place[some, 0], self.place[some, 1], edges, weights=self.mass[some])[0]
        return gaussian_filter(mass, SCATTER / domain.voxel, mode="constant").astype(F) / F(domain.voxel**2)


def skirt(ejecta: Ejecta) -> Skirt:
    """Return where and when all bundles come down, by time."""
    time = landings(ejecta)
    place = along(ejecta, np.arange(len(time)), time)
    order = np.argsort(time, kind="stable")
    return Skirt(time[order], place[order][:, [0, 2]], ejecta.mass[order])


@njit(cache=True)
def _splat(out, place, radius, mass):
    for n in range(len(mass)):
        x, y, z, r = place[n, 0] - F(0.5), place[n, 1] - F(0.5), place[n, 2] - F(0.5), radius[n]
        i0, i1 = max(int(np.ceil(x - r)), 0), min(int(np.floor(x + r)) + 1, out.shape[0])
        j0, j1 = max(int(np.ceil(y - r)), 0), min(int(np.floor(y + r)) + 1, out.shape[1])
        k0, k1 = max(int(np.ceil(z - r)), 0), min(int(np.floor(z + r)) + 1, out.shape[2])
        # the integral of 1 - (d/r)² over a ball
        full = mass[n] / F(8.0 / 15.0 * np.pi) / (r * r * r)
        for i in range(i0, i1):
            for j in range(j0, j1):
                for k in range(k0, k1):
                    a, b, c = F(i) - x, F(j) - y, F(k) - z
                    part = F(1) - (a * a + b * b + c * c) / (r * r)
                    if part > F(0):
                        out[i, j, k] += full * part
