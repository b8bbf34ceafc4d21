"""Where dust gets out of what comes down: from inside it by the shorter way, aside or up through its top.

Air that is squeezed between falling storeys leaves where it has least to pass. A wall is near most rooms of a building that stands, and its roof holds
tight while it sinks as one, so dust comes out at its foot. Once roof and floors have broken up, and in every pile, the way up is the shorter one for
all but the rim: dust wells up through the gaps and hangs over the rubble, and what leaves aside is no ring around a clean middle.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.ndimage import distance_transform_edt

from derrumbe.dust.domain import Domain
from derrumbe.dust.solids import Poses, Rubble, occupied
from derrumbe.dust.sources import JET, JET_WIDENS, Sources

SOLID = 0.1
"""Share of a cell that is solid from which on there is rubble in it."""
WELLS = 1.5
"""m/s at which dust wells up out of the top."""
STRAYS = 0.35
"""How far gaps lead astray on the way up (sigma, over its length): what breaks along walls doesn't come out in their lines."""
BAY = 4.0
"""m across of the columns in which it is told whether what lies on top is still whole."""
TORN = 0.6
"""m by which its pieces have moved apart (root mean square) when two thirds of what would come up get through."""
STEP = 1 / 12
"""s over which the rubble counts as standing still."""


def by_the_shorter_way(
    events: Sources, rubble: Rubble, poses: Poses, mass: np.ndarray, domain: Domain, rng: np.random.Generator
) -> Sources:
    """Return `events` of which those inside rubble come out at its top, the more of them the nearer that is, beside how far it is to their side, and
    the more it is torn; and the broader the farther it was. Jets are outlets already. mass (N,): of the pieces, kg."""
    position, velocity, radius = np.array(events.position), np.array(events.velocity), np.array(events.radius)
    draw, stray = rng.random(len(position)), STRAYS * rng.standard_normal((len(position), 2))
    step = np.where(events.kind == JET, -1, np.floor(events.time / STEP))
    for now in np.unique(step[step >= 0]):
        inside, time = np.flatnonzero(step == now), (now + 0.5) * STEP
        top, aside = _ways_out(rubble, poses, time, domain)
        way = top[domain.column(position[inside])] - position[inside, 1]
        beside = aside[domain.column(position[inside])]
        gaps = -np.expm1(-((_torn(position[inside], poses, mass, time) / TORN) ** 3))
        rises = (way > 0) & (draw[inside] * (way**2 + beside**2) < gaps * beside**2)
        which, gap = inside[rises], position[inside[rises]]
        gap[:, [0, 2]] += way[rises, None] * stray[which]
        gap = np.where((top[domain.column(gap)] > 0)[:, None], gap, position[which])
        gap[:, 1] = top[domain.column(gap)]
        position[which], velocity[which] = gap, (0, WELLS, 0)
        radius[which] += JET_WIDENS * way[rises]
    return replace(events, position=position, velocity=velocity, radius=radius)


def _ways_out(rubble: Rubble, poses: Poses, time: float, domain: Domain) -> tuple[np.ndarray, np.ndarray]:
    """Return the height of the rubble's top and how far it is to its side, m, (x,z) on the columns of flow cells; 0 where there is none."""
    solid = occupied(rubble, poses, time, 1.0, domain)[0] > SOLID
    top = domain.cell * (solid * np.arange(1, solid.shape[1] + 1)[None, :, None]).max(1)
    return top, distance_transform_edt(top > 0, sampling=domain.cell)


def _torn(places: np.ndarray, poses: Poses, mass: np.ndarray, time: float) -> np.ndarray:
    """Return how far (K,) m pieces have moved apart since they stood, in the upper half of the bays that places (K,3) are in; 0 where there are none."""
    now, rest = poses.at(time)[0].astype(np.float64), poses.position[0]
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
    return np.sqrt(spread)[here]
