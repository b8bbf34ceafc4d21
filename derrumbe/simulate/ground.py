"""The ground is solid, also under what is pressed on it.

A light piece between the ground and a heavy block is squeezed through the ground within a few steps: an iterative solver passes on only so
much force through a chain of unlike masses. So what sinks in is put back on the ground and held there, as firm as the ground itself.
"""

from __future__ import annotations

import numpy as np

from derrumbe.simulate.geometry import rotate
from derrumbe.simulate.structure import Structure
from derrumbe.simulate.world import States, World

SINKS = 0.12
"""m under the ground from which a part is pressed in: a free one that lands at 10 m/s gets that deep within a step."""


class Ground:
    """Keeps small parts out of the ground."""

    def __init__(self, structure: Structure, world: World, block: int) -> None:
        """block: blocks and loose fragments from which a part is too large to be pressed in by another."""
        self.structure, self.world, self.block = structure, world, block
        self.depth = Depth(structure)

    def look(self, states: States, position: np.ndarray, rotation: np.ndarray) -> None:
        """Put what has sunk in back on the ground and hold it; poses as in a Sample."""
        moving = np.append(states.awake, False)[states.row]  # row -1, what stands, is the last
        deep = np.zeros(len(states.number))
        np.maximum.at(deep, states.row[moving], self.depth.of(moving, position, rotation)[moving])
        for k in np.flatnonzero(deep > SINKS):
            number = int(states.number[k])
            if self.world.bodies[number].units < self.block:
                self.world.move(number, np.array([0.0, deep[k], 0.0]))
                self.world.hold(number)


class Depth:
    """How deep pieces lie under the ground, y = 0, or under the foot that they had at rest."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.owner = np.repeat(np.arange(structure.count), np.diff(structure.vertex_start))
        self.arm = structure.vertices - structure.centre[self.owner]
        reach = np.zeros(structure.count)
        np.maximum.at(reach, self.owner, np.linalg.norm(self.arm, axis=1))
        self.floor = np.minimum(structure.low[:, 1], 0.0)
        self.reach = reach + self.floor

    def of(self, asked: np.ndarray, position: np.ndarray, rotation: np.ndarray) -> np.ndarray:
        """Return the depth of pieces, (N,) m, 0 for those above the ground or not asked for, (N,) bool. Poses (N, 3), (N, 4) wxyz."""
        depth = np.zeros(self.structure.count)
        near = (asked & (position[:, 1] < self.reach))[self.owner]
        owner = self.owner[near]
        height = rotate(rotation[owner], self.arm[near])[:, 1] + position[owner, 1]
        np.maximum.at(depth, owner, self.floor[owner] - height)
        return depth
