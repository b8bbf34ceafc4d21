from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from derrumbe.core.errors import BadPlate
from derrumbe.media.still import PRIMARIES, inspect_still, read_still


def save(path: Path, pixels: np.ndarray, channels=None, kind=None, **attributes) -> Path:
    pixels = np.ascontiguousarray(pixels)
    height, width, count = pixels.shape
    spec = oiio.ImageSpec(width, height, count, kind or str(pixels.dtype).replace("float32", "float"))
    if channels:
        spec.channelnames = tuple(channels)
    if channels and "A" not in channels:
        spec.alpha_channel = -1
    for name, value in attributes.items():
        name = name.replace("__", ":")
        if isinstance(value, tuple):
            spec.attribute(name, f"float[{len(value)}]", value)
        else:
            spec.attribute(name, value)
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), spec), output.geterror()
    assert output.write_image(pixels), output.geterror()
    assert output.close()
    return path


@pytest.fixture
def codes() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (7, 11, 3)).astype(np.uint8)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_8_and_16_bit_pictures_are_read_code_by_code(tmp_path, codes, suffix):
    raw = read_still(save(tmp_path / f"a.{suffix}", codes))
    assert raw.bits == 8
    assert np.array_equal(raw.pixels, codes)
    deep = codes.astype(np.uint16) * 251 + 3
    raw = read_still(save(tmp_path / f"b.{suffix}", deep))
    assert raw.bits == 16
    assert np.array_equal(raw.pixels, deep)


def test_10_bit_dpx_is_read_code_by_code(tmp_path):
    codes = np.arange(1024, dtype=np.uint16)[: 1023 // 3 * 3].reshape(11, 31, 3)
    scaled = ((codes.astype(np.uint32) << 6) | (codes >> 4)).astype(np.uint16)
    path = save(tmp_path / "a.dpx", scaled, oiio__BitsPerSample=10, oiio__ColorSpace="KodakLog")
    raw = read_still(path)
    assert raw.bits == 10
    assert np.array_equal(raw.pixels, codes)
    assert inspect_still(path).colourspace == "Cineon"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(tmp_path, codes, orientation):
    path = save(tmp_path / "a.tif", codes, Orientation=orientation)
    info, raw = inspect_still(path), read_still(path)
    assert (info.height, info.width) == raw.pixels.shape[:2]
    assert info.turn.sideways == (orientation >= 5)
    assert np.array_equal(raw.pixels, info.turn.apply(codes))


def test_jpeg_is_8_bit_srgb_and_tells_its_lens(tmp_path):
    flat = np.full((300, 400, 3), 120, np.uint8)
    info = inspect_still(save(tmp_path / "a.jpg", flat, Exif__FocalLengthIn35mmFilm=35))
    assert (info.bits, info.colourspace) == (8, "sRGB Encoded Rec.709 (sRGB)")
    assert info.focal_px == pytest.approx(35 * 500 / 43.2666)


@pytest.mark.parametrize("space", PRIMARIES)
def test_exr_chromaticities_name_the_space(tmp_path, space):
    path = save(tmp_path / "a.exr", np.full((4, 4, 3), 0.5, np.float32), kind="half", chromaticities=PRIMARIES[space])
    info = inspect_still(path)
    assert (info.colourspace, info.bits, info.half) == (space, None, True)


def test_exr_without_chromaticities_is_linear_rec709_and_tells_its_rate(tmp_path):
    path = save(tmp_path / "a.exr", np.full((4, 4, 3), 0.5, np.float32))
    info = inspect_still(path)
    assert (info.colourspace, info.half, info.rate) == ("Linear Rec.709 (sRGB)", False, None)
    from derrumbe.media.exr import write_exr

    write_exr(path, np.zeros((4, 4, 3), np.float32), metadata={"FramesPerSecond": (24000, 1001)})
    assert inspect_still(path).rate == Fraction(24000, 1001)
    assert inspect_still(path).colourspace == "ACEScg"


def test_layers_and_extra_channels(tmp_path):
    pixels = np.random.default_rng(1).random((4, 5, 5), np.float32)
    path = save(tmp_path / "a.exr", pixels, ["Z", "beauty.B", "beauty.G", "beauty.R", "beauty.A"])
    raw = read_still(path)
    names = list(oiio.ImageInput.open(str(path)).spec().channelnames)
    assert names.index("beauty.R") == inspect_still(path).channels[0]
    assert np.array_equal(raw.pixels, pixels[..., [3, 2, 1]])
    assert any("beauty" in note.what for note in inspect_still(path).notes)


def test_alpha_is_dropped_with_a_note_and_codes_stay(tmp_path, codes):
    alpha = np.full((7, 11, 1), 40, np.uint8)
    path = save(tmp_path / "a.png", np.concatenate([codes, alpha], -1), ["R", "G", "B", "A"], oiio__UnassociatedAlpha=1)
    assert np.array_equal(read_still(path).pixels, codes)
    assert [note.what for note in inspect_still(path).notes] == ["the plate's alpha channel is dropped"]


@pytest.mark.parametrize(
    ("name", "channels", "says"),
    [("a.exr", ["A"], "alpha channel only"), ("a.exr", ["Y"], "one channel"), ("a.exr", ["U", "V", "W"], "no R, G and B")],
)
def test_pictures_without_colour_are_refused(tmp_path, name, channels, says):
    path = save(tmp_path / name, np.zeros((4, 4, len(channels)), np.float32), channels)
    with pytest.raises(BadPlate, match=says):
        inspect_still(path)


def test_a_grey_jpeg_is_refused(tmp_path):
    with pytest.raises(BadPlate, match="one channel"):
        inspect_still(save(tmp_path / "a.jpg", np.zeros((8, 8, 1), np.uint8)))


def test_a_data_window_is_placed_in_the_display_window(tmp_path):
    spec = oiio.ImageSpec(3, 2, 3, "float")
    spec.x, spec.y, spec.full_x, spec.full_y, spec.full_width, spec.full_height = 2, -1, 0, 0, 4, 3
    output = oiio.ImageOutput.create(str(tmp_path / "a.exr"))
    output.open(str(tmp_path / "a.exr"), spec)
    output.write_image(np.ones((2, 3, 3), np.float32))
    output.close()
    pixels = read_still(tmp_path / "a.exr").pixels
    assert pixels.shape == (3, 4, 3)
    assert pixels[..., 0].tolist() == [[0, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]]


def test_a_cut_off_picture_is_refused(tmp_path):
    path = save(tmp_path / "a.png", np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8))
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(BadPlate, match=r"a\.png"):
        read_still(path)


def test_text_named_as_a_picture_is_refused(tmp_path):
    (tmp_path / "a.jpg").write_text("not a picture at all")
    with pytest.raises(BadPlate, match="not a picture"):
        inspect_still(tmp_path / "a.jpg")
