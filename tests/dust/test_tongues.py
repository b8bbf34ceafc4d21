"""Older dust thins from the top, in some places more than in others, and the places drift with the wind."""

import numpy as np

from derrumbe.dust.tongues import LOW, tongues
from tests.dust.test_cloud import BOX


def made(wind=0.0):
    return tongues(BOX, 6.0, np.tile([wind, 0.0], (BOX.cells[1], 1)), np.random.default_rng(4))


def test_faster_aloft_and_uneven():
    rate = made().rate(0.0, BOX.shape)
    assert rate.shape == BOX.shape
    assert rate.min() > 0
    assert rate[:, 0].mean() < (LOW + 0.25) * rate[:, -1].mean()
    assert (np.diff(rate.mean((0, 2))) >= 0).all()
    assert rate[:, 0].std() > 0.5 * rate[:, 0].mean()


def test_they_drift_with_the_wind():
    still = made(1.0)
    shifted = still.rate(3 * BOX.voxel, BOX.shape)
    assert np.allclose(shifted, np.roll(still.rate(0.0, BOX.shape), 3, axis=0), atol=1e-5)
