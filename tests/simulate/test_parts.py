"""Small laws: timing, clusters, momentum, load, schedule, debris."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from derrumbe.core.knobs import Collapse, Debris, Trigger
from derrumbe.simulate import bonds, clusters, debris, limits, neighbours, schedule
from derrumbe.simulate.collapse import Collapse as Run
from derrumbe.simulate.geometry import rotate
from derrumbe.simulate.structure import Structure, assemble
from derrumbe.simulate.timing import timing
from derrumbe.simulate.world import World
from tests.simulate import buildings


def structure_of(folder: Path, storeys: int = 3, bays: int = 3, deep: int = 2) -> Structure:
    arrays = buildings.office(storeys, bays, deep, fine=1)
    return assemble(arrays, buildings.located_set(arrays, folder).record.building)


@pytest.mark.parametrize(
    ("rate", "per_frame", "samples"),
    [((24, 1), 1, 49), ((24000, 1001), 1, 49), ((25, 1), 1, 49), ((12, 1), 2, 97), ((60, 1), 1, 49), ((10, 1), 3, 145)],
)
def test_samples_are_at_most_a_film_frame_apart(tmp_path, rate, per_frame, samples):
    clock = timing(buildings.located_plate(tmp_path, 48, rate).record, Trigger(time=1.0))
    assert (clock.samples_per_frame, clock.sample_count) == (per_frame, samples)
    assert clock.step_seconds <= 1 / 95
    assert clock.trigger_sample * clock.sample_seconds >= 1.0 - 1e-9


def test_a_trigger_frame_wins_over_the_time(tmp_path):
    clock = timing(buildings.located_plate(tmp_path, 48, (24, 1)).record, Trigger(time=1.0, frame=1013))
    assert clock.trigger_sample == 12


@pytest.mark.parametrize("size", [(1, 2, 2), (4, 3, 2), (12, 4, 2)])
def test_an_intact_building_stands_whatever_its_size(tmp_path, size):
    structure = structure_of(tmp_path, *size)
    weight = bonds.weight_above(structure, np.ones(structure.count, bool))
    limit = bonds.capacity(structure)
    assert not bonds.overloaded(weight, np.zeros(weight.shape, bool), limit).any()
    assert limit.sum((1, 2)) == pytest.approx(bonds.SAFETY * weight.sum((1, 2)), rel=0.25)


def test_load_is_passed_on_and_never_lost_while_neighbours_stand(tmp_path):
    structure = structure_of(tmp_path)
    weight = bonds.weight_above(structure, np.ones(structure.count, bool))
    failed = np.zeros(weight.shape, bool)
    failed[0, 1, 0] = True
    assert bonds.carried(weight, failed)[0].sum() == pytest.approx(weight[0].sum())


def test_the_last_bay_of_a_storey_can_not_carry_the_building(tmp_path):
    structure = structure_of(tmp_path, storeys=4, bays=4)
    weight = bonds.weight_above(structure, np.ones(structure.count, bool))
    failed = np.ones(weight.shape, bool)
    failed[:, 0, 0] = False
    assert bonds.overloaded(4 * weight, failed, bonds.capacity(structure))[0, 0, 0]


def test_components_follow_unbroken_bonds():
    pairs = np.array([[0, 1], [1, 2], [2, 3], [4, 5]])
    labels, ground = clusters.components(pairs, np.array([1, 0, 1, 1], bool), np.array([1, 0, 0, 0, 0, 0], bool))
    assert labels[0] == labels[1] == ground
    assert labels[2] == labels[3] != ground
    assert labels[4] == labels[5] not in (ground, labels[2])


def test_a_blow_weakens_as_it_travels():
    chain = np.array([[0, 1], [1, 2], [2, 3]])
    felt = clusters.spread_force(np.array([100.0, 0, 0, 0]), chain, np.ones(3, bool), rings=2, kept=0.5)
    assert felt == pytest.approx([100, 50, 25, 0])


def test_parts_that_come_off_keep_the_momentum(tmp_path):
    structure = structure_of(tmp_path)
    world = World(structure, 1 / 96)
    world.world.gravity = type(world.world.gravity)(0.0, 0.0, 0.0)
    labels = np.zeros(structure.count, int)
    world.set_clusters(labels, ground=-1)
    (number,) = world.bodies
    world.set_motion(number, np.array([1.0, -3.0, 0.5]), np.array([0.3, -0.2, 0.5]))
    before = _momenta(world)
    labels[structure.centre[:, 0] > 1.0] = 1
    labels[structure.centre[:, 1] > 7.0] = 2
    world.set_clusters(labels, ground=-1)
    assert len(world.bodies) == 3
    linear, angular = _momenta(world)
    assert linear == pytest.approx(before[0], rel=1e-3)
    assert angular == pytest.approx(before[1], rel=2e-2)


def _momenta(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Linear momentum, and angular momentum of the pieces as points, which is what is left of it when all are small."""
    linear, angular = np.zeros(3), np.zeros(3)
    for number, body in world.bodies.items():
        velocity, spin, centre = world.motion(number)
        for piece in body.pieces:
            at = world.positions(np.array([piece]))[0]
            momentum = world.structure.mass[piece] * (velocity + np.cross(spin, at - centre))
            linear += momentum
            angular += np.cross(at, momentum)
    return linear, angular


