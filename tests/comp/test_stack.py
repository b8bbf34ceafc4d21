"""Laws of the stack: Porter-Duff over, black level, grain that adds up, a matte that tells the truth."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from derrumbe.comp.layers import CHANNELS, DEAD, LayerBand, sorted_layers
from derrumbe.comp.stack import GrainBand, PlateBand, lifted, over, stacked
from derrumbe.core.records import FAR

share = st.floats(0, 1, width=32)
level = st.floats(0, 100, width=32)
SIDE = 3


def layer():
    """A premultiplied colour and its alpha."""
    return st.tuples(level, share).map(lambda pair: (pair[0] * pair[1], pair[1]))


@given(layer(), layer(), level)
def test_over_is_associative(front, middle, back):
    one = over(front[0], front[1], over(middle[0], middle[1], back))
    joined, alpha = over(front[0], front[1], middle[0]), over(front[1], front[1], middle[1])
    assert over(joined, alpha, back) == pytest.approx(one, rel=1e-4, abs=1e-4)


@given(level, level)
def test_over_with_nothing_or_everything(colour, back):
    assert over(0.0, 0.0, back) == back
    assert over(colour, 1.0, back) == colour


@given(layer(), level, level)
def test_over_is_linear_in_light(front, back, more):
    difference = over(front[0], front[1], back + more) - over(front[0], front[1], back)
    assert difference == pytest.approx((1 - front[1]) * more, rel=1e-4, abs=1e-3)


@given(st.floats(0, 10), st.floats(0, 10), st.floats(1e-4, 0.2))
def test_lifting_rises_never_sinks_and_leaves_light_alone(value, more, floor):
    low, high = lifted(value, floor), lifted(value + more, floor)
    assert high >= low >= max(value, floor) * (1 - 1e-6)
    if value >= floor * 7 / 6:
        assert low == value
    assert low <= max(value, floor) + floor / 6


def band(plate, clean=0.5):
    shape = plate.shape[:2]
    return PlateBand(plate, np.full((*shape, 3), clean, np.float32), np.zeros((*shape, 3), np.float32), np.zeros(shape, np.float32))


def nothing(shape=(SIDE, SIDE)):
    colours = (np.zeros((*shape, 4), np.float32) for _ in range(4))
    flat = np.zeros(shape, np.float32)
    ones, zeros = np.ones((*shape, 3), np.float32), np.zeros((*shape, 3), np.float32)
    return LayerBand(*colours, ones, flat, flat + np.float32(FAR), zeros, near=flat, generated=np.zeros((*shape, 4), np.float32))


def quiet(shape=(SIDE, SIDE), noise=None, variance=0.0, factor=1.0):
    noise = np.zeros((*shape, 3), np.float32) if noise is None else noise
    return GrainBand(noise, np.full((16, 3), variance, np.float32), 1.0, factor)


BLACK = np.zeros(3)
plates = arrays(np.float32, (SIDE, SIDE, 3), elements=st.floats(-0.125, 50, width=32))
shares = arrays(np.float32, (SIDE, SIDE), elements=share)


@given(plates)
def test_nothing_leaves_the_plate_bit_for_bit(plate):
    final, matte = stacked(band(plate), nothing(), quiet(variance=0.1, noise=np.ones((SIDE, SIDE, 3), np.float32)), BLACK + 0.2)
    assert np.array_equal(final.view(np.uint32), plate.view(np.uint32))
    assert not matte.any()


@given(plates, shares, shares)
def test_removed_and_foreground_mix_linearly(plate, removed, cut):
    filmed = replace(band(plate), front=plate * cut[..., None], front_alpha=cut)
    final, matte = stacked(filmed, replace(nothing(), removed=removed), quiet(), BLACK)
    mixed = plate + removed[..., None] * (0.5 - plate)
    wanted = (1 - cut[..., None]) * mixed + cut[..., None] * plate
    assert final == pytest.approx(np.maximum(wanted, np.minimum(plate, 0)), rel=1e-4, abs=1e-4)
    assert matte == pytest.approx(removed * (1 - cut), abs=1e-6)
    assert np.array_equal(final[matte == 0], plate[matte == 0])


@given(plates, shares)
def test_a_piece_in_its_own_hole_lets_no_clean_plate_through(plate, alpha):
    """Piece and hole share their edge, so plate and piece of one colour give that colour at any coverage."""
    pieces = np.concatenate([plate * alpha[..., None], alpha[..., None]], -1)
    final, _ = stacked(band(plate, clean=40.0), replace(nothing(), pieces=pieces, removed=alpha), quiet(), BLACK)
    assert final == pytest.approx(plate, rel=1e-3, abs=2e-3)


@given(st.floats(0.0, 1.0), st.floats(0.2, 1.0))
def test_kept_and_new_grain_add_up_to_the_plates(alpha, ratio):
    """Whatever share of the plate shows through, the variance of the final is the plate's."""
    shape, random = (80, 80), np.random.default_rng(3)
    old, new = (random.standard_normal((*shape, 3)).astype(np.float32) for _ in range(2))
    variance = 1e-4
    layers = nothing(shape)
    layers.shadow[:] = ratio
    layers.dust_front[..., 3] = alpha
    layers.dust_front[..., :3] = 0.5 * alpha
    final, _ = stacked(band(0.5 + 0.01 * old), layers, quiet(shape, new, variance), BLACK)
    if alpha > 2 * DEAD or ratio < 1 - 2 * DEAD:
        keep = (1 - alpha) * ratio
        noise = final - (0.5 * alpha + 0.5 * keep)
        assert noise.std() == pytest.approx(np.sqrt(variance), rel=0.03)


