"""Integer codes must survive the way to ACEScg and back, through what is stored."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from derrumbe.media.codes import Linear, Raw, linear_floats, linearise, to_codes
from derrumbe.media.exr import RGB, read_exr, write_exr

EVERYDAY = ["sRGB", "Camera Rec.709", "Camera Rec.2020", "sRGB Encoded P3-D65"]
LOGS = ["ARRI LogC3 (EI800)", "S-Log3 S-Gamut3.Cine", "Cineon"]


def stored(linear: Linear) -> np.ndarray:
    return linear.pixels if linear.full else linear.pixels.astype(np.float16).astype(np.float32)


def corners(bits: int) -> np.ndarray:
    """Every combination of codes near black, near white and in the middle: the saturated colours are the hard ones."""
    top = 2**bits - 1
    codes = np.unique([0, 1, 2, 3, top // 16, top // 3, top // 2, top - 1, top])
    return np.stack(np.meshgrid(codes, codes, codes), -1).reshape(1, -1, 3).astype(np.uint8 if bits == 8 else np.uint16)


@pytest.mark.parametrize("space", ["sRGB", "Camera Rec.709"])
def test_all_8_bit_colours_with_a_saturated_or_black_channel_fit_in_half(space):
    """Half of the 8-bit cube's outer faces, every code: plates and finals stay half, as delivered."""
    codes = np.arange(256)
    faces = []
    for value in (0, 1, 255):
        a, b = (one.ravel() for one in np.meshgrid(codes, codes))
        flat = np.full_like(a, value)
        faces += [np.stack(one, -1) for one in ((flat, a, b), (a, flat, b), (a, b, flat))]
    picture = np.concatenate(faces).astype(np.uint8).reshape(-1, 256, 3)
    linear = linearise(Raw(picture, 8), space)
    assert not linear.full
    assert np.array_equal(to_codes(stored(linear), space, 8), picture)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("space", EVERYDAY)
def test_corner_colours_round_trip_at_every_depth(space, bits):
    picture = corners(bits)
    assert np.array_equal(to_codes(stored(linearise(Raw(picture, bits), space)), space, bits), picture)


@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize("space", LOGS)
def test_log_codes_round_trip(space, bits):
    picture = corners(bits)
    assert np.array_equal(to_codes(stored(linearise(Raw(picture, bits), space)), space, bits), picture)


@settings(max_examples=40, deadline=None)
@given(
    picture=arrays(np.uint16, st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(3)), elements=st.integers(0, 65535)),
    bits=st.sampled_from([8, 10, 12, 16]),
    space=st.sampled_from(EVERYDAY),
)
def test_any_picture_round_trips(picture, bits, space):
    codes = (picture >> (16 - bits)).astype(np.uint8 if bits == 8 else np.uint16)
    assert np.array_equal(to_codes(stored(linearise(Raw(codes, bits), space)), space, bits), codes)


@pytest.mark.parametrize("bits", [8, 16])
def test_codes_round_trip_through_a_file(tmp_path, bits):
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 2**bits, (37, 53, 3)).astype(np.uint8 if bits == 8 else np.uint16)
    linear = linearise(Raw(picture, bits), "sRGB")
    assert linear.full == (bits == 16)
    write_exr(tmp_path / "a.exr", linear.pixels, full=linear.full)
    assert np.array_equal(to_codes(read_exr(tmp_path / "a.exr", RGB), "sRGB", bits), picture)


def test_rounding_to_half_moves_a_colour_by_two_steps_at_most():
    picture = corners(8)
    raw = Raw(picture, 8)
    exact, kept = linear_floats(raw, "sRGB"), linearise(raw, "sRGB").pixels
    step = np.spacing(np.abs(exact).astype(np.float16)).astype(np.float32)
    assert (np.abs(kept - exact) <= 2.51 * step).all()


def test_half_floats_stay_half_and_faults_in_them_become_black():
    picture = np.array([[[0.5, np.nan, np.inf], [1.0, 2.0, -0.25]]], np.float32)
    linear = linearise(Raw(picture, None, half=True), "ACEScg")
    assert not linear.full
    assert linear.pixels.tolist() == [[[0.5, 0.0, 0.0], [1.0, 2.0, -0.25]]]


def test_floats_that_half_cannot_hold_are_kept_as_floats():
    assert linearise(Raw(np.full((1, 1, 3), 1e6, np.float32), None, half=True), "ACEScg").full
    assert linearise(Raw(np.full((1, 1, 3), 0.1, np.float32), None), "ACEScg").full
