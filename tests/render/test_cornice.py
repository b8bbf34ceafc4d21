"""A wall that runs out of the picture at its top ends with a ledge that it is seen to have."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.core.records import Camera
from derrumbe.geom.camera import project
from derrumbe.geom.lens import lens_of
from derrumbe.render.cornice import OVER, UNDER, Cornice, _level_top, cornice_at, cornice_of
from derrumbe.render.raster import Window
from derrumbe.render.worn import SHOWN

from . import scenes

CAMERA = Camera(**scenes.CAMERA.model_dump() | {"width": 320, "height": 240, "focal_px": 240.0, "cx": 160.0, "cy": 220.0})
PART = Window(20, 0, 300, 230)
LEDGE = 120
"""Row of the ledge's lower edge in the middle; beyond a corner it falls."""


def ledge_rows() -> np.ndarray:
    return LEDGE + np.maximum(np.arange(320) - 200, 0) // 4


def found(with_ledge: bool = True, cut: bool = True) -> Cornice:
    """Ask about a wall of dark windows between pale piers, 12 m away."""
    y, x = np.mgrid[:240, :320]
    tone = np.where((x % 40 < 18) & ((y % 60 > 10) & (y % 60 < 40)), 0.05, 0.4)
    below = y - ledge_rows()[x]
    if with_ledge:
        tone = np.where((below >= -8) & (below < 0), 0.5, np.where((below >= 0) & (below < 6), 0.2, tone))
    texture = np.repeat((tone * np.random.default_rng(3).uniform(0.95, 1.05, y.shape))[..., None], 3, 2).astype(np.float32)
    depth = np.full(y.shape, 12.0, np.float32)
    depth[: 0 if cut else 20] = 0
    above = np.array([[40.0, 9.0], [40.0, 11.0], [260.0, 11.0]]) if cut else np.zeros((0, 2))
    return cornice_of(CAMERA, texture[PART.slices], depth[PART.slices], np.full(PART.shape, SHOWN), PART, above)


def at(point: tuple[float, float, float], cornice: Cornice) -> tuple[float, float, float]:
    rotation, translation = np.asarray(CAMERA.rotation), np.asarray(CAMERA.translation)
    return cornice_at(np.array(point), cornice.top, cornice.ledge, rotation, translation, lens_of(CAMERA), PART.x0)


def test_the_ledge_is_found_round_a_corner_and_among_windows() -> None:
    cornice = found()
    assert cornice.top == 11.0
    expected = (np.asarray(CAMERA.rotation).T @ -np.asarray(CAMERA.translation))[1] + (220 - ledge_rows()[20:300]) / 240 * 12
    assert np.median(np.abs(cornice.ledge - expected)) < 0.03
    assert np.abs(cornice.ledge - expected).max() < 0.2


@pytest.mark.parametrize(("with_ledge", "cut"), [(False, True), (True, False)])
def test_there_is_none_where_the_wall_has_none_or_ends_in_the_picture(with_ledge: bool, cut: bool) -> None:
    assert not len(found(with_ledge, cut).ledge)


def test_the_top_wears_the_ledge_right_way_up_and_what_is_below_it_does_not() -> None:
    cornice = found()
    wall = -12.0 + float((np.asarray(CAMERA.rotation).T @ -np.asarray(CAMERA.translation))[2])
    share, u, v = at((0.0, cornice.top - OVER, wall), cornice)
    assert share == 1
    assert v == pytest.approx(ledge_rows()[int(u)], abs=1.0)
    assert at((0.0, cornice.top - 0.1, wall), cornice)[2] < v < at((0.0, cornice.top - OVER - 0.1, wall), cornice)[2]
    assert u == pytest.approx(project(CAMERA, np.array([[0.0, cornice.top, wall]]))[0][0, 0], abs=0.5)
    assert at((0.0, cornice.top - OVER - UNDER - 0.01, wall), cornice)[0] == 0


def test_a_wall_that_is_broken_off_wears_no_ledge_there() -> None:
    columns = np.linspace(20.0, 300.0, 60)
    whole = np.stack([columns, np.full(60, 11.0)], 1)
    broken = np.stack([columns, 11.0 - np.random.default_rng(1).uniform(0, 2, 60)], 1)
    assert _level_top(whole) == 11.0
    assert _level_top(broken) == np.inf
