"""Past rims where the model is wider than the building one sees what the plate saw there, or what it would have seen, but not into the building."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from derrumbe.media.exr import write_exr
from derrumbe.render.overhang import seen_past, seen_through
from derrumbe.render.raster import NONE, Window, projected, visible
from derrumbe.render.scene import OUTER, Scene, load
from derrumbe.render.shutter import pose, posed

from . import scenes

BROKEN = 1
PAST = 22
OPENING = np.s_[26:38, 108:124]
"""An opening in that block, framed by it."""
"""Rows of the picture in which the plate saw past the upper right block, number 5."""


@pytest.fixture
def moved(tmp_path):
    """Return the scene, and what is seen, its pieces' numbers (h,w) and the pose after block 5 has slipped before the block under it, number 3."""
    inputs = scenes.stage(tmp_path, scenes.Shot(moves={5: lambda t: ((0.0, -1.5, 1.2), scenes.UPRIGHT)}, frames=3))
    matte = np.ones((144, 192), np.float32)
    matte[:PAST, 96:136] = 0
    write_exr(tmp_path / "set/building_matte.exr", matte, ("Y",))
    scene = load(inputs)
    return scene, pose(scene, scene.sample_of(1003))


def seen(scene: Scene, at, stirred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pieces (h,w) that are seen, without and with the rims."""
    view, window = projected(scenes.CAMERA, posed(scene, at)), Window(0, 0, 192, 144)
    hit = visible(view, scene.triangles, window, (0.5, 0.5), holes=scene.holes)
    new = seen_past(scene, view, window, (0.5, 0.5), hit, stirred)
    return tuple(np.where(each == NONE, NONE, scene.piece[each]) for each in (hit, new))


def test_a_rim_hides_what_was_never_seen_behind_it(moved):
    scene, at = moved
    opened = replace(scene, face=np.where(scene.piece == 3, np.uint8(BROKEN), scene.face))
    before, after = seen(opened, at, at.moved)
    through = (before == 3) & (after == 5)
    assert through.sum() > 300
    # but for teeth of the block beside it
    assert (after[after != before] == 5).mean() > 0.97


def test_one_sees_past_it_to_what_the_plate_showed_and_to_nothing(moved):
    scene, at = moved
    assert (scene.face[scene.piece == 3] == OUTER).any()
    before, after = seen(scene, at, at.moved)
    front = (before == 3)[60:90]
    assert (after[60:90][front] == 3).all()
    assert (after[before == NONE] == NONE).all()


def test_where_the_rim_still_stands_the_plate_is_right(moved):
    scene, at = moved
    opened = replace(scene, face=np.where(scene.piece == 3, np.uint8(BROKEN), scene.face))
    before, after = seen(opened, at, np.zeros_like(at.moved))
    assert (after[(before == 3) & (after != 3)] == NONE).all()


def test_a_rim_that_looked_away_takes_the_colour_that_the_plate_shows_beside_it(moved):
    scene, at = moved
    opened = replace(scene, face=np.where(scene.piece == 3, np.uint8(BROKEN), scene.face))
    before, after = seen(opened, at, at.moved)
    through = (before == 3) & (after == 5)
    away = replace(opened, face=np.where((scene.piece == 5) & scene.holes.holed, np.uint8(BROKEN), opened.face))
    gone_on = seen(away, at, at.moved)[1][through] != 3
    assert gone_on.sum() > 10  # as far as a model may stray, two pixels here


def test_an_opening_that_the_building_shuts_in_is_no_rim_and_goes_with_its_piece(tmp_path):
    """One looks out through it at rest; once its block has slipped before the one under it, one sees that one through it."""
    inputs = scenes.stage(tmp_path, scenes.Shot(moves={5: lambda t: ((0.0, -1.5, 1.2), scenes.UPRIGHT)}, frames=3))
    matte = np.ones((144, 192), np.float32)
    matte[OPENING] = 0
    write_exr(tmp_path / "set/building_matte.exr", matte, ("Y",))
    scene = load(inputs)
    at = pose(scene, scene.sample_of(1003))
    opened = replace(scene, face=np.where(scene.piece == 3, np.uint8(BROKEN), scene.face))
    before, after = seen(opened, at, at.moved)
    framed = (before == 3) & (after == 3)
    assert framed.sum() > 50
    rest, window = projected(scenes.CAMERA, scene.rest), Window(0, 0, 192, 144)
    hit = visible(rest, scene.triangles, window, (0.5, 0.5), holes=scene.holes)
    through = seen_through(scene, rest, window, (0.5, 0.5), hit)
    assert through[OPENING].mean() > 0.9
    through[OPENING] = False
    assert not through.any()
