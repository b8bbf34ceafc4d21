"""What is wrong with a plate is said before anything is written, and what can be done about it."""

from fractions import Fraction

import numpy as np
import pytest

from derrumbe.core.errors import BadPlate
from derrumbe.ingest.source import digest_source, probe
from derrumbe.media.exr import write_exr
from derrumbe.media.picture import write_png
from tests.media.movies import grey_movie


def sequence(folder, numbers, size=(8, 12), **metadata):
    for number in numbers:
        write_exr(folder / f"n.{number}.exr", np.full((*size, 3), number / 1000, np.float32), metadata=metadata)
    return folder


def test_a_movie_a_sequence_and_a_still(tmp_path):
    movie = probe(grey_movie(tmp_path / "a.mp4", 7, rate=Fraction(24000, 1001)))
    assert (movie.kind, movie.width, movie.height, movie.rate, movie.frame_count) == ("movie", 64, 48, Fraction(24000, 1001), 7)
    frames = probe(str(sequence(tmp_path / "s", range(86, 96), FramesPerSecond=(25, 1))))
    assert (frames.kind, frames.width, frames.height, frames.rate, frames.frame_count) == ("sequence", 12, 8, 25, 10)
    write_png(tmp_path / "a.png", np.zeros((5, 7, 3), np.uint8))
    still = probe(tmp_path / "a.png")
    assert (still.kind, still.width, still.height, still.rate, still.frame_count) == ("still", 7, 5, None, None)
    assert len(still.range(None)) == 120
    assert list(still.range((1003, 1005))) == [1003, 1004, 1005]


def test_a_truncated_movie_offers_its_good_frames_and_they_are_taken(tmp_path):
    path = grey_movie(tmp_path / "a.mp4", 20)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.7)])
    with pytest.raises(BadPlate, match=r"only (\d+) of 20 frames can be read.*--frames 1001-1\d\d\d") as said:
        probe(path)
    last = int(str(said.value).rsplit("-", 1)[1])
    probe(path, (1001, last))
    with pytest.raises(BadPlate):
        probe(path, (1001, last + 1))


@pytest.mark.parametrize("frames", [(1001, 1008), (1000, 1003), (1005, 1004)])
def test_frames_out_of_range(tmp_path, frames):
    with pytest.raises(BadPlate, match=f"--frames {frames[0]}-{frames[1]}"):
        probe(grey_movie(tmp_path / "a.mp4", 7), frames)


def test_a_gap_is_named_by_the_files_numbers_and_can_be_avoided(tmp_path):
    folder = sequence(tmp_path / "s", [86, 87, 88, 91, 92])
    with pytest.raises(BadPlate, match=r"2 files .* missing \(89, 90\).*--frames 1001-1003"):
        probe(folder)
    assert probe(folder, (1001, 1003)).frame_count == 7
    assert probe(folder, (1006, 1007)).frame_count == 7


def test_frames_of_two_sizes_are_refused(tmp_path):
    folder = sequence(tmp_path / "s", [1, 2])
    write_exr(folder / "n.3.exr", np.zeros((9, 12, 3), np.float32))
    with pytest.raises(BadPlate, match=r"n\.3\.exr: 12x9"):
        probe(folder)


def test_text_as_a_movie_nothing_and_no_such_space(tmp_path):
    (tmp_path / "a.mp4").write_text("text")
    for source, says in (
        ("a.mp4", "not a movie"),
        ("none.mp4", "no such file"),
        ("none.png", "no such file"),
        ("x/none.mov", "no such file"),
    ):
        with pytest.raises(BadPlate, match=says):
            probe(tmp_path / source)
    with pytest.raises(BadPlate, match="did you mean"):
        probe(grey_movie(tmp_path / "b.mp4", 1), colourspace="Rec709 Camera")


def test_the_digest_follows_content_not_names(tmp_path):
    one = sequence(tmp_path / "s", [1, 2])
    same = sequence(tmp_path / "t", [5, 6])
    write_exr(same / "n.5.exr", np.full((8, 12, 3), 1 / 1000, np.float32))
    assert digest_source(one) != digest_source(same)
    write_exr(same / "n.6.exr", np.full((8, 12, 3), 2 / 1000, np.float32))
    assert digest_source(one) == digest_source(same)


@pytest.mark.parametrize("name", ["brick-office-locked/plate.mp4", "sceaux-castle/images/100_7105.JPG", "capitol-photo/plate.jpg"])
def test_real_plates(plates, name):
    found = probe(plates / name)
    assert found.kind == ("movie" if name.endswith("mp4") else "still")
    if "sceaux" in name:
        assert found.focal_px == pytest.approx(2905.88, rel=0.02)
