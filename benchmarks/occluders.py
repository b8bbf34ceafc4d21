"""How well what passes or stands in front is cut out, against outlines drawn by hand (tests/survey/truth). Prints JSON.

    python benchmarks/occluders.py PLATES                                        PLATES: the folder of real plates
    python benchmarks/occluders.py PLATES --only brick-office-locked --finished SHOT    SHOT: a finished shot of that plate

For every plate with outlines: intersection over union of the matte (alpha above a half) and the outlines, a frame and overall, and over
frames on which no constant was chosen; of each thing alone; the same without pixels within half a pixel of an outline (`trimmed`), and the share of
what differs that lies there (`of_rims`). Of a finished shot: how many pixels in the cores of the outlines differ from the plate's, where the
matte is not full (its fault) and where it is (dust that passes in front). What else is in front beside an outlined thing is left out of account outside of it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from derrumbe.media.exr import read_exr
from derrumbe.pipeline.make import make_shot
from derrumbe.pipeline.prepare import Request, prepare
from tests.survey.truth import core_of, left_out, mask_of, overlap_of, rim_of, truths, tuned_on, which

FULL = 0.995
"""Alpha from which on a matte counts as full."""


def measure(plates: Path, name: str, folder: Path) -> dict[str, object]:
    """Survey a plate and compare its mattes."""
    described = json.loads((plates / name / "plate.json").read_text())
    begun = time.process_time()
    outline = json.dumps({"building_polygon": described["building_polygon"]})
    shot = prepare(Request(str(plates / name / described["media"]), outline, "the building collapses at 1 s", folder))
    make_shot(shot, folder, jobs=1, until="survey")
    spent = time.process_time() - begun
    store = max((folder / ".derrumbe" / "survey").iterdir(), key=lambda path: path.stat().st_mtime)
    frames, things, trimmed, differing = {}, [], [], np.zeros(2, int)
    for frame, polygons in truths(name).items():
        path = store / f"foreground/foreground.{frame}.exr"
        if not path.exists():
            return {"failed": f"no matte for frame {frame}"}
        alpha = read_exr(path, ("Y",))[..., 0]
        near = [which(polygon, alpha.shape) & ~left_out(name, frame, alpha.shape) for polygon in polygons]
        where, rim = np.logical_or.reduce(near), rim_of(polygons, alpha.shape)
        frames[frame] = overlap_of(alpha, polygons, where)
        trimmed.append(overlap_of(alpha, polygons, where & ~rim))
        wrong = where & ((alpha > 0.5) != mask_of(polygons, alpha.shape))
        differing += np.count_nonzero(wrong & rim), np.count_nonzero(wrong)
        things += [round(overlap_of(alpha, [polygon], where), 3) for polygon, where in zip(polygons, near, strict=True)]
    tuned = tuned_on(name)
    held = [value for frame, value in frames.items() if frame not in tuned]
    return {
        "standing": {frame: round(overlap, 3) for frame, overlap in standing(store, name).items()},
        "iou": round(float(np.mean(list(frames.values()))), 3) if frames else None,
        "held_out_iou": round(float(np.mean(held)), 3) if held else None,
        "trimmed": round(float(np.mean(trimmed)), 3) if trimmed else None,
        "of_rims": round(float(differing[0] / max(1, differing[1])), 2),
        "frames": {frame: round(value, 3) for frame, value in frames.items()},
        "things": things,
        "cpu_seconds": round(spent, 1),
    }


def standing(store: Path, name: str) -> dict[int, float]:
    """Return the intersection over union of mattes and what stands in front, by frame, without what is left out of account."""
    out = {}
    for frame, polygons in truths(name, "standing").items():
        path = store / f"foreground/foreground.{frame}.exr"
        if not path.exists():
            out[frame] = 0.0
            continue
        alpha = read_exr(path, ("Y",))[..., 0]
        where = np.logical_or.reduce([which(polygon, alpha.shape) for polygon in polygons])
        where &= ~mask_of(truths(name, "unsure_standing").get(frame, []), alpha.shape)
        out[frame] = overlap_of(alpha, polygons, where)
    return out


def changed_cores(shot: Path, name: str) -> dict[str, object]:
    """Return how many pixels in the cores of outlined things a finished shot has changed, over all frames with outlines."""
    store = max((shot / ".derrumbe" / "survey").iterdir(), key=lambda path: path.stat().st_mtime)
    open_matte, in_dust, cores, frames = 0, 0, 0, {}
    for frame, polygons in truths(name).items():
        final, plate = (read_exr(shot / f"{kind}/{kind}.{frame}.exr", ("R", "G", "B")) for kind in ("final", "plate"))
        core = core_of(polygons, final.shape[:2])
        changed = core & (final != plate).any(axis=-1)
        full = read_exr(store / f"foreground/foreground.{frame}.exr", ("Y",))[..., 0] >= FULL
        frames[frame] = int(np.count_nonzero(changed))
        cores += int(np.count_nonzero(core))
        open_matte += int(np.count_nonzero(changed & ~full))
        in_dust += int(np.count_nonzero(changed & full))
    return {"core_pixels": cores, "changed_where_open": open_matte, "changed_where_full": in_dust, "frames": frames}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plates", type=Path)
    parser.add_argument("--only", nargs="*", help="names of plates")
    parser.add_argument("--finished", type=Path, help="a finished shot of the one plate named with --only: count changed pixels instead")
    given = parser.parse_args()
    names = sorted(path.stem for path in (Path(__file__).resolve().parents[1] / "tests" / "survey" / "truth").glob("*.json"))
    names = [name for name in names if not given.only or name in given.only]
    if given.finished:
        print(json.dumps({name: changed_cores(given.finished, name) for name in names}, indent=1))
        return
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps({name: measure(given.plates, name, Path(folder) / name) for name in names}, indent=1))


if __name__ == "__main__":
    main()
