"""Laws of a collapse, whatever its mode."""

from __future__ import annotations

import numpy as np
import pytest

from tests.simulate import buildings
from tests.simulate.conftest import simulate

GRAVITY = 9.81
MODES = [
    {"mode": "pancake"},
    {"mode": "progressive", "origin_side": "left"},
    {"mode": "topple", "direction": "right"},
    {"mode": "partial", "part": "left"},
]
PARTS = ("left", "right", "upper", "corner_left", "corner_right", "facade")
mode = pytest.mark.parametrize("mode", MODES, ids=[m["mode"] for m in MODES])


@mode
def test_nothing_moves_before_the_trigger(collapse_of, mode):
    fall = collapse_of(**mode)
    upto = fall.motion.trigger_sample + 1
    assert (fall.poses["position"][:upto] == fall.pieces["centre"]).all()
    assert (fall.poses["rotation"][:upto] == np.float32((1, 0, 0, 0))).all()
    assert fall.energy["kinetic"][:upto].max() == 0
    assert fall.events["time"].min() >= fall.energy["time"][fall.motion.trigger_sample]
    assert np.isnan(fall.debris["position"][:upto]).all()


@mode
def test_a_piece_is_exactly_at_rest_until_it_is_released(collapse_of, mode):
    fall = collapse_of(**mode)
    released = np.where(fall.poses["released"] < 0, fall.motion.sample_count, fall.poses["released"])
    waiting = np.arange(fall.motion.sample_count)[:, None] < released
    rest = np.broadcast_to(fall.pieces["centre"], fall.poses["position"].shape)
    assert (fall.poses["position"][waiting] == rest[waiting]).all()
    assert (fall.poses["rotation"][waiting] == np.float32((1, 0, 0, 0))).all()


@mode
def test_what_should_fall_falls(collapse_of, mode):
    assert collapse_of(**mode).motion.fallen_share > 0.8


@pytest.mark.parametrize("part", PARTS)
def test_the_whole_part_that_the_brief_names_comes_down(collapse_of, part):
    assert collapse_of(frames=110, mode="partial", part=part).motion.fallen_share >= 0.95


@pytest.mark.parametrize("storeys", [1, 8])
def test_a_building_of_any_size_comes_down(collapse_of, storeys):
    assert collapse_of(storeys=storeys, bays=2, frames=110, mode="progressive").motion.fallen_share > 0.8


@mode
def test_energy_never_grows(collapse_of, mode):
    energy = collapse_of(**mode).energy
    total = energy["kinetic"] + energy["potential"]
    assert (total - np.minimum.accumulate(total)).max() < 0.01 * total[0]
    assert total[-1] < total[0]


@mode
def test_nothing_outruns_free_fall(collapse_of, mode):
    fall = collapse_of(**mode)
    height, dt = fall.poses["position"][..., 1].astype(float), fall.energy["time"][1]
    speed = -np.diff(height, axis=0) / dt
    allowed = np.sqrt(2 * GRAVITY * np.maximum(np.maximum.accumulate(height, 0)[1:] - height[1:], 0)) + GRAVITY * dt
    too_fast = (speed > allowed + 0.5) * fall.pieces["mass"]
    assert too_fast.sum() < 1e-3 * fall.pieces["mass"].sum() * len(speed)


def test_the_roofline_falls_between_a_third_and_the_whole_of_gravity(collapse_of):
    fall = collapse_of(mode="pancake")
    roof = fall.pieces["centre"][:, 1] > fall.pieces["centre"][:, 1].max() - 0.2
    height, dt = fall.poses["position"][:, roof, 1].mean(1).astype(float), fall.energy["time"][1]
    speed = -np.diff(height) / dt
    start, fastest = int(np.argmax(speed > 0.5)), int(np.argmax(speed))
    mean = (speed[fastest] - speed[start]) / ((fastest - start) * dt)
    assert 0.3 * GRAVITY < mean < 1.0 * GRAVITY


@pytest.mark.parametrize(("direction", "axis", "sign"), [("left", 0, -1), ("right", 0, 1), ("towards", 2, 1), ("away", 2, -1)])
def test_a_topple_goes_where_it_is_sent(collapse_of, direction, axis, sign):
    fall = collapse_of(mode="topple", direction=direction)
    upper = fall.pieces["centre"][:, 1] > 0.6 * fall.pieces["centre"][:, 1].max()
    shift = (fall.poses["position"][-1] - fall.pieces["centre"])[upper, axis]
    assert sign * np.average(shift, weights=fall.pieces["mass"][upper]) > 1.0


