"""The whole road on a real photograph: finished, checked, bit-identical when repeated or killed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from derrumbe.cli.demo import OUTLINE, photograph
from derrumbe.media.colour import to_display
from derrumbe.media.exr import read_exr
from tests.deliver.nuke_graph import RGB, Graph

FRAMES = range(1001, 1017)
BRIEF = "progressive collapse from the ground floor at frame 1004, heavy dust"
SMALL = (
    "--frames",
    "1001-1016",
    "--height",
    "180",
    "--set",
    "fragments.count=120",
    "--set",
    "dust.voxels=48",
    "--set",
    "render.subframes=2",
    "--set",
    "collapse.prelude=0",
)


def command(out: Path, *more: str) -> list[str]:
    python = (sys.executable, "-c", "from derrumbe.cli import main; main()")
    return [*python, "shoot", str(photograph()), "--building", str(OUTLINE), "--brief", BRIEF, "--out", str(out), *SMALL, *more]


def shoot(out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command(out, *more), capture_output=True, text=True)
    assert done.returncode in (0, 3), done.stderr
    return done


@pytest.fixture(scope="module")
def shot(tmp_path_factory) -> Path:
    """A finished shot, made with two processes."""
    out = tmp_path_factory.mktemp("whole") / "shot"
    shoot(out, "--jobs", "2")
    return out


def pictures(folder: Path) -> dict[str, str]:
    """Digest of every delivered file whose bytes must repeat."""
    paths = [path for name in ("plate", "layers", "final", "matte") for path in sorted((folder / name).iterdir())]
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in [*paths, folder / "sheet.png", folder / "qc.json"]
    }


def test_the_folder_is_what_the_contract_says(shot):
    for name in ("plate", "final", "matte", "layers"):
        assert [path.name for path in sorted((shot / name).iterdir())] == [f"{name}.{frame}.exr" for frame in FRAMES]
    for name in ("shot.toml", "manifest.json", "report.html", "qc.json", "review.mp4", "review_plate.mp4", "sheet.png", "scene"):
        assert (shot / name).exists(), name
    checks = json.loads((shot / "qc.json").read_text())["checks"]
    assert {"name", "verdict", "value", "limit", "frames"} <= checks[0].keys()
    assert not [check["says"] for check in checks if check["verdict"] == "block"]


def test_outside_the_matte_final_is_the_plate(shot):
    touched = 0
    for frame in FRAMES:
        plate, final = (read_exr(shot / f"{name}/{name}.{frame}.exr") for name in ("plate", "final"))
        matte = read_exr(shot / f"matte/matte.{frame}.exr")[..., 0]
        assert np.array_equal(plate[matte == 0], final[matte == 0]), frame
        assert np.isfinite(final).all()
        if frame < 1004:
            assert np.array_equal(plate, final)
            assert not matte.any()
        touched += int(matte.astype(bool).sum())
    assert touched > 1000


def test_the_building_comes_down(shot):
    plate, final = (read_exr(shot / f"{name}/{name}.1016.exr") for name in ("plate", "final"))
    assert (np.abs(plate - final).max(-1) > 0.05).mean() > 0.02


def test_the_comp_script_rebuilds_the_shot_up_to_its_grain(shot, tmp_path):
    """The script leaves the softness of new edges to the artist too, so the shot is composed without it here."""
    shot = shutil.copytree(shot, tmp_path / "hard")
    shoot(shot, "--jobs", "2", "--force", "--set", "comp.softness=0")
    graph = Graph((shot / "scene/comp.nk").read_text(), shot / "scene")
    for frame in (1003, 1008, 1016):
        image = graph.image("result", frame)
        rebuilt = np.stack([image[name] for name in RGB], -1).astype(np.float32)
        final, matte = (read_exr(shot / f"{name}/{name}.{frame}.exr") for name in ("final", "matte"))
        changed = matte[..., 0] > 0
        assert np.array_equal(rebuilt[~changed], final[~changed])
        if changed.any():
            codes = (to_display(rebuilt, "sRGB").astype(int) - to_display(final, "sRGB"))[changed]
            assert abs(codes.mean()) < 0.5
            assert np.percentile(np.abs(codes), 99) <= 8  # codes: the grain of this small plate


def test_one_process_gives_the_same_bits(shot, tmp_path):
    shoot(tmp_path / "shot", "--jobs", "1")
    assert pictures(tmp_path / "shot") == pictures(shot)


def test_killed_at_random_moments_and_resumed_gives_the_same_bits(shot, tmp_path):
    random = np.random.default_rng(int(os.environ.get("DERRUMBE_KILL_SEED", "5")))
    kills = 0
    for _ in range(12):
        run = subprocess.Popen(command(tmp_path / "shot", "--jobs", "2"), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            run.wait(random.uniform(2, 14))
            break
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.wait()
            kills += 1
            time.sleep(0.6)  # its workers notice that it is gone
    shoot(tmp_path / "shot", "--jobs", "2")
    assert kills > 0
    assert pictures(tmp_path / "shot") == pictures(shot)
    assert not list((tmp_path / "shot").rglob("*.part*"))


def test_a_second_run_changes_nothing(shot):
    before = {
        path: path.stat().st_mtime_ns
        for path in shot.rglob("*")
        if path.is_file() and path.name not in ("manifest.json", "shot.toml", "lock")
    }
    done = shoot(shot)
    assert done.stderr.count("nothing changed") == 10
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_check_finds_a_changed_pixel(shot):
    from derrumbe.media.exr import write_exr

    python = (sys.executable, "-c", "from derrumbe.cli import main; main()")
    clean = subprocess.run([*python, "check", str(shot)], capture_output=True, text=True)
    assert clean.returncode == 0, clean.stdout
    path = shot / "final" / "final.1002.exr"
    pixels = read_exr(path)
    pixels[3, 3] += 0.5
    path.unlink()  # the file is linked to the store's
    write_exr(path, pixels)
    broken = subprocess.run([*python, "check", str(shot)], capture_output=True, text=True)
    assert broken.returncode == 3
    assert "1002" in broken.stdout
