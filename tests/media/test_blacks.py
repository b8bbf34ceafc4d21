"""The plate's black point."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.media.blacks import black_point


def scene(dark):
    plate = np.full((100, 160, 3), 0.3, np.float32)
    plate[40:50, 60:70] = dark
    building = np.zeros((100, 160), np.float32)
    building[30:80, 50:110] = 1
    return plate, building


def test_it_is_the_darkest_of_the_neighbourhood_through_grain():
    plate, building = scene((0.02, 0.03, 0.04))
    noisy = plate + np.random.default_rng(0).normal(0, 0.004, plate.shape).astype(np.float32)
    assert black_point(noisy, building) == pytest.approx([0.02, 0.03, 0.04], abs=0.006)


def test_far_darkness_and_sky_do_not_count():
    plate, building = scene((0.05, 0.05, 0.05))
    plate[:5, :10] = 0
    assert black_point(plate, building) == pytest.approx([0.05] * 3, rel=0.05)
    plate[10:25, 50:110] = 0.001
    sky = np.zeros((100, 160), np.float32)
    sky[:27] = 1
    assert black_point(plate, building, sky) == pytest.approx([0.05] * 3, rel=0.05)


def test_a_scene_without_anything_dark_has_no_high_black_point():
    plate, building = scene((0.3, 0.3, 0.3))
    assert (black_point(plate, building) <= 0.25 * 0.3 + 1e-6).all()
    assert not black_point(plate, building, np.ones((100, 160), np.float32)).any()
    assert black_point(plate, np.zeros((100, 160), np.float32)).shape == (3,)
