"""Haze of known visibility is found, and clear air is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.core.records import Haze
from derrumbe.render.haze import hazed
from derrumbe.survey.haze import CONTRAST, find_haze

AIR = np.array([0.6, 0.7, 0.85])


def street(visibility: float, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return light (h, w, 3), depth and sky (h, w) of a plain of things of any brightness, seen through haze."""
    rng = np.random.default_rng(seed)
    depth = np.repeat(np.geomspace(2000.0, 40.0, 300)[:, None], 400, axis=1)
    own = rng.uniform(0.005, 0.6, (300, 400, 1)) * np.ones(3)
    through = np.exp(-CONTRAST * depth / visibility)[..., None]
    light, sky = own * through + AIR * (1 - through), np.zeros((300, 400))
    light[:30], sky[:30] = AIR, 1.0
    return light.astype(np.float32), depth.astype(np.float32), sky.astype(np.float32)


@pytest.mark.parametrize("visibility", [2000.0, 8000.0])
def test_visibility_is_found(visibility: float) -> None:
    light, depth, sky = street(visibility)
    found = find_haze(light, depth, np.ones(sky.shape, bool), sky, np.ones(3), 300.0, None)
    assert found is not None
    assert found.visibility == pytest.approx(visibility, rel=0.2)
    assert found.rgb == pytest.approx(tuple(AIR), rel=0.02)


def test_clear_air_is_left_alone() -> None:
    light, depth, sky = street(1e9)
    assert find_haze(light, depth, np.ones(sky.shape, bool), sky, np.ones(3), 300.0, None) is None


def test_a_knob_wins() -> None:
    light, depth, sky = street(1e9)
    found = find_haze(light, depth, np.ones(sky.shape, bool), sky, np.ones(3), 300.0, 5000.0)
    assert found is not None
    assert found.visibility == 5000.0


def test_what_wears_the_plate_is_left_as_it_is_and_the_rest_takes_the_air() -> None:
    haze = Haze(visibility=1000.0, rgb=(0.6, 0.7, 0.85))
    rgba = np.full((2, 3, 4), 0.1, np.float32)
    rgba[..., 3] = 1.0
    new = np.zeros((2, 3), np.float32)
    new[1] = 1.0
    seen = hazed(rgba, haze, np.full((2, 3), 500.0), new)
    assert np.array_equal(seen[0], rgba[0])
    through = np.exp(-CONTRAST * 0.5)
    assert seen[1, 0, :3] == pytest.approx(0.1 * through + AIR * (1 - through), rel=1e-4)
    assert np.array_equal(seen[..., 3], rgba[..., 3])


def test_thin_coverage_takes_its_share_of_the_air() -> None:
    haze = Haze(visibility=1000.0, rgb=(0.6, 0.7, 0.85))
    solid = np.array([[[0.2, 0.2, 0.2, 1.0]]], np.float32)
    assert hazed(0.3 * solid, haze, 500.0) == pytest.approx(0.3 * hazed(solid, haze, 500.0), rel=1e-5)
