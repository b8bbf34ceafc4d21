"""Nothing hangs, flies, or sinks into the ground."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from derrumbe.core.knobs import Collapse
from derrumbe.simulate import impact, schedule
from derrumbe.simulate.bearing import BLOCK, Bearing
from derrumbe.simulate.bonds import GRAVITY
from derrumbe.simulate.clusters import components
from derrumbe.simulate.failure import Failure
from derrumbe.simulate.geometry import rotate
from derrumbe.simulate.ground import Ground
from derrumbe.simulate.limits import ASIDE, REBOUND, ROLLS, Limits, fall_speed, gripped, unbounced
from derrumbe.simulate.spans import OVERHANG, Spans
from derrumbe.simulate.structure import OUTER_WALL, ROOF, SLAB, Structure
from derrumbe.simulate.world import Blow, World
from tests.simulate.test_jam import STEP, cubes
from tests.simulate.test_parts import structure_of
from tests.simulate.test_run import MODES

mode = pytest.mark.parametrize("mode", MODES, ids=[m["mode"] for m in MODES])
UP = 1.0
"""m that a piece may rise above the lowest place it has been at: the short side of a block that tips over what it lies on."""


@mode
def test_no_piece_is_thrown_up(collapse_of, mode):
    height = collapse_of(**mode).poses["position"][..., 1].astype(float)
    rise = (height - np.minimum.accumulate(height, 0)).max(0)
    assert rise.max() < UP


@mode
def test_no_piece_lands_further_off_than_half_the_height(collapse_of, mode):
    fall = collapse_of(**mode)
    reach = 1.0 if mode["mode"] == "topple" else 0.5
    low, high = fall.pieces["vertices"].min(0)[::2], fall.pieces["vertices"].max(0)[::2]
    last = fall.poses["position"][-1][:, ::2]
    off = np.linalg.norm(np.maximum(np.maximum(low - last, last - high), 0), axis=-1)
    assert off.max() < reach * fall.pieces["vertices"][:, 1].max()


@mode
def test_no_piece_is_under_the_ground_at_any_time(collapse_of, mode):
    fall = collapse_of(**mode)
    owner = np.repeat(np.arange(len(fall.pieces["mass"])), np.diff(fall.pieces["vertex_start"]))
    arm = (fall.pieces["vertices"] - fall.pieces["centre"][owner]).astype(float)
    for position, rotation in list(zip(fall.poses["position"], fall.poses["rotation"], strict=True))[::6]:
        height = rotate(rotation[owner].astype(float), arm)[:, 1] + position[owner, 1]
        assert height.min() > -0.02


def test_no_small_body_gains_speed_by_being_let_go(tmp_path):
    """A turning block that loses a part goes on turning about its new centre: no point of it changes its speed."""
    structure = structure_of(tmp_path)
    world = World(structure, STEP)
    world.world.gravity = type(world.world.gravity)(0.0, 0.0, 0.0)
    labels = np.zeros(structure.count, int)
    world.set_clusters(labels, ground=-1)
    (number,) = world.bodies
    world.set_motion(number, np.array([0.0, 3.0, 0.0]), np.array([0.3, -0.2, 0.5]))
    before = _speeds(world)
    labels[structure.centre[:, 0] > 1.0] = 1
    world.set_clusters(labels, ground=-1)
    assert _speeds(world) == pytest.approx(before, abs=1e-3)
    world.step()
    assert np.abs(_speeds(world) - before).max() < 0.1


def _speeds(world: World) -> np.ndarray:
    """Return the velocities of the centres of all pieces, (N, 3)."""
    out = np.zeros((world.structure.count, 3))
    for number, body in world.bodies.items():
        linear, angular, centre = world.motion(number)
        out[body.pieces] = linear + np.cross(angular, world.positions(body.pieces) - centre)
    return out


VECTORS = hnp.arrays(float, (1, 3), elements=st.floats(-60, 60))


@given(VECTORS, VECTORS, st.floats(0, 60))
def test_a_blow_gives_back_a_share_of_what_the_fall_gave(velocity, before, drop):
    held = unbounced(velocity, before, np.array([drop]), 0.0)
    gained = fall_speed(np.array([drop]))[0]
    assert held[0, 1] <= max(before[0, 1], REBOUND * gained) + 1e-9
    assert np.linalg.norm(held[0, ::2]) <= max(np.linalg.norm(before[0, ::2]), ASIDE * gained) + 1e-9
    assert np.linalg.norm(held) <= np.linalg.norm(velocity) + 1e-9 or held[0, 1] < 0
    assert held[0, 1] <= velocity[0, 1]


def test_what_is_pressed_into_the_ground_is_put_back_and_held(tmp_path):
    structure = cubes(tmp_path, 0.0, 5.0)
    world = World(structure, STEP)
    world.set_clusters(np.arange(2), -1)
    low = int(world.body_of[0])
    world.move(low, np.array([0.0, -0.8, 0.0]))
    states = world.states()
    Ground(structure, world, block=12).look(states, world.positions(np.arange(2)), np.tile((1.0, 0, 0, 0), (2, 1)))
    assert world.held == {low}
    assert world.positions(np.arange(2))[:, 1] == pytest.approx([0.5, 5.5], abs=1e-5)


def test_what_the_solver_disables_falls_on(tmp_path):
    """A contact without numbers disables all that it touches: nothing may hang in the air for that."""
    structure = cubes(tmp_path, 40.0, 41.0, 42.0)
    world = World(structure, STEP)
    world.set_clusters(np.arange(3), ground=-1)
    world.set_motion(min(world.bodies), np.full(3, np.nan), np.zeros(3))
    lost = 0
    for _ in range(96):
        world.step()
        lost += len(world.world.quarantine.bodies)
    assert lost > 0
    fallen = structure.centre[:, 1] - world.positions(np.arange(3))[:, 1]
    assert (fallen > 4.0).all()
    assert (fallen < 5.0).all()


def _roofed(structure: Structure) -> Structure:
    """Return the structure with its highest slab for a roof."""
    top = (structure.kind == SLAB) & (structure.storey == structure.storey.max())
    return replace(structure, kind=np.where(top, ROOF, structure.kind))


@pytest.mark.parametrize(("sinks", "holds"), [(0.0, True), (-2 * impact.LANDING, False)])
def test_the_frame_of_a_roof_is_broken_by_what_lands_and_not_by_what_rubs(tmp_path, sinks, holds):
    structure = _roofed(structure_of(tmp_path))
    failure = Failure(structure, schedule.plan(structure, Collapse(), np.random.default_rng(0)), np.random.default_rng(0))
    world = World(structure, STEP)
    world.set_clusters(np.zeros(structure.count, int), ground=-1)
    (number,) = world.bodies
    world.set_motion(number, np.array([0.0, sinks, 0.0]), np.zeros(3))
    roof = structure.kind == ROOF
    struck = int(np.flatnonzero(roof)[0])
    blow = Blow(np.array([[struck, -1]]), np.array([1e12]))
    impact.strike(world, failure, blow, world.unhindered(), 1.0)
    own = (structure.bonds == struck).any(1) & roof[structure.bonds].all(1)
    assert failure.alive[own].all() == holds


def _struck(folder, sinks: float) -> tuple[Structure, Failure, int]:
    """Let a building come down whole at `sinks` m/s upwards and strike one panel of its lowest storey; return what that does, and the panel."""
    structure = structure_of(folder)
    failure = Failure(structure, schedule.plan(structure, Collapse(), np.random.default_rng(0)), np.random.default_rng(0))
    world = World(structure, STEP)
    world.set_clusters(np.zeros(structure.count, int), ground=-1)
    (number,) = world.bodies
    world.set_motion(number, np.array([0.0, sinks, 0.0]), np.zeros(3))
    struck = int(np.flatnonzero((structure.kind == OUTER_WALL) & (structure.storey == 0))[0])
    impact.strike(world, failure, Blow(np.array([[struck, -1]]), np.array([1e12])), world.unhindered(), 1.0)
    return structure, failure, struck


def test_what_rubs_crushes_the_edge_that_it_touches_and_what_lands_cracks_more(tmp_path):
    """Parts that come apart touch all along their borders: if that cracked walls further off they would crumble before anything has fallen."""
    structure, failure, struck = _struck(tmp_path, 0.0)
    at_the_edge = structure.block == structure.block[struck]
    for _ in range(2):
        bonds = at_the_edge[structure.bonds].any(1)
        at_the_edge[structure.bonds[bonds]] = True
    assert not failure.alive[bonds].all()
    assert failure.alive[~bonds].all()
    assert not failure.failed.any()
    _, failure, _ = _struck(tmp_path, -2 * impact.LANDING)
    assert not failure.alive[~bonds].all()


@pytest.mark.parametrize(("speed", "whole"), [(1.5 * impact.LANDING, False), (1.5 * impact.CRASH, True)])
def test_a_landing_crushes_the_bay_that_it_strikes_and_a_crash_the_storey(tmp_path, speed, whole):
    structure, failure, struck = _struck(tmp_path, -speed)
    failed = failure.failed.reshape(structure.cells.storeys, -1)
    assert failed[0, structure.column[struck]]
    assert failed[0].all() == whole
    assert not failed[1:].any()


def test_a_roof_breaks_off_where_its_walls_have_sunk_and_only_there(tmp_path):
    """Walls right of a line sink: the roof parts near that line, in one, and each side stays whole; with walls that sink as one, all of it does."""
    structure = _roofed(structure_of(tmp_path))
    failure = Failure(structure, schedule.plan(structure, Collapse(), np.random.default_rng(0)), np.random.default_rng(0))
    failure.due_at[:] = np.inf
    world = World(structure, STEP)
    world.set_clusters(np.zeros(structure.count, int), ground=-1)
    roof, line = structure.kind == ROOF, 0.0
    spans = Spans(structure, world, failure, np.random.default_rng(1))
    position = structure.centre.copy()
    spans.look(position, 1.0)
    assert not (failure.due_at <= 1.0).any()
    position[~roof & (structure.centre[:, 0] > line), 1] -= 0.5
    spans.look(position, 1.0)
    broken = failure.due_at <= 1.0
    frame = roof[structure.bonds].all(1)
    assert broken.any()
    assert not (broken & ~frame).any()
    along = structure.bond_centre[broken, 0] - line
    assert along.min() > -0.5
    assert along.max() < OVERHANG[1] + 1.0
    labels = components(structure.bonds, ~broken & frame, np.zeros(structure.count, bool))[0][roof]
    counts = np.bincount(labels)
    assert np.sort(counts)[-2:].sum() > 0.9 * roof.sum()


def _falling(structure: Structure) -> tuple[World, Failure]:
    """Return the structure as one body, high over the ground."""
    failure = Failure(structure, schedule.plan(structure, Collapse(), np.random.default_rng(0)), np.random.default_rng(0))
    world = World(structure, STEP)
    world.set_clusters(np.zeros(structure.count, int), ground=-1)
    world.move(min(world.bodies), np.array([0.0, 60.0, 0.0]))
    return world, failure


def test_a_block_that_breaks_as_it_falls_falls_no_slower(tmp_path):
    """Bonds that go in every step, under blows on a crumb, take a share of the crumb's speed and nothing of the block's: no gravity is lost."""
    structure = structure_of(tmp_path)
    world, failure = _falling(structure)
    (number,) = world.bodies
    crumb, labels = int(np.argmin(structure.mass)), np.zeros(structure.count, int)
    force = np.zeros(structure.count)
    force[crumb] = 1.0
    for step in range(48):
        before = world.unhindered()
        world.step()
        failure.break_bonds(np.flatnonzero((structure.bonds == crumb).any(1)), float(step))
        impact.give_back(world, failure, before, force, world.set_clusters(labels, ground=-1), float(step))
    assert world.sinking(number) == pytest.approx(GRAVITY * 48 * STEP, rel=0.01)


def test_a_piece_that_turns_too_fast_stops_the_turning_and_not_the_fall(tmp_path):
    structure = structure_of(tmp_path)
    world, _ = _falling(structure)
    (number,) = world.bodies
    limits = Limits(structure, world, BLOCK)
    limits.apex = structure.centre[:, 1] + 62.0
    limits.apex[int(np.argmax(structure.centre[:, 0]))] -= 2.0  # the far end has only just turned over its highest place
    world.set_motion(number, np.array([0.0, -4.0, 0.0]), np.array([0.0, 0.0, -0.4]))
    limits.velocity[:, 1] = -4.0
    states, whole = world.states(), np.arange(structure.count)
    limits.apply(states, world.positions(whole), _speeds(world), np.zeros(structure.count, bool), {}, STEP)
    linear, angular, _ = world.motion(number)
    assert linear[1] == pytest.approx(-4.0)
    assert np.linalg.norm(angular) < 0.4


def test_crushing_bears_a_block_through_its_walls_and_hardly_a_roof_without(tmp_path):
    """The same roof with all of its walls, and with one: what fails below bears the one as planned, and the other by that wall's share."""
    structure = _roofed(structure_of(tmp_path, storeys=2, bays=6, deep=3))
    plan = schedule.plan(structure, Collapse(), np.random.default_rng(0))
    plan = replace(plan, resist=np.full_like(plan.resist, 0.4), lean=np.zeros_like(plan.lean))
    roof = np.flatnonzero((structure.kind == ROOF) | (structure.storey == structure.storey.max()))
    bare = np.flatnonzero(structure.kind == ROOF)
    one = np.append(bare, np.flatnonzero(structure.upright & (structure.storey == structure.storey.max()))[0])
    gains = []
    for pieces in (roof, one, bare):
        world = World(structure, STEP)
        labels = np.full(structure.count, -1)
        labels[pieces] = 0
        world.set_clusters(labels, ground=-1)
        world.move(min(world.bodies), np.array([0.0, 30.0, 0.0]))
        bearing = Bearing(structure, world, plan)
        bearing.divided([(-1, min(world.bodies))], 0.0)
        bearing.look(world.states(), 9.0)
        world.step()
        gains.append(1 - world.sinking(min(world.bodies)) / (GRAVITY * STEP))
    assert gains[0] > 0.25
    assert 0.0 < gains[1] < 0.25 * gains[0]
    assert gains[2] == pytest.approx(0.0, abs=1e-3)


