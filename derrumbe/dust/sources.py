"""Where dust and air come from: each event of the motion blows for a moment, as a puff that swells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from derrumbe.dust.domain import Domain
from derrumbe.dust.sampling import wrapped

F = np.float32
BREAK, IMPACT, JET = 0, 1, 2
LASTS = (0.9, 0.35, 0.35)
"""Seconds that an event blows, by kind: most at first, nothing at the end. A break sheds dust for as long as its sides part."""
PULL_PER_SECOND = (6.0, 6.0, 40.0)
"""How fast air inside a puff takes the event's velocity, by kind."""
AIR_BY_JETS = 0.7
"""Share of the building's air that leaves by its openings; the rest is squeezed out where pieces land."""
MOST_GROWTH = 0.5
"""About the most that a cell's air grows in a step by one puff; more air is blown in over more cells."""
RICHEST = 0.4
"""kg/m³: a puff that brings more than its ball holds of air as dusty as this is larger."""
LEAST_RADIUS = 0.8
"""Of a puff, in flow cells."""
LEAST_BLOWN = 1.2
"""Of the air that a puff moves, in flow cells."""


@dataclass(frozen=True)
class Puffs:
    """What blows during one step: centre (K,3), radius (K,) in flow cells, mass kg, air m³, velocity m/s, pull 0..1, mark (K,)."""

    centre: np.ndarray
    radius: np.ndarray
    mass: np.ndarray
    air: np.ndarray
    velocity: np.ndarray
    pull: np.ndarray
    mark: np.ndarray

    @property
    def fastest(self) -> float:
        """Greatest speed of a puff that pulls hard, m/s."""
        return float(np.linalg.norm(self.velocity[self.pull > 0.3], axis=1).max(initial=0.0))


@dataclass(frozen=True)
class Sources:
    """A motion's events with their share of the air: arrays as in `Motion`, `air` (K,) m³."""

    time: np.ndarray
    position: np.ndarray
    velocity: np.ndarray
    mass: np.ndarray
    radius: np.ndarray
    kind: np.ndarray
    air: np.ndarray

    def between(self, begin: float, end: float, domain: Domain) -> Puffs:
        """Return what blows from `begin` to `end` (s)."""
        first, last = np.searchsorted(self.time, [begin - max(LASTS), end])
        on = slice(int(first), int(last))
        lasts = np.asarray(LASTS)[self.kind[on]]
        early, late = (np.clip((t - self.time[on]) / lasts, 0, 1) for t in (begin, end))
        part = (1 - early) ** 2 - (1 - late) ** 2
        # the integral of (1 - (d/r)²)² over a ball is 0.96 r³
        room = np.cbrt(self.mass[on] / (0.96 * RICHEST))
        radius = np.maximum(np.maximum(self.radius[on] * (0.5 + 0.5 * late), room) / domain.cell, LEAST_RADIUS)
        pull = 1 - np.exp(-np.asarray(PULL_PER_SECOND)[self.kind[on]] * (late - early) * lasts * (1 - early))
        return Puffs(
            centre=((self.position[on] - domain.origin) / domain.cell).astype(F),
            radius=radius.astype(F),
            mass=(self.mass[on] * part).astype(F),
            air=(self.air[on] * part).astype(F),
            velocity=(self.velocity[on] * self._thrust(on, radius, domain.cell)[:, None]).astype(F),
            pull=pull.astype(F),
            mark=np.arange(on.start, on.stop),
        )

    def _thrust(self, on: slice, radius: np.ndarray, cell: float) -> np.ndarray:
        """Share of a jet's speed (K,) that the wider puff on the grid gets, so that both carry the same momentum (area times speed squared)."""
        narrow = self.radius[on] / (np.maximum(radius, LEAST_BLOWN) * cell)
        return np.where(self.kind[on] == JET, np.minimum(narrow, 1.0), 1.0)


def sources(events: dict[str, np.ndarray], out: np.ndarray, amount: float, delay: float, air: float) -> Sources:
    """Return the events with `amount` times the share `out` (K,) of their mass, `delay` seconds later, sharing `air` m³ pressed out of the
    building."""
    speed = np.linalg.norm(events["velocity"], axis=1)
    jets = np.where(events["kind"] == JET, events["radius"].astype(np.float64) ** 2 * speed * out, 0)
    landings = np.where(events["kind"] == IMPACT, events["mass"].astype(np.float64), 0)
    by_jets = AIR_BY_JETS if jets.any() else 0.0
    share = by_jets * _shares(jets) + (1 - by_jets) * _shares(landings)
    order = np.argsort(events["time"], kind="stable")
    kept = {name: np.asarray(events[name])[order] for name in ("time", "position", "velocity", "mass", "radius", "kind")}
    kept["time"] = kept["time"] + delay
    kept["mass"] = kept["mass"] * (amount * out[order])
    return Sources(**kept, air=air * share[order])


