"""A joint narrower than a pixel darkens what it lies in by the share that it covers, evenly along its way, and draws no dots."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.core.knobs import Render
from derrumbe.render.gather import Sums
from derrumbe.render.joints import BROKEN, OUTER, closed_joints
from derrumbe.render.raster import Window, depth_of, projected, visible
from derrumbe.render.scene import load
from derrumbe.render.settings import Settings
from derrumbe.render.shade import Shading

from . import scenes
from .conftest import rendered, steady

BESIDE = (slice(6, 36), slice(90, 103))
"""Pixels around the joint of pieces 4 and 5, which runs up x = 96."""


@pytest.mark.parametrize("width", [0.01, 0.02, 0.035, 0.045])
@pytest.mark.parametrize("samples", [3, 8])
def test_a_joint_of_width_w_on_a_pixel_p_darkens_it_by_w_over_p(tmp_path, width, samples):
    """Summed across the joint, lines cover as much of each row as it gapes, 20 pixels a metre; no row much more or less, none by a whole pixel."""
    knobs = Settings(render=Render(subframes=samples))
    shot = rendered(tmp_path, scenes.Shot(moves={5: steady(width, 0.0)}, frames=2, sun=scenes.OVERCAST), knobs)
    cover = shot.layer(1002, "debris")[BESIDE][..., 3]
    gape = width * scenes.PIXELS_PER_METRE
    assert cover.sum(1).mean() == pytest.approx(gape, rel=0.25)
    # the rim is torn, so that where it runs aslant a row crosses more of it
    assert cover.max() < gape + 0.1
    assert cover.sum(1).min() > 0.3 * gape


@pytest.mark.parametrize("width", [0.02, 0.035, 0.045])
def test_no_pixel_of_a_barely_opened_wall_is_darker_than_its_joint_is_wide(tmp_path, width):
    knobs = Settings(render=Render(subframes=3))
    shot = rendered(tmp_path, scenes.Shot(moves={5: steady(width, 0.0)}, frames=2, sun=scenes.OVERCAST), knobs)
    pieces, lines, removed = (shot.layer(1002, name)[BESIDE] for name in ("pieces", "debris", "removed"))
    plate = scenes.picture(scenes.CAMERA)[BESIDE]
    wall = pieces[..., :3] + (1 - pieces[..., 3:]) * plate * (1 - removed[..., None])
    seen = lines[..., :3] + (1 - lines[..., 3:]) * wall
    # the block that moved carries its pattern along by less than a pixel: what it shows lies between the plate's own neighbouring pixels
    least = np.min([np.roll(plate, k, 1) for k in (-1, 0, 1)], 0)[:, 1:-1]
    assert (seen[:, 1:-1].mean(-1) > (1 - width * scenes.PIXELS_PER_METRE - 0.12) * least.mean(-1)).all()


def test_a_pixel_that_holds_wall_and_dark_break_keeps_the_walls_light():
    """Two samples see the wall, of which none gathers light, one a dark break, which does: the wall is lit as it is beside."""
    shape, (wall, broken) = (3, 3), (Sums.empty((3, 3)), Sums.empty((3, 3)))
    pixel = np.r_[np.arange(9), np.arange(9), 4].astype(np.int32)
    is_wall = np.r_[np.ones(18, bool), False]
    flat = np.tile(np.float32([0, 0, 1]), (19, 1))
    shading = Shading(np.where(is_wall, 0.8, 0.1)[:, None] * np.ones((1, 3), np.float32), flat, np.zeros(19, np.float32), flat)
    lit = np.array([0, 1, 2, 3, 5, 6, 7, 8, 18])
    light = np.where(is_wall[lit], 1.0, 0.01)[:, None] * np.ones((1, 3), np.float32)
    for sums, which in ((wall, is_wall), (broken, ~is_wall)):
        sums.add(pixel, shading, np.zeros(19, np.int32), lit, light.astype(np.float32), which)
    made = wall.picture(3, False) + broken.picture(3, False)
    assert made.shape == (*shape, 3)
    assert np.allclose(made[1, 1], (2 * 0.8 * 1.0 + 0.1 * 0.01) / 3, atol=1e-5)


@pytest.mark.parametrize(("rows", "columns", "closed"), [((20, 21), (60, 61), True), ((20, 21), (50, 70), False)], ids=["a dot", "a crack"])
def test_a_dot_in_a_wall_is_closed_and_a_crack_stays(tmp_path, rows, columns, closed):
    """Samples see a break in a block's face: where that has it on both sides whichever way one looks, it was two torn rims that missed each other."""
    scene = load(scenes.stage(tmp_path, scenes.Shot(frames=2)))
    view, window = projected(scenes.CAMERA, scene.rest), Window(0, 0, 192, 144)
    hit = visible(view, scene.triangles, window, (0.5, 0.5))
    block = scene.piece[hit[20, 60]]
    hole, wall = hit.copy(), depth_of(view, scene.triangles, hit, window)
    breaks = (np.where(hit >= 0, each, hit) for each in np.flatnonzero((scene.piece == block) & (scene.face == BROKEN)).astype(hit.dtype))
    # one that lies behind the wall there: what stands before it isn't closed
    behind = next(each for each in breaks if depth_of(view, scene.triangles, each, window)[20, 60] > 1.01 * wall[20, 60])
    hole[slice(*rows), slice(*columns)] = behind[20, 60]
    found = closed_joints(scene, view, window, (0.5, 0.5), hole)
    there = scene.face[found[slice(*rows), slice(*columns)]]
    assert (there == OUTER).all() if closed else (there == BROKEN).sum() > 12
