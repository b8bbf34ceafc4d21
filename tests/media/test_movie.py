"""Movies of known truth, read back as codes."""

from fractions import Fraction
from itertools import islice

import numpy as np
import pytest

from derrumbe.core.errors import BadPlate
from derrumbe.media.movie import count_good_frames, inspect_movie, read_movie, write_movie
from derrumbe.media.ycbcr import Coding, rgb_codes
from tests.media.movies import grey_movie, noise_planes, set_display_matrix, write_planes


def pictures(path, first=0, count=None):
    return [load().pixels for load in read_movie(path, first, count)]


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(("tag", "matrix"), [(1, "709"), (6, "601"), (5, "601"), (9, "2020")])
def test_codes_follow_the_tagged_matrix_and_range(tmp_path, tag, matrix, full):
    planes = noise_planes(np.random.default_rng(tag), 32, 48)
    path = write_planes(tmp_path / "a.mp4", [planes], tags=(tag, 2 if full else 1, 1, 1))
    info = inspect_movie(path)
    assert (info.matrix, info.full_range, info.bits) == (matrix, full, 8)
    assert np.array_equal(pictures(path)[0], rgb_codes(*planes, Coding(matrix, full, 8)))


@pytest.mark.parametrize(
    ("pix_fmt", "bits", "chroma"),
    [("yuv420p10le", 10, (2, 2)), ("yuv422p10le", 10, (1, 2)), ("yuv444p", 8, (1, 1)), ("yuv422p", 8, (1, 2))],
)
def test_h264_of_any_depth_and_subsampling(tmp_path, pix_fmt, bits, chroma):
    planes = noise_planes(np.random.default_rng(3), 32, 48, bits, chroma)
    path = write_planes(tmp_path / "a.mp4", [planes], pix_fmt=pix_fmt)
    assert inspect_movie(path).bits == bits
    assert inspect_movie(path).chroma_px == chroma[1]
    assert np.array_equal(pictures(path)[0], rgb_codes(*planes, Coding("709", False, bits)))


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "bits", "chroma", "options", "size"),
    [
        ("prores_ks", "yuv422p10le", 10, (1, 2), {"profile": "hq"}, (64, 96)),
        ("prores_ks", "yuv444p10le", 10, (1, 1), {"profile": "4444"}, (64, 96)),
        ("dnxhd", "yuv422p", 8, (1, 2), {"profile": "dnxhr_hq"}, (256, 256)),
        ("dnxhd", "yuv422p10le", 10, (1, 2), {"profile": "dnxhr_hqx"}, (256, 256)),
    ],
)
def test_prores_and_dnxhr_in_mov(tmp_path, codec, pix_fmt, bits, chroma, options, size):
    height, width = size
    y, x = np.mgrid[0:height, 0:width]
    unit, kind = 2 ** (bits - 8), np.uint8 if bits == 8 else np.uint16
    luma = ((60 + 120 * x / width) * unit).astype(kind)
    cb = ((100 + 40 * y / height) * unit).astype(kind)[:: chroma[0], :: chroma[1]]
    planes = [luma, cb, np.full_like(cb, 150 * unit)]
    path = write_planes(tmp_path / "a.mov", [planes] * 3, codec=codec, pix_fmt=pix_fmt, options=options, rate=Fraction(24000, 1001))
    info = inspect_movie(path)
    # ProRes 4444 decodes to 12 bits.
    assert info.bits >= bits
    assert (info.rate, info.frame_count, info.damaged) == (Fraction(24000, 1001), 3, False)
    found = pictures(path)[1] / (2**info.bits - 1)
    expected = rgb_codes(*planes, Coding("709", False, bits)) / (2**bits - 1)
    assert np.abs(found - expected).mean() < 0.004
    assert np.abs(found - expected).max() < 0.03


@pytest.mark.parametrize("rate", ["24000/1001", "24", "25", "30000/1001", "10", "60000/1001"])
def test_rate_and_count_are_exact(tmp_path, rate):
    path = grey_movie(tmp_path / "a.mp4", 13, rate=Fraction(rate))
    info = inspect_movie(path)
    assert info.rate == Fraction(rate)
    assert info.frame_count == len(pictures(path)) == count_good_frames(path) == 13


def test_frames_come_in_the_order_they_are_shown_and_from_any_first_one(tmp_path):
    path = grey_movie(tmp_path / "a.mp4", 20, options={"qp": "0", "bf": "3", "g": "8"})
    greys = [picture[0, 0, 0] for picture in pictures(path)]
    assert greys == sorted(greys)
    assert [picture[0, 0, 0] for picture in pictures(path, 7, 4)] == greys[7:11]


@pytest.mark.parametrize(("matrix", "turns"), [((0, 1, -1, 0), -1), ((-1, 0, 0, -1), 2), ((0, -1, 1, 0), 1)])
def test_a_turned_camera_gives_an_upright_picture(tmp_path, matrix, turns):
    planes = noise_planes(np.random.default_rng(5), 32, 48)
    path = write_planes(tmp_path / "a.mp4", [planes] * 2)
    stored = pictures(path)[0]
    set_display_matrix(path, matrix)
    info = inspect_movie(path)
    upright = np.rot90(stored, turns)
    assert (info.height, info.width) == upright.shape[:2]
    assert np.array_equal(pictures(path)[0], upright)


