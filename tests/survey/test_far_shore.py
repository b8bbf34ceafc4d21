"""A hazy far shore is the horizon; a level roof isn't."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.survey.far_shore import far_shore


def _plate(below: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return light (h, w, 3) that is `below` under row 100 and 0.8 of sky over it, sky, and a building's hole."""
    texture = np.full((240, 400, 3), 0.8, np.float32)
    texture[100:] = below
    sky = np.zeros((240, 400), np.float32)
    sky[:100] = 1
    hole = np.zeros((240, 400), bool)
    hole[40:200, 100:220] = True
    return texture, sky, hole


def test_a_pale_level_shore_is_the_horizon() -> None:
    points = far_shore(*_plate(0.65))
    assert points is not None
    assert points[:, 1] == pytest.approx(100, abs=1)
    assert not ((points[:, 0] > 100) & (points[:, 0] < 220)).any()


def test_a_level_roof_is_no_horizon() -> None:
    assert far_shore(*_plate(0.3)) is None


def test_a_skyline_that_goes_up_and_down_is_no_horizon() -> None:
    texture, _, hole = _plate(0.65)
    rows = np.arange(240)[:, None] < 100 + 30 * np.sin(np.arange(400) / 15)[None]
    assert far_shore(texture, rows.astype(np.float32), hole) is None
