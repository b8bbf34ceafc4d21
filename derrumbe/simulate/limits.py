"""What a few rigid contacts don't show: rubble settles, and nothing outruns its own fall."""

from __future__ import annotations

import numpy as np

from derrumbe.simulate.bonds import GRAVITY
from derrumbe.simulate.structure import Structure
from derrumbe.simulate.world import ANGULAR_DAMPING, THROW, States, World

SLOW, CREEPING = 0.6, 0.3
"""m/s and half as many rad/s under which rubble settles, and comes to rest."""
DAMPING = ((0.0, ANGULAR_DAMPING), (2.5, 5.0), (10.0, 10.0))
"""1/s of linear and angular damping of what moves freely, settles, and comes to rest: rubble loses speed in many small contacts."""
GAIN = 0.02
"""m/s a sample that settling rubble may gain; a wall that tips over gains more."""
SPILL = 0.7
"""Share of the speed of a fall from the roof that anything may have."""
REBOUND = 0.25
"""Share of that speed with which anything may fly up: masonry doesn't bounce."""
SPIN = 12.0
"""rad/s at most."""


class Limits:
    """Damps rubble and holds back pieces that the solver shoots out from between heavy ones."""

    def __init__(self, structure: Structure, world: World, block: int) -> None:
        self.structure, self.world, self.block = structure, world, block
        self.before: dict[int, list[float]] = {}
        self.level: dict[int, int] = {}
        self.apex = structure.centre[:, 1].copy()

    def apply(self, states: States, height: np.ndarray) -> None:
        """Look at every moving body; called once a sample with the height of every piece, (N,) m."""
        self.apex = np.maximum(self.apex, height)
        limited, spin = self._limited(states), slowed(states.angular)
        for k in np.flatnonzero(states.awake & ((limited != states.linear) | (spin != states.angular)).any(1)):
            self.world.set_motion(int(states.number[k]), limited[k], spin[k])
        self._settle(states)

    def _settle(self, states: States) -> None:
        speed, spin = np.linalg.norm(states.linear, axis=1), np.linalg.norm(states.angular, axis=1)
        pieces = np.bincount(states.row[states.row >= 0], minlength=len(states.number))
        before = np.array([self.before.get(int(number), (0.0, np.inf)) for number in states.number]).reshape(-1, 2)
        # what is thrown up is slow at its highest point, but it gains downward speed
        lies = (pieces < self.block) & (speed < before[:, 0] + GAIN) & (states.linear[:, 1] > before[:, 1] - 0.2)
        level = np.zeros(len(speed), int)
        for limit in (SLOW, CREEPING):
            level += lies & (speed < limit) & (spin < 2 * limit)
        for k in np.flatnonzero(states.awake):
            number = int(states.number[k])
            if self.level.get(number, 0) != level[k]:
                self.world.set_damping(number, *DAMPING[level[k]])
                self.level[number] = int(level[k])
        self.before = dict(zip(states.number.tolist(), np.stack([speed, states.linear[:, 1]], 1).tolist(), strict=True))

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
                self.world.set_motion(int(number), limited, slowed(angular))


def held_back(velocity: np.ndarray, drop: np.ndarray, roof_drop: np.ndarray) -> np.ndarray:
    """Return velocities (..., 3) no faster than falls allow: downward from each one's highest place, and in all from the roof. Drops in m."""
    downward = np.sqrt(2 * GRAVITY * np.maximum(drop, 0.0)) + 0.1
    fastest = SPILL * np.sqrt(2 * GRAVITY * np.maximum(roof_drop, 0.0)) + 0.5
    speed = np.maximum(np.linalg.norm(velocity, axis=-1), 1e-9)
    out = velocity * np.minimum(1.0, fastest / speed)[..., None]
    out[..., 1] = np.clip(out[..., 1], -downward, REBOUND * fastest + 0.5)
    return out


def slowed(angular: np.ndarray) -> np.ndarray:
    """Return angular velocities (..., 3) of at most SPIN."""
    return angular * np.minimum(1.0, SPIN / np.maximum(np.linalg.norm(angular, axis=-1, keepdims=True), 1e-9))
