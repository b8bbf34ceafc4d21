"""Review movies, marks, contact sheet: exact counts and rates, and the frames that the small shot was built to have."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from derrumbe.core.records import FrameRange
from derrumbe.core.work import Work
from derrumbe.deliver.marks import find_marks, mid_fall
from derrumbe.deliver.review import LARGEST, ahead, changed_share, fitted, review_movies
from derrumbe.deliver.run import run
from derrumbe.deliver.sheet import BAR, CELL, MARGIN
from derrumbe.media.colour import to_display
from derrumbe.media.exr import read_exr
from derrumbe.media.movie import MovieWriter
from derrumbe.media.picture import read_png
from tests.deliver.conftest import Delivered
from tests.deliver.small_shot import COUNT, FIRST, PEAK, TRIGGER, changed_square, small_shot


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as movie:
        return [frame.to_ndarray(format="rgb24") for frame in movie.decode(video=0)]


@pytest.mark.parametrize("name", ["review.mp4", "review_plate.mp4"])
def test_movies_have_the_plate_s_rate_and_every_frame(delivered: Delivered, name: str) -> None:
    with av.open(str(delivered.folder / name)) as movie:
        stream = movie.streams.video[0]
        assert stream.average_rate == Fraction(24000, 1001)
        assert (stream.width, stream.height) == (66, 48)
        stamps = [frame.pts * stream.time_base for frame in movie.decode(video=0)]
    assert stamps == [index * Fraction(1001, 24000) for index in range(COUNT)]


def test_movies_show_plate_and_shot(delivered: Delivered) -> None:
    shot, plate = (pictures(delivered.folder / name) for name in ("review.mp4", "review_plate.mp4"))
    for index in range(COUNT):
        frame = FIRST + index
        inputs = delivered.shot
        wanted = to_display(read_exr(inputs.comp.path(inputs.comp.record.picture, frame), ("R", "G", "B")))
        assert np.abs(shot[index][:, :65].astype(float) - wanted).mean() < 4
        side = changed_square(frame)
        brighter = shot[index].astype(float) - plate[index]
        assert not side or brighter[: side - 2, : side - 2].mean() > 30
        assert np.abs(brighter[-16:, -20:]).mean() < 3


def test_changed_share_counts_the_square(delivered: Delivered) -> None:
    shares = np.load(delivered.folder / "changed.npz")["share"]
    assert shares == pytest.approx([min(changed_square(FIRST + index), 48) ** 2 / (65 * 48) for index in range(COUNT)])


def test_marks_are_the_frames_that_the_shot_was_built_with(delivered: Delivered) -> None:
    shot = delivered.shot
    shares = np.load(delivered.folder / "changed.npz")["share"]
    marks = {mark.name: mark.frame for mark in find_marks(1004, shot.plate.record, shot.motion, shares)}
    assert marks["first frame"], marks["end"] == (FIRST, FIRST + COUNT - 1)
    assert (marks["trigger"], marks["first break"], marks["dust peak"]) == (TRIGGER, FIRST + 4, PEAK)
    assert marks["first break"] < marks["mid-fall"] < marks["end"]
    without = find_marks(None, shot.plate.record, shot.motion, shares * 0)
    assert {mark.name: mark.frame for mark in without}["trigger"] == TRIGGER
    assert [mark.frame for mark in without] == sorted(mark.frame for mark in without)


def test_mid_fall_is_half_of_what_is_lost() -> None:
    assert mid_fall(np.array([10.0, 10, 8, 5, 1, 0])) == 3
    assert mid_fall(np.array([3.0])) == 0
    assert mid_fall(np.array([3.0, 3.0])) == 0


def test_sheet_shows_six_labelled_frames_of_the_shot(delivered: Delivered) -> None:
    sheet = read_png(delivered.folder / "sheet.png")
    height = round(48 * CELL / 65) + BAR
    assert sheet.shape == (2 * (height + MARGIN) + MARGIN, 3 * (CELL + MARGIN) + MARGIN, 3)
    first = delivered.shot.comp.path(delivered.shot.comp.record.picture, FIRST)
    codes = to_display(read_exr(first, ("R", "G", "B")))
    cell = sheet[MARGIN : MARGIN + height - BAR, MARGIN : MARGIN + CELL]
    assert np.abs(cell.mean((0, 1)) - codes.mean((0, 1))).max() < 1
    label = sheet[MARGIN + height - BAR : MARGIN + height, MARGIN : MARGIN + CELL]
    assert label[:, : CELL // 3].max() > 150
    assert label[:, -CELL // 3 :].max() > 120


def test_delivery_is_the_same_for_every_run_and_any_jobs(delivered: Delivered, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    record = run(delivered.settings, Work(tmp_path / "again", jobs=3), **delivered.shot.inputs())
    assert record == delivered.record
    for name in record.files:
        assert (tmp_path / "again" / name).read_bytes() == (delivered.folder / name).read_bytes(), name


def test_only_the_costs_file_tells_what_it_cost(delivered: Delivered, tmp_path: Path) -> None:
    inputs = {**delivered.shot.inputs(), "ledger": ()}
    record = run(delivered.settings, Work(tmp_path), **inputs)
    differs = {name for name in record.files if (tmp_path / name).read_bytes() != (delivered.folder / name).read_bytes()}
    assert differs == {"report/costs.js"}


def test_a_half_finished_delivery_goes_on(delivered: Delivered, tmp_path: Path) -> None:
    run(delivered.settings, Work(tmp_path), **delivered.shot.inputs())
    for name in ("review.mp4", "sheet.png", "scene/scene.usdc", "report.html", "report/check-grain.png"):
        (tmp_path / name).unlink()
    run(delivered.settings, Work(tmp_path), **delivered.shot.inputs())
    for name in delivered.record.files:
        assert (tmp_path / name).read_bytes() == (delivered.folder / name).read_bytes(), name


def test_a_still_that_never_changes_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shot = small_shot(tmp_path / "inputs", held=True)
    reads: list[Path] = []
    monkeypatch.setattr("derrumbe.deliver.review.read_exr", lambda path, channels: reads.append(path) or read_exr(path, channels))
    review_movies(Work(tmp_path), shot.plate, shot.comp)
    assert len(reads) <= 2 + COUNT - (TRIGGER - FIRST)


def test_large_pictures_are_shrunk_to_what_players_take() -> None:
    assert fitted(np.zeros((4320, 7680, 3), np.uint8)).shape == (LARGEST[1], 4096, 3)
    assert fitted(np.zeros((101, 33, 3), np.uint8)).shape == (101, 33, 3)


def test_changed_share_needs_a_visible_difference() -> None:
    old = np.full((4, 4, 3), 100, np.uint8)
    new = old.copy()
    new[0, 0, 1], new[0, 1, 2] = 102, 97
    assert changed_share(new, old) == 1 / 16


def test_pictures_made_ahead_come_in_order_and_not_too_far_ahead() -> None:
    started: list[int] = []

    def make(frame: int):  # type: ignore[no-untyped-def]
        started.append(frame)
        return frame, frame

    for index, pair in enumerate(ahead(make, range(20), 3)):  # type: ignore[arg-type]
        assert pair == (index, index)
        assert len(started) <= index + 5
    assert sorted(started) == list(FrameRange(first=0, last=19))


def test_equal_pictures_are_equal_movies_whatever_lies_in_memory(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 4, (12, 180, 320, 3), dtype=np.uint8)
    ramp = np.linspace(0, 200, 320).astype(np.uint8)[:, None]
    found = set()
    for index in range(12):
        _litter = np.full(1000 + 370_001 * index, index, np.uint8)
        with MovieWriter(tmp_path / "a.mp4", Fraction(25)) as movie:
            for picture in noise:
                movie.write(ramp + picture)
        found.add((tmp_path / "a.mp4").read_bytes())
    assert len(found) == 1
