"""The sun from the shadows of all that stands around, seen from above, against drawn places in the light of known suns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derrumbe.geom.camera import project, resized
from derrumbe.survey.cast import towards
from derrumbe.survey.relief import CELLS, NOTHING, Relief, relief_of
from derrumbe.survey.shadows_around import Sight, shadows_around
from derrumbe.survey.sun_place import angle_between, find_sun
from derrumbe.survey.surroundings import ground_in
from tests.survey.hamlets import Mesh, around, drum, seen, village

PLACES = {
    "village": (village(1), around(45.0, 100.0, (-8.0, 8.0))),
    "drum": (drum(40.0, 25.0, 22.0), around(80.0, 150.0, (-8.0, 8.0))),
}
UNSURE = 0.25
"""Metres by which depth maps are off, one sigma."""


def _said(place: str, sun: np.ndarray | None):
    mesh, cameras = PLACES[place]
    views = [seen(mesh, camera, sun, 3) for camera in cameras]
    rng = np.random.default_rng(4)
    views = [(light, points + rng.normal(0, UNSURE, points.shape)) for light, points, _ in views]
    relief = relief_of(np.concatenate([points.reshape(-1, 3) for _, points in views]), np.zeros(3), 100.0)
    near = [(np.abs(points[..., [0, 2]]).max(axis=-1) < 100).astype(np.float32) for _, points in views]
    return shadows_around(tuple(Sight(light, points, known) for (light, points), known in zip(views, near, strict=True)), relief)


@pytest.mark.parametrize(("place", "azimuth", "elevation"), [("village", 244.0, 16.0), ("drum", 60.0, 28.0)])
def test_shadows_of_all_that_stands_tell_the_sun(place: str, azimuth: float, elevation: float) -> None:
    sun = towards(azimuth, elevation)
    found = find_sun((), (), _said(place, sun))
    assert found.shadow is not None
    assert angle_between(towards(found.azimuth, found.elevation), sun) < 10


def test_an_overcast_sky_stays_overcast() -> None:
    said = _said("village", None)
    assert said is not None
    assert find_sun((), (), said).shadow is None


def test_a_place_without_ground_says_nothing() -> None:
    light, points, _ = seen(*_first("village"), None, 3)
    assert (
        shadows_around(
            (Sight(light, points, np.zeros(points.shape[:2], np.float32)),), relief_of(points.reshape(-1, 3), np.zeros(3), 100.0)
        )
        is None
    )


def _first(place: str) -> tuple[Mesh, object]:
    mesh, cameras = PLACES[place]
    return mesh, cameras[0]


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 359), st.floats(4, 30), st.floats(10, 60))
def test_a_wall_hides_the_sky_up_to_its_top(azimuth: float, height: float, away: float) -> None:
    """A point `away` from a wall that stands square to its way sees it up to its height over that distance, and nothing behind its back."""
    cell = 1.0
    middle = np.arange(CELLS) + 0.5 - CELLS / 2
    along = middle[None, :] * np.sin(np.radians(azimuth)) - middle[:, None] * np.cos(np.radians(azimuth))
    heights = np.where((along > away) & (along < 1.2 * away + 4), height, 0.0).astype(np.float32)
    relief = Relief(heights, np.zeros_like(heights), np.full(2, -CELLS / 2), cell)
    point = np.zeros((1, 3))
    assert relief.horizon(point, azimuth)[0] == pytest.approx(height / away, rel=0.15)
    assert relief.horizon(point, azimuth + 180)[0] == 0


def test_what_is_unknown_hides_nothing() -> None:
    points = np.random.default_rng(1).uniform((-20, 0, -20), (20, 0.01, 20), (20000, 3))
    relief = relief_of(points, np.zeros(3), 100.0)
    assert relief.heights[0, 0] == NOTHING
    assert (relief.horizon(np.array([[0.0, 0.0, 0.0]]), 90.0) < 0.05).all()


def test_a_depth_map_from_above_tells_the_ground_from_houses_in_any_unit() -> None:
    mesh, cameras = PLACES["village"]
    points = seen(mesh, cameras[0], None, 3)[1]
    depth = project(cameras[0], points.reshape(-1, 3))[1].reshape(points.shape[:2])
    camera = resized(cameras[0], *depth.shape[::-1])
    noise = np.random.default_rng(2).normal(1, 2e-3, depth.shape)
    low, high = points[..., 1] < 0.2, points[..., 1] > 3
    for unit in (0.1, 7.0):
        ground = ground_in((unit * noise / depth).astype(np.float32), camera)
        assert ground[low].mean() > 0.8
        assert ground[high].mean() < 0.05
