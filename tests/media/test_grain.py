"""Synthesised grain has the model's statistics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derrumbe.core.records import NoiseModel
from derrumbe.media.grain import (
    TABLE_SIZE,
    GrainRows,
    carried_over,
    channel_mix,
    correlation_sum,
    spatial_kernel,
    unit_grain,
    variance_at,
    variance_table,
)


def model(spatial=((1.0,),), channel=((1, 0, 0), (0, 1, 0), (0, 0, 1))):
    levels = (0.0, 0.1, 0.4, 1.0)
    variance = ((1e-6, 4e-5, 1e-4, 1e-4), (1e-6, 3e-5, 8e-5, 2e-4), (2e-6, 8e-5, 2e-4, 1e-5))
    return NoiseModel(levels=levels, variance_at=variance, spatial=spatial, channel=tuple(map(tuple, channel)))


def autocorrelation(kernel):
    """Quadrant of lags 0..2 of white noise through `kernel`."""
    padded = np.pad(kernel, 4)
    return np.array([[(padded * np.roll(padded, (y, x), (0, 1))).sum() for x in range(3)] for y in range(3)]) / (kernel**2).sum()


@given(st.floats(0, 0.6), st.floats(0, 0.6), st.floats(-0.2, 0.2))
def test_noise_has_the_models_spatial_correlation(along, across, skew):
    row, column = np.array([along / 2, 1, along / 2 + skew / 4]), np.array([across / 2, 1, across / 2])
    wanted = autocorrelation(np.outer(column, row))
    assert autocorrelation(spatial_kernel(model(tuple(map(tuple, wanted))))) == pytest.approx(wanted, abs=0.02)


def test_noise_has_unit_variance_and_the_models_channel_correlation():
    channel = np.array([[1, 0.6, -0.2], [0.6, 1, 0.3], [-0.2, 0.3, 1]])
    noise = unit_grain(model(((1, 0.4, 0.05), (0.4, 0.16, 0.02), (0.05, 0.02, 0)), channel), 300, 400, np.random.default_rng(5))
    assert noise.reshape(-1, 3).std(0) == pytest.approx(np.ones(3), abs=0.02)
    assert np.corrcoef(noise.reshape(-1, 3).T) == pytest.approx(channel, abs=0.02)
    assert noise.mean() == pytest.approx(0, abs=0.02)
    # no seam at the borders
    assert noise[:2].std() == pytest.approx(1, abs=0.1)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=6))
def test_rows_are_the_same_however_they_are_taken(counts):
    soft = model(((1, 0.4, 0.05), (0.4, 0.16, 0.02), (0.05, 0.02, 0)))
    rows = GrainRows(soft, 33, np.random.default_rng(6))
    taken = np.concatenate([rows.take(count) for count in counts])
    assert np.allclose(taken, unit_grain(soft, sum(counts), 33, np.random.default_rng(6)), atol=1e-6)


def test_an_impossible_correlation_becomes_the_nearest_possible():
    mix = channel_mix(model(channel=np.array([[1, 0.99, -0.99], [0.99, 1, 0.99], [-0.99, 0.99, 1]])))
    assert np.isfinite(mix).all()
    assert np.diag(mix @ mix.T) == pytest.approx(np.ones(3), abs=1e-3)


def test_the_table_agrees_with_the_model():
    table, top = variance_table(model())
    at = top * (np.arange(TABLE_SIZE) / (TABLE_SIZE - 1)) ** 2
    assert table == pytest.approx(variance_at(model(), np.repeat(at[:, None], 3, 1)), abs=1e-9)


@given(st.floats(-1, 10))
def test_variance_is_held_outside_the_levels(level):
    found = variance_at(model(), np.full(3, level))
    assert (found >= 0).all()
    if level >= 1:
        assert found == pytest.approx([1e-4, 2e-4, 1e-5])


@pytest.mark.parametrize("carried", [0.0, 0.3, 0.9])
def test_noise_carried_over_is_measured_past_what_moves(carried):
    random = np.random.default_rng(4)
    one, two = (unit_grain(model(), 160, 240, random) for _ in range(2))
    level = np.full((160, 240, 3), 0.2, np.float32)
    sigma = np.sqrt(variance_at(model(), level))
    first, second = level + sigma * one, level + sigma * (carried * one + np.sqrt(1 - carried**2) * two)
    second[40:80, 60:100] += 0.3
    assert carried_over(model(), first, second) == pytest.approx(carried, abs=0.04)
    assert carried_over(model(), first, first + 1) == 0


def test_the_sum_of_correlation_tells_how_noise_averages_out():
    random = np.random.default_rng(2)
    soft = model(((1, 0.3, 0), (0.3, 0.09, 0), (0, 0, 0)))
    noise = unit_grain(soft, 512, 512, random)[..., 0]
    blocks = noise.reshape(64, 8, 64, 8).mean((1, 3))
    assert blocks.var() == pytest.approx(correlation_sum(soft) / 64, rel=0.15)
    assert correlation_sum(model()) == 1
