"""Loose blocks that land in a stack: the solver neither throws them up again nor lets them sink into each other."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.simulate.bonds import GRAVITY
from derrumbe.simulate.structure import Structure, assemble
from derrumbe.simulate.world import MARGIN, World
from tests.simulate import buildings

STEP = 1 / 96
FALL = 7.0
"""m/s."""


def stack(folder, count: int) -> Structure:
    """Return cubes of 1 m that fit on each other, 0.1 m above the ground."""
    boxes = buildings.Boxes()
    for k in range(count):
        boxes.add((0, k + 0.1, 0), (1, k + 1.1, 1), buildings.WALL, buildings.BRICK, 0, (1, 1, 1))
    return assemble(boxes.arrays(), buildings.located_set(buildings.shed(), folder).record.building)


def landing(structure: Structure, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Let loose cubes come down together; return their heights and speeds upwards, (steps, N)."""
    world = World(structure, STEP)
    world.set_clusters(np.arange(structure.count), -1)
    for number in world.bodies:
        world.set_motion(number, np.array([0.0, -FALL, 0.0]), np.zeros(3))
    height, speed = [], []
    for _ in range(round(seconds / STEP)):
        world.step()
        height.append(world.positions(np.arange(structure.count))[:, 1])
        speed.append([world.motion(number)[0][1] for number in world.body_of.tolist()])
    return np.array(height), np.array(speed)


@pytest.mark.parametrize("count", [4, 8, 12])
def test_a_stack_that_lands_does_not_rise_again(tmp_path, count):
    height, _ = landing(stack(tmp_path, count), 1.0)
    rise = height - np.minimum.accumulate(height)
    assert rise.max() < 0.13
    assert rise.mean(1).max() < 0.07


def test_a_blow_gives_a_stack_no_energy(tmp_path):
    height, speed = landing(stack(tmp_path, 8), 1.0)
    energy = GRAVITY * height.sum(1) + 0.5 * (speed**2).sum(1)
    assert np.diff(energy).max() < 1e-3 * energy[0]


def test_a_stack_that_lands_stands(tmp_path):
    height, speed = landing(stack(tmp_path, 8), 2.0)
    drawn_in = 0.5 + np.arange(8) * (1 - 2 * MARGIN) - MARGIN
    assert height[-1] == pytest.approx(drawn_in, rel=0.1)
    assert np.abs(speed[-1]).max() < 0.01