def _shares(weight: np.ndarray) -> np.ndarray:
    total = weight.sum()
    return weight / total if total > 0 else weight


@njit(cache=True)
def _bounds(centre, radius, count):
    return max(int(np.floor(centre - radius)), 0), min(int(np.ceil(centre + radius)) + 1, count)


@njit(cache=True)
def _lump(tile, x, y, z, mark):
    """Unevenness (0.1 and up, 1 on average) of a puff at a place, other for every puff."""
    n, _, _ = wrapped(tile, x * F(3.2) + F(mark % 61) * F(7.3), y * F(3.2) + F(mark % 53) * F(5.7), z * F(3.2) + F(mark % 47) * F(9.1))
    return max(F(1) + F(1.4) * n, F(0.1))


@njit(cache=True)
def emit(density, centre, radius, mass, mark, tile, voxel):
    """Add each puff's mass (kg) to the density grid (twice as fine as flow cells), lumpy."""
    cube = voxel * voxel * voxel
    for n in range(len(mass)):
        x, y, z, r = F(2) * centre[n, 0], F(2) * centre[n, 1], F(2) * centre[n, 2], F(2) * radius[n]
        i0, i1 = _bounds(x, r, density.shape[0])
        j0, j1 = _bounds(y, r, density.shape[1])
        k0, k1 = _bounds(z, r, density.shape[2])
        total = F(0)
        for turn in range(2):
            if turn == 1 and total <= F(0):
                break
            for i in range(i0, i1):
                for j in range(j0, j1):
                    for k in range(k0, k1):
                        a, b, c = F(i) + F(0.5) - x, F(j) + F(0.5) - y, F(k) + F(0.5) - z
                        part = F(1) - (a * a + b * b + c * c) / (r * r)
                        if part > F(0):
                            weight = part * part * _lump(tile, F(i) * F(0.5), F(j) * F(0.5), F(k) * F(0.5), mark[n])
                            if turn == 0:
                                total += weight
                            else:
                                density[i, j, k] += mass[n] * weight / (total * cube)


@njit(cache=True)
def blow(u, v, w, growth, centre, radius, velocity, pull, air, cell):
    """Pull the air inside each puff to its velocity, in place, and add its air (m³, as a share of a cell) to `growth` (x,y,z)."""
    nx, ny, nz = growth.shape
    for n in range(len(pull)):
        r = max(radius[n], F(LEAST_BLOWN), (air[n] / (F(MOST_GROWTH) * cell * cell * cell)) ** F(1 / 3))
        i0, i1 = _bounds(centre[n, 0], r, nx)
        j0, j1 = _bounds(centre[n, 1], r, ny)
        k0, k1 = _bounds(centre[n, 2], r, nz)
        total = F(0)
        for turn in range(2):
            for i in range(i0, i1):
                for j in range(j0, j1):
                    for k in range(k0, k1):
                        a, b, c = F(i) + F(0.5) - centre[n, 0], F(j) + F(0.5) - centre[n, 1], F(k) + F(0.5) - centre[n, 2]
                        part = F(1) - (a * a + b * b + c * c) / (r * r)
                        if part <= F(0):
                            continue
                        if turn == 0:
                            total += part
                            hold = F(0.5) * pull[n] * min(F(2) * part, F(1))
                            u[i, j, k] += hold * (velocity[n, 0] - u[i, j, k])
                            u[i + 1, j, k] += hold * (velocity[n, 0] - u[i + 1, j, k])
                            v[i, j, k] += hold * (velocity[n, 1] - v[i, j, k])
                            v[i, j + 1, k] += hold * (velocity[n, 1] - v[i, j + 1, k])
                            w[i, j, k] += hold * (velocity[n, 2] - w[i, j, k])
                            w[i, j, k + 1] += hold * (velocity[n, 2] - w[i, j, k + 1])
                        elif total > F(0):
                            growth[i, j, k] += air[n] * part / (total * cell * cell * cell)
