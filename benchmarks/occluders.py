"""How well what passes or stands in front is cut out, against outlines drawn by hand (tests/survey/truth). Prints JSON.

    python benchmarks/occluders.py PLATES        PLATES: the folder of real plates

For every plate with outlines: intersection over union of the matte (alpha above a half) and the outlines, a frame and overall, and over
frames on which no constant was chosen; and of each thing alone. For static things before the building (`standing`): with nothing drawn, share of
what is kept in front that is right, share of what is in front that is kept, their intersection over union, share of the building's walls
that are kept by mistake, and the share kept of each thing; holes finer than 0.6 % of the picture count as filled.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from derrumbe.cli.demo import OUTLINE, photograph
from derrumbe.media.exr import read_exr
from derrumbe.pipeline.make import make_shot
from derrumbe.pipeline.prepare import Request, prepare
from derrumbe.survey.filters import disc, filled
from derrumbe.survey.mattes import find_mattes
from tests.survey.truth import Standing, overlap_of, standing, standing_names, truths, tuned_on, which

LARGEST = 2048
"""Larger pictures are made smaller first."""


def measure(plates: Path, name: str, folder: Path) -> dict[str, object]:
    """Survey a plate and compare its mattes."""
    described = json.loads((plates / name / "plate.json").read_text())
    begun = time.process_time()
    outline = json.dumps({"building_polygon": described["building_polygon"]})
    shot = prepare(Request(str(plates / name / described["media"]), outline, "the building collapses at 1 s", folder))
    make_shot(shot, folder, jobs=1, until="survey")
    spent = time.process_time() - begun
    store = max((folder / ".derrumbe" / "survey").iterdir(), key=lambda path: path.stat().st_mtime)
    frames, things = {}, []
    for frame, polygons in truths(name).items():
        path = store / f"foreground/foreground.{frame}.exr"
        if not path.exists():
            return {"failed": f"no matte for frame {frame}"}
        alpha = read_exr(path, ("Y",))[..., 0]
        frames[frame] = overlap_of(alpha, polygons)
        things += [round(overlap_of(alpha, [polygon], which(polygon, alpha.shape)), 3) for polygon in polygons]
    tuned = tuned_on(name)
    held = [value for frame, value in frames.items() if frame not in tuned]
    return {
        "iou": round(float(np.mean(list(frames.values()))), 3),
        "held_out_iou": round(float(np.mean(held)), 3) if held else None,
        "frames": {frame: round(value, 3) for frame, value in frames.items()},
        "things": things,
        "cpu_seconds": round(spent, 1),
    }


def measure_standing(plates: Path, name: str) -> dict[str, object]:
    """Find the mattes of a plate's first frame with nothing drawn but the building, and compare."""
    truth = standing(name)
    codes, outline = _first(plates, name, truth)
    scale = codes.shape[1] / truth.size[0]
    begun = time.process_time()
    mattes = find_mattes(codes, outline * scale, ())
    spent = time.process_time() - begun
    masks = {key: filled([polygon * scale], codes.shape[:2]) > 0 for key, polygon in {**truth.solid, **truth.porous}.items()}
    nothing = np.zeros(codes.shape[:2], bool)
    real = np.logical_or.reduce([nothing, *masks.values()])
    open_to_doubt = np.logical_or.reduce([nothing, *(filled([polygon * scale], codes.shape[:2]) > 0 for polygon in truth.ignore)])
    where = mattes.region & ~open_to_doubt & (mattes.sky < 0.5)
    solid = cv2.morphologyEx((mattes.front > 0.5).astype(np.uint8), cv2.MORPH_CLOSE, disc(0.006 * max(codes.shape))) > 0
    found = solid & where & bool((mattes.front > 0.5).any())
    right = np.count_nonzero(found & real)
    return {
        "held_out": not truth.tuned,
        "precision": _share(right, found),
        "recall": _share(right, real & where),
        "iou": _share(right, found | (real & where)),
        "wall_kept": _share(np.count_nonzero(found & ~real), where),
        "things": {key: _share(np.count_nonzero(solid & mask & where), mask & where) for key, mask in masks.items()},
        "cpu_seconds": round(spent, 1),
    }


def _share(part: int, whole: np.ndarray) -> float | None:
    count = np.count_nonzero(whole)
    return round(part / count, 3) if count else None


def _first(plates: Path, name: str, truth: Standing) -> tuple[np.ndarray, np.ndarray]:
    """Return a plate's first frame (h, w, 3) uint8, at most LARGEST wide, and its outline in the truth's pixels."""
    if name == "china":
        path, outline = photograph(), json.loads(OUTLINE.read_text())["building_polygon"]
    elif truth.media is not None:
        path, outline = plates / truth.media, truth.outline
    else:
        described = json.loads((plates / name / "plate.json").read_text())
        path, outline = plates / name / described["media"], described["building_polygon"]
    read, codes = cv2.VideoCapture(str(path)).read()
    assert read, f"{path} can't be read"
    scale = min(1.0, LARGEST / max(codes.shape))
    return cv2.resize(codes, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[..., ::-1].copy(), np.array(outline, float)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plates", type=Path)
    parser.add_argument("--only", nargs="*", help="names of plates")
    parser.add_argument("--standing", action="store_true", help="static things only, which takes a minute")
    given = parser.parse_args()
    names = sorted(path.stem for path in (Path(__file__).resolve().parents[1] / "tests" / "survey" / "truth").glob("*.json"))
    names = [name for name in names if not given.only or name in given.only]
    with tempfile.TemporaryDirectory() as folder:
        passing = {name: measure(given.plates, name, Path(folder) / name) for name in names} if not given.standing else {}
    still = {name: measure_standing(given.plates, name) for name in standing_names() if not given.only or name in given.only}
    print(json.dumps({**passing, "standing": still}, indent=1))


if __name__ == "__main__":
    main()
