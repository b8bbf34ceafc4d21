"""Where dust and air come from: each event of the motion blows for a moment, as a puff that swells, or as a jet.

A jet is a cone, as far as a turbulent jet has come (Fischer et al. 1979) or until it is as wide as what the grid can carry on: an opening is a
cell or less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy.ndimage import gaussian_filter

from derrumbe.dust.airborne import rising
from derrumbe.dust.domain import Domain
from derrumbe.dust.sampling import wrapped

F = np.float32
BREAK, IMPACT, JET, BREATH = 0, 1, 2, 3
LASTS = (0.9, 0.35, 0.35, 2.0)
"""Seconds that an event blows, by kind: most at first, nothing at the end. A break sheds dust for as long as its sides part."""
PULL_PER_SECOND = (6.0, 6.0, 40.0, 1.0)
"""How fast air inside a puff takes the event's velocity, by kind."""
AIR_BY_JETS = 0.7
"""Share of the building's air that leaves by its openings; the rest is squeezed out where pieces land."""
BREATHES, AFTER = 0.5, 4.0
"""A pile goes on breathing dust out: air is squeezed out of it and rubble settles. How much, over what its fall gave; seconds after a landing in
which it does two thirds of that."""
BREATHS, RISES = 90, 0.8
"""Breaths of a pile, at most; m/s at which they rise. Few and broad: what comes out of many gaps is one eddy as soon as it has left them, and a thousand
small ones are an even haze."""
HEAVY = 1.0
"""Sigma of the logarithm of their masses, about: some are banks, some are wisps."""
LOADED = 0.03
"""kg/m³ of dust in a breath: so broad it is."""
TRAIL = 1.5
"""Longest trail of what breaks or lands, in its own widths and a cell more: at rest in one place its puffs would be balls."""
WAKE = 1.5
"""Flow cells over which what sinks is smeared (sigma), so that its top is told from the rooms in it."""
MOST_GROWTH = 0.5
"""About the most that a cell's air grows in a step by one puff; more air is blown in over more cells."""
RICHEST = 0.4
"""kg/m³: a puff that brings more than its ball holds of air as dusty as this is larger."""
LEAST_RADIUS = 0.8
"""Of a puff, in flow cells."""
LEAST_BLOWN = 1.2
"""Of the air that a puff moves, in flow cells."""
FAN = 0.5
"""Radians (sigma) by which jets leave a wall askew, each of them."""
OPENS, ALONG, WAVES = 1.1, 5.0, 64
"""How unequal outlets are: sigma of the logarithm of the area by which air gets out at a place, metres from one that is wide to the next, and of how many
waves that is made. Doors stand open, a wall bursts here and holds there; the pressure inside is one. Equal ones make a front as straight as the wall."""
LEAST_JET = 0.5
"""Radius of a jet's foot, in flow cells."""
JET_DECAY = 6.2
"""Diameters after which the speed on a round jet's axis starts to fall as one over the distance."""
JET_WIDENS = 0.2
"""What a jet's seen radius gains on its way: 11 degrees to each side."""