def test_a_whole_cluster_moves_rigidly(tmp_path):
    structure = structure_of(tmp_path)
    plan = schedule.plan(structure, Collapse(mode="topple"), np.random.default_rng(1))
    run = Run(structure, plan, World(structure, 1 / 96), np.random.default_rng(2))
    for _ in range(20):
        sample = run.advance(4)
    block = max(run.world.bodies.values(), key=lambda body: body.mass).pieces
    assert len(block) > 20
    rest = np.linalg.norm(structure.centre[block] - structure.centre[block[0]], axis=-1)
    now = np.linalg.norm(sample.position[block] - sample.position[block[0]], axis=-1)
    assert now == pytest.approx(rest, abs=2e-3)
    assert np.ptp(sample.rotation[block], axis=0).max() == 0


@pytest.mark.parametrize("mode", ["pancake", "progressive", "topple"])
def test_every_cell_that_should_fall_has_its_time(tmp_path, mode):
    structure = structure_of(tmp_path, storeys=5)
    plan = schedule.plan(structure, Collapse(mode=mode, origin_storey=2), np.random.default_rng(1))
    assert plan.falls.all()
    times = plan.cell_time.reshape(structure.cells.shape)
    assert np.isfinite(times[np.unique(structure.storey)]).all()
    assert times.min() == times[2].min() == 0.0


def test_speed_hurries_failure_and_delay_spaces_it(tmp_path):
    structure = structure_of(tmp_path, storeys=5)

    def last(**knobs) -> float:
        times = schedule.plan(structure, Collapse(mode="progressive", **knobs), np.random.default_rng(1)).cell_time
        return float(times[np.isfinite(times)].max())

    assert last(speed=3.0) < last() < last(storey_delay=1.0)


@given(hnp.arrays(float, (4,), elements=st.floats(-1, 1)), hnp.arrays(float, (3,), elements=st.floats(-10, 10)))
def test_turning_keeps_lengths(quaternion, vector):
    norm = np.linalg.norm(quaternion)
    if norm > 1e-3:
        assert np.linalg.norm(rotate(quaternion / norm, vector)) == pytest.approx(np.linalg.norm(vector), abs=1e-9)


@given(hnp.arrays(float, (3,), elements=st.floats(-80, 80)), st.floats(0, 60), st.floats(0, 60))
def test_speeds_are_held_to_the_fall(velocity, drop, roof):
    held = limits.held_back(velocity, np.array(drop), np.array(roof))
    assert held[1] >= -np.sqrt(2 * 9.81 * drop) - 0.1001
    assert np.linalg.norm(held) <= np.linalg.norm(velocity) + 1e-9


@given(st.floats(0, 90))
def test_what_falls_freely_from_the_top_is_not_held_back(drop):
    speed = np.array([0.0, -np.sqrt(2 * 9.81 * drop), 0.0])
    assert (limits.held_back(speed, np.array(drop), np.array(drop)) == speed).all()


def test_many_crumbs_are_small_and_few_are_large():
    radii = debris.radii(20000, 0.01, 0.15, np.random.default_rng(1))
    assert radii.min() >= 0.0099
    assert radii.max() <= 0.1501
    small, large = (radii < 0.03).sum(), (radii > 0.09).sum()
    assert small > 10 * large > 0


def test_the_tail_has_no_gap_in_a_large_building_and_ends_with_the_pixel(tmp_path):
    structure = structure_of(tmp_path)
    large = replace(structure, volume=structure.volume * 200.0)
    brick = np.zeros(20000, np.uint8)

    def sizes(building, pixel):
        return debris.sizes(building, brick, 0.06, pixel, np.random.default_rng(1))

    assert sizes(large, 0.02).max() > 2 * sizes(structure, 0.02).max()
    assert sizes(structure, 0.12).min() >= 0.03 > sizes(structure, 0.02).min()


def test_debris_amount_counts(collapse_of):
    fall = collapse_of(mode="pancake")
    assert fall.debris["position"].shape[1] == pytest.approx(debris.PER_PIECE * len(fall.pieces["centre"]), rel=0.02)
    assert Debris().amount == 1.0


def test_crumbs_are_shed_and_not_thrown_up(collapse_of):
    height = collapse_of(mode="pancake").debris["position"][..., 1]
    born = np.isfinite(height)
    first = height[born.argmax(0), np.arange(height.shape[1])]
    rise = np.nanmax(np.where(born, height, -np.inf), axis=0) - first
    assert np.quantile(rise[np.isfinite(first)], 0.9) < 0.02, "nine of ten only fall"


def test_neighbours_that_touch_the_building_are_left_out(tmp_path):
    structure = structure_of(tmp_path)
    arrays = buildings.office(3, 3, 2, fine=1)
    clear = buildings.located_set(arrays, tmp_path, neighbour=True)
    assert len(neighbours.obstacles(structure, clear)) == 1
    buildings._write_proxies(tmp_path, float(structure.vertices[:, 0].max()) - 1.0)
    assert neighbours.obstacles(structure, clear) == []
