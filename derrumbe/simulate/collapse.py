"""The collapse, step by step: what is due breaks, clusters split, rapier moves them, blows break more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from derrumbe.simulate import impact
from derrumbe.simulate.bonds import GRAVITY
from derrumbe.simulate.clusters import components
from derrumbe.simulate.failure import Failure
from derrumbe.simulate.schedule import Plan
from derrumbe.simulate.structure import OUTER_WALL, WINDOW, Structure
from derrumbe.simulate.world import ANGULAR_DAMPING, World

BLOCK = 24
"""Pieces from which a cluster is a block that crushing holds back."""
PANEL = 8
"""Pieces up to which crushed uprights are a panel that buckles."""
BUCKLE = 1.3
"""m/s at most with which the middle of a 3.3 m panel bulges as it gives way."""


SLOW = 0.6
"""m/s and half as many rad/s under which rubble settles."""


@dataclass(frozen=True)
class Sample:
    """World poses and speeds of pieces at one sample: position, velocity, spin (N, 3); rotation (N, 4) wxyz."""

    position: np.ndarray
    rotation: np.ndarray
    velocity: np.ndarray
    spin: np.ndarray


class Collapse:
    """Runs from the trigger on; time counts from the trigger."""

    def __init__(self, structure: Structure, plan: Plan, world: World, rng: np.random.Generator) -> None:
        self.structure, self.plan, self.world, self.rng = structure, plan, world, rng
        self.failure = Failure(structure, plan, rng)
        self.kicked = np.zeros(structure.count, bool)
        self.ghost = np.zeros(structure.count, bool)
        self.now = 0.0
        self._joint: Any = None
        self._slow: dict[int, float] = {}
        self._changed = True

    def advance(self, steps: int) -> Sample:
        """Simulate some steps and return where the pieces are then."""
        for _ in range(steps):
            self._step()
        self.failure.overload(self.world.body_of < 0, self.now)
        self._settle()
        return self.sample()

    def _step(self) -> None:
        self.failure.fail(self.failure.due_cells(self.now), self.now)
        if self.failure.break_due(self.now) or self._changed:
            self._regroup()
        self._make_way()
        self._unhang()
        before = impact.motions_before(self.world)
        blow = self.world.step()
        self.now += self.world.step_seconds
        whole = int(self.failure.alive.sum())
        force = impact.strike(self.world, self.failure, blow, self.now)
        self._changed = self.failure.break_due(self.now) or int(self.failure.alive.sum()) < whole
        if self._changed:
            impact.give_back(self.world, before, force, self._regroup())
            self._changed = False

    def _regroup(self) -> list[tuple[int, int]]:
        """Let bodies follow the bonds; return (parent, child) of new bodies."""
        labels, ground = components(self.structure.bonds, self.failure.alive, self.failure.anchored)
        born = self.world.set_clusters(labels, ground)
        crushed = self.failure.crushed_pieces()
        touched = sorted({number for pair in born for number in pair if number >= 0})
        for number in touched:
            self._set_loose(number, crushed)
            self._hang(number)
        return born

    def _hang(self, number: int) -> None:
        """A toppling block turns on its hinge while that holds."""
        hinge, heavy = self.plan.hinge, 0.4 * float(self.structure.mass[self.plan.falls].sum())
        if hinge and self._joint is None and self.now < hinge.seconds and self.world.bodies[number].mass > heavy:
            self._joint = self.world.hang(number, hinge.point, hinge.axis)

    def _unhang(self) -> None:
        if self._joint is not None and self.plan.hinge and self.now >= self.plan.hinge.seconds:
            self.world.unhang(self._joint)
            self._joint = None

    def _set_loose(self, number: int, crushed: np.ndarray) -> None:
        pieces = self.world.bodies[number].pieces
        if len(pieces) >= BLOCK and not (self.plan.hinge and self.now < self.plan.hinge.seconds):
            share = self.plan.resist[self.structure.column[pieces]]
            self.world.set_resistance(number, float(np.average(share, weights=self.structure.mass[pieces])))
            return
        self.world.set_resistance(number, 0.0)
        if len(pieces) <= PANEL and crushed[pieces].all() and not self.kicked[pieces].any():
            self._buckle(number)

    def _buckle(self, number: int) -> None:
        """A crushed panel bulges out, sometimes in; most at mid-height."""
        pieces = self.world.bodies[number].pieces
        self.kicked[pieces] = True
        middle = self.structure.centre[pieces].mean(0)
        storey = int(self.structure.storey[pieces[0]])
        up = np.clip((middle[1] - self.structure.storey_bottoms[storey]) / self.structure.storey_height, 0, 1)
        outer = np.isin(self.structure.kind[pieces[0]], (OUTER_WALL, WINDOW))
        heading = self.structure.outward[pieces[0]] if outer else _heading(self.rng)
        bulge = BUCKLE * np.sqrt(self.structure.storey_height / 3.3) * self.rng.uniform(-0.35, 1.0) * (0.3 + 0.7 * np.sin(np.pi * up))
        linear, angular, _ = self.world.motion(number)
        turn = np.cross((0.0, 1.0, 0.0), heading) * self.rng.normal(0, 0.6) + self.rng.normal(0, 0.15, 3)
        self.world.set_motion(number, linear + bulge * heading, angular + turn)

    def _make_way(self) -> None:
        ghost = self.failure.ghosts(self.now, GRAVITY)
        for value in (True, False):
            changed = np.flatnonzero((ghost != self.ghost) & (ghost == value))
            self.world.set_ghost(changed, value)
        self.ghost = ghost

    def _settle(self) -> None:
        """Slow rubble loses speed in its many small contacts, which a few rigid ones don't show. What is falling keeps its speed."""
        slow: dict[int, float] = {}
        for number, body in self.world.bodies.items():
            if len(body.pieces) < BLOCK and self.world.awake(number):
                linear, angular, _ = self.world.motion(number)
                if linear @ linear < SLOW**2 and angular @ angular < (2 * SLOW) ** 2:
                    slow[number] = float(linear[1])
                lying = number in slow and slow[number] > self._slow.get(number, np.inf) - 0.2
                self.world.set_damping(number, 1.5 if lying else 0.0, 2.5 if lying else ANGULAR_DAMPING)
        self._slow = slow

    def sample(self) -> Sample:
        """Return the pieces as they are now."""
        count = self.structure.count
        position, rotation = self.structure.centre.copy(), np.tile((1.0, 0, 0, 0), (count, 1))
        velocity, spin = np.zeros((count, 3)), np.zeros((count, 3))
        for number, body in self.world.bodies.items():
            shift, turn = self.world.pose(number)
            position[body.pieces] = rotate(turn, self.structure.centre[body.pieces]) + shift
            rotation[body.pieces] = turn
            if self.world.awake(number):
                linear, angular, centre = self.world.motion(number)
                velocity[body.pieces] = linear + np.cross(angular, position[body.pieces] - centre)
                spin[body.pieces] = angular
        return Sample(position, rotation, velocity, spin)


def samples(collapse: Collapse, count: int, steps: int) -> Iterator[Sample]:
    """Yield `count` samples, `steps` steps apart."""
    for _ in range(count):
        yield collapse.advance(steps)


def rotate(quaternion: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Turn vectors (..., 3) by unit quaternions wxyz (..., 4) or one of them."""
    w, axis = quaternion[..., :1], quaternion[..., 1:]
    twice = 2 * np.cross(axis, vectors)
    return vectors + w * twice + np.cross(axis, twice)


def _heading(rng: np.random.Generator) -> np.ndarray:
    angle = rng.uniform(0, 2 * np.pi)
    return np.array([np.cos(angle), 0.0, np.sin(angle)])
