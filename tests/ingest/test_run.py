"""Plates of known truth through the whole stage."""

import os
import subprocess
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from derrumbe.core.errors import BadPlate
from derrumbe.core.records import Plate
from derrumbe.core.work import Work
from derrumbe.ingest.run import run
from derrumbe.ingest.settings import Settings
from derrumbe.ingest.source import digest_source
from derrumbe.media.codes import to_codes
from derrumbe.media.colour import to_acescg
from derrumbe.media.exr import RGB, is_full, read_exr, write_exr
from derrumbe.media.movie import read_movie
from derrumbe.media.picture import write_png
from tests.media.movies import grey_movie, noise_planes, write_planes


def ingest(source: Path, folder: Path, jobs: int = 1, **settings) -> Plate:
    return run(Settings(source=str(source), source_digest=digest_source(source), **settings), Work(folder, jobs))


def frame(folder: Path, plate: Plate, number: int) -> Path:
    return folder / plate.picture.format(frame=number)


def everything(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def random_movie(path: Path, count: int = 6, bits: int = 8) -> Path:
    rng = np.random.default_rng(4)
    pix_fmt = "yuv420p" if bits == 8 else "yuv420p10le"
    return write_planes(path, [noise_planes(rng, 48, 64, bits) for _ in range(count)], pix_fmt=pix_fmt, rate=Fraction(24000, 1001))


@pytest.mark.parametrize("bits", [8, 10])
def test_every_code_of_a_movie_comes_back_from_the_plate(tmp_path, bits):
    source = random_movie(tmp_path / "a.mp4", bits=bits)
    plate = ingest(source, tmp_path / "out")
    assert (plate.rate, plate.frames.first, plate.frames.last, plate.held) == (Fraction(24000, 1001), 1001, 1006, False)
    assert (plate.code_bits, plate.colourspace, plate.source) == (bits, "Camera Rec.709", "a.mp4")
    for number, load in zip(plate.frames, read_movie(source), strict=True):
        path = frame(tmp_path / "out", plate, number)
        assert np.array_equal(to_codes(read_exr(path, RGB), plate.colourspace, bits), load().pixels)
        assert bits > 8 or not is_full(path)


def test_chosen_frames_keep_their_numbers(tmp_path):
    plate = ingest(grey_movie(tmp_path / "a.mp4", 12), tmp_path / "out", frames=(1004, 1006))
    assert sorted(path.name for path in (tmp_path / "out" / "plate").iterdir()) == [f"plate.{n}.exr" for n in (1004, 1005, 1006)]
    levels = [read_exr(frame(tmp_path / "out", plate, number), RGB).mean() for number in plate.frames]
    whole = ingest(tmp_path / "a.mp4", tmp_path / "whole")
    assert levels == [read_exr(frame(tmp_path / "whole", whole, number), RGB).mean() for number in (1004, 1005, 1006)]
    assert all(a < b for a, b in pairwise(levels))


def test_a_killed_run_goes_on_and_any_number_of_jobs_gives_the_same_bytes(tmp_path):
    source = random_movie(tmp_path / "a.mp4")
    plate = ingest(source, tmp_path / "one")
    assert ingest(source, tmp_path / "three", jobs=3).to_json() == plate.to_json()
    for number in (1002, 1005):
        frame(tmp_path / "three", plate, number).unlink()
    assert ingest(source, tmp_path / "three", jobs=2).to_json() == plate.to_json()
    assert everything(tmp_path / "one") == everything(tmp_path / "three")


def test_a_still_is_one_file_under_many_names(tmp_path):
    codes = np.random.default_rng(0).integers(0, 256, (31, 45, 3)).astype(np.uint8)
    write_png(tmp_path / "a.png", codes)
    plate = ingest(tmp_path / "a.png", tmp_path / "out", held_count=5, jobs=2)
    assert (plate.held, len(plate.frames), plate.rate, plate.width, plate.height) == (True, 5, 24, 45, 31)
    assert len({frame(tmp_path / "out", plate, number).stat().st_ino for number in plate.frames}) == 1
    assert np.array_equal(to_codes(read_exr(frame(tmp_path / "out", plate, 1005), RGB), plate.colourspace, 8), codes)


def test_a_still_without_hard_links_is_copied(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    write_png(tmp_path / "a.png", np.full((20, 20, 3), 80, np.uint8))
    plate = ingest(tmp_path / "a.png", tmp_path / "out", frames=(1001, 1003))
    files = [frame(tmp_path / "out", plate, number) for number in plate.frames]
    assert len({path.read_bytes() for path in files}) == 1
    assert len({path.stat().st_ino for path in files}) == 3


def test_an_exr_sequence_in_acescg_passes_through_unchanged(tmp_path):
    rng = np.random.default_rng(0)
    shots = [rng.random((20, 30, 3), np.float32).astype(np.float16).astype(np.float32) * 4 for _ in range(3)]
    for number, pixels in enumerate(shots, 86):
        write_exr(tmp_path / f"s/n.{number:04d}.exr", pixels, metadata={"FramesPerSecond": (25, 1)})
    plate = ingest(tmp_path / "s" / "n.%04d.exr", tmp_path / "out")
    assert (plate.rate, plate.colourspace, plate.code_bits, len(plate.frames)) == (25, "ACEScg", None, 3)
    for number, pixels in zip(plate.frames, shots, strict=True):
        assert np.array_equal(read_exr(frame(tmp_path / "out", plate, number), RGB), pixels)


def test_a_given_colour_space_and_rate_win(tmp_path):
    write_exr(tmp_path / "a.exr", np.full((20, 30, 3), (0.5, 0.2, 0.1), np.float32), metadata={"FramesPerSecond": (25, 1)})
    plate = ingest(tmp_path / "a.exr", tmp_path / "out", colourspace="lin_rec709", rate=(30, 1), held_count=1)
    assert (plate.colourspace, plate.rate) == ("Linear Rec.709 (sRGB)", 30)
    expected = to_acescg(read_exr(tmp_path / "a.exr", RGB), "lin_rec709")
    np.testing.assert_allclose(read_exr(frame(tmp_path / "out", plate, 1001), RGB), expected, rtol=1e-3)


def test_frames_say_what_they_are(tmp_path):
    plate = ingest(grey_movie(tmp_path / "a.mp4", 2, rate=Fraction(24000, 1001)), tmp_path / "out")
    spec = oiio.ImageInput.open(str(frame(tmp_path / "out", plate, 1001))).spec()
    assert spec.getattribute("FramesPerSecond") == (24000, 1001)
    assert spec.getattribute("derrumbe:sourceColourSpace") == "Camera Rec.709"
    assert spec.getattribute("chromaticities") == pytest.approx((0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767))
    assert str(spec.format) == "half"


@pytest.mark.parametrize(("size", "most", "small"), [((96, 160), 48, (48, 80)), ((97, 161), 50, (50, 82)), ((60, 80), 61, (60, 80))])
def test_a_preview_is_smaller_even_and_keeps_its_light(tmp_path, size, most, small):
    codes = np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.uint8)
    write_png(tmp_path / "a.png", codes)
    plate = ingest(tmp_path / "a.png", tmp_path / "out", held_count=1, max_height=most)
    assert (plate.height, plate.width) == small
    assert (plate.source_height, plate.source_width) == size
    assert (plate.code_bits is None) == (small != size)
    light = to_acescg(codes.astype(np.float32) / 255, "sRGB").mean((0, 1))
    np.testing.assert_allclose(read_exr(frame(tmp_path / "out", plate, 1001), RGB).mean((0, 1)), light, rtol=2e-3)


def test_halving_is_the_mean_of_four(tmp_path):
    codes = np.random.default_rng(1).integers(0, 256, (40, 60, 3)).astype(np.uint8)
    write_png(tmp_path / "a.png", codes)
    plate = ingest(tmp_path / "a.png", tmp_path / "out", held_count=1, max_height=20)
    light = to_acescg(codes.astype(np.float32) / 255, "sRGB")
    expected = light.reshape(20, 2, 30, 2, 3).mean((1, 3))
    np.testing.assert_allclose(read_exr(frame(tmp_path / "out", plate, 1001), RGB), expected, rtol=1e-3, atol=1e-6)


def test_a_movie_with_a_fault_in_its_middle_offers_what_came_before(tmp_path):
    source = random_movie(tmp_path / "a.mp4", 12)
    data = bytearray(source.read_bytes())
    start = data.index(b"mdat") + 4
    middle = start + (len(data) - start) // 2
    data[middle : middle + 6000] = bytes(6000)
    source.write_bytes(data)
    with pytest.raises(BadPlate, match=r"only \d+ of 12 frames can be read.*--frames 1001-10\d\d"):
        ingest(source, tmp_path / "out")


def test_brick_office_is_103_frames_of_exact_codes(plates, tmp_path):
    source = plates / "brick-office-locked" / "plate.mp4"
    plate = ingest(source, tmp_path, frames=(1050, 1053), jobs=2)
    assert (plate.width, plate.height, plate.rate) == (600, 400, 10)
    whole = Settings(source=str(source), source_digest="")
    assert whole.frames is None
    for number, load in zip(plate.frames, read_movie(source, 49, 4), strict=True):
        path = frame(tmp_path, plate, number)
        assert not is_full(path)
        assert np.array_equal(to_codes(read_exr(path, RGB), plate.colourspace, 8), load().pixels)


MEASURE = """
import sys
from pathlib import Path
from derrumbe.core.work import Work
from derrumbe.ingest.run import run
from derrumbe.ingest.settings import Settings
run(Settings(source=sys.argv[1], source_digest="", held_count=2), Work(Path(sys.argv[2]), 1))
print(next((line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")), ""))
"""
# Not getrusage's ru_maxrss: across fork and exec it keeps the peak of the process that started this one.


def test_an_8k_still_takes_bounded_memory(tmp_path):
    """The frame alone is 400 MB in float: there is room for one more, its codes and the libraries, numba's compiler (first run) included."""
    picture = np.empty((4320, 7680, 3), np.uint8)
    picture[...] = np.arange(0, 256, 256 / 7680).astype(np.uint8)[None, :, None]
    picture[..., 1] = np.arange(0, 200, 200 / 4320).astype(np.uint8)[:, None]
    write_png(tmp_path / "a.png", picture)
    told = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path / "a.png"), str(tmp_path)], capture_output=True, text=True, check=True
    )
    if not told.stdout.strip():
        pytest.skip("this system tells no peak of memory (VmHWM)")
    assert int(told.stdout) * 1024 < 1.25 * 2**30
