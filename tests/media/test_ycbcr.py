"""The numbers of ITU-T H.273, written out once more in plain double precision."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derrumbe.media.ycbcr import Coding, planes_420, rgb_codes

WEIGHTS = {"601": (0.299, 0.587, 0.114), "709": (0.2126, 0.7152, 0.0722), "2020": (0.2627, 0.678, 0.0593)}


def encoded(rgb: np.ndarray, matrix: str, full: bool, bits: int) -> np.ndarray:
    """R'G'B' in 0..1 to Y'CbCr samples, not rounded: H.273 equations 20 to 40."""
    kr, kg, kb = WEIGHTS[matrix]
    r, g, b = rgb
    y = kr * r + kg * g + kb * b
    pb, pr = 0.5 * (b - y) / (1 - kb), 0.5 * (r - y) / (1 - kr)
    unit = 2 ** (bits - 8)
    if full:
        return np.array([y * (2**bits - 1), pb * (2**bits - 1) + 2 ** (bits - 1), pr * (2**bits - 1) + 2 ** (bits - 1)])
    return np.array([(219 * y + 16) * unit, (224 * pb + 128) * unit, (224 * pr + 128) * unit])


@given(
    rgb=st.tuples(*[st.floats(0, 1)] * 3), matrix=st.sampled_from(sorted(WEIGHTS)), full=st.booleans(), bits=st.sampled_from([8, 10, 12])
)
def test_a_colour_comes_back_within_the_rounding_of_its_samples(rgb, matrix, full, bits):
    samples = np.rint(encoded(np.array(rgb), matrix, full, bits)).clip(0, 2**bits - 1)
    kind = np.uint8 if bits == 8 else np.uint16
    y, cb, cr = (np.full((2, 2), one, kind) for one in samples)
    found = rgb_codes(y, cb, cr, Coding(matrix, full, bits))
    assert found.dtype == kind
    assert np.abs(found - np.array(rgb) * (2**bits - 1)).max() <= 2.2


@pytest.mark.parametrize(("full", "black", "white"), [(False, 16, 235), (True, 0, 255)])
def test_black_and_white_are_exact(full, black, white):
    middle = np.full((1, 2), 128, np.uint8)
    found = rgb_codes(np.array([[black, white]], np.uint8), middle, middle, Coding("709", full, 8))
    assert found.tolist() == [[[0, 0, 0], [255, 255, 255]]]


def test_what_lies_beyond_black_and_white_is_clipped_not_wrapped():
    chroma = np.array([[0, 255]], np.uint8)
    found = rgb_codes(np.array([[0, 255]], np.uint8), chroma, chroma, Coding("709", False, 8))
    assert found.min() == 0
    assert found.max() == 255


def test_chroma_of_420_is_sited_left_and_between_rows():
    """A chroma ramp, subsampled by its siting, must come back as the ramp."""
    x, y = np.meshgrid(np.arange(64), np.arange(32))
    ramp = 60 + 2 * x + 2 * y
    cb = (60 + 2 * (2 * np.arange(32))[None, :] + (4 * np.arange(16) + 1)[:, None]).astype(np.uint8)
    luma = np.full((32, 64), 128, np.uint8)
    found = rgb_codes(luma, cb, np.full_like(cb, 128), Coding("709", True, 8))
    expected = 128 + 1.8556 * (ramp - 128.0)
    inside = (slice(1, -1), slice(0, -2))
    error = found[..., 2][inside] - expected.clip(0, 255)[inside]
    assert np.abs(error).max() < 2.5
    assert abs(error.mean()) < 0.3


@pytest.mark.parametrize("shape", [(16, 32), (16, 16), (32, 32)])
def test_444_422_and_420_planes_of_one_colour_agree(shape):
    height, width = 32, 32
    luma = np.full((height, width), 90, np.uint8)
    found = rgb_codes(luma, np.full(shape, 100, np.uint8), np.full(shape, 160, np.uint8), Coding("601", False, 8))
    assert len(np.unique(found.reshape(-1, 3), axis=0)) == 1


def test_review_planes_hold_the_colours_of_a_smooth_picture():
    y, x = np.mgrid[0:32, 0:64]
    picture = np.stack([40 + 2 * x, 200 - 3 * y, 60 + x + y], -1).astype(np.uint8)
    coding = Coding("709", False, 8)
    back = rgb_codes(*planes_420(picture, coding), coding).astype(int)
    assert np.abs(back - picture)[2:-2, 2:-2].max() <= 4
