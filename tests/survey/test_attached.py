"""Plain bits of wall that a plant's colours take in go back to the wall; leaves, and what may stand on the ground, don't."""

from __future__ import annotations

import numpy as np

from derrumbe.survey.attached import attached, leafless


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


def _plant(green: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[slice, slice], tuple[slice, slice]]:
    """Return codes (h, w, 3) of leaves before a pale wall, with a dark trunk under them and a row of dark windows beside; what a plant's alpha (h, w) holds
    of these; the building's region; windows; trunk."""
    rng = np.random.default_rng(7)
    codes = np.clip(np.array([190, 180, 160]) + rng.normal(0, 3, (400, 600, 3)), 0, 255)
    leaves, windows, trunk = np.s_[60:220, 300:480], np.s_[80:110, 180:240], np.s_[220:390, 380:392]
    codes[leaves] = rng.integers(10, 130, (160, 180, 1)) * np.array([0.7, 1.0, 0.3]) if green else 60
    codes[windows], codes[trunk] = (40, 40, 45), (50, 40, 30)
    alpha = np.zeros((400, 600), np.float32)
    for part in (leaves, windows, trunk):
        alpha[part] = 1
    region = np.zeros((400, 600), bool)
    region[30:380, 100:520] = True
    return codes.astype(np.uint8), alpha, region, windows, trunk


def test_windows_far_from_any_leaf_are_wall_and_the_trunk_is_not() -> None:
    codes, alpha, region, windows, trunk = _plant(green=True)
    found = leafless(codes, alpha, region)
    assert found[windows].mean() > 0.9
    assert not found[trunk].any()
    assert not found[70:210, 310:470].any()


def test_a_plant_that_shows_no_leaves_keeps_all() -> None:
    codes, alpha, region, *_ = _plant(green=False)
    assert not leafless(codes, alpha, region).any()
    assert not leafless(codes, np.zeros_like(alpha), region).any()
