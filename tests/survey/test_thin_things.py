"""What is thinner than a pixel covers that share of it which its stouter parts' colour tells; stout things stay whole."""

from __future__ import annotations

import numpy as np

from derrumbe.survey.thin_things import covered

POLE, WALL = np.float32([0.65, 0.64, 0.6]), np.float32([0.35, 0.33, 0.28])
SHARE = 0.45


def lamp() -> tuple[np.ndarray, np.ndarray]:
    """Return a picture (h, w, 3), display codes, and a matte (h, w) that is whole along a pole and along an arm that covers SHARE of its pixels."""
    alpha = np.zeros((80, 80), np.float32)
    alpha[40:, 38:42] = 1
    alpha[10:38, 40] = 1
    cover = np.where(alpha > 0, 1.0, 0.0)
    cover[10:38, 40] = SHARE
    light = WALL**2.2 + cover[..., None] * (POLE**2.2 - WALL**2.2)
    return np.power(light, 1 / 2.2).astype(np.float32), alpha


def test_an_arm_covers_what_its_poles_colour_tells() -> None:
    picture, alpha = lamp()
    found = covered(picture, alpha)
    np.testing.assert_allclose(found[14:34, 40], SHARE, atol=0.03)
    assert np.array_equal(found[42:], alpha[42:])
    assert (found <= alpha).all()


def test_where_nothing_is_thin_or_no_pole_tells_a_colour_nothing_changes() -> None:
    picture, alpha = lamp()
    stout, arm = alpha.copy(), alpha.copy()
    stout[:40], arm[40:] = 0, 0
    assert np.array_equal(covered(picture, stout), stout)
    assert np.array_equal(covered(picture, arm), arm)


def test_an_arm_as_the_wall_behind_it_does_not_end() -> None:
    picture, alpha = lamp()
    picture[10:38, 40] = WALL
    assert (covered(picture, alpha)[14:34, 40] > 0.25).all()
