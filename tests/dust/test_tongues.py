"""Older dust thins from the top, in some places more than in others, and the places drift with the wind."""

import numpy as np

from derrumbe.dust.tongues import DEEP, LOW, WIDE, tongues
from tests.dust.test_cloud import BOX


def made(wind=0.0, height=6.0, linger=12.0):
    return tongues(BOX, height, linger, np.tile([wind, 0.0], (BOX.cells[1], 1)), np.random.default_rng(4))


def test_faster_aloft_and_uneven():
    rate = made().rate(0.0, 0.0, BOX.shape)
    assert rate.shape == BOX.shape
    assert rate.min() > 0
    assert rate[:, 0].mean() < (LOW + 0.25) * rate[:, -1].mean()
    assert rate[:, 0].std() > 0.5 * rate[:, 0].mean()


def test_above_them_nothing_is_left_standing():
    rate = made().rate(0.0, 0.0, BOX.shape)
    aloft = BOX.voxel * (np.arange(BOX.shape[1]) + 0.5) > DEEP * 6.0
    assert aloft.any()
    assert np.allclose(rate[:, aloft].std((0, 2)), 0, atol=1e-6)
    assert (np.diff(rate[:, aloft].mean((0, 2))) >= -1e-6).all()


def test_what_lingers_twice_as_long_thins_half_as_fast():
    assert np.allclose(2 * made(linger=24.0).rate(0.0, 0.0, BOX.shape), made().rate(0.0, 0.0, BOX.shape))


def test_they_drift_with_the_wind():
    still = made(1.0)
    shifted = still.rate(3 * BOX.voxel, 0.0, BOX.shape)
    assert np.allclose(shifted, np.roll(still.rate(0.0, 0.0, BOX.shape), 3, axis=0), atol=1e-5)


def test_fresh_dust_is_left_alone_where_it_lies_and_not_aloft():
    fresh, old = (made().rate(0.0, share, BOX.shape) for share in (1.0, 0.0))
    assert np.allclose(fresh[:, 0], 0)
    assert np.allclose(fresh[:, -1], old[:, -1])


def test_they_are_as_broad_as_a_hole_that_is_seen_through_the_cloud():
    """A place thins as fast as one half a tongue away, and not as one six of them away."""
    pattern = tongues(BOX, 4.0, 12.0, np.zeros((BOX.cells[1], 2)), np.random.default_rng(4)).pattern
    near, far = (
        np.corrcoef(pattern.ravel(), np.roll(pattern, round(times * WIDE * 4.0 / BOX.voxel), axis=0).ravel())[0, 1] for times in (1, 6)
    )
    assert near > 0.6
    assert abs(far) < 0.5
