"""A tilted camera's focal length from the solved ground and the picture's uprights."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.survey.lens_by_uprights import focal_by_uprights

SIZE, FOCAL = (1600, 900), 1150.0


def _normal(down: float, roll: float = 0.0) -> np.ndarray:
    """Return up in the axes of a camera that looks down by so many degrees."""
    pitch, roll = np.radians(down), np.radians(roll)
    return np.array([np.cos(pitch) * np.sin(roll), -np.cos(pitch) * np.cos(roll), -np.sin(pitch)])


def _lines(down: float, roll: float = 0.0, uprights: int = 60) -> np.ndarray:
    """Return segments (n, 4): uprights that the camera sees, drawn to a fifth of a pixel, and as many lines of any kind."""
    rng = np.random.default_rng(4)
    middle = rng.uniform((50, 50), (1550, 850), (uprights, 2))
    up = _normal(down, roll)
    towards = up[:2] * FOCAL - up[2] * (middle - (800, 450))
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    half = rng.uniform(8, 20, (uprights, 1)) * towards
    upright = np.concatenate([middle - half, middle + half], 1) + rng.normal(0, 0.2, (uprights, 4))
    start, angle = rng.uniform((50, 50), (1550, 850), (uprights, 2)), rng.uniform(0, np.pi, uprights)
    other = np.concatenate([start, start + 30 * np.stack([np.cos(angle), np.sin(angle)], 1)], 1)
    return np.concatenate([upright, other])


@pytest.mark.parametrize("believed", [0.75, 1.0, 1.5])
@pytest.mark.parametrize("roll", [0.0, 3.0])
def test_pole_and_polar_tell_the_focal_length(believed: float, roll: float) -> None:
    # The horizon stays where it is, whatever the solve's focal length; what it says of the tilt doesn't.
    seen = np.degrees(np.arctan(np.tan(np.radians(25.0)) / believed))
    found = focal_by_uprights(_lines(25.0, roll), SIZE, believed * FOCAL, _normal(seen, roll))
    assert found is not None
    assert found[0] == pytest.approx(FOCAL, rel=0.05)
    assert found[1] < 0.1


def test_a_level_camera_is_told_nothing() -> None:
    assert focal_by_uprights(_lines(2.0), SIZE, FOCAL, _normal(2.0)) is None


def test_lines_that_meet_nowhere_tell_nothing() -> None:
    assert focal_by_uprights(_lines(25.0, uprights=80)[80:], SIZE, FOCAL, _normal(25.0)) is None
