"""Checks of motion pass on falls that obey physics and fail on those that don't."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from derrumbe.check import motion_checks
from tests.check.shots import G, change_energy, free_fall, motion_shot
from tests.comp.scenes import Scene


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return Scene(tmp_path_factory.mktemp("scene"))


@pytest.fixture
def judge(scene, tmp_path):
    """Judge a law with one of the motion checks."""

    def judged(check, law, **changes):
        return check(motion_shot(scene, tmp_path, law, **changes))

    return judged


def with_one_piece(law, piece, other):
    """`law` for all pieces but one."""

    def mixed(rest, time):
        height = law(rest, time)
        height[:, piece] = other(rest, time)[:, piece]
        return height

    return mixed


@pytest.mark.parametrize(("share", "verdict"), [(0.2, "warn"), (0.35, "pass"), (0.7, "pass"), (1.0, "pass"), (1.3, "warn")])
def test_the_rooflines_acceleration_is_measured_and_judged(judge, share, verdict):
    check = judge(motion_checks.free_fall, lambda rest, time: free_fall(rest, time, share * G, start=0.5), seconds=6.0)
    assert check.value == pytest.approx(share, rel=0.05)
    assert check.verdict == verdict


def test_a_roofline_that_stays_up_warns(judge):
    check = judge(motion_checks.free_fall, lambda rest, time: np.repeat(rest[None], len(time), 0))
    assert (check.verdict, check.value) == ("warn", None)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0.1, 1.0), start=st.floats(0, 1))
def test_no_free_fall_is_too_fast(judge, share, start):
    check = judge(motion_checks.speed_limit, lambda rest, time: free_fall(rest, time, share * G, start))
    assert check.verdict == "pass"
    assert check.value <= 1.0 + 1e-3


def test_a_piece_falling_at_two_g_blocks(judge):
    law = with_one_piece(free_fall, 20, lambda rest, time: free_fall(rest, time, 2 * G))
    check = judge(motion_checks.speed_limit, law)
    assert check.verdict == "block"
    assert check.value == pytest.approx(2**0.5, rel=0.05)
    assert "Piece 20" in check.says


def test_a_piece_thrown_down_warns_and_one_kicked_in_a_collision_does_not(judge):
    law = with_one_piece(free_fall, 20, lambda rest, time: free_fall(rest, time, 1.4 * G))
    assert judge(motion_checks.speed_limit, law).verdict == "warn"

    def kicked(rest, time):
        height = free_fall(rest, time, 0.4 * G)
        height[30:, 20] -= 0.25
        return np.maximum(height, 0.2)

    assert judge(motion_checks.speed_limit, kicked).verdict == "pass"


def test_a_stone_thrown_up_falls_from_its_highest_point(judge):
    def thrown(rest, time):
        return np.maximum(rest + 8 * time[:, None] - 0.5 * G * time[:, None] ** 2, 0.2)

    assert judge(motion_checks.speed_limit, thrown).verdict == "pass"


def test_energy_that_grows_warns(scene, tmp_path):
    shot = motion_shot(scene, tmp_path, free_fall)
    assert motion_checks.energy(shot).verdict == "pass"
    shot = motion_shot(scene, tmp_path, free_fall)
    change_energy(shot, 0.05)
    check = motion_checks.energy(shot)
    assert check.verdict == "warn"
    assert check.value == pytest.approx(0.05, abs=0.01)


def test_a_pile_that_still_moves_warns_with_a_remedy(judge):
    assert judge(motion_checks.at_rest, free_fall).verdict == "pass"
    check = judge(motion_checks.at_rest, free_fall, seconds=1.0)
    assert check.verdict == "warn"
    assert "add frames" in check.remedy
    assert judge(motion_checks.at_rest, free_fall, at_rest=False).verdict == "warn"


def test_a_building_that_stays_up_warns_with_a_remedy(judge):
    assert judge(motion_checks.came_down, free_fall, fallen_share=0.95).verdict == "pass"
    check = judge(motion_checks.came_down, free_fall, fallen_share=0.4)
    assert check.verdict == "warn"
    assert check.remedy
