"""How large a building is: cues are outvoted and not averaged, and what is open is said."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.survey.facades import storeys_of
from derrumbe.survey.openings import Row
from derrumbe.survey.scale import ARENA_WIDTH, Cue, arena_cue, cautions_of, sized, walker_cue
from derrumbe.survey.settings import Bulk
from derrumbe.survey.siting import View
from derrumbe.survey.walkers import camera_heights

LEVEL = View(1000.0, (500.0, 400.0), np.array([0.0, -1.0, 0.0]), np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]))


def row_of(count: int, sill: float, offset: float = 0.0) -> Row:
    left = np.arange(count) * 3.0 + offset
    return Row(np.stack([left, np.full(count, sill), left + 1.2, np.full(count, sill + 1.5)], 1))


def test_agreeing_cues_leave_less_open_than_each() -> None:
    cues = [Cue("a", 2.0, 0.2, 0.9), Cue("b", 2.1, 0.2, 0.9)]
    assert sized(cues, 6.0).spread < min(sized([cue], 6.0).spread for cue in cues)
    assert sized(cues, 6.0).metres == pytest.approx(2.05, rel=0.03)


def test_a_stray_cue_is_outvoted_and_not_averaged_in() -> None:
    cues = [Cue("a", 2.0, 0.15, 0.9), Cue("b", 2.1, 0.15, 0.9), Cue("stray", 12.0, 0.15, 0.3)]
    found = sized(cues, 6.0)
    assert found.metres == pytest.approx(2.05, rel=0.05)
    assert "stray" not in found.how


def test_an_arena_is_as_wide_as_arenas_are() -> None:
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    oval = np.stack([0.9 * np.cos(angle), 0.6 * np.sin(angle)], 1)
    found = sized([arena_cue(oval)], 0.4)
    assert found.metres * 1.5 == pytest.approx(ARENA_WIDTH, rel=0.25)
    assert found.how == "an arena's width"


def test_nothing_to_go_by_is_said() -> None:
    found = sized([], 6.0)
    assert found.spread > 0.5
    told = cautions_of(found, 6.0, Bulk())
    assert len(told) == 1
    assert "building.height" in told[0].remedy
    assert not cautions_of(found, 6.0, Bulk(height=20.0))


def test_rows_that_answer_each_other_are_trusted_as_storeys() -> None:
    regular = storeys_of([[row_of(6, 1.0), row_of(6, 4.3), row_of(6, 7.6)]], 10.0, None)
    stray = storeys_of([[row_of(6, 1.0), row_of(3, 3.1, 1.3), row_of(2, 7.6, 0.7)]], 10.0, None)
    assert regular.trust > 0.8
    assert regular.counted
    assert stray.trust < 0.35
    assert not stray.counted


def test_people_tell_how_high_the_camera_stands() -> None:
    height, person, away = 5.0, 1.72, np.linspace(20.0, 60.0, 9)
    feet = 400.0 + 1000.0 * height / away
    heads = 400.0 + 1000.0 * (height - person) / away
    boxes = np.stack([np.full(9, 300.0), heads, np.full(9, 310.0), feet], 1)
    cue = walker_cue(camera_heights(LEVEL, boxes))
    assert cue is not None
    assert cue.metres == pytest.approx(height, rel=0.01)
    assert walker_cue(camera_heights(LEVEL, boxes[:3])) is None
