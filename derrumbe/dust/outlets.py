"""Where dust gets out of what comes down: from inside it by the shorter way, aside or up through its top.

Air that is squeezed between falling storeys leaves where it has least to pass. A wall is near most rooms of a building that stands, so dust comes out
at its foot. Once a roof has come down to the floors, and in every pile, the way up is the shorter one for all but the rim: dust wells up through the
gaps and hangs over the rubble, and what leaves aside is no ring around a clean middle.
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
STEP = 1 / 12
"""s over which the rubble counts as standing still."""


def by_the_shorter_way(events: Sources, rubble: Rubble, poses: Poses, domain: Domain, rng: np.random.Generator) -> Sources:
    """Return `events` of which those inside rubble come out at its top, the more of them the nearer that is, beside how far it is to their side; and
    the broader the farther it was. Jets are outlets already."""
    position, velocity, radius = np.array(events.position), np.array(events.velocity), np.array(events.radius)
    draw, stray = rng.random(len(position)), STRAYS * rng.standard_normal((len(position), 2))
    step = np.where(events.kind == JET, -1, np.floor(events.time / STEP))
    for now in np.unique(step[step >= 0]):
        top, aside = _ways_out(rubble, poses, (now + 0.5) * STEP, domain)
        inside = np.flatnonzero(step == now)
        way = top[domain.column(position[inside])] - position[inside, 1]
        beside = aside[domain.column(position[inside])]
        rises = (way > 0) & (draw[inside] * (way**2 + beside**2) < beside**2)
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