@given(plates, shares, shares)
def test_a_models_picture_lies_over_all_that_is_new_and_under_what_stands_in_front(plate, alpha, cut):
    filmed = replace(band(plate), front=plate * cut[..., None], front_alpha=cut)
    generated = np.concatenate([np.repeat(0.7 * alpha[..., None], 3, -1), alpha[..., None]], -1).astype(np.float32)
    dust = np.full((SIDE, SIDE, 4), 0.5, np.float32)
    final, matte = stacked(filmed, replace(nothing(), dust_front=dust, generated=generated), quiet(), BLACK)
    covered = 0.7 * alpha[..., None] + (1 - alpha[..., None]) * (0.5 + 0.5 * plate)
    wanted = (1 - cut[..., None]) * covered + cut[..., None] * plate
    assert final == pytest.approx(np.maximum(wanted, np.minimum(plate, 0)), rel=1e-3, abs=1e-3)
    assert matte == pytest.approx(np.maximum(alpha, 0.5) * (1 - cut), abs=1e-6)
    assert np.array_equal(final[matte == 0], plate[matte == 0])


@given(
    arrays(
        np.float16, (SIDE, SIDE, len(CHANNELS) + 4), elements=st.sampled_from([np.nan, np.inf, -1.0, 0.0, 0.001, 0.5, 2.0]).map(np.float16)
    )
)
def test_a_models_picture_is_read_after_the_physical_layers_and_made_usable(planes):
    without = sorted_layers(planes[..., :-4].copy().view(np.uint16), range(len(CHANNELS)))
    layers = sorted_layers(planes.view(np.uint16), range(len(CHANNELS) + 4))
    assert not without.generated.any()
    assert np.isfinite(layers.generated).all()
    assert (layers.generated >= 0).all()
    for item in fields(layers):
        if item.name != "generated":
            assert np.array_equal(getattr(layers, item.name), getattr(without, item.name))


hostile = st.sampled_from([np.nan, np.inf, -np.inf, 65504.0, -65504.0, 1e-7, 0.0, 0.3, 1.0, 1.001])


@given(arrays(np.float16, (SIDE, SIDE, len(CHANNELS)), elements=hostile.map(np.float16)), plates)
def test_whatever_a_file_holds_comes_out_usable(planes, plate):
    layers = sorted_layers(planes.view(np.uint16), range(len(CHANNELS)))
    assert all(np.isfinite(getattr(layers, item.name)).all() for item in fields(layers))
    for colour in (layers.pieces, layers.debris, layers.dust_front, layers.dust_behind):
        assert (colour >= 0).all()
        assert (colour[..., 3] <= 1).all()
        assert not colour[colour[..., 3] == 0].any()
    final, matte = stacked(band(plate), layers, quiet(variance=1e-4), BLACK)
    assert np.isfinite(final).all()
    assert np.isfinite(final.astype(np.float16)).all()
    assert (matte >= 0).all()
    assert (matte <= 1).all()


@given(share, level)
def test_sorting_keeps_colour_and_drops_a_hairs_breadth(alpha, colour):
    planes = np.zeros((1, 1, len(CHANNELS)), np.float16)
    planes[..., :4] = np.float16([colour * alpha] * 3 + [alpha])
    planes[..., 16:19] = 1
    found = sorted_layers(planes.view(np.uint16), range(len(CHANNELS))).pieces[0, 0]
    stored = planes[0, 0, :4].astype(np.float32)
    if stored[3] <= DEAD:
        assert not found.any()
    else:
        assert found[3] == pytest.approx((stored[3] - DEAD) / (1 - DEAD), rel=1e-3)
        assert found[:3] * stored[3] == pytest.approx(stored[:3] * found[3], rel=1e-3, abs=1e-4)


def test_what_stands_in_front_gets_the_dust_before_it_and_none_behind():
    filmed = np.full((SIDE, SIDE, 3), 0.4, np.float32)
    front = replace(band(filmed), front=filmed.copy(), front_alpha=np.ones((SIDE, SIDE), np.float32))
    dust = np.full((SIDE, SIDE, 4), 0.8, np.float32) * np.float32([0.5, 0.5, 0.5, 1.0])
    dusty = replace(nothing(), dust_front=dust)
    grain = GrainBand(np.zeros((SIDE, SIDE, 3), np.float32), np.zeros((8, 3), np.float32), 1.0, 1.0)
    kept, untouched = stacked(front, dusty, grain, np.zeros(3))
    assert np.array_equal(kept, filmed)
    assert untouched.max() == 0
    veiled, matte = stacked(front, replace(dusty, near=np.full((SIDE, SIDE), 0.25, np.float32)), grain, np.zeros(3))
    assert veiled == pytest.approx(0.75 * filmed + 0.25 * 0.5, abs=1e-5)
    assert matte == pytest.approx(np.full((SIDE, SIDE), 0.25), abs=1e-6)
