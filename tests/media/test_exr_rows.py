"""Reading an EXR in bands of rows."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.core.errors import BadPlate
from derrumbe.media.exr import write_exr
from derrumbe.media.exr_rows import ExrRows

NAMES = ("pieces.R", "pieces.A", "depth.Z", "id.Y")


@pytest.fixture
def picture(tmp_path):
    pixels = np.random.default_rng(0).random((40, 17, 4)).astype(np.float16).astype(np.float32)
    pixels[3, 4, 0] = np.nan
    write_exr(tmp_path / "a.exr", pixels, NAMES)
    return tmp_path / "a.exr", pixels


@pytest.mark.parametrize("names", [NAMES, NAMES[::-1], ("depth.Z",), ("id.Y", "pieces.R")])
def test_bands_hold_the_channels_asked_for_in_that_order(picture, names):
    path, pixels = picture
    wanted = pixels[..., [NAMES.index(name) for name in names]]
    with ExrRows(path, names) as rows:
        bands = [rows.read(top, min(top + 7, 40)) for top in range(0, 40, 7)]
        halves = rows.read_halves(0, 40)[..., list(rows.places)].view(np.float16)
        assert (rows.width, rows.height) == (17, 40)
    assert np.array_equal(np.concatenate(bands), wanted, equal_nan=True)
    assert np.array_equal(halves, wanted.astype(np.float16), equal_nan=True)


def test_precision_is_that_of_the_channels_asked_for(picture):
    with ExrRows(picture[0], ("pieces.R", "pieces.A")) as rows:
        assert not rows.full
    with ExrRows(picture[0], ("depth.Z",)) as rows:
        assert rows.full


def test_what_cannot_be_read_is_a_bad_plate(picture, tmp_path):
    path, _ = picture
    with pytest.raises(BadPlate, match="no channel dust"):
        ExrRows(path, ("dust.R",))
    with pytest.raises(BadPlate, match="can't read"):
        ExrRows(tmp_path / "none.exr", ("R",))
    with ExrRows(path, NAMES) as rows, pytest.raises(BadPlate, match="no rows"):
        rows.read(30, 41)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(BadPlate), ExrRows(path, NAMES) as rows:
        rows.read(0, 40)