@pytest.mark.parametrize(("part", "stays"), [("left", "right"), ("right", "left"), ("upper", "lower")])
def test_the_part_that_stays_never_moves(collapse_of, part, stays):
    fall = collapse_of(mode="partial", part=part)
    x, y = fall.pieces["centre"][:, 0], fall.pieces["centre"][:, 1]
    far = {"right": x > 4.0, "left": x < -4.0, "lower": y < 0.4 * y.max()}[stays]
    assert (fall.poses["released"][far] == -1).all()
    gone = {"right": x < -4.0, "left": x > 4.0, "lower": y > 0.8 * y.max()}[stays]
    assert (fall.poses["released"][gone] >= 0).mean() > 0.95


def test_failure_runs_from_the_side_where_it_starts(collapse_of):
    fall = collapse_of(mode="progressive", origin_side="left")
    x, height = fall.pieces["centre"][:, 0], fall.poses["position"][..., 1]
    falls = (height[0] - height > 0.3).argmax(0)
    assert np.median(falls[x < -3]) < np.median(falls[x > 3])


def test_two_runs_give_the_same_bytes(tmp_path):
    arrays = buildings.office(2, 2, fine=1)
    for name in "ab":
        (tmp_path / name).mkdir()
        simulate(tmp_path / name, arrays, frames=36, mode="pancake")
    for file in ("poses.npz", "debris.npz", "events.npz", "energy.npz"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_trigger_too_late_is_told(tmp_path):
    fall = simulate(tmp_path, buildings.office(2, 2, fine=1), frames=24, trigger=0.9, mode="pancake")
    assert fall.motion.fallen_share < 0.5
    assert any("trigger.time" in caution.remedy for caution in fall.motion.warnings)


def test_a_trigger_after_the_last_frame_leaves_everything(tmp_path):
    fall = simulate(tmp_path, buildings.shed(), frames=12, trigger=9.0)
    assert (fall.poses["released"] == -1).all()
    assert fall.debris["position"].shape[1] == 0
    assert len(fall.events["time"]) == 0
    assert fall.motion.fallen_share == 0.0
    assert len(fall.motion.warnings) == 1


def test_rubble_lies_still_at_the_end(tmp_path):
    fall = simulate(tmp_path, buildings.office(2, 2, fine=1), frames=150, mode="pancake")
    assert fall.motion.at_rest
    last = np.linalg.norm(fall.poses["position"][-1] - fall.poses["position"][-2], axis=-1)
    assert np.median(last) < 1e-4


def test_a_shot_too_short_is_told_how_many_frames_it_lacks(tmp_path):
    for name in ("short", "long"):
        (tmp_path / name).mkdir()
    arrays, frames = buildings.office(3, 3, fine=2), 48
    short = simulate(tmp_path / "short", arrays, frames=frames)
    assert not short.motion.at_rest
    remedy = next(caution.remedy for caution in short.motion.warnings if "still moves" in caution.what)
    more = int(remedy.split()[1])
    assert 10 < more < 80
    assert simulate(tmp_path / "long", arrays, frames=frames + more).motion.at_rest


def test_rubble_makes_a_low_heap(collapse_of):
    fall = collapse_of(mode="pancake")
    height = fall.poses["position"][-1, :, 1]
    assert np.percentile(height, 95) < 0.45 * fall.pieces["vertices"][:, 1].max()
    assert np.abs(fall.poses["position"][-1, :, [0, 2]]).max() < 30.0


@mode
def test_debris_stays_above_ground_and_comes_after_the_trigger(collapse_of, mode):
    debris = collapse_of(**mode).debris
    born = ~np.isnan(debris["position"][..., 0])
    assert born[-1].mean() > 0.9
    assert (np.diff(born.astype(int), axis=0) >= 0).all()
    assert (debris["position"][..., 1][born] >= 0).all()
    assert debris["radius"].min() > 0.005
    assert debris["radius"].max() < 0.6


@mode
def test_dust_is_a_small_share_of_the_building(collapse_of, mode):
    fall = collapse_of(**mode)
    share = fall.events["mass"].sum() / fall.pieces["mass"].sum()
    assert 0.0001 < share < 0.01
    assert (np.diff(fall.events["time"]) >= 0).all()
    assert set(np.unique(fall.events["kind"])) == {0, 1, 2}


@mode
def test_air_leaves_outwards_no_faster_than_it_can(collapse_of, mode):
    fall = collapse_of(**mode)
    air = fall.events["kind"] == 2
    velocity = fall.events["velocity"][air]
    assert np.linalg.norm(velocity, axis=-1).max() <= 40.001
    middle = 0.5 * (fall.pieces["vertices"].min(0) + fall.pieces["vertices"].max(0))
    assert (((fall.events["position"][air] - middle)[:, ::2] * velocity[:, ::2]).sum(-1) > 0).all()