@dataclass(frozen=True)
class Puffs:
    """What blows during one step: centre (K,3), radius (K,) in flow cells, mass kg, air m³, velocity m/s, pull 0..1, mark (K,); reach (K,3): to a
    jet's tip, flow cells, 0 for a ball."""

    centre: np.ndarray
    reach: np.ndarray
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
        radius = self._radius(on, late, domain.cell)
        pull = 1 - np.exp(-np.asarray(PULL_PER_SECOND)[self.kind[on]] * (late - early) * lasts * (1 - early))
        return Puffs(
            centre=((self.position[on] - domain.origin) / domain.cell).astype(F),
            reach=(self._reach(on, late * lasts, domain.cell) / domain.cell).astype(F),
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

    def _radius(self, on: slice, late: np.ndarray, cell: float) -> np.ndarray:
        """Radius (K,) in flow cells: balls swell, but for breaths, and have room for their dust, jets are as wide as their opening at the foot."""
        # the integral of (1 - (d/r)²)² over a ball is 0.96 r³
        room = np.cbrt(self.mass[on] / (0.96 * RICHEST))
        # a breath comes out of gaps all over its foot, a break and a blow from one place
        swollen = np.where(self.kind[on] == BREATH, 1.0, 0.5 + 0.5 * late)
        ball = np.maximum(np.maximum(self.radius[on] * swollen, room) / cell, LEAST_RADIUS)
        return np.where(self.kind[on] == JET, np.maximum(self.radius[on] / cell, LEAST_JET), ball)

    def _reach(self, on: slice, age: np.ndarray, cell: float) -> np.ndarray:
        """Way (K,3) in metres that puffs have come at an age (K,) s. Jets: first at their speed, then slower as one over the distance. What breaks
        or lands trails its dust, for its own size."""
        velocity, wide = self.velocity[on].astype(np.float64), 2 * self.radius[on]
        speed = np.linalg.norm(velocity, axis=1)
        far = np.minimum(speed * age, np.sqrt(JET_DECAY * speed * wide * age))
        far = np.minimum(far, np.maximum(LEAST_BLOWN * cell - 0.5 * wide, cell) / JET_WIDENS)
        trail = np.minimum(speed * age, TRAIL * (wide + cell))
        return (np.where(self.kind[on] == JET, far, trail) / np.maximum(speed, 1e-6))[:, None] * velocity


def sources(events: dict[str, np.ndarray], out: np.ndarray, amount: float, delay: float, air: float, most: float = np.inf) -> Sources:
    """Return the events, and the breaths of the pile that they leave: `amount` times the share `out` (K,) of the events' mass, of which no more than
    `most` kg are in the air at a time, `delay` seconds later, sharing `air` m³ pressed out of the building."""
    speed = np.linalg.norm(events["velocity"], axis=1)
    jets = np.where(events["kind"] == JET, events["radius"].astype(np.float64) ** 2 * speed * out, 0)
    landings = np.where(events["kind"] == IMPACT, events["mass"].astype(np.float64), 0)
    by_jets = AIR_BY_JETS if jets.any() else 0.0
    share = by_jets * _shares(jets) + (1 - by_jets) * _shares(landings)
    order = np.argsort(events["time"], kind="stable")
    kept = {name: np.asarray(events[name])[order] for name in ("time", "position", "velocity", "mass", "radius", "kind")}
    mass = kept["mass"] * out[order]
    kept["mass"] = amount * (mass if np.isinf(most) else rising(kept["time"], mass, most))
    kept["air"] = air * share[order]
    kept = _then(kept, breaths(kept))
    return Sources(**{**kept, "time": kept["time"] + delay})


def breaths(events: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the breaths of a pile, arrays as those of `events` in order of time: where pieces landed, the more the heavier they did."""
    landed = np.flatnonzero(events["kind"] == IMPACT)
    weight = np.cumsum(events["mass"][landed], dtype=np.float64)
    count = min(BREATHS, len(landed)) if len(landed) and weight[-1] > 0 else 0
    places = (np.arange(count) + 0.5) / max(count, 1)
    chosen = landed[np.searchsorted(weight, places * (weight[-1] if count else 0))]
    # multiples of the golden and of the plastic ratio spread delays and masses evenly over any run of landings
    late = -AFTER * np.log1p(-((np.arange(count) * 0.6180339887 + 0.5) % 1))
    mass = np.exp(HEAVY * np.sqrt(3) * (2 * ((np.arange(count) * 0.7548776662 + 0.5) % 1) - 1))
    mass *= BREATHES * float(events["mass"].sum()) / max(float(mass.sum()), 1e-9)
    return {
        "time": events["time"][chosen] + late,
        "position": events["position"][chosen],
        "velocity": np.broadcast_to(np.array([0, RISES, 0], events["velocity"].dtype), (count, 3)),
        "mass": mass,
        # the integral of (1 - (d/r)²)² over a ball is 0.96 r³
        "radius": np.cbrt(mass / (0.96 * LOADED)),
        "kind": np.full(count, BREATH, events["kind"].dtype),
        "air": np.zeros(count),
    }


def _then(events: dict[str, np.ndarray], more: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    both = {name: np.concatenate([events[name], more[name]]) for name in events}
    order = np.argsort(both["time"], kind="stable")
    return {name: values[order] for name, values in both.items()}


def fanned(events: dict[str, np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return events whose jets (velocity (K,3)) are turned about the vertical by FAN: what comes out along one wall would end in a straight edge
    at its corner."""
    velocity = np.array(events["velocity"])
    angle = np.where(events["kind"] == JET, FAN * rng.standard_normal(len(velocity)), 0.0)
    cos, sin = np.cos(angle), np.sin(angle)
    x, z = velocity[:, 0].copy(), velocity[:, 2].copy()
    velocity[:, 0], velocity[:, 2] = cos * x + sin * z, cos * z - sin * x
    return {**events, "velocity": velocity}


def unequal(events: dict[str, np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return events whose jets come out of outlets of unequal area: by radius (K,) and mass (K,). How unequal is a smooth field over the plan, of random
    waves (Rahimi and Recht 2007), the same for all storeys: what bursts below takes what is above with it."""
    angle, phases = rng.uniform(0, 2 * np.pi, (2, WAVES))
    waves = 2 * np.pi / ALONG * np.stack([np.cos(angle), np.sin(angle)])
    field = np.sqrt(2 / WAVES) * np.cos(events["position"][:, [0, 2]].astype(np.float64) @ waves + phases).sum(1)
    area = np.where(events["kind"] == JET, np.exp(OPENS * field - 0.5 * OPENS**2), 1.0)
    return {**events, "radius": events["radius"] * np.sqrt(area), "mass": events["mass"] * area}


def _shares(weight: np.ndarray) -> np.ndarray:
    total = weight.sum()
    return weight / total if total > 0 else weight


@njit(cache=True)
def _bounds(centre, reach, radius, count):
    """Cells whose centres may lie within a radius of the way from a centre to its reach."""
    low, high = centre + min(reach, F(0)) - radius, centre + max(reach, F(0)) + radius
    return max(int(np.floor(low)), 0), min(int(np.ceil(high)) + 1, count)


@njit(cache=True)
def _lump(tile, x, y, z, mark):
    """Unevenness (0.1 and up, 1 on average) of a puff at a place, other for every puff."""
    n, _, _ = wrapped(tile, x * F(3.2) + F(mark % 61) * F(7.3), y * F(3.2) + F(mark % 53) * F(5.7), z * F(3.2) + F(mark % 47) * F(9.1))
    return max(F(1) + F(1.4) * n, F(0.1))


@njit(cache=True, inline="always")
def _cone(a, b, c, reach, long, radius, widens):
    """How deep a place, seen from a puff's centre, lies in it: 0 at the rim, 1 in the middle; and its radius there. long: reach squared."""
    if long > F(0):
        along = min(max((a * reach[0] + b * reach[1] + c * reach[2]) / long, F(0)), F(1))
        a, b, c = a - along * reach[0], b - along * reach[1], c - along * reach[2]
        radius += along * widens
    return F(1) - (a * a + b * b + c * c) / (radius * radius), radius


@njit(cache=True)
def emit(density, centre, reach, radius, mass, mark, tile, voxel):
    """Add each puff's mass (kg) to the density grid (twice as fine as flow cells), lumpy."""
    cube = voxel * voxel * voxel
    for n in range(len(mass)):
        x, y, z, r = F(2) * centre[n, 0], F(2) * centre[n, 1], F(2) * centre[n, 2], F(2) * radius[n]
        tip = F(2) * reach[n]
        long = tip[0] * tip[0] + tip[1] * tip[1] + tip[2] * tip[2]
        widens = F(JET_WIDENS) * np.sqrt(long)
        i0, i1 = _bounds(x, tip[0], r + widens, density.shape[0])
        j0, j1 = _bounds(y, tip[1], r + widens, density.shape[1])
        k0, k1 = _bounds(z, tip[2], r + widens, density.shape[2])
        total = F(0)
        for turn in range(2):
            if turn == 1 and total <= F(0):
                break
            for i in range(i0, i1):
                for j in range(j0, j1):
                    for k in range(k0, k1):
                        part, wide = _cone(F(i) + F(0.5) - x, F(j) + F(0.5) - y, F(k) + F(0.5) - z, tip, long, r, widens)
                        if part > F(0):
                            weight = part * part * r / wide * _lump(tile, F(i) * F(0.5), F(j) * F(0.5), F(k) * F(0.5), mark[n])
                            if turn == 0:
                                total += weight
                            else:
                                density[i, j, k] += mass[n] * weight / (total * cube)


@njit(cache=True)
def blow(u, v, w, growth, centre, reach, radius, velocity, pull, air, cell):
    """Pull the air inside each puff to its velocity, in place, and add its air (m³, as a share of a cell) to `growth` (x,y,z)."""
    nx, ny, nz = growth.shape
    for n in range(len(pull)):
        r = max(radius[n], F(LEAST_BLOWN), (air[n] / (F(MOST_GROWTH) * cell * cell * cell)) ** F(1 / 3))
        tip = reach[n]
        long = tip[0] * tip[0] + tip[1] * tip[1] + tip[2] * tip[2]
        i0, i1 = _bounds(centre[n, 0], tip[0], r, nx)
        j0, j1 = _bounds(centre[n, 1], tip[1], r, ny)
        k0, k1 = _bounds(centre[n, 2], tip[2], r, nz)
        total = F(0)
        for turn in range(2):
            for i in range(i0, i1):
                for j in range(j0, j1):
                    for k in range(k0, k1):
                        a, b, c = F(i) + F(0.5) - centre[n, 0], F(j) + F(0.5) - centre[n, 1], F(k) + F(0.5) - centre[n, 2]
                        part, _ = _cone(a, b, c, tip, long, r, F(0))
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


def draw(growth: np.ndarray, sinking: np.ndarray) -> None:
    """Take from `growth` (x,y,z), in place, what puffs have added, where something sinks away: as much air flows in above a roof as is pressed
    out below it. sinking (x,y,z): share of a cell that is solid, times its speed down."""
    given = float(growth.sum(dtype=np.float64))
    flux = gaussian_filter(np.pad(np.maximum(sinking, 0), [(0, 0), (0, 1), (0, 0)]), WAKE, mode="constant")
    left = np.maximum(flux[:, :-1] - flux[:, 1:], 0)
    total = float(left.sum(dtype=np.float64))
    if given > 0 and total > 0:
        growth -= np.minimum(F(given / total) * left, F(MOST_GROWTH))
