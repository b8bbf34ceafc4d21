"""How a finished shot looks, in numbers that need no reference. Prints JSON.

    python benchmarks/look.py SHOT [SHOT …]

SHOT is the folder that `derrumbe shoot` made. Grain and crispness are ratios of what is new to the plate's own (1 is best), the hand-over is
in codes of 255, blacks in shares of the new pixels, flicker in units of the plate's own. Numbers favour blur: look at the frames, too.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

WANTED = {
    "grain": "0.9-1.1",
    "sharpness": "0.87-1.15",
    "blacks": "<= 0.001",
    "piece_matches_plate": "<= 1",
    "flicker": "<= 1.2",
    "speed_limit": "<= 1.1",
    "at_rest": "<= 0.05",
}
"""Checks that are quoted, and what is wanted of them."""


def measure(shot: Path) -> dict:
    """Return the figures of a finished shot. Raises FileNotFoundError when it isn't one."""
    checks = {check["name"]: check for check in json.loads((shot / "qc.json").read_text(encoding="utf-8"))["checks"]}
    manifest = json.loads((shot / "manifest.json").read_text(encoding="utf-8"))
    frames = sum(name.startswith("final/") for name in manifest["files"])
    pieces = json.loads(_latest(shot, "fracture").read_text(encoding="utf-8"))
    return {
        "shot": shot.name,
        **{name: {"value": checks[name]["value"], "wanted": wanted} for name, wanted in WANTED.items() if name in checks},
        "grain_by_channel_and_level": grain_table(shot),
        "pieces": pieces["piece_count"],
        "size_exponent": round(pieces["size_exponent"], 3),
        "warnings": [name for name, check in checks.items() if check["verdict"] != "pass"],
        "cpu_s_a_frame": round(manifest["cpu_seconds"] / max(frames, 1), 2),
        "peak_gib": round(manifest["peak_bytes"] / 2**30, 2),
    }


def grain_table(shot: Path) -> list[list[float | None]]:
    """Return noise of what is new over the plate's, [channel][level]; None where too few pixels were seen."""
    from derrumbe.check.look_checks import LEAST_PIXELS

    looks = [json.loads(path.read_text(encoding="utf-8"))["grain"] for path in sorted(_latest(shot, "check").parent.glob("looks/*.json"))]
    if not looks:
        return []
    count, found, model = np.moveaxis(np.sum(looks, axis=0), -1, 0)
    ratio = np.sqrt(found / np.maximum(model, 1e-30))
    return [
        [round(float(r), 3) if n >= LEAST_PIXELS else None for r, n in zip(*row, strict=True)] for row in zip(ratio, count, strict=True)
    ]


def _latest(shot: Path, stage: str) -> Path:
    """Return the newest record of a stage in the shot's store."""
    return max((shot / ".derrumbe" / stage).glob("*/record.json"), key=lambda path: path.stat().st_mtime)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shots", nargs="+", type=Path)
    print(json.dumps([measure(shot) for shot in parser.parse_args().shots], indent=1))


if __name__ == "__main__":
    main()
