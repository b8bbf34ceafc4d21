"""A small hole amid large solids is dark, an open notch and what flies close together let the day through; what lies deep is darker, the plate stays."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.render.darkness import DIM, LEFT, darkened, deepened
from derrumbe.render.raster import Window
from derrumbe.render.solids import Solids

METRE = 10.0


def wall(shape=(220, 260)) -> np.ndarray:
    """A grey wall, premultiplied rgba (h,w,4), with open sky over row 40."""
    rgba = np.zeros((*shape, 4), np.float32)
    rgba[40:] = (0.4, 0.4, 0.4, 1.0)
    return rgba


def seen(rgba: np.ndarray, through: np.ndarray | None = None) -> np.ndarray:
    height, width = rgba.shape[:2]
    blank = np.zeros((height, width), np.float32)
    return darkened(Solids(Window(0, 0, width, height), rgba, blank, blank, blank if through is None else through), METRE).rgba


def test_a_small_hole_is_dark_and_keeps_the_hue_of_its_rims():
    rgba = wall()
    rgba[70:80, 60:72] = 0
    out = seen(rgba)
    assert out[70:80, 60:72, 3].min() > 0.99
    np.testing.assert_allclose(out[75, 66, :3], DIM * 0.4, rtol=0.01)


def test_a_large_opening_and_a_notch_let_the_day_through():
    rgba = wall()
    rgba[60:160, 40:140] = 0
    rgba[40:52, 190:200] = 0
    out = seen(rgba)
    assert out[95:125, 75:105, 3].max() < 0.01
    assert out[40:45, 190:200, 3].max() < 0.01


def test_one_looks_out_through_an_opening_between_columns():
    rgba, through = wall(), np.zeros((220, 260), np.float32)
    rgba[70:80, 60:72] = 0
    through[70:80, 60:72] = 1
    assert np.array_equal(seen(rgba, through), rgba)


def test_it_grows_dark_little_by_little_as_a_hole_closes():
    covered = []
    for high in range(80, 10, -1):
        rgba = wall()
        rgba[60 : 60 + high, 60:84] = 0
        covered.append(float(seen(rgba)[60 + high // 2, 72, 3]))
    assert covered[0] < 0.05
    assert covered[-1] > 0.95
    assert (np.diff(covered) > -1e-6).all()


def test_what_is_covered_stays_bit_for_bit_and_small_things_enclose_nothing():
    rgba = wall()
    rgba[70:80, 60:72] = 0
    covered = rgba[..., 3] == 1
    assert np.array_equal(seen(rgba)[covered], rgba[covered])
    crumbs = np.zeros((100, 100, 4), np.float32)
    crumbs[20:80:4, 20:80] = crumbs[20:80, 20:80:4] = (0.3, 0.3, 0.3, 1.0)
    crumbs[20:80:12] = 0
    assert np.array_equal(seen(crumbs), crumbs)


@pytest.mark.parametrize("alpha", [0.25, 0.75])
def test_half_covered_pixels_are_filled_up(alpha):
    rgba = wall()
    rgba[70:80, 60:72] *= alpha
    assert np.allclose(seen(rgba)[72:78, 62:70, 3], 1, atol=0.01)


def deep(depth: np.ndarray, worn: float = 0.0) -> np.ndarray:
    """Return how much light is left (h,w) on a wall seen at depth (h,w)."""
    rgba = np.ones((*depth.shape, 4), np.float32)
    solids = Solids(Window(0, 0, *depth.shape[::-1]), rgba, np.zeros_like(depth), np.full_like(depth, worn), np.zeros_like(depth))
    return deepened(solids, depth, METRE).rgba[..., 0]


def pit(width: int) -> np.ndarray:
    depth = np.full((120, 160), 30.0, np.float32)
    depth[60 - width // 2 : 60 + width // 2, 80 - width // 2 : 80 + width // 2] = 34
    return depth


def test_what_lies_deep_in_a_hole_is_dark_and_all_else_as_it_was():
    left = deep(pit(20))
    np.testing.assert_allclose(left[60, 80], LEFT, rtol=1e-4)
    flush = pit(20) == 30
    assert (left[flush] == 1).all()
    assert (deep(pit(20), worn=1.0) == 1).all()


def test_a_step_is_no_hole_and_a_wide_one_is_lighter():
    step = np.full((120, 160), 30.0, np.float32)
    step[:60] = 34
    assert deep(step).min() == 1
    middles = [deep(pit(width))[60, 80] for width in (20, 36, 44, 56)]
    assert (np.diff(middles) > -1e-6).all()
    assert middles[-1] == 1


def test_what_lies_just_behind_a_tear_keeps_more_light_than_what_is_a_room_deep():
    depths = [np.where(pit(20) > 30, np.float32(30 + deep_by), np.float32(30)) for deep_by in (0.3, 0.8, 2.0, 4.0)]
    middles = [deep(depth)[60, 80] for depth in depths]
    assert middles[0] == 1
    assert (np.diff(middles) < -0.1).all()
