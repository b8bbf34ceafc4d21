"""The contract of the command line: exit codes, one line on stderr."""

from __future__ import annotations

import subprocess
import sys

import pytest

from derrumbe.cli.stills import frame_list
from derrumbe.core.errors import BadInput

COMMAND = (sys.executable, "-c", "from derrumbe.cli import main; main()")


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=120)


def test_help_lists_the_commands():
    done = call("--help")
    assert done.returncode == 0
    for word in ("shoot", "run", "still", "check", "doctor", "demo", "knobs"):
        assert word in done.stdout


HEAVY = ("numba", "cv2", "scipy", "OpenImageIO", "av", "rapier3d", "numpy")


def test_help_imports_nothing_heavy():
    code = "import sys; from derrumbe.cli import _run; _run(['--help']); sys.stderr.write(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert not set(HEAVY) & set(done.stderr.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ("shoot",),
        ("shoot", "nowhere.mov", "--building", "1,1 90,1 90,90", "--brief", "", "--out", "shot"),
        ("shoot", "x.mov", "--building", "1,1 2,2 3,1", "--brief", "x", "--out", "o", "--set", "dust.amuont=1"),
        ("run", "nowhere.toml"),
        ("run", "nowhere.toml", "--until", "lunch"),
        ("still", "nowhere.toml", "--frames", "1001", "--out", "stills"),
        ("check", "nowhere"),
        ("frobnicate",),
    ],
)
def test_bad_input_is_exit_2_and_one_line(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = call(*arguments)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("derrumbe: ")
    assert list(tmp_path.iterdir()) == []


def test_knobs_prints_every_knob():
    from derrumbe.brief import knob_table

    done = call("knobs")
    assert done.returncode == 0
    assert all(row.address in done.stdout for row in knob_table())
    assert "dust.amount" in done.stdout
    assert "m/s" in done.stdout


def test_doctor_finds_this_machine_well():
    done = call("doctor")
    assert done.returncode == 0, done.stdout
    assert "Embree traces" in done.stdout


@pytest.mark.parametrize(
    ("text", "frames"), [("1019", (1019,)), ("1030-1032, 1019", (1019, 1030, 1031, 1032)), ("1020-1100x40", (1020, 1060, 1100))]
)
def test_frames_of_stills_are_listed_as_farms_take_them(text, frames):
    assert frame_list(text) == frames


@pytest.mark.parametrize("text", ["", "ten", "1019,", "1019-", "1019--1020"])
def test_a_list_that_names_no_frames_is_refused(text):
    with pytest.raises(BadInput, match="give some as in"):
        frame_list(text)
