"""Rubble that has come to rest is held from the ground upwards, and whole blocks are one collider until they shatter."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.simulate.jam import WAIT, Jam
from derrumbe.simulate.structure import Structure, assemble
from derrumbe.simulate.world import World
from tests.simulate import buildings

STEP = 1 / 96
PER_SAMPLE = 4


def cubes(folder, *bottoms: float, block: bool = False) -> Structure:
    """Return cubes of 1 m above each other."""
    boxes = buildings.Boxes()
    for bottom in bottoms:
        boxes.add((0, bottom, 0), (1, bottom + 1, 1), buildings.WALL, buildings.BRICK, 0, (1, 1, 1))
    arrays = boxes.arrays()
    if block:
        arrays["block"] = np.zeros(len(bottoms), np.int32)
    return assemble(arrays, buildings.located_set(buildings.shed(), folder).record.building)


def dropped(structure: Structure, labels: np.ndarray, seconds: float) -> tuple[World, Jam]:
    """Let pieces go, each label as a body, and watch for some seconds."""
    world = World(structure, STEP)
    world.set_clusters(labels, -1)
    jam = Jam(structure, world, np.zeros(structure.count))
    watch(world, jam, seconds)
    return world, jam


def watch(world: World, jam: Jam, seconds: float) -> None:
    for _ in range(round(seconds / (STEP * PER_SAMPLE))):
        for _ in range(PER_SAMPLE):
            world.step()
        states = world.states()
        position = world.positions(np.arange(world.structure.count))
        rotation = np.where(states.row[:, None] >= 0, states.turn[states.row], (1.0, 0, 0, 0))
        jam.look(STEP * PER_SAMPLE, states, position, rotation, np.zeros(world.structure.count, bool))


def test_nothing_is_held_while_it_falls_and_all_is_once_it_lies(tmp_path):
    structure = cubes(tmp_path, 3.0, 5.0)
    world, jam = dropped(structure, np.arange(2), 0.6)
    assert not world.held
    watch(world, jam, 1.4)
    assert world.held == set(world.bodies)
    assert world.positions(np.arange(2))[:, 1] == pytest.approx([0.5, 1.5], abs=0.1)


def test_what_loses_its_support_falls_again(tmp_path):
    world, jam = dropped(cubes(tmp_path, 3.0, 5.0), np.arange(2), 2.0)
    lower = int(world.body_of[0])
    world.free(lower)
    world.set_motion(lower, np.array([9.0, 0.0, 0.0]), np.zeros(3))
    watch(world, jam, 1.0)
    assert world.positions(np.array([1]))[0, 1] < 0.7


def test_it_takes_a_while_to_jam(tmp_path):
    world, _ = dropped(cubes(tmp_path, 3.0), np.zeros(1, int), np.sqrt(2 * 3 / 9.81) + 0.5 * WAIT)
    assert not world.held


def test_a_whole_block_is_one_collider_until_it_shatters(tmp_path):
    structure = cubes(tmp_path, 3.0, 4.0, 5.0, block=True)
    world = World(structure, STEP)
    world.set_clusters(np.zeros(3, int), -1)
    (body,) = world.bodies.values()
    assert body.units == 1
    assert world.unit_mass == pytest.approx(np.full(3, structure.mass.sum()))
    before = world.positions(np.arange(3))
    world.shatter(np.array([0]))
    assert body.units == 3
    assert world.unit_mass == pytest.approx(structure.mass)
    assert (world.positions(np.arange(3)) == before).all()
    assert len(world.set_clusters(np.arange(3), -1)) == 2
