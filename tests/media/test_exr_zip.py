"""Files of many mixed channels: what is written is what the general library reads, and the quick reader agrees with it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derrumbe.core.errors import BadPlate
from derrumbe.media.exr import read_exr
from derrumbe.media.exr_rows import ExrRows
from derrumbe.media.exr_zip import write_planes

CHANNELS = ("pieces.R", "pieces.A", "depth.Z", "a", "id.Y")
FULL = ("depth.Z", "id.Y")
BLANK = (0.0, 0.5, 1e10, -2.0, 0.0)


def written(path, planes):
    def fill(rows, top):
        rows[:] = planes[:, top : top + rows.shape[1]]

    with path.open("wb") as file:
        write_planes(file, planes.shape[2], planes.shape[1], CHANNELS, FULL, BLANK, fill)
    return path


def halved(planes):
    """Return what the file can hold of `planes`, as (h,w,c)."""
    with np.errstate(over="ignore"):
        out = [plane if name in FULL else plane.astype(np.float16).astype(np.float32) for name, plane in zip(CHANNELS, planes, strict=True)]
    return np.stack(out, -1)


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 23), st.integers(0, 2**32 - 1), st.sampled_from((0, 3, 32)))
def test_the_general_library_reads_every_value(tmp_path_factory, height, width, seed, bits):
    noise = np.random.default_rng(seed).integers(0, 2**bits, (len(CHANNELS), height, width), np.uint32, endpoint=bits == 0)
    planes = np.nan_to_num(noise.view(np.float32) if bits == 32 else noise.astype(np.float32))
    path = written(tmp_path_factory.mktemp("zip") / "mixed.exr", planes)
    assert np.array_equal(read_exr(path, CHANNELS), halved(planes))
    with ExrRows(path, CHANNELS[1:4]) as rows:
        assert rows.full
        assert (rows.height, rows.width) == (height, width)
        assert np.array_equal(rows.read(0, height), halved(planes)[..., 1:4])
        low = height // 2
        with np.errstate(over="ignore"):
            wanted = halved(planes)[low:, :, 1:4].astype(np.float16).view(np.uint16)
        assert np.array_equal(rows.read_halves(low, height)[..., list(rows.places)], wanted)


def test_rows_left_alone_are_blank(tmp_path):
    path = tmp_path / "blank.exr"
    with path.open("wb") as file:
        write_planes(file, 5, 37, CHANNELS, FULL, BLANK, lambda rows, top: None)
    assert (read_exr(path, CHANNELS) == np.array(BLANK, np.float32)).all()


def test_a_broken_file_says_so(tmp_path):
    path = written(tmp_path / "cut.exr", np.random.default_rng(1).random((len(CHANNELS), 40, 9), np.float32))
    path.write_bytes(path.read_bytes()[:-30])
    with ExrRows(path, CHANNELS) as rows, pytest.raises(BadPlate, match=r"cut\.exr"):
        rows.read(0, 40)
