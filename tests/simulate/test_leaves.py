"""A leaf of wall that comes down upright, with no floors to hold it, doesn't stand on what it comes down on."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.core.knobs import Collapse
from derrumbe.simulate import schedule
from derrumbe.simulate.failure import Failure
from derrumbe.simulate.jam import Jam
from derrumbe.simulate.panels import FREE, Panels
from derrumbe.simulate.passage import Passage
from derrumbe.simulate.structure import Structure, assemble
from derrumbe.simulate.world import World
from tests.simulate import buildings
from tests.simulate.test_jam import PER_SAMPLE, STEP

STOREY, STOREYS, DROP = 3.3, 8, 9.0


def leaf(folder, kind: int, foot: float) -> Structure:
    """Return a leaf of blocks as high as a storey, one on the other, `foot` m over the ground."""
    boxes = buildings.Boxes()
    for level in range(STOREYS):
        low = foot + level * STOREY
        boxes.add((0, low, 0), (3.5, low + STOREY, 0.7), kind, buildings.BRICK, level, (1, 1, 1))
    arrays = boxes.arrays()
    return assemble(arrays, buildings.located_set(arrays, folder).record.building)


def heights(structure: Structure, seconds: float) -> np.ndarray:
    """Return how high (N,) m the blocks are some seconds after they were let go, each by itself."""
    rng = np.random.default_rng(0)
    failure = Failure(structure, schedule.plan(structure, Collapse(), rng), rng)
    world, every = World(structure, STEP), np.arange(structure.count)
    world.set_clusters(every, -1)
    panels, passage, jam = (
        Panels(structure, world, failure, rng),
        Passage(structure, world, failure),
        Jam(structure, world, np.zeros(structure.count)),
    )
    before, position, now = np.zeros((structure.count, 3)), world.positions(every), 0.0
    for _ in range(round(seconds / (STEP * PER_SAMPLE))):
        for _ in range(PER_SAMPLE):
            passage.begin(now)
            panels.relax(now)
            world.step()
            now += STEP
        states = world.states()
        position, rotation = world.positions(every), states.turn[states.row]
        panels.land(now, states, position[:, 1], before)
        passage.end(now, position, rotation)
        jam.look(STEP * PER_SAMPLE, states, position, rotation, passage.lodged)
        before = states.linear[states.row]
    return position[:, 1]


@pytest.mark.parametrize("kind", [buildings.WALL, buildings.COLUMN])
def test_a_leaf_that_comes_down_upright_goes_on_down_to_the_heap(tmp_path, kind):
    assert heights(leaf(tmp_path, kind, DROP), 3.5).max() < (FREE + 1) * STOREY


def test_a_leaf_that_stands_where_it_stood_is_left_alone(tmp_path):
    structure = leaf(tmp_path, buildings.WALL, 0.0)
    assert heights(structure, 1.0) == pytest.approx(structure.centre[:, 1], abs=0.4)


def test_a_leaf_that_lands_upright_on_a_heap_is_pushed_over(tmp_path):
    """Floors held it; with none it doesn't go on standing there, a room's wall on end over rubble."""
    boxes, heap = buildings.Boxes(), 3.0
    boxes.add((-3, 0, -3), (6.5, heap, 3.7), buildings.SLAB, buildings.CONCRETE, 0, (1, 1, 1))
    boxes.add((0, heap + 4, 0), (3.5, heap + 4 + STOREY, 0.7), buildings.WALL, buildings.BRICK, 2, (1, 1, 1))
    arrays = boxes.arrays()
    lying = heights(assemble(arrays, buildings.located_set(arrays, tmp_path).record.building), 4.0)[1]
    assert heap < lying < heap + 0.3 * STOREY


@pytest.mark.parametrize("gives", [7.0, 5.0])
def test_a_stack_that_lands_on_what_gives_is_crushed_at_its_foot_and_its_head_goes_on(tmp_path, gives):
    """Loose panels come down one on the other at 11 m/s on rubble that sinks at `gives` m/s: rigid ones would all be as slow as that at once."""
    structure, sinks = leaf(tmp_path, buildings.WALL, 30.0), 11.0
    rng, every = np.random.default_rng(0), np.arange(structure.count)
    failure = Failure(structure, schedule.plan(structure, Collapse(), rng), rng)
    world, rubble = World(structure, STEP), 0
    world.set_clusters(every, -1)
    panels, passage = Panels(structure, world, failure, rng), Passage(structure, world, failure)
    for piece in every:
        world.move(int(world.body_of[piece]), np.array([0.0, -2 * STOREY - 0.5 * (piece == rubble), 0.0]))
        world.set_motion(int(world.body_of[piece]), np.array([0.0, -sinks, 0.0]), np.zeros(3))
    before, now = np.tile((0.0, -sinks, 0.0), (structure.count, 1)), 1.0
    for _ in range(8):
        for _ in range(PER_SAMPLE):
            passage.begin(now)
            world.set_motion(int(world.body_of[rubble]), np.array([0.0, -gives, 0.0]), np.zeros(3))
            world.step()
            now += STEP
        panels.crush_feet(now, world.states(), world.positions(every)[:, 1], before, STEP * PER_SAMPLE)
        states = world.states()
        passage.end(now, world.positions(every), states.turn[states.row])
        before = states.linear[states.row]
    assert (-before[-3:, 1] > sinks).all()
