"""Crushed uprights make way for what comes down on them.

Rigid blocks that have been cut from a wall would carry it as well as the wall did; real ones are ground to gravel. So for the time
of the passage, crushed uprights don't meet what stood on them, and a crushed piece that ends up inside another stays there: rubble
that had to part its overlaps would swell.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from derrumbe.simulate.bonds import GRAVITY
from derrumbe.simulate.failure import Failure
from derrumbe.simulate.geometry import rotate
from derrumbe.simulate.structure import Structure
from derrumbe.simulate.world import GHOST_STOREYS, STOREY_GROUPS, World

INSIDE = 0.3
"""Share of a piece's size by which its centre may stick out of another piece and still count as inside."""


class Passage:
    """Keeps account of which pieces make way."""

    def __init__(self, structure: Structure, world: World, failure: Failure) -> None:
        self.structure, self.world, self.failure = structure, world, failure
        self.open = np.zeros(structure.count, bool)
        self.lodged = np.zeros(structure.count, bool)
        """Pieces whose time is over and that are inside others: they are ground up there."""
        self.size = np.cbrt(structure.volume)
        self.half = 0.5 * (structure.high - structure.low)
        self.middle = 0.5 * (structure.high + structure.low) - structure.centre

    def begin(self, now: float) -> None:
        """Open the way through newly crushed uprights."""
        opening = self.failure.ghosts(now, GRAVITY) & ~self.open
        self.world.set_ghost(np.flatnonzero(opening), True)
        self.open |= opening

    def end(self, now: float, position: np.ndarray, rotation: np.ndarray) -> None:
        """Close the way through pieces whose time is over, unless they are inside another. Poses as in a Sample."""
        ending = np.flatnonzero(self.open & ~self.failure.ghosts(now, GRAVITY))
        if len(ending):
            inside = self._inside(ending, position, rotation)
            self.lodged[ending] = inside
            closing = ending[~inside]
            self.world.set_ghost(closing, False)
            self.open[closing] = False

    def _inside(self, pieces: np.ndarray, position: np.ndarray, rotation: np.ndarray) -> np.ndarray:
        """Return which pieces (n,) lie in the box of another piece that they would meet, (n,) bool."""
        spins = np.stack([rotate(rotation, axis) for axis in np.eye(3)], axis=1)  # row k: where axis k points
        centre = position + rotate(rotation, self.middle)
        bodies, storey, reach = self.world.body_of, self.structure.storey, np.linalg.norm(self.half, axis=1)
        return np.asarray(_inside(pieces, position, centre, spins, self.half, reach, self.size, bodies, storey))


@njit(cache=True)
def _inside(pieces, position, centre, spins, half, reach, size, body, storey):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    inside = np.zeros(len(pieces), np.bool_)
    for k in range(len(pieces)):
        i = pieces[k]
        for j in range(len(body)):
            x, y, z = position[i, 0] - centre[j, 0], position[i, 1] - centre[j, 1], position[i, 2] - centre[j, 2]
            if x * x + y * y + z * z > (reach[j] + size[i]) ** 2 or body[j] == body[i]:
                continue
            within = (storey[j] - storey[i]) % STOREY_GROUPS < GHOST_STOREYS
            for axis in range(3):
                along = x * spins[j, axis, 0] + y * spins[j, axis, 1] + z * spins[j, axis, 2]
                if abs(along) >= half[j, axis] + INSIDE * size[i]:
                    within = False
                    break
            if within:
                inside[k] = True
                break
    return inside