def test_what_rolls_on_the_ground_stops_where_its_friction_says():
    """v² over 2 ROLLS g, whatever the steps; upright speed is not touched, and nothing turns back."""
    for steps in (10, 400):
        velocity, way = np.array([[6.0, -1.0, 0.0]]), 0.0
        for _ in range(steps * 3):
            before = velocity
            velocity = gripped(velocity, 1 / steps)
            way += 0.5 * float(before[0, 0] + velocity[0, 0]) / steps
        assert velocity.tolist() == [[0.0, -1.0, 0.0]]
        assert way == pytest.approx(36 / (2 * ROLLS * 9.81), rel=0.05)


def _lodged(folder) -> tuple[World, Limits, np.ndarray]:
    """Return six cubes over each other that have fallen by 5 m and sink at 9 m/s, and which of them are inside other rubble."""
    structure = cubes(folder, *np.arange(60.0, 66.0))
    world = World(structure, STEP)
    world.set_clusters(np.arange(structure.count), ground=-1)
    for number in world.bodies:
        world.set_motion(number, np.array([0.0, -9.0, 0.0]), np.zeros(3))
    limits = Limits(structure, world, BLOCK)
    limits.apex += 5.0
    limits.velocity[:, 1] = -9.0
    return world, limits, np.arange(structure.count) % 2 == 0


def _watched(world: World, limits: Limits, inside: np.ndarray) -> None:
    limits.apply(world.states(), world.positions(np.arange(len(inside))), _speeds(world), inside, {}, 4 * STEP)


def test_rubble_inside_rubble_that_falls_is_not_slowed_by_the_air(tmp_path):
    world, limits, inside = _lodged(tmp_path)
    for _ in range(24):
        _watched(world, limits, inside)
        for _ in range(4):
            world.step()
    assert -_speeds(world)[:, 1] == pytest.approx(9.0 + GRAVITY, rel=0.02)


def test_rubble_inside_rubble_that_is_held_is_slowed_by_it(tmp_path):
    world, limits, inside = _lodged(tmp_path)
    for number in world.body_of[~inside].tolist():
        world.hold(number)
    for _ in range(24):
        _watched(world, limits, inside)
    assert (-_speeds(world)[inside, 1] < 0.95 * 9.0).all()
