"""Kernels compiled from other sources are never used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from derrumbe.core.kernels import VARIABLE, keep_by_source, stamp_of

CALLER = "from numba import njit\nfrom called import step\n@njit(cache=True)\ndef run(x):\n    return step(x)\n"
CALLED = "from numba import njit\n@njit(cache=True, inline='always')\ndef step(x):\n    return x + {amount}\n"
RUN = "from pathlib import Path\nfrom derrumbe.core.kernels import keep_by_source\nkeep_by_source(Path({folder!r}))\nimport caller\nprint(caller.run(1))"


def _package(folder: Path, amount: int) -> None:
    (folder / "caller.py").write_text(CALLER)
    (folder / "called.py").write_text(CALLED.format(amount=amount))


def _run(folder: Path) -> str:
    here = {key: value for key, value in os.environ.items() if key != VARIABLE}
    path = os.pathsep.join([str(folder), str(Path(__file__).parents[2])])
    # importing the real package names its own folder first
    code = "import os, derrumbe; os.environ.pop('NUMBA_CACHE_DIR')\n" + RUN.format(folder=str(folder))
    return subprocess.run(
        [sys.executable, "-c", code], env={**here, "PYTHONPATH": path}, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_a_kernel_follows_a_change_in_a_file_that_it_only_calls(tmp_path: Path) -> None:
    _package(tmp_path, 1)
    assert _run(tmp_path) == "2"
    assert any((tmp_path / "__pycache__").rglob("*.nbc"))
    _package(tmp_path, 2)
    assert _run(tmp_path) == "3"


def test_only_sources_of_kernels_count(tmp_path: Path) -> None:
    _package(tmp_path, 1)
    before = stamp_of(tmp_path)
    (tmp_path / "other.py").write_text("ONE = 1\n")
    assert stamp_of(tmp_path) == before
    _package(tmp_path, 3)
    assert stamp_of(tmp_path) != before


def test_a_folder_that_the_user_named_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "elsewhere")
    keep_by_source(tmp_path)
    assert os.environ[VARIABLE] == "elsewhere"
