"""How well static things before the building are kept with nothing drawn, against outlines drawn by hand (tests/survey/truth/standing). Prints JSON.

    python benchmarks/standing.py PLATES        PLATES: the folder of real plates; takes a minute

For every plate with such outlines, in its first frame: share of what is kept in front that is right, share of what is in front that is kept, their
intersection over union, share of the building's walls that are kept by mistake, and the share kept of each thing; holes finer than 0.6 % of the
picture count as filled.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from derrumbe.cli.demo import OUTLINE, photograph
from derrumbe.survey.filters import disc, filled
from derrumbe.survey.mattes import find_mattes
from tests.survey.truth import Standing, standing, standing_names

LARGEST = 2048
"""Larger pictures are made smaller first."""


def measure(plates: Path, name: str) -> dict[str, object]:
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
    given = parser.parse_args()
    names = [name for name in standing_names() if not given.only or name in given.only]
    print(json.dumps({name: measure(given.plates, name) for name in names}, indent=1))


if __name__ == "__main__":
    main()
