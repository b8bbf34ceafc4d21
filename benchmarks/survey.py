"""How well survey solves cameras: films of known truth, and real moving plates. Prints JSON.

    python -m benchmarks.survey                        films only
    python -m benchmarks.survey --plates FOLDER        and the plates in FOLDER (each a folder with plate.mp4 and plate.json)
    python -m benchmarks.survey --frames 24 --width 960

Targets: rotation 0.05 degrees, path 0.5 % of the scene, focal length 1 %, mean reprojection 0.5 px; real plates 95 % of the frames,
0.7 px, and *stick* 1 px: how far features, followed anew from the first frame alone, lie from their solved points (median).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from derrumbe.core.records import Located, Plate
from derrumbe.core.work import Work
from derrumbe.ingest.run import run as ingest
from derrumbe.ingest.settings import Settings as Ingest
from derrumbe.survey.matchmove.match import Match, match, matched
from derrumbe.survey.matchmove.pictures import grey, working_scale
from derrumbe.survey.matchmove.tracks import follow
from tests.survey.filmed import Film, film

MOVES = ("pan", "dolly", "arc", "handheld", "lens", "car")
REAL = ("seattle-handheld", "davis-car-roundabout", "suburb-drone", "davis-parkour", "colosseum-drone")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plates", type=Path)
    parser.add_argument("--only", nargs="*", default=None, help="names of films and plates")
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--width", type=int, default=960)
    asked = parser.parse_args()
    wanted = set(asked.only or (*MOVES, *REAL))
    out: dict[str, Any] = {}
    for move in MOVES:
        if move in wanted:
            out[move] = _of_film(film(move, asked.frames, (asked.width, asked.width * 9 // 16)))
            print(json.dumps({move: out[move]}), file=sys.stderr, flush=True)
    for name in REAL if asked.plates else ():
        if name in wanted:
            out[name] = _of_plate(asked.plates / name)
            print(json.dumps({name: out[name]}), file=sys.stderr, flush=True)
    print(json.dumps(out, indent=1))


def _of_film(filmed: Film) -> dict[str, Any]:
    start = time.process_time()
    found = matched(follow(filmed.frames, filmed.size), 1.05 * filmed.size[0], 0.3)
    seconds = time.process_time() - start
    truth = [np.asarray(camera.rotation) for camera in filmed.cameras]
    off = [np.linalg.norm(cv2.Rodrigues(a @ (b @ truth[0].T).T)[0]) for a, b in zip(found.rotation, truth, strict=True)]
    eyes = np.stack([-np.asarray(c.rotation).T @ np.asarray(c.translation) for c in filmed.cameras])
    eyes = (eyes - eyes[0]) @ truth[0].T
    mine = -np.einsum("cji,cj->ci", found.rotation, found.translation)
    scale = (mine * eyes).sum() / max((mine * mine).sum(), 1e-12)
    return {
        "kind": found.kind,
        "rotation_deg": round(float(np.degrees(max(off))), 4),
        "path_percent": round(100 * float(np.abs(mine * scale - eyes).max()) / filmed.reach, 3),
        "focal_percent": round(100 * (found.focal[0] / filmed.cameras[0].focal_px - 1), 2),
        "error_px": round(found.error, 3),
        "cautions": [caution.what for caution in found.cautions],
        "cpu_seconds": round(seconds, 1),
    }


def _of_plate(folder: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as work:
        record = ingest(Ingest(source=str(folder / "plate.mp4"), source_digest=folder.name), Work(Path(work)))
        plate = Located(record, Path(work))
        start = time.process_time()
        found = match(plate, Work(Path(work)), 1.05 * max(record.width, record.height), 0.3)
        seconds = time.process_time() - start
        solved = len(np.unique(found.seen.camera)) / len(record.frames)
        return {
            "kind": found.kind,
            "solved_percent": round(100 * solved, 1),
            "error_px": round(found.error, 3),
            "focal_widths": round(float(found.focal[0]) / record.width, 3),
            "stick_px": _stick(plate, found),
            "cautions": [caution.what for caution in found.cautions],
            "cpu_seconds": round(seconds, 1),
        }


def _stick(plate: Located[Plate], found: Match) -> float | None:
    """Return the median distance, in plate pixels, between solved points and features followed from frame to frame on their own."""
    record: Plate = plate.record
    first = found.seen.camera == 0
    if not first.any():
        return None
    scale, middle = working_scale(record), np.array([record.width, record.height]) / 2
    names = found.seen.point[first]
    here = ((found.seen.pixel[first] + middle) * scale - 0.5).astype(np.float32)
    alive, off = np.ones(len(here), bool), []
    last = grey(plate, record.frames.first)
    for index, frame in enumerate(record.frames):
        if index == 0:
            continue
        picture = grey(plate, frame)
        here, status, _ = cv2.calcOpticalFlowPyrLK(last, picture, here, here.copy(), winSize=(15, 15), maxLevel=4)
        alive &= status.ravel() > 0
        cam = found.points[names] @ found.rotation[index].T + found.translation[index]
        pixel = found.focal[index] * cam[:, :2] / cam[:, 2:] + middle
        inside = alive & (cam[:, 2] > 0) & (np.abs(pixel - middle) < middle).all(axis=1)
        alive &= inside
        off.append(np.linalg.norm((here + 0.5) / scale - pixel, axis=1)[inside])
        last = picture
    every = np.concatenate(off)
    return round(float(np.median(every)), 3) if len(every) else None


if __name__ == "__main__":
    main()
