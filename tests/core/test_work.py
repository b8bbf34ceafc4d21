"""Laws of the bench: every frame once, the same bits for any number of processes, done frames kept."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from derrumbe.core.files import load_arrays, replacing, save_arrays, write_text
from derrumbe.core.work import Work


def write_frame(folder: Path, frame: int) -> None:
    write_text(folder / f"{frame}.txt", f"{frame} {os.environ.get('OMP_NUM_THREADS')}")


def fail_at(folder: Path, bad: int, frame: int) -> None:
    if frame == bad:
        raise ValueError(f"frame {frame} is bad")
    write_frame(folder, frame)


@dataclass
class Counter:
    total: int = 0
    count: int = 0
    ended: bool = False

    def begin(self, label, total, unit):
        self.total = total

    def advance(self, count=1):
        self.count += count

    def end(self):
        self.ended = True


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_frame_once_and_done_frames_kept(tmp_path, jobs):
    write_text(tmp_path / "3.txt", "kept")
    counter = Counter()
    Work(tmp_path, jobs, counter).map_frames(partial(write_frame, tmp_path), range(6), lambda f: (tmp_path / f"{f}.txt").exists(), "frames")
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{frame}.txt" for frame in range(6)]
    assert (tmp_path / "3.txt").read_text() == "kept"
    assert (counter.total, counter.count, counter.ended) == (6, 6, True)


def test_processes_use_one_thread_each(tmp_path):
    Work(tmp_path, 2).map_frames(partial(write_frame, tmp_path), range(3), lambda f: False, "frames")
    assert (tmp_path / "0.txt").read_text() == "0 1"


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_fault_in_a_frame_is_raised_here(tmp_path, jobs):
    with pytest.raises(ValueError, match="frame 2 is bad"):
        Work(tmp_path, jobs).map_frames(partial(fail_at, tmp_path, 2), range(5), lambda f: False, "frames")


def write_process(folder: Path, frame: int) -> None:
    write_text(folder / f"{frame}.txt", str(os.getpid()))


def test_a_crew_stays_from_one_map_to_the_next_and_ends_with_the_block(tmp_path):
    with Work(tmp_path, 2).crewed() as work:
        work.map_frames(partial(write_process, tmp_path), range(4), lambda f: False, "first")
        with pytest.raises(ValueError, match="frame 5 is bad"):
            work.map_frames(partial(fail_at, tmp_path, 5), range(4, 6), lambda f: False, "second")
        work.map_frames(partial(write_process, tmp_path), range(6, 10), lambda f: False, "third")
    processes = {int((tmp_path / f"{frame}.txt").read_text()) for frame in (*range(4), *range(6, 10))}
    assert len(processes) <= 2
    assert os.getpid() not in processes
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
    with Work(tmp_path).crewed() as alone:
        assert alone.crew is None


def test_track_counts(tmp_path):
    counter = Counter()
    assert list(Work(tmp_path, 1, counter).track([1, 2, 3], "things")) == [1, 2, 3]
    assert (counter.total, counter.count, counter.ended) == (3, 3, True)


def test_a_file_is_whole_or_absent(tmp_path):
    path = tmp_path / "picture.exr"
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_bytes(b"half of it")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_arrays_round_trip_to_the_same_bytes(tmp_path):
    import numpy as np

    arrays = {"a": np.arange(5), "b": np.ones((2, 3), np.float32)}
    save_arrays(tmp_path / "one.npz", **arrays)
    save_arrays(tmp_path / "two.npz", **arrays)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    loaded = load_arrays(tmp_path / "one.npz")
    assert all(np.array_equal(arrays[name], loaded[name]) for name in arrays)
