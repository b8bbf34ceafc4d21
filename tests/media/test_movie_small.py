from pathlib import Path

import numpy as np
import pytest

from derrumbe.core.errors import BadPlate
from derrumbe.media.movie_small import small_frames
from derrumbe.media.movie_writer import write_movie

COLOURS = ((200, 40, 40), (30, 180, 60), (40, 60, 210), (128, 128, 128))


def test_frames_come_back_small_in_their_own_colours(tmp_path: Path) -> None:
    pictures = [np.full((64, 96, 3), colour, np.uint8) for colour in COLOURS]
    write_movie(tmp_path / "m.mp4", pictures, 24)
    found = list(small_frames(tmp_path / "m.mp4", (48, 32)))
    assert [one.shape for one in found] == [(32, 48, 3)] * 4
    for one, colour in zip(found, COLOURS, strict=True):
        assert np.abs(one.astype(int) - colour).max() <= 4


def test_edges_stay_where_they_are(tmp_path: Path) -> None:
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:, 48:] = 200
    write_movie(tmp_path / "m.mp4", [picture] * 2, 24)
    row = next(small_frames(tmp_path / "m.mp4", (48, 32)))[16, :, 0].astype(int)
    assert row[:22].max() < 12
    assert row[26:].min() > 185
    assert row.sum() / 200 == pytest.approx(24, abs=0.4)


def test_what_is_no_movie_is_named(tmp_path: Path) -> None:
    (tmp_path / "m.mp4").write_bytes(b"no movie")
    with pytest.raises(BadPlate, match=r"m\.mp4"):
        next(small_frames(tmp_path / "m.mp4", (8, 8)))
