"""Crushed uprights make way for what comes down on them.

Rigid blocks that have been cut from a wall would carry it as well as the wall did; real ones are ground to gravel. So for the time
of the passage, crushed uprights don't meet what stood on them, and a crushed piece that ends up inside another stays there: rubble
that had to part its overlaps would swell.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

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
        near = cKDTree(position).query_ball_point(position[pieces], float(np.linalg.norm(self.half, axis=1).max()) + self.size[pieces])
        one = np.repeat(np.arange(len(pieces)), [len(others) for others in near])
        other = np.concatenate([np.array(others, int) for others in near])
        piece = pieces[one]
        apart = self.world.body_of[piece] != self.world.body_of[other]
        above = (self.structure.storey[other] - self.structure.storey[piece]) % STOREY_GROUPS < GHOST_STOREYS
        one, other, piece = (values[apart & above] for values in (one, other, piece))
        local = rotate(rotation[other] * (1, -1, -1, -1), position[piece] - position[other]) - self.middle[other]
        hit = (np.abs(local) < self.half[other] + INSIDE * self.size[piece, None]).all(1)
        inside = np.zeros(len(pieces), bool)
        inside[one[hit]] = True
        return inside
