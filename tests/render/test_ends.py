"""Stones that stay toothed into a wall that goes on: from any place the plate is kept there, and hides what falls behind it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from derrumbe.core.records import Located
from derrumbe.media.exr import write_exr
from derrumbe.render.intact import hidden_by_ends, rest_pieces, rest_window
from derrumbe.render.raster import NONE, STANDS, projected, visible
from derrumbe.render.scene import Inputs, load
from derrumbe.render.shutter import pose, posed
from derrumbe.render.surface import Coverage, collect

from . import scenes

CENTRE = (0.5, 0.5)
STAYS = np.s_[10:30, 122:136]
"""Pixels of piece 5, the upper right block, that stay."""


def staged(tmp_path, shift: tuple[float, float, float]) -> Inputs:
    """Return the inputs of a shot in which piece 5 moves by `shift` m."""
    inputs = scenes.stage(tmp_path, scenes.Shot(moves={5: lambda t: (shift, scenes.UPRIGHT)}, frames=3))
    stays = np.zeros((144, 192), np.float32)
    stays[STAYS] = 1
    write_exr(tmp_path / "set/stays.exr", stays, ("Y",))
    record = inputs.film_set.record.model_copy(update={"stays": "stays.exr"})
    return replace(inputs, film_set=Located(record, inputs.film_set.folder))


@pytest.mark.parametrize("aside", [0.0, 1.0])
def test_they_are_where_the_wall_is_from_every_place(tmp_path, aside):
    inputs = staged(tmp_path, (0, -1, 0))
    camera = scenes.CAMERA.model_copy(update={"translation": (-aside, 2.5, 12.0)})
    window = rest_window(inputs, camera)
    seen = rest_pieces(inputs, camera, CENTRE, window)
    expected = np.zeros((144, 192), bool)
    expected[STAYS] = True
    expected = np.roll(expected, -round(aside * scenes.PIXELS_PER_METRE), axis=1)[window.slices]
    assert np.array_equal(seen == STANDS, expected)
    assert (seen[~expected & (seen != NONE)] >= 0).all()


@pytest.mark.parametrize(("shift", "hidden"), [((0.0, 0.0, -3.0), True), ((0.0, 0.0, 1.5), False)])
def test_they_hide_what_is_behind_them_and_nothing_is_taken_away(tmp_path, shift, hidden):
    inputs = staged(tmp_path, shift)
    scene = load(inputs)
    at = pose(scene, scene.sample_of(1003))
    view, window = projected(scenes.CAMERA, posed(scene, at)), rest_window(inputs, scenes.CAMERA)
    hit = visible(view, scene.triangles, window, CENTRE, holes=scene.holes)
    left = hidden_by_ends(inputs, scene, view, window, CENTRE, hit)
    there = np.zeros((144, 192), bool)
    there[STAYS] = True
    there = there[window.slices]
    assert (left[there] == NONE).all() if hidden else np.array_equal(left, hit)
    assert np.array_equal(left[~there], hit[~there])
    coverage = Coverage.empty(window.shape)
    collect(scene, left, rest_pieces(inputs, scenes.CAMERA, CENTRE, window), at.moved, np.zeros_like(at.moved), coverage)
    removed = coverage.removed(3)
    assert not removed[there].any()
    assert removed[rest_pieces(inputs, scenes.CAMERA, CENTRE, window) == 5].min() > 0.99
