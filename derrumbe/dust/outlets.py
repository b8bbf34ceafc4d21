"""Where dust gets out of what comes down: from inside it by the shorter way, aside or up through its top.

Air that is squeezed between falling storeys leaves where it has least to pass. A wall is near most rooms of a building that stands, and its roof holds
tight while it sinks as one, so dust comes out at its foot. Once roof and floors have broken up, and in every pile, the way up is the shorter one for
all but the rim: dust wells up through the gaps and hangs over the rubble, and what leaves aside is no ring around a clean middle.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy.ndimage import distance_transform_edt, grey_opening

from derrumbe.dust.domain import Domain
from derrumbe.dust.solids import Poses, Rubble, occupied
from derrumbe.dust.sources import JET, JET_WIDENS, Sources

SOLID = 0.1
"""Share of a cell that is solid from which on there is rubble in it."""
SLENDER = 3.0
"""m across under which what rises over the rest is a chimney, a lantern or the tip of a tower, and no way out."""
WELLS = 1.5
"""m/s at which dust wells up out of the top."""
STRAYS = 0.35
"""How far gaps lead astray on the way up (sigma, over its length): what breaks along walls doesn't come out in their lines."""
BAY = 4.0
"""m across of the columns in which it is told whether what lies on top is still whole."""
TORN = 0.6
"""m by which its pieces have moved apart (root mean square) when two thirds of what would come up get through."""
SINKS = 3.0
"""m/s at which what lies over it may come down when a third of what would come up gets through: it draws air down with it, and what came out of its top
would be left hanging in the sky like smoke."""
WAITS = 1.0
"""s for which dust hangs in rooms until what lies over it tears; what has found no way up by then has gone where it was let out."""
STEP = 1 / 12
"""s over which the rubble counts as standing still."""


@dataclass(frozen=True)
class Ways:
    """What lies over places inside rubble, at a time: top (x,z) m of it but for what is slender, and how far it is to its side, aside (x,z) m, on the
    columns of flow cells of `domain`; 0 where there is none."""

    top: np.ndarray
    aside: np.ndarray
    domain: Domain

    @staticmethod
    def at(time: float, rubble: Rubble, poses: Poses, domain: Domain) -> Ways:
        """Return the ways out of rubble at a time, s."""
        solid = occupied(rubble, poses, time, 1.0, domain)[0] > SOLID
        top = domain.cell * (solid * np.arange(1, solid.shape[1] + 1)[None, :, None]).max(1)
        broad = grey_opening(top, max(round(SLENDER / domain.cell), 1))
        return Ways(broad, distance_transform_edt(top > 0, sampling=domain.cell), domain)

    def up(self, places: np.ndarray) -> np.ndarray:
        """Return the way up (K,) m from places (K,3); 0 for what is over the rubble."""
        return np.maximum(self.top[self.domain.column(places)] - places[:, 1], 0)

    def share(self, places: np.ndarray, gaps: np.ndarray) -> np.ndarray:
        """Return how much (K,) comes up from places where there are so many gaps (K,), 0..1."""
        up, aside = self.up(places), self.aside[self.domain.column(places)]
        return gaps * aside**3 / np.maximum(up**3 + aside**3, 1e-9)

    def gap(self, places: np.ndarray, astray: np.ndarray) -> np.ndarray:
        """Return where (K,3) what is at places comes out, beside the straight way up by `astray` (K,2) of its length, as far as the rubble goes."""
        out = places.copy()
        out[:, [0, 2]] += self.up(places)[:, None] * astray
        out = np.where((self.top[self.domain.column(out)] > 0)[:, None], out, places)
        out[:, 1] = self.top[self.domain.column(out)]
        return out


def by_the_shorter_way(
    events: Sources, rubble: Rubble, poses: Poses, mass: np.ndarray, domain: Domain, rng: np.random.Generator
) -> Sources:
    """Return `events`, in order of time, of which those inside rubble come out at its top: the more of them the nearer that is, beside how far it is to
    their side, and the more it is torn, now or within WAITS; and the broader the farther it was. Jets are outlets already.

    mass (N,): of the pieces, kg.
    """
    draw, astray = rng.random(len(events.time)), STRAYS * rng.standard_normal((len(events.time), 2))
    out = {name: np.array(getattr(events, name)) for name in ("time", "position", "velocity", "radius")}
    waits = events.kind != JET
    for now in STEP * np.unique(np.floor(events.time / STEP)):
        inside = np.flatnonzero(waits & (events.time < now + STEP) & (events.time >= now - WAITS))
        ways, places = Ways.at(now + 0.5 * STEP, rubble, poses, domain), events.position[inside]
        open_air = (ways.up(places) <= 0) & (events.time[inside] >= now)
        rises = ~open_air & (draw[inside] < ways.share(places, gaps(places, poses, mass, now + 0.5 * STEP)))
        waits[inside[open_air | rises]] = False
        which, places = inside[rises], places[rises]
        out["time"][which] = np.maximum(events.time[which], now)
        out["position"][which], out["velocity"][which] = ways.gap(places, astray[which]), (0, WELLS, 0)
        out["radius"][which] += JET_WIDENS * ways.up(places)
    order = np.argsort(out["time"], kind="stable")
    return Sources(**{field.name: out.get(field.name, getattr(events, field.name))[order] for field in fields(Sources)})


def gaps(places: np.ndarray, poses: Poses, mass: np.ndarray, time: float) -> np.ndarray:
    """Return how much (K,) of what comes up gets through what lies over places (K,3), 0..1: nothing where it is whole, nor where it is falling."""
    torn, sinks = _over(places, poses, mass, time)
    return -np.expm1(-((torn / TORN) ** 6)) * np.exp(-((np.maximum(sinks, 0) / SINKS) ** 2))


def _over(places: np.ndarray, poses: Poses, mass: np.ndarray, time: float) -> tuple[np.ndarray, np.ndarray]:
    """Return how far (K,) m pieces have moved apart since they stood, and how fast (K,) m/s they sink, in the upper half of the bays that places (K,3)
    are in; 0 where there are none."""
    now, rest = poses.at(time)[0].astype(np.float64), poses.position[0]
    sinking = (poses.at(time - 0.5 * STEP)[0] - poses.at(time + 0.5 * STEP)[0])[:, 1].astype(np.float64) / STEP
    low = now[:, [0, 2]].min(0)
    bay, at = (np.floor((where[:, [0, 2]] - low) / BAY).astype(int) for where in (now, places))
    shape = tuple(bay.max(0) + 1)
    flat, here = np.ravel_multi_index(tuple(bay.T), shape), np.ravel_multi_index(tuple(at.T), shape, mode="clip")

    def means(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
        total = np.bincount(flat, weight, int(np.prod(shape)))
        return np.bincount(flat, weight * values, len(total)) / np.maximum(total, 1e-9)

    upper = mass * (now[:, 1] >= means(now[:, 1], mass)[flat])
    moved = (now - rest).T
    spread = sum(means((axis - means(axis, upper)[flat]) ** 2, upper) for axis in moved)
    return np.sqrt(spread)[here], means(sinking, upper)[here]
