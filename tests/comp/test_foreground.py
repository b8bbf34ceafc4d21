"""The foreground cut-out: exact where solid, nothing where absent, without the old background between."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from derrumbe.comp.foreground import cut_out, hidden
from derrumbe.core.records import FAR

SHAPE = (40, 60)
BRICK, POST, SKY = np.float32([0.4, 0.2, 0.1]), np.float32([0.05, 0.1, 0.06]), np.float32([0.6, 0.8, 1.0])


def filmed():
    alpha = np.zeros(SHAPE, np.float32)
    alpha[:, 25:35] = 1
    alpha = gaussian_filter(alpha, 1.0)
    alpha[alpha < 0.01], alpha[alpha > 0.99] = 0, 1
    plate = alpha[..., None] * POST + (1 - alpha[..., None]) * BRICK
    return plate.astype(np.float32), alpha


def test_solid_foreground_is_the_plate_and_absent_is_nothing():
    plate, alpha = filmed()
    cut = cut_out(plate, alpha, np.broadcast_to(BRICK, plate.shape), np.ones(SHAPE, np.float32))
    assert np.array_equal(cut[alpha == 1], plate[alpha == 1])
    assert not cut[alpha == 0].any()


def test_edges_take_the_foregrounds_colour_not_the_old_walls():
    plate, alpha = filmed()
    cut = cut_out(plate, alpha, np.broadcast_to(BRICK, plate.shape), np.ones(SHAPE, np.float32))
    edge = (alpha > 0) & (alpha < 1)
    assert cut[edge] == pytest.approx(alpha[edge][:, None] * POST, abs=0.01)
    over_sky = cut + (1 - alpha[..., None]) * SKY
    assert over_sky == pytest.approx(alpha[..., None] * POST + (1 - alpha[..., None]) * SKY, abs=0.01)


def test_where_the_old_background_is_unknown_colours_stay_within_the_plate():
    plate, alpha = filmed()
    cut = cut_out(plate, alpha, np.zeros_like(plate), np.zeros(SHAPE, np.float32))
    assert (cut >= 0).all()
    assert (cut <= plate.max((0, 1)) * alpha[..., None] + 1e-6).all()


def test_only_a_piece_that_is_clearly_nearer_hides_what_stands_in_front():
    """How far things in front are is a guess, so what comes about as near stays behind them; and where none is known, all does."""
    solid, depth = np.float32([1, 0.5, 1, 1, 0]), np.float32([2, 2, 9, 2, 2])
    front = np.float32([10, 10, 10, FAR, 10])
    assert hidden(solid, depth, front).tolist() == [1, 0.5, 0, 0, 0]
