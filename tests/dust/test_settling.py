"""Every kilogram is somewhere: in the air, on the ground or out of the grid."""

from dataclasses import replace

import numpy as np
import pytest

from derrumbe.dust.domain import Domain, seen_ends
from derrumbe.dust.drive import towards
from derrumbe.dust.settling import COARSE, FALL, HANGS, booked, fallout, falls, keeps_coarse, sinks
from derrumbe.dust.state import Ledger
from tests.dust.test_cloud import BOX, NO_RUBBLE, ball, run, scene
from tests.dust.test_cloud import middle as middle_of


def weighed(state):
    cell = BOX.voxel**2
    return BOX.voxel * cell * state.density.sum(dtype=float), cell * state.ledger.settled.sum(dtype=float), state.ledger.gone


@pytest.mark.parametrize(("wind", "linger"), [(0.0, 1e9), (0.0, 1.0), (8.0, 3.0)])
def test_air_ground_and_outside_hold_all_that_was_made(wind, linger):
    place = scene(wind=wind, linger=linger)
    begin = ball(place, (3, 2.0, 0))
    had = weighed(begin)[0]
    end = run(place, begin, 30)
    air, ground, outside = weighed(end)
    assert air + ground + outside == pytest.approx(had, rel=1e-4)
    assert end.ledger.settled.min() >= 0
    assert (outside > 0.02 * had) == (wind > 0)


def test_an_event_is_booked_as_made():
    events = {
        "time": np.array([0.02]), "position": np.array([[0.0, 4.0, 0.0]]), "velocity": np.array([[3.0, 0, 0]]), "mass": np.array([2.0]),
        "radius": np.array([0.8]), "kind": np.array([2], np.uint8),
    }  # fmt: skip
    place = scene(events)
    end = run(place, ball(place, (0, 4, 0), radius=0.0), 16)
    assert end.ledger.made == pytest.approx(2.0, rel=1e-3)
    assert sum(weighed(end)) == pytest.approx(2.0, rel=1e-3)


def test_dust_comes_down_under_where_it_was():
    place = scene(linger=0.5)
    end = run(place, ball(place, (-3, 3.0, 2)), 10)
    x = (np.arange(BOX.shape[0]) + 0.5) * BOX.voxel + BOX.origin[0]
    z = (np.arange(BOX.shape[2]) + 0.5) * BOX.voxel + BOX.origin[2]
    share = end.ledger.settled / end.ledger.settled.sum()
    assert (share.sum(1) * x).sum() == pytest.approx(-3, abs=0.4)
    assert (share.sum(0) * z).sum() == pytest.approx(2, abs=0.4)


def test_no_more_falls_than_there_is():
    density = np.random.default_rng(0).random((4, 5, 6)).astype(np.float32)
    assert np.allclose(fallout(density, 9.0, np.ones(density.shape, np.float32)), density[:, 0])
    assert np.allclose(fallout(density, 0.0, np.zeros(density.shape, np.float32)), density.sum(1))
    after = booked(Ledger(0, 0, np.zeros((4, 6), np.float32)), 10.0, 8.0, 0.5, density[:, 0], 0.5)
    assert after.settled.sum() * 0.5**2 == pytest.approx(1.5 * 0.5**3)
    assert after.gone == pytest.approx(0.5 * 0.5**3)


def test_only_what_falls_alone_and_fast_sheds_dust():
    from derrumbe.dust.solids import Poses, Rubble, shed

    rubble = Rubble(np.zeros((1, 3), np.float32), np.zeros(1, np.int64), np.ones(1, np.float32))
    share = np.zeros(BOX.cells, np.float32)

    def lost(fall, share, spin=2.0):
        half = 0.05 * spin
        turn = np.array([[[1, 0, 0, 0]], [[np.cos(half), np.sin(half), 0, 0]]], np.float32)
        density = np.zeros(BOX.shape, np.float32)
        poses = Poses(np.array([[[0, 6, 0]], [[0, 6 - fall, 0]]], np.float32), turn, 10.0)
        shed(density, rubble, poses, (0.0, 0.1), share, BOX, 0.03)
        return density.sum() * BOX.voxel**3

    assert lost(0.2, share) == 0
    assert lost(1.0, share) == pytest.approx(0.03 * (1.0 - 0.3), rel=1e-4)
    assert lost(1.0, share + 0.5) == 0
    assert lost(1.0, share, spin=0.3) == 0


def test_rubble_free_scenes_shed_nothing():
    place = replace(scene(), rubble=NO_RUBBLE, shed=1.0)
    assert run(place, ball(place, (0, 4, 0), radius=0.0), 2).ledger.made == 0


WIDE = Domain((-40.0, 0.0, -40.0), 1.0, (80, 20, 80))
NONE = np.zeros((0, 3))


