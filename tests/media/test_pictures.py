import numpy as np
import pytest

from derrumbe.core.errors import BadPlate, DerrumbeError
from derrumbe.media.exr import RGB, is_full, read_exr, write_exr
from derrumbe.media.picture import read_png, write_jpeg, write_png


def test_png_keeps_codes_and_jpeg_keeps_the_look(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (9, 13, 3)).astype(np.uint8)
    write_png(tmp_path / "a.png", picture)
    assert np.array_equal(read_png(tmp_path / "a.png"), picture)
    flat = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    write_jpeg(tmp_path / "a.jpg", flat)
    assert np.abs(read_png(tmp_path / "a.jpg").astype(int) - flat).max() <= 3


def test_a_grey_picture_is_read_as_rgb(tmp_path):
    write_png(tmp_path / "a.png", np.full((4, 4), 7, np.uint8))
    assert read_png(tmp_path / "a.png").tolist() == np.full((4, 4, 3), 7).tolist()


def test_floats_are_refused_with_a_hint(tmp_path):
    with pytest.raises(DerrumbeError, match="to_display"):
        write_png(tmp_path / "a.png", np.zeros((4, 4, 3), np.float32))


def test_exr_keeps_halves_floats_and_marks(tmp_path):
    pixels = np.random.default_rng(0).random((6, 8, 3), np.float32)
    write_exr(tmp_path / "a.exr", pixels)
    write_exr(tmp_path / "b.exr", pixels, full=True)
    assert np.array_equal(read_exr(tmp_path / "a.exr", RGB), pixels.astype(np.float16).astype(np.float32))
    assert np.array_equal(read_exr(tmp_path / "b.exr", RGB), pixels)
    assert (is_full(tmp_path / "a.exr"), is_full(tmp_path / "b.exr")) == (False, True)


def test_exr_depth_and_id_are_float_beside_half(tmp_path):
    pixels = np.full((2, 2, 2), 70001.25, np.float32)
    pixels[..., 0] = 0.1
    write_exr(tmp_path / "a.exr", pixels, ("pieces.R", "depth.Z"))
    assert read_exr(tmp_path / "a.exr", ("depth.Z",)).max() == 70001.25


def test_an_unreadable_exr_says_so(tmp_path):
    (tmp_path / "a.exr").write_text("no")
    with pytest.raises(BadPlate):
        read_exr(tmp_path / "a.exr")
    write_exr(tmp_path / "b.exr", np.zeros((2, 2), np.float32), ("Y",))
    with pytest.raises(BadPlate, match="no channel R"):
        read_exr(tmp_path / "b.exr", RGB)
