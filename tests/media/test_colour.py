import numpy as np
import pytest

from derrumbe.core.errors import BadPlate
from derrumbe.media.colour import display_of, encoding, from_acescg, from_display, space_name, table_of, to_acescg, to_display


def pixel(*values: float) -> np.ndarray:
    return np.array([[values]], np.float32)


def test_white_is_white_in_every_space_with_a_white():
    for space in ("sRGB", "Camera Rec.709", "Camera Rec.2020", "Linear Rec.709 (sRGB)", "ACEScg"):
        np.testing.assert_allclose(to_acescg(pixel(1, 1, 1), space), 1.0, atol=1e-4)


def test_rec709_primaries_in_acescg():
    """Columns of the BT.709 to AP1 matrix with Bradford adaptation, as ACES publishes it."""
    np.testing.assert_allclose(to_acescg(pixel(1, 0, 0), "Linear Rec.709 (sRGB)")[0, 0], [0.6131, 0.0702, 0.0206], atol=2e-4)
    np.testing.assert_allclose(to_acescg(pixel(0, 0, 1), "Linear Rec.709 (sRGB)")[0, 0], [0.0474, 0.0135, 0.8698], atol=2e-4)


def test_camera_curve_is_bt709s():
    np.testing.assert_allclose(to_acescg(pixel(0.5, 0.5, 0.5), "Camera Rec.709"), ((0.5 + 0.099) / 1.099) ** (1 / 0.45), rtol=2e-4)
    np.testing.assert_allclose(to_acescg(pixel(0.045, 0.045, 0.045), "Camera Rec.709"), 0.01, rtol=5e-3)


def test_cineon_white_and_black():
    codes = np.array([[[95] * 3, [685] * 3]], np.float32) / 1023
    np.testing.assert_allclose(to_acescg(codes, "Cineon")[0, :, 1], [0.0, 1.0], atol=1e-6)


@pytest.mark.parametrize("space", ["sRGB", "Camera Rec.2020", "Cineon", "ARRI LogC4", "ACEScct"])
def test_there_and_back(space):
    codes = np.random.default_rng(0).random((20, 30, 3), np.float32)
    np.testing.assert_allclose(from_acescg(to_acescg(codes, space), space), codes, atol=1e-4)


def test_pixels_are_not_changed_in_place():
    codes = np.full((2, 2, 3), 0.5, np.float32)
    to_acescg(codes, "sRGB")
    assert (codes == 0.5).all()


@pytest.mark.parametrize("space", ["sRGB", "Camera Rec.709"])
def test_the_review_of_an_untouched_plate_shows_its_own_codes(space):
    codes = np.random.default_rng(2).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    display = display_of(space)
    assert np.array_equal(to_display(to_acescg(codes.astype(np.float32) / 255, space), display), codes)
    assert np.array_equal(to_display(from_display(codes, display), display), codes)


def test_log_and_hdr_plates_are_shown_through_a_view_that_rolls_off():
    assert display_of("ARRI LogC4") == display_of("Rec.2100-PQ - Display") == "ACES"
    shown = to_display(np.array([[[1.0] * 3, [4.0] * 3, [16.0] * 3]], np.float32), "ACES")[0, :, 1].astype(int)
    assert shown[0] < shown[1] < 255


def test_what_no_monitor_shows_is_clipped():
    shown = to_display(np.array([[[np.nan] * 3, [np.inf] * 3, [-1.0] * 3, [50.0] * 3]], np.float32))
    assert shown[0, :, 0].tolist() == [0, 255, 0, 255]


def test_names_aliases_and_misspellings():
    assert space_name("lin_rec709") == "Linear Rec.709 (sRGB)"
    assert space_name("srgb") == "sRGB Encoded Rec.709 (sRGB)"
    assert encoding("Cineon") == "log"
    with pytest.raises(BadPlate, match=r'did you mean .*"S-Log3 S-Gamut3"'):
        space_name("S-Log 3 S-Gamut 3")


@pytest.mark.parametrize("space", ["sRGB", "Camera Rec.709", "Gamma 2.4 Encoded Rec.709", "sRGB Encoded P3-D65", "ACEScg"])
def test_tables_say_what_opencolorio_says(space):
    table = table_of(space)
    assert table is not None
    codes = np.random.default_rng(0).integers(0, 256, (32, 32, 3))
    by_table = table.table(8)[codes] @ table.matrix.T
    np.testing.assert_allclose(by_table, to_acescg(codes.astype(np.float32) / 255, space), atol=2e-6)
    pixels = np.random.default_rng(1).normal(0.4, 0.5, (200, 200, 3)).astype(np.float32)
    general = np.rint(from_acescg(pixels, space).clip(0, 1) * 255).astype(int)
    differs = to_display(pixels, space).astype(int) - general
    # A value on the very edge between two codes may fall to either side.
    assert np.abs(differs).max() <= 1
    assert np.count_nonzero(differs) <= 5


def test_logs_and_hdr_have_no_table():
    assert table_of("Cineon") is None
    assert table_of("ARRI LogC4") is None
    assert table_of("Rec.2100-PQ - Display") is None