def sinking(cameras=NONE, walls=((-1.0, 0.0, -35.0), (1.0, 40.0, -30.0)), box=WIDE, sides=(True, True, True, True), seed=1):
    """With the grid seen to end at its low x, high x, low z, high z."""
    ends = np.zeros(box.shape[::2], bool)
    for side, at in zip(sides, (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]), strict=True):
        ends[at] = side
    return sinks(box, cameras, (np.array(walls[0]), np.array(walls[1])), ends, np.random.default_rng(seed))


def test_dust_thins_at_the_sides_and_before_a_camera_alone():
    bare, seen = (sinking(cameras) for cameras in (NONE, np.array([[0.0, 1.6, 25.0]])))
    middle = WIDE.shape[0] // 2
    assert min(bare[0].min(), bare[-1].min(), bare[:, 0].min(), bare[:, -1].min()) > 3
    assert bare[middle, middle] == 0
    near = middle + int(25.0 / WIDE.voxel)
    assert seen[middle, near] > 3 > bare[middle, near]
    assert seen[middle, : middle - 20].max() == bare[middle, : middle - 20].max()


def test_where_dust_ends_is_no_straight_line():
    thins = sinking(walls=((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0)))
    ends = np.argmax(thins[:, 40:-40] < 0.1, axis=0)
    assert np.ptp(ends) > 6
    assert np.abs(np.diff(thins, axis=1)).max() < 1


def test_dust_thins_only_where_the_grid_is_seen_to_end():
    assert sinking(sides=(False,) * 4).max() == 0
    right = sinking(sides=(False, True, False, False))
    assert right[-1].min() > 3
    assert right[: WIDE.shape[0] // 4].mean() < 0.002


def test_a_finer_grid_loses_as_much_at_its_sides():
    walls = (-10.0, 0.0, -10.0), (10.0, 15.0, 10.0)
    coarse, fine = (
        np.mean([sinking(walls=walls, box=Domain(WIDE.origin, cell, (n, 20, n)), seed=seed).mean() for seed in range(4)])
        for cell, n in ((2.0, 40), (0.5, 160))
    )
    assert coarse == pytest.approx(fine, rel=0.15)


def test_a_camera_far_off_clears_no_more_than_what_is_about_it():
    walls = (-1.0, 0.0, -38.0), (1.0, 10.0, -35.0)
    seen = sinking(np.array([[0.0, 1.6, 38.0]]), walls, sides=(False,) * 4)
    z = (np.arange(WIDE.shape[2]) + 0.5) * WIDE.voxel + WIDE.origin[2]
    middle = WIDE.shape[0] // 2
    assert seen[middle - 4 : middle + 4, z > 36].min() > 1
    assert (seen[:, z < 5] > 0.5).mean() < 0.02


def test_a_current_runs_a_quarter_of_the_way_to_a_camera_before_it_is_thinned():
    """The building 30 m before the camera, and 20 m high."""
    seen = sinking(np.array([[0.0, 1.6, 30.0]]), ((-5.0, 0.0, -10.0), (5.0, 20.0, 0.0)), sides=(False,) * 4)
    x, z = ((np.arange(WIDE.shape[a]) + 0.5) * WIDE.voxel + WIDE.origin[a] for a in (0, 2))
    before = np.abs(x) < 6
    assert np.median(seen[before][:, np.abs(z - 8) < 1]) < 0.4
    assert np.median(seen[before][:, np.abs(z - 22) < 1]) > 2


def test_the_grid_is_seen_to_end_inside_the_picture_alone():
    from tests.dust.collapse import camera

    ends = seen_ends(WIDE, [camera(eye=(0.0, 3.0, 30.0))], 10.0)
    middle = WIDE.shape[0] // 2
    assert not ends[1:-1, 1:-1].any()
    assert ends[middle, 0]
    assert not ends[:, -1].any()
    assert not ends[0, middle:].any()


def test_a_driven_current_goes_towards_the_camera():
    eye = np.array([0.0, 1.6, 7.0])
    drive = towards(eye, (np.array([-1.0, 0, -7.0]), np.array([1.0, 8.0, -5.0])), 0.0, 2.0, BOX.cell)
    driven = run(replace(scene(), drive=drive), ball(scene(), (0, 1.5, -4.0)), 20)
    free = run(scene(), ball(scene(), (0, 1.5, -4.0)), 20)
    assert tuple(drive.way) == (0, 1)
    assert middle_of(driven.density)[2] > middle_of(free.density)[2] + 1


def test_coarse_grains_fall_out_first_and_the_rest_hangs():
    fresh, air, step = 1.0, 1.0, 0.02
    for _ in range(500):
        fallen = step * falls(fresh) / 2.0
        fresh, air = fresh * keeps_coarse(fresh, fallen), air * (1 - fallen)
    assert falls(1.0) == pytest.approx(FALL)
    assert falls(0.0) == HANGS
    assert fresh < 0.2
    assert (1 - COARSE) * 0.6 < air < 1 - COARSE + 0.05
