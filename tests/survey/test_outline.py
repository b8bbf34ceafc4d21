"""Which outlines are taken and which are turned away."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derrumbe.core.errors import BadOutline
from derrumbe.survey.footing import bottom_chain, continued, touched_edges
from derrumbe.survey.outline import clipped, scaled, validate

WIDTH, HEIGHT = 640, 480
SQUARE = ((100.0, 100.0), (300.0, 100.0), (300.0, 400.0), (100.0, 400.0))


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ((), "at least 3"),
        (((1.0, 1.0), (200.0, 200.0)), "at least 3"),
        (((50.0, 50.0),) * 5, "3 different points"),
        (((100.0, 100.0), (300.0, 400.0), (300.0, 100.0), (100.0, 400.0)), "cross"),
        (((100.0, 100.0), (300.0, 100.0), (200.0, 100.0)), "cross"),
        (((100.0, 100.0), (110.0, 100.0), (110.0, 110.0), (100.0, 110.0)), "square pixels"),
        (((100.0, 100.0), (600.0, 100.0), (600.0, 101.0), (100.0, 101.0)), "square pixels"),
        (((-500.0, 100.0), (300.0, 100.0), (300.0, 400.0)), "outside the 640x480 picture"),
        (((700.0, 100.0), (900.0, 100.0), (900.0, 400.0), (700.0, 400.0)), "outside"),
        (((float("nan"), 100.0), (300.0, 100.0), (300.0, 400.0)), "not a number"),
    ],
)
def test_unusable_outlines_are_refused_with_a_reason(points: tuple, says: str) -> None:
    with pytest.raises(BadOutline, match=says) as refusal:
        validate(points, WIDTH, HEIGHT)
    assert "\n" not in str(refusal.value)


def test_a_slight_overshoot_is_clipped() -> None:
    points = clipped(((-6.0, 100.0), (300.0, -4.0), (300.0, 484.0), (-6.0, 400.0)), WIDTH, HEIGHT)
    assert points.min() >= 0
    assert (points <= (WIDTH, HEIGHT)).all()


def test_a_closing_point_may_repeat_the_first() -> None:
    assert len(clipped((*SQUARE, SQUARE[0]), WIDTH, HEIGHT)) == 4


stars = st.integers(5, 40).flatmap(lambda count: st.lists(st.floats(40.0, 200.0), min_size=count, max_size=count))


def star(radii: list[float]) -> np.ndarray:
    angles = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    return np.array([320.0, 240.0]) + np.array(radii)[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)


@given(stars, st.booleans(), st.integers(0, 39))
def test_any_star_shaped_outline_is_taken_whatever_its_winding_and_start(radii: list[float], flip: bool, start: int) -> None:
    points = np.roll(star(radii), start, axis=0)
    points = points[::-1] if flip else points
    assert clipped(tuple(map(tuple, points)), WIDTH, HEIGHT) == pytest.approx(points)


@given(st.integers(6, 24), st.data())
def test_swapping_two_corners_of_a_convex_outline_makes_it_cross(count: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, count - 1))
    second = (first + data.draw(st.integers(2, count - 3))) % count
    points = star([150.0] * count)
    points[[first, second]] = points[[second, first]]
    with pytest.raises(BadOutline, match="cross"):
        validate(tuple(map(tuple, points)), WIDTH, HEIGHT)


@given(stars, st.floats(0.2, 4.0))
def test_scaling_an_outline_scales_its_points(radii: list[float], factor: float) -> None:
    points = tuple(map(tuple, star(radii)))
    size = (round(WIDTH * factor), round(HEIGHT * factor))
    assert np.array(scaled(points, (WIDTH, HEIGHT), size)) == pytest.approx(star(radii) * (size[0] / WIDTH, size[1] / HEIGHT))


@given(stars, st.booleans())
def test_the_bottom_runs_from_left_to_right_along_the_lower_side(radii: list[float], flip: bool) -> None:
    points = star(radii)[::-1] if flip else star(radii)
    chain = bottom_chain(points)
    assert chain[0, 0] <= chain[-1, 0]
    assert points[:, 1].max() == pytest.approx(chain[:, 1].max())


def test_an_outline_along_an_edge_goes_on_outside_and_keeps_its_inside() -> None:
    points = np.array([[200.0, 0.0], [400.0, 0.0], [420.0, 400.0], [180.0, 400.0]])
    assert touched_edges(points, WIDTH, HEIGHT) == {"left": False, "right": False, "top": True, "bottom": False}
    grown = continued(points, WIDTH, HEIGHT, np.array([0.0, 1.0, 0.0]))
    assert grown[:, 1].min() < -50
    inside = {tuple(point) for point in points}
    assert inside <= {tuple(point) for point in grown}


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_wall_goes_on_sideways_only_where_nothing_tells_its_end(side: str) -> None:
    points = np.array([[0.0, 100.0], [400.0, 100.0], [400.0, 400.0], [0.0, 400.0]])
    points = points if side == "left" else np.stack([WIDTH - points[::-1, 0], points[::-1, 1]], -1)
    up_point = np.array([0.0, 1.0, 0.0])
    assert touched_edges(points, WIDTH, HEIGHT)[side]
    assert np.array_equal(continued(points, WIDTH, HEIGHT, up_point, sideways=0.0), points)
    grown = continued(points, WIDTH, HEIGHT, up_point)[:, 0]
    assert np.ptp(grown) > 1.2 * np.ptp(points[:, 0])
