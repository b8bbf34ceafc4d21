"""What a shot costs, stage by stage. Prints JSON.

    python benchmarks/shot.py                                   a drawn 1920x1080 street, 120 frames
    python benchmarks/shot.py --preview
    python benchmarks/shot.py --plate PLATE --building OUTLINE   any plate

Wall seconds on a shared machine are noisy: quote CPU seconds, and ratios from one run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

DERRUMBE = (sys.executable, "-c", "from derrumbe.cli import main; main()")
BRIEF = "progressive collapse from the ground floor at 1 s, heavy dust"


def draw_street(path: Path, width: int = 1920, height: int = 1080) -> str:
    """Draw a plain street with a six-storey front as a still, and return the front's outline."""
    random = np.random.default_rng(7)
    rows = np.linspace(0, 1, height)[:, None, None]
    picture = np.array([235, 205, 170]) * (1 - 0.25 * rows) + np.zeros((height, width, 3))
    ground = int(height * 0.82)
    picture[ground:] = (96, 98, 102)
    left, right, top = int(width * 0.32), int(width * 0.68), int(height * 0.2)
    picture[top:ground, left:right] = (92, 118, 160)
    storey, bay = (ground - top) / 6, (right - left) / 8
    for row in range(6):
        for column in range(8):
            x, y = int(left + (column + 0.28) * bay), int(top + (row + 0.25) * storey)
            cv2.rectangle(picture, (x, y), (int(x + bay * 0.45), int(y + storey * 0.55)), (60, 52, 46), -1)
    blotches = cv2.GaussianBlur(random.normal(0, 60, (height, width, 1)).astype(np.float32), (0, 0), 6)[..., None]
    picture += blotches + random.normal(0, 2.5, picture.shape)
    cv2.imwrite(str(path), np.clip(picture, 0, 255).astype(np.uint8))
    return f"{left},{top} {right},{top} {right},{ground} {left},{ground}"


def timed(arguments: list[str]) -> dict:
    """Run a command and return its wall seconds, exit code and last line."""
    begin = time.perf_counter()
    done = subprocess.run(arguments, capture_output=True, text=True)
    said = (done.stdout + done.stderr).strip().splitlines()
    return {"wall_s": round(time.perf_counter() - begin, 2), "exit": done.returncode, "said": said[-1] if said else ""}


def measure(arguments: argparse.Namespace, folder: Path) -> dict:
    """Make the shot, make it again with nothing changed, ask for help; return all figures."""
    plate, outline = arguments.plate, arguments.building
    if plate is None:
        plate = str(folder / "street.png")
        outline = draw_street(Path(plate))
    out = folder / "shot"
    command = [
        *DERRUMBE,
        "shoot",
        plate,
        "--building",
        outline,
        "--brief",
        arguments.brief,
        "--out",
        str(out),
        "--jobs",
        str(arguments.jobs),
    ]
    command += ["--frames", arguments.frames] if arguments.frames else []
    command += ["--preview"] if arguments.preview else []
    first, second = timed(command), timed(command)
    manifest = json.loads((out / "manifest.json").read_text())
    return {
        "first_run": first,
        "second_run": second,
        "help": timed([*DERRUMBE, "--help"])["wall_s"],
        "frames": sum(name.startswith("final/") for name in manifest["files"]),
        "cpu_s": manifest["cpu_seconds"],
        "peak_gib": round(manifest["peak_bytes"] / 2**30, 2),
        "bytes": sum(entry["bytes"] for entry in manifest["files"].values()),
        "stages": [{key: entry[key] for key in ("stage", "wall_seconds", "cpu_seconds", "peak_bytes")} for entry in manifest["stages"]],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plate")
    parser.add_argument("--building")
    parser.add_argument("--brief", default=BRIEF)
    parser.add_argument("--frames", default=None)
    parser.add_argument("--preview", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.plate is None and arguments.frames is None:
        arguments.frames = "1001-1120"
    with tempfile.TemporaryDirectory(prefix="derrumbe.bench.") as folder:
        print(json.dumps(measure(arguments, Path(folder)), indent=1))


if __name__ == "__main__":
    main()
