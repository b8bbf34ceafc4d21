"""Crushed uprights make way for what comes down on them.

Rigid blocks that have been cut from a wall would carry it as well as the wall did; real ones are ground to gravel. So for the time
of the passage, crushed uprights don't meet the block above.
"""

from __future__ import annotations

import numpy as np

from derrumbe.simulate.bonds import GRAVITY
from derrumbe.simulate.failure import Failure
from derrumbe.simulate.geometry import rotate
from derrumbe.simulate.structure import Structure
from derrumbe.simulate.world import World

INSIDE = 0.3
"""Share of a piece's size by which its centre may stick out of a block and still count as inside."""
LONGER = 0.1
"""s after which a piece inside a block is looked at again."""
BATCH = 256


class Passage:
    """Keeps account of which pieces make way."""

    def __init__(self, structure: Structure, world: World, failure: Failure, block: int) -> None:
        self.structure, self.world, self.failure, self.block = structure, world, failure, block
        self.open = np.zeros(structure.count, bool)
        self.longer = np.full(structure.count, -np.inf)

    def update(self, now: float) -> None:
        """Open the way through newly crushed uprights; close it when its time is over and nothing is inside a block."""
        making_way = self.failure.ghosts(now, GRAVITY) | (self.open & (now < self.longer))
        ending = np.flatnonzero(self.open & ~making_way)
        if len(ending):
            held = ending[self._inside_block(ending)]
            self.longer[held] = now + LONGER
            making_way[held] = True
        for value in (True, False):
            self.world.set_ghost(np.flatnonzero((making_way != self.open) & (making_way == value)), value)
        self.open = making_way

    def _inside_block(self, pieces: np.ndarray) -> np.ndarray:
        """Return which pieces lie in a piece of a block, (n,) bool. Boxes are compared in the block's rest pose, where they are known."""
        return np.concatenate([self._inside(pieces[k : k + BATCH]) for k in range(0, len(pieces), BATCH)])

    def _inside(self, pieces: np.ndarray) -> np.ndarray:
        inside = np.zeros(len(pieces), bool)
        here = self.world.positions(pieces)
        reach = INSIDE * np.cbrt(self.structure.volume[pieces])[:, None, None]
        for number, body in self.world.bodies.items():
            if len(body.pieces) >= self.block:
                shift, turn = self.world.pose(number)
                at_rest = rotate(turn * (1, -1, -1, -1), here - shift)[:, None]
                low, high = self.structure.low[body.pieces], self.structure.high[body.pieces]
                inside |= ((at_rest > low - reach) & (at_rest < high + reach)).all(-1).any(1)
        return inside
