"""Laws of plane polygons."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derrumbe.geom.polygons import densified, first_crossing, signed_area, without_repeats

radii = st.lists(st.floats(1.0, 5.0), min_size=3, max_size=30)


def star(values: list[float]) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, len(values), endpoint=False)
    return np.array(values)[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)


@given(radii, st.floats(-10, 10), st.floats(-10, 10))
def test_area_turns_its_sign_with_the_winding_and_ignores_place(values: list[float], x: float, y: float) -> None:
    points = star(values)
    assert signed_area(points) > 0
    assert signed_area(points[::-1]) == pytest.approx(-signed_area(points))
    assert signed_area(points + np.array([x, y])) == pytest.approx(signed_area(points), rel=1e-6, abs=1e-6)


@given(radii)
def test_a_star_doesnt_cross_itself(values: list[float]) -> None:
    if len(values) > 4:
        assert first_crossing(star(values)) is None


def test_a_bow_tie_crosses() -> None:
    assert first_crossing(np.array([[0, 0], [2, 2], [2, 0], [0, 2]])) == (0, 2)


def test_an_edge_that_runs_back_along_its_neighbour_crosses() -> None:
    assert first_crossing(np.array([[0, 0], [4, 0], [2, 0], [2, 3]])) is not None


def test_a_corner_on_another_edge_crosses() -> None:
    assert first_crossing(np.array([[0, 0], [4, 0], [4, 4], [2, 0], [0, 4]])) is not None


@given(radii, st.floats(0.05, 2.0))
def test_densified_keeps_corners_and_area(values: list[float], step: float) -> None:
    points = star(values)
    dense = densified(points, step)
    assert {tuple(point) for point in points} <= {tuple(point) for point in dense}
    assert signed_area(dense) == pytest.approx(signed_area(points))
    gaps = np.linalg.norm(dense - np.roll(dense, 1, axis=0), axis=1)
    assert gaps.max() <= step + 1e-9


def test_repeats_go() -> None:
    assert without_repeats(np.array([[0, 0], [0, 0], [1, 0], [1, 1], [0, 0]])).tolist() == [[1, 0], [1, 1], [0, 0]]
