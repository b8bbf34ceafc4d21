"""The numbered examples run, one on the folder of the other, and say what they promise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def say(example: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, str(EXAMPLES / example), *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def shot(tmp_path_factory) -> str:
    out = tmp_path_factory.mktemp("examples") / "shot"
    said = say("01_shoot_a_photograph.py", str(out))
    assert "pass  plate_untouched" in said
    assert "block" not in said
    return str(out)


def test_layers_can_be_taken_apart(shot):
    said = say("03_take_the_layers_apart.py", shot, "1024")
    assert "the final is the plate, bit for bit" in said
    assert any(line.startswith("pieces") and " 0.00%" not in line for line in said.splitlines())


def test_a_knob_makes_only_what_it_touches(shot):
    told = dict(line.split(maxsplit=1) for line in say("02_turn_one_knob.py", shot, "dust.color=#b09070").splitlines())
    assert {told[name] for name in ("ingest", "survey", "fracture", "simulate", "dust")} == {"kept"}
    assert told["render"] == told["comp"] == "made again"


def test_every_example_is_run_here():
    here = Path(__file__).read_text()
    assert all(path.name in here for path in EXAMPLES.glob("[0-9]*.py"))
