"""Gains between frames: told where both show the same things, and only there."""

from __future__ import annotations

import numpy as np

from derrumbe.survey.exposure import exposure


def test_a_gain_between_equal_pictures_is_found_and_none_between_different_ones() -> None:
    rng = np.random.default_rng(2)
    picture = rng.uniform(0.05, 0.8, (60, 80, 3)).astype(np.float32)
    everywhere = np.ones((60, 80), bool)
    dimmed = picture / np.array([1.2, 1.1, 1.05], np.float32)
    dimmed[:20] = rng.uniform(0.05, 0.8, (20, 80, 3))
    assert np.allclose(exposure(picture, dimmed, everywhere), (1.2, 1.1, 1.05), rtol=0.02)
    other = 0.6 * rng.uniform(0.05, 0.8, (60, 80, 3)).astype(np.float32)
    assert np.array_equal(exposure(picture, other, everywhere), np.ones(3, np.float32))
