"""How far the joints between pieces gape, and how dark it is in them: rays are too few to find the light in a slit of a centimetre."""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np

from derrumbe.render.noise import value
from derrumbe.render.poses import Pose
from derrumbe.render.scene import Scene
from derrumbe.render.shutter import carried

WIDE = (0.1, 0.4)
"""Metres that a joint gapes by from which rays begin to find their way into it, and from which they tell all."""
UNEVEN = (0.2, 3.0, 0.6)
"""How far a break may lie off the plane of its joint: metres, pixels, and share of the way to the joint's middle."""
DEEP = 0.006
"""Metres below the face from which a break is in the joint: arrises are rubbed off."""
JAMMED = (0.3, 2.6)
"""Times its width that a slit is open to where crumbs have jammed in it, least and most."""
CRUMBS = 0.35
"""Metres from one lump of jammed crumbs to the next."""
SEED = 67


@dataclass(frozen=True, eq=False)
class Gaps:
    """Joints by piece: those of piece p are start[p]:start[p + 1] of place (m,3), at rest, and gape (m,), metres; of_bond (B,): by bond."""

    start: np.ndarray
    place: np.ndarray
    gape: np.ndarray
    of_bond: np.ndarray


def gaps_of(scene: Scene, at: Pose) -> Gaps:
    """Return how far all joints gape in a pose."""
    pairs, place = scene.bonds, scene.bond_place
    here, there = (carried(scene, at, pairs[:, side], place) if len(pairs) else place for side in (0, 1))
    gape = np.linalg.norm(here - there, axis=1)
    owner = pairs.T.reshape(-1)
    order = np.argsort(owner, kind="stable")
    start = np.searchsorted(owner[order], np.arange(len(at.moved) + 1))
    return Gaps(start.astype(np.int64), np.tile(place, (2, 1))[order], np.tile(gape, 2)[order], gape)


@nb.njit(cache=True)
def daylight(p, x, y, z, normal, depth, pixel, start, place, gape):  # type: ignore[no-untyped-def]
    """Return the share of the light before the face that reaches a break of piece p, `depth` metres below the face, at rest point (x, y, z):
    that of a wall of a slit as wide as the nearest joint gapes that it lies in; all, where it lies in none, as at an eave.

    normal: of the break at rest; pixel: metres that one covers there, by a few of which breaks are torn."""
    nearest, wide = 1e30, 1e30
    for k in range(start[p], start[p + 1]):
        dx, dy, dz = place[k, 0] - x, place[k, 1] - y, place[k, 2] - z
        away = dx * dx + dy * dy + dz * dz
        off = abs(dx * normal[0] + dy * normal[1] + dz * normal[2])
        if away < nearest and off < UNEVEN[0] + UNEVEN[1] * pixel + UNEVEN[2] * np.sqrt(away):
            nearest, wide = away, gape[k]
    t = (wide - WIDE[0]) / (WIDE[1] - WIDE[0])
    if t >= 1:
        return 1.0
    # what has come off the rims hangs in the slit: no deeper than that is seen
    open_to = JAMMED[0] + JAMMED[1] * value(x / CRUMBS, y / CRUMBS, z / CRUMBS, SEED) ** 2
    deep = min(max(depth - DEEP, 0.0), open_to * wide)
    slit = 1 - deep / np.sqrt(deep * deep + wide * wide + 1e-12)
    t = max(t, 0.0)
    return slit + (1 - slit) * t * t * (3 - 2 * t)
