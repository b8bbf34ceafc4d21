"""Where dust ends behind everything: planes stay planes, and steps stay steps only where the plate shows them."""

import numpy as np
import pytest

from derrumbe.core.records import FAR
from derrumbe.render.dust_holdout import before_foot, ground, softened
from derrumbe.render.raster import Window
from tests.dust import collapse

HEIGHT, WIDTH = 240, 400
PLANE = (np.arange(HEIGHT, dtype=np.float32)[:, None] - 84.5) / 500 * np.ones((1, WIDTH), np.float32)


def street():
    """Ground that rises to a horizon, a card 20 m away from column 200 on, sky above."""
    rows = np.arange(HEIGHT)[:, None] + 0.5
    depth = np.where(rows > 90, 500 / np.maximum(rows - 85, 1e-3), FAR) * np.ones((1, WIDTH))
    depth[60:, 200:] = np.minimum(depth[60:, 200:], 20.0)
    return depth.astype(np.float32)


def test_sky_stays_sky_and_a_plane_a_plane():
    depth = street()
    soft = softened(depth, np.random.default_rng(0).normal(0, 0.3, depth.shape).astype(np.float32), PLANE)
    assert ((soft >= FAR) == (depth >= FAR)).all()
    open_ground = np.s_[:, 20:120]
    assert np.abs(soft[open_ground] / depth[open_ground] - 1).max() < 0.01


@pytest.mark.parametrize("seen", [True, False])
def test_a_step_is_kept_where_the_plate_shows_it(seen):
    depth, light = street(), np.zeros((HEIGHT, WIDTH), np.float32)
    if seen:
        light[60:, 200:] = 2.0
    row = softened(depth, light, PLANE)[96]
    steepest = np.abs(np.diff(np.log(row))).max()
    whole = abs(np.log(depth[96, 100] / depth[96, 300]))
    assert whole > 0.5
    assert steepest > 0.35 * whole if seen else steepest < 0.15 * whole
    assert row[100] == pytest.approx(depth[96, 100], rel=0.05)
    assert row[300] == pytest.approx(depth[96, 300], rel=0.12)


def test_a_card_keeps_its_depth_down_to_its_foot_before_a_low_camera():
    """The set bends where the card stands on the ground, some rows below the horizon; a bend that is smoothed would come nearer."""
    rows = np.arange(HEIGHT)[:, None] + 0.5
    depth = np.where(rows > 95, 500 / np.maximum(rows - 85, 1e-3), 50.0) * np.ones((1, WIDTH))
    soft = softened(depth.astype(np.float32), np.random.default_rng(1).normal(0, 0.3, depth.shape).astype(np.float32), PLANE)
    assert np.abs(soft / depth - 1)[:90].max() < 0.01
    assert (soft > 0.95 * depth).all()


def test_the_ground_of_a_camera_is_where_its_rays_meet_it():
    from derrumbe.geom.camera import project

    view = collapse.camera(96, 54)
    places = np.array([[2.0, 0.0, 20.0], [-3.0, 0.0, 8.0], [6.0, 0.0, 21.0]])
    pixels, depth = project(view, places)
    for (x, y), far in zip(pixels, depth, strict=True):
        assert ground(view)[int(y), int(x)] == pytest.approx(1 / far, abs=1 / view.focal_px / 3 * 1.1)


def test_below_a_buildings_foot_nothing_behind_it_is_seen():
    """A façade at 30 m in columns 5 to 14, its foot on row 11; the set's ground is farther below it. Eaves in column 15 are no foot."""
    view = collapse.camera(20, 16, eye=(0.0, 1.0, 40.0)).model_copy(update={"cy": 12.5, "cx": 10.0})
    depth = np.full((16, 20), 60.0, np.float32)
    depth[14:] = 20.0
    window, standing = Window(4, 4, 16, 14), np.zeros((10, 12), np.float32)
    standing[2:8, 1:11] = 30.0
    standing[2:4, 11] = 30.0
    out = before_foot(depth, window, standing, view, 4.0)
    assert (out[12:14, 5:15] == 30).all()
    assert (out[14:] == 20).all()
    assert (out[:12] == 60).all()
    assert (out[12:14, [3, 4, 15, 19]] == 60).all()
    assert before_foot(depth, window, 0 * standing, view, 4.0) is depth


@pytest.mark.parametrize("flip", [False, True])
def test_under_a_cornice_one_sees_past_the_corner(flip):
    """The wall's foot is at row 24; 4 columns of cornice beside it end at row 8, lower than an eave would be. A van stands behind, 36 m off."""
    view = collapse.camera(200, 60, eye=(0.0, 1.0, 40.0))
    standing = np.zeros((30, 60), np.float32)
    standing[:25, :56], standing[:9, 56:] = 29.0, 29.0
    standing = standing[:, ::-1] if flip else standing
    out = before_foot(np.full((60, 200), 36.0, np.float32), Window(80, 10, 140, 40), standing, view, 100.0)
    under, inside = (82, 130) if flip else (138, 90)
    assert out[25, under] == 36
    assert out[38, inside] == pytest.approx(29)


def test_nothing_ends_dust_before_the_building_that_the_plate_shows():
    view = collapse.camera(20, 16, eye=(0.0, 1.0, 40.0)).model_copy(update={"cy": 12.5, "cx": 10.0})
    window, standing = Window(4, 4, 16, 14), np.zeros((10, 12), np.float32)
    standing[:8, 1:11] = 30.0
    out = before_foot(np.full((16, 20), 25.0, np.float32), window, standing, view, 4.0)
    assert (out[4:12, 5:15] == 30).all()
    assert (out[:4] == 25).all()
    assert (out[12:] == 25).all()


@pytest.mark.parametrize("flip", [False, True])
def test_dust_that_creeps_out_of_a_corner_does_not_end_along_the_outline(flip):
    """A house that is taken to stand at 50 m meets the building in a corner at 60: from there it comes nearer by and by, and one at 80 stays."""
    view = collapse.camera(200, 40, eye=(0.0, 1.0, 40.0)).model_copy(update={"cy": 39.5, "cx": 100.0})
    depth = np.where(np.arange(200) < 100, 80, 50).astype(np.float32) * np.ones((40, 1), np.float32)
    standing = np.full((20, 40), 60.0, np.float32)
    ways = np.s_[:, ::-1] if flip else np.s_[:, :]
    out = before_foot(depth[ways], Window(80, 10, 120, 30), standing, view, 4.0)[ways][15]
    assert out[120] == pytest.approx(60, abs=0.5)
    assert (np.diff(out[120:]) <= 0).all()
    assert np.abs(np.diff(out[120:])).max() < 1.5
    assert (out[145:] == 50).all()
    assert (out[:80] == 80).all()
