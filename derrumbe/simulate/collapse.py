"""The collapse, step by step: what is due breaks, clusters split, rapier moves them, blows break more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from derrumbe.simulate import impact, kicks
from derrumbe.simulate.bearing import BLOCK, Bearing
from derrumbe.simulate.clusters import components
from derrumbe.simulate.failure import Failure
from derrumbe.simulate.geometry import rotate, velocity_at
from derrumbe.simulate.ground import Ground
from derrumbe.simulate.jam import Jam
from derrumbe.simulate.limits import Limits
from derrumbe.simulate.panels import BUCKLE, Panels
from derrumbe.simulate.passage import Passage
from derrumbe.simulate.schedule import Plan
from derrumbe.simulate.shear import Shear
from derrumbe.simulate.spans import Spans
from derrumbe.simulate.structure import Structure
from derrumbe.simulate.world import States, World


@dataclass(frozen=True)
class Sample:
    """World poses and speeds of pieces at one sample: position, velocity, spin (N, 3); rotation (N, 4) wxyz."""

    position: np.ndarray
    rotation: np.ndarray
    velocity: np.ndarray
    spin: np.ndarray


class Collapse:
    """Runs from the trigger on; time counts from the end of the prelude, in which nothing falls."""

    def __init__(self, structure: Structure, plan: Plan, world: World, rng: np.random.Generator, prelude: float = 0.0) -> None:
        self.structure, self.plan, self.world = structure, plan, world
        self.rng = rng
        self.failure = Failure(structure, plan, rng)
        self.panels = Panels(structure, world, self.failure, rng)
        self.passage = Passage(structure, world, self.failure)
        self.spans = Spans(structure, world, self.failure, rng)
        self.bearing = Bearing(structure, world, plan)
        self.shear = Shear(structure, world, plan.falls, plan.base)
        self.limits = Limits(structure, world, BLOCK)
        self.jam = Jam(structure, world, plan.base)
        self.ground = Ground(structure, world, BLOCK)
        self.now = -prelude
        self._joint: Any = None

    def advance(self, steps: int) -> Sample:
        """Simulate some steps and return where the pieces are then."""
        for _ in range(steps):
            self._step()
        self.failure.overload(self.world.body_of < 0, self.now)
        seconds = steps * self.world.step_seconds
        states = self.world.states()
        sample = self.sample(states)
        if self.limits.put_back(states, sample.position, seconds):
            states = self.world.states()
            sample = self.sample(states)
        if self.panels.crush_feet(self.now, states, sample.position[:, 1], self.limits.velocity, seconds):
            states = self.world.states()
            sample = self.sample(states)
        self.panels.insist(self.now, sample.position[:, 1])
        self.panels.land(self.now, states, sample.position[:, 1], self.limits.velocity)
        self.passage.end(self.now, sample.position, sample.rotation)
        self.shear.look(seconds, sample.position, sample.rotation, sample.velocity)
        if isinstance(self.plan.kick, kicks.Peel):
            kicks.peel_on(self.world, self.plan.kick, self.structure.centre, sample.position, seconds)
        impact.jolt(self.failure, self.limits.velocity, sample.velocity, seconds, self.now)
        self.limits.apply(states, sample.position, sample.velocity, self.passage.lodged, dict.fromkeys(self.panels.pushed, BUCKLE), seconds)
        self.spans.look(sample.position, self.now)
        self.bearing.look(states, self.now)
        self.ground.look(states, sample.position, sample.rotation)
        self.jam.look(seconds, states, sample.position, sample.rotation, self.passage.lodged)
        return sample

    def _step(self) -> None:
        self.failure.fail(self.failure.due_cells(self.now), self.now)
        if self.failure.break_due(self.now):
            self._regroup()
        self.passage.begin(self.now)
        self.panels.relax(self.now)
        self._unhang()
        before = self.world.unhindered()
        blow = self.world.step()
        self.now += self.world.step_seconds
        force = impact.strike(self.world, self.failure, blow, before, self.now)
        if self.failure.break_due(self.now) or force.any():
            impact.give_back(self.world, self.failure, before, force, self._regroup(), self.now)
        self.limits.after_blows(force)

    def _regroup(self) -> list[tuple[int, int]]:
        """Let bodies follow the bonds; return (parent, child) of new bodies."""
        self.world.shatter(self.failure.shattered_blocks())
        labels, ground = components(self.structure.bonds, self.failure.alive, self.failure.anchored)
        born = self.world.set_clusters(labels, ground)
        self.bearing.divided(born, self.now)
        for number in [child for parent, child in born if parent < 0]:
            kicked = self.plan.kick is not None and kicks.start(self.world, self.plan.kick, number, self.now)
            if kicked or kicks.shaken_off(self.world, number, self.rng):
                self.limits.tipping.add(number)
        crushed = self.failure.crushed_pieces()
        for number in sorted({number for pair in born for number in pair if number >= 0}):
            self.panels.loosened(number, crushed, self.now)
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

    def sample(self, states: States) -> Sample:
        """Return the pieces as they are now."""
        count = self.structure.count
        position, rotation = self.structure.centre.copy(), np.tile((1.0, 0, 0, 0), (count, 1))
        velocity, spin = np.zeros((count, 3)), np.zeros((count, 3))
        loose = np.flatnonzero(states.row >= 0)
        row = states.row[loose]
        position[loose] = rotate(states.turn[row], self.structure.centre[loose]) + states.shift[row]
        rotation[loose] = states.turn[row]
        moving = states.awake[row, None]
        velocity[loose] = moving * velocity_at(states.linear[row], states.angular[row], states.centre[row], position[loose])
        spin[loose] = moving * states.angular[row]
        return Sample(position, rotation, velocity, spin)


def samples(collapse: Collapse, count: int, steps: int) -> Iterator[Sample]:
    """Yield `count` samples, `steps` steps apart."""
    for _ in range(count):
        yield collapse.advance(steps)
