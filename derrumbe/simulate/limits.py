"""What a few rigid contacts don't show: rubble settles, and nothing outruns its own fall."""

from __future__ import annotations

import numpy as np

from derrumbe.simulate.bonds import GRAVITY
from derrumbe.simulate.structure import Structure
from derrumbe.simulate.world import ANGULAR_DAMPING, THROW, States, World

SLOW = 0.6
"""m/s and half as many rad/s under which rubble settles."""
SETTLING = (2.5, 5.0)
"""1/s of linear and angular damping of rubble that lies: it loses speed in many small contacts."""
SPILL = 0.7
"""Share of the speed of a fall from the roof that anything may have."""


class Limits:
    """Damps rubble and holds back pieces that the solver shoots out from between heavy ones."""

    def __init__(self, structure: Structure, world: World, block: int) -> None:
        self.structure, self.world, self.block = structure, world, block
        self.sinking: dict[int, float] = {}
        self.settling: set[int] = set()
        self.apex = structure.centre[:, 1].copy()

    def apply(self, states: States, height: np.ndarray) -> None:
        """Look at every moving body; called once a sample with the height of every piece, (N,) m."""
        self.apex = np.maximum(self.apex, height)
        limited = self._limited(states)
        for k in np.flatnonzero(states.awake & (limited != states.linear).any(1)):
            self.world.set_motion(int(states.number[k]), limited[k], states.angular[k])
        self._settle(states)

    def _settle(self, states: States) -> None:
        pieces = np.bincount(states.row[states.row >= 0], minlength=len(states.number))
        slow = (np.linalg.norm(states.linear, axis=1) < SLOW) & (np.linalg.norm(states.angular, axis=1) < 2 * SLOW)
        sinking = np.array([self.sinking.get(int(number), np.inf) for number in states.number])
        # what is in free fall is slow for one sample only
        lies = slow & states.awake & (pieces < self.block) & (states.linear[:, 1] > sinking - 0.2)
        for k in np.flatnonzero(states.awake & (lies != np.isin(states.number, list(self.settling)))):
            number = int(states.number[k])
            self.world.set_damping(number, *(SETTLING if lies[k] else (0.0, ANGULAR_DAMPING)))
            (self.settling.add if lies[k] else self.settling.discard)(number)
        self.sinking = {int(number): float(v) for number, v in zip(states.number[slow], states.linear[slow, 1], strict=True)}

    def _limited(self, states: States) -> np.ndarray:
        """Return linear velocities (K, 3) that the fall of each body so far allows."""
        loose = states.row >= 0
        row, mass = states.row[loose], self.structure.mass[loose]
        total = np.maximum(np.bincount(row, mass, len(states.number)), 1e-9)
        apex = np.bincount(row, mass * self.apex[loose], len(states.number)) / total
        return held_back(states.linear, apex - states.centre[:, 1], self.structure.height - states.centre[:, 1])

    def after_blows(self, force: np.ndarray) -> None:
        """Hold back small bodies that were thrown in this step; force (N,) N."""
        thrown = force > self.structure.mass * THROW / self.world.step_seconds
        numbers = np.unique(self.world.body_of[thrown])
        for number in numbers[numbers >= 0]:
            pieces = self.world.bodies[int(number)].pieces
            if len(pieces) < self.block:
                linear, angular, centre = self.world.motion(int(number))
                apex = float(np.average(self.apex[pieces], weights=self.structure.mass[pieces]))
                limited = held_back(linear, np.array(apex - centre[1]), np.array(self.structure.height - centre[1]))
                self.world.set_motion(int(number), limited, angular)


def held_back(velocity: np.ndarray, drop: np.ndarray, roof_drop: np.ndarray) -> np.ndarray:
    """Return velocities (..., 3) no faster than falls allow: downward from each one's highest place, and in all from the roof. Drops in m."""
    downward = np.sqrt(2 * GRAVITY * np.maximum(drop, 0.0)) + 0.1
    fastest = SPILL * np.sqrt(2 * GRAVITY * np.maximum(roof_drop, 0.0)) + 0.5
    speed = np.maximum(np.linalg.norm(velocity, axis=-1), 1e-9)
    out = velocity * np.minimum(1.0, fastest / speed)[..., None]
    out[..., 1] = np.maximum(out[..., 1], -downward)
    return out
