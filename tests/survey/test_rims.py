"""Eaves that leaves run into go back to the building; leaves don't."""

from __future__ import annotations

import numpy as np

from derrumbe.survey.rims import wall_rims


def test_an_eave_at_the_edge_of_leaves_is_building() -> None:
    rng = np.random.default_rng(3)
    codes = np.clip(np.array([190, 120, 60]) + rng.normal(0, 12, (400, 600, 3)), 0, 255)
    codes[80:95], codes[150:158] = (70, 120, 120), (70, 120, 120)
    leaves = rng.integers(0, 3, (250, 600))
    codes[150:] = np.array([[20, 30, 10], [90, 110, 40], [150, 160, 70]])[leaves] + rng.normal(0, 6, (250, 600, 3))
    codes[150:158, 200:400] = np.array([70, 120, 120]) + rng.normal(0, 3, (8, 200, 3))
    region = np.zeros((400, 600), bool)
    region[60:300, 50:550] = True
    alpha = np.zeros((400, 600), np.float32)
    alpha[150:] = 1
    found = wall_rims(codes.astype(np.uint8), alpha, region)
    assert found[151:157, 205:395].mean() > 0.9
    assert found[162:].mean() < 0.01
    assert not found[~region].any()