@pytest.mark.parametrize(
    ("transfer", "primaries", "space"),
    [
        (1, 1, "Camera Rec.709"),
        (2, 2, "Camera Rec.709"),
        (13, 1, "sRGB Encoded Rec.709 (sRGB)"),
        (14, 9, "Camera Rec.2020"),
        (16, 9, "Rec.2100-PQ - Display"),
        (18, 9, "Rec.2100-HLG - Display"),
        (8, 1, "Linear Rec.709 (sRGB)"),
    ],
)
def test_colour_space_by_tags(tmp_path, transfer, primaries, space):
    info = inspect_movie(grey_movie(tmp_path / "a.mp4", 2, tags=(1, 1, primaries, transfer)))
    assert info.colourspace == space
    assert any("no colour tags" in note.what for note in info.notes) == (transfer == 2)


def test_untagged_small_movies_are_601_and_large_ones_709(tmp_path):
    assert inspect_movie(grey_movie(tmp_path / "a.mp4", 1, tags=(2, 0, 2, 2))).matrix == "601"
    assert inspect_movie(grey_movie(tmp_path / "b.mp4", 1, size=(720, 1280), tags=(2, 0, 2, 2))).matrix == "709"


def test_variable_frame_rate_is_said_and_every_frame_is_kept(tmp_path):
    stamps = [0, 1000, 2000, 3700, 4000, 5000, 6900, 7000, 8000, 9000, 10000, 11000]
    path = grey_movie(tmp_path / "a.mp4", 12, rate=Fraction(30), stamps=stamps, tick=Fraction(1, 30000))
    info = inspect_movie(path)
    assert info.frame_count == len(pictures(path)) == 12
    assert info.rate == 30
    assert any("variable frame rate" in note.what for note in info.notes)


@pytest.mark.parametrize("share", [0.4, 0.7, 0.97])
def test_a_truncated_movie_is_damaged_and_its_good_frames_are_whole(tmp_path, share):
    rng = np.random.default_rng(8)
    path = write_planes(tmp_path / "a.mp4", [noise_planes(rng, 48, 64) for _ in range(20)])
    whole = pictures(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    info = inspect_movie(path)
    good = count_good_frames(path)
    assert info.damaged
    assert info.promised == 20
    assert 20 * share - 4 <= good < 20
    assert all(np.array_equal(a, b) for a, b in zip(islice(pictures(path), good), whole, strict=False))


def test_what_is_no_movie_says_so(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_text("hello")
    with pytest.raises(BadPlate, match="not a movie"):
        inspect_movie(path)
    with pytest.raises(BadPlate, match="no such file"):
        inspect_movie(tmp_path / "none.mp4")
    path = grey_movie(tmp_path / "b.mp4", 5, faststart=False)
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(BadPlate, match="index"):
        inspect_movie(path)


def test_a_grey_movie_is_refused(tmp_path):
    path = write_planes(tmp_path / "a.mov", [[np.full((32, 32), 90, np.uint8)]], codec="png", pix_fmt="gray")
    with pytest.raises(BadPlate, match="one channel"):
        inspect_movie(path)


def test_brick_office_has_103_frames_at_10_fps(plates):
    path = plates / "brick-office-locked" / "plate.mp4"
    info = inspect_movie(path)
    assert (info.width, info.height, info.rate, info.frame_count) == (600, 400, 10, 103)
    assert count_good_frames(path) == 103


def smooth_picture(height: int, width: int, shift: int = 0) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([60 + 120 * x / width + shift, 180 - 100 * y / height, 90 + 0 * x], -1).astype(np.uint8)


@pytest.mark.parametrize("size", [(48, 64), (47, 63)])
def test_a_review_movie_looks_like_its_pictures(tmp_path, size):
    shots = [smooth_picture(*size, shift) for shift in range(6)]
    assert write_movie(tmp_path / "a.mp4", shots, Fraction(24000, 1001)) == 6
    info = inspect_movie(tmp_path / "a.mp4")
    assert (info.rate, info.frame_count, info.matrix, info.full_range) == (Fraction(24000, 1001), 6, "709", False)
    assert (info.height % 2, info.width % 2) == (0, 0)
    for shot, back in zip(shots, pictures(tmp_path / "a.mp4"), strict=True):
        error = back[: size[0], : size[1]].astype(int) - shot
        assert np.abs(error).mean() < 1.5
        assert np.abs(error.mean((0, 1))).max() < 0.7


def test_a_review_movie_starts_with_its_index_and_repeats_its_bytes(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        write_movie(tmp_path / name, [smooth_picture(48, 64)] * 5, Fraction(25))
    data = (tmp_path / "a.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert data == (tmp_path / "b.mp4").read_bytes()


def test_a_review_movie_that_fails_leaves_nothing(tmp_path):
    def broken():
        yield smooth_picture(48, 64)
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        write_movie(tmp_path / "a.mp4", broken(), Fraction(24))
    assert list(tmp_path.iterdir()) == []
