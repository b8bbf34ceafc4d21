"""Walls in plan from lines of known support."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.survey.orientation import Orientation
from derrumbe.survey.siting import site, view_of

FOCAL, CENTRE, EYE = 500.0, (240.0, 180.0), 1.7


def _pixels(world: np.ndarray) -> np.ndarray:
    """Return pixels (n, 2) of points (n, 3): right, up over the ground, forward of a level camera."""
    return np.stack([world[:, 0], EYE - world[:, 1]], 1) / world[:, 2:] * FOCAL + CENTRE


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_house_beside_the_camera_shows_a_wall_that_runs_away(side: float) -> None:
    corners = np.array([[3, 0, 6.0], [3, 5, 6], [3, 5, 22], [3, 0, 22]]) * (side, 1, 1)
    heights, starts = np.linspace(0.5, 4.5, 5), np.array([7.0, 10.0, 14.0, 19.0])
    ends = [[(3 * side, high, start), (3 * side, high, start + 2)] for high in heights for start in starts]
    segments = np.array([np.concatenate([_pixels(np.array([one], float))[0] for one in pair]) for pair in ends])
    support = np.full(len(segments), 2)
    orientation = Orientation(FOCAL, np.array([0.0, -1, 0]), np.array([1.0, 0, 0]), support, 0.1, 8, len(segments))
    plan = site(view_of(orientation, CENTRE), orientation, _pixels(corners), segments)
    assert len(plan.feet) == 2
    assert plan.feet[:, 0] * EYE == pytest.approx(np.full(2, 3 * side), rel=0.02)
    assert np.sort(plan.feet[:, 1]) * EYE == pytest.approx([6.0, 22.0], rel=0.05)
    # From left to right as the camera sees them.
    slopes = plan.feet[:, 0] / plan.feet[:, 1]
    assert slopes[0] < slopes[1]
