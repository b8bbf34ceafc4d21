"""Plain bits of wall that a plant's colours take in go back to the wall; leaves, and what may stand on the ground, don't."""

from __future__ import annotations

import numpy as np

from derrumbe.survey.attached import attached


def _scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return codes (h, w, 3) of leaves at the right, a plain dark strip between them and pale wall, and one more at their foot; alpha; region."""
    rng = np.random.default_rng(5)
    codes = np.clip(np.array([190, 180, 160]) + rng.normal(0, 3, (400, 600, 3)), 0, 255)
    codes[100:300, 330:] = rng.integers(0, 160, (200, 270, 3))
    codes[110:150, 300:330] = np.array([40, 40, 45]) + rng.normal(0, 2, (40, 30, 3))
    codes[270:300, 300:330] = np.array([40, 40, 45]) + rng.normal(0, 2, (30, 30, 3))
    alpha = np.zeros((400, 600), np.float32)
    alpha[100:300, 330:] = alpha[110:150, 300:330] = alpha[270:300, 300:330] = 1
    region = np.zeros((400, 600), bool)
    region[50:300, 100:500] = True
    return codes.astype(np.uint8), alpha, region


def test_a_plain_strip_between_leaves_and_wall_is_wall() -> None:
    codes, alpha, region = _scene()
    found = attached(codes, alpha, region, 300.0)
    assert found[110:150, 300:330].mean() > 0.95
    assert not found[270:300, 300:330].any()
    assert found[100:300, 335:].mean() < 0.01
    assert not found[~region].any()
