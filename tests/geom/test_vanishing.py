"""Vanishing points of lines of known direction."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from derrumbe.geom.vanishing import axis_direction, focal_from, levelled_axes, meeting_point, misfit, vanishing_point

CENTRE = (480.0, 320.0)
angles = st.floats(-1.2, 1.2)


def segments_along(direction: np.ndarray, focal: float, count: int = 12, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    start = np.stack([rng.uniform(-4, 4, count), rng.uniform(-3, 3, count), rng.uniform(14, 20, count)], 1)
    ends = np.stack([start, start + 2.0 * direction], 1)
    pixels = focal * ends[..., :2] / ends[..., 2:] + CENTRE
    return pixels.reshape(count, 4)


def unit(yaw: float, pitch: float) -> np.ndarray:
    return np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])


@given(angles, angles, st.floats(300, 3000))
def test_lines_of_one_direction_point_at_its_vanishing_point(yaw: float, pitch: float, focal: float) -> None:
    direction = unit(yaw, pitch)
    segments = segments_along(direction, focal)
    assume((np.hypot(*(segments[:, 2:] - segments[:, :2]).T) > 2).all())
    assert np.abs(misfit(segments, vanishing_point(direction, focal, CENTRE))).max() < 1e-6


@given(angles, angles, st.floats(300, 3000))
def test_meeting_point_recovers_the_direction(yaw: float, pitch: float, focal: float) -> None:
    direction = unit(yaw, pitch)
    segments = segments_along(direction, focal)
    assume((np.hypot(*(segments[:, 2:] - segments[:, :2]).T) > 2).all())
    found = axis_direction(meeting_point(segments, np.ones(len(segments)), CENTRE, 960.0), focal, CENTRE)
    assert abs(found @ direction) == pytest.approx(1.0, abs=1e-6)


def test_parallel_lines_meet_at_infinity() -> None:
    segments = segments_along(np.array([1.0, 0.0, 0.0]), 900.0)
    point = meeting_point(segments, np.ones(len(segments)), CENTRE, 960.0)
    assert abs(point[2]) < 1e-9 * np.abs(point[:2]).max()


@given(st.floats(0.2, 1.3), st.floats(-0.5, 0.5), st.floats(300, 3000))
def test_two_orthogonal_points_give_the_focal_length(yaw: float, pitch: float, focal: float) -> None:
    first = unit(yaw, pitch)
    second = np.cross(first, [0.0, 1.0, 0.0])
    second /= np.linalg.norm(second)
    assume(abs(second[2]) > 0.05)
    points = [vanishing_point(axis, focal, CENTRE) for axis in (first, second)]
    assert focal_from(*points, CENTRE) == pytest.approx(focal, rel=1e-6)


def test_points_on_one_side_of_the_centre_give_no_focal_length() -> None:
    assert focal_from(np.array([900.0, 320.0, 1.0]), np.array([1200.0, 330.0, 1.0]), CENTRE) is None
    assert focal_from(np.array([1.0, 0.0, 0.0]), np.array([480.0, 900.0, 1.0]), CENTRE) is None


@given(st.floats(-0.9, 0.9), st.floats(-0.6, 0.6))
def test_levelled_axes_are_level_and_square(pitch: float, roll: float) -> None:
    up = np.array([np.cos(pitch) * np.sin(roll), -np.cos(pitch) * np.cos(roll), np.sin(pitch)])
    right, forward = levelled_axes(up)
    frame = np.stack([right, up, -forward])
    assert frame @ frame.T == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.det(frame) == pytest.approx(1.0)
    assert forward[2] > 0
    assert right[0] > 0
