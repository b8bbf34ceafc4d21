"""How well survey solves cameras: films of known truth, and real moving plates. Prints JSON.

    python -m benchmarks.survey                                     films only
    python -m benchmarks.survey --plate suburb-drone --plates FOLDER   one plate of FOLDER (each a folder with plate.mp4 and plate.json)
    python -m benchmarks.survey --plates FOLDER --out numbers.json     all, going on where numbers.json ends
    python -m benchmarks.survey --frames 24 --width 960 --height 540
    python -m benchmarks.survey --whole --plate suburb-drone --plates FOLDER --height 1080    the whole survey: CPU-seconds of each of its parts

Targets: rotation 0.05 degrees, path 0.5 % of the scene, focal length 1 %, mean reprojection 0.5 px; real plates 95 % of the frames,
0.7 px, and *stick* 1 px: how far features of the building, followed from the first frame on their own (each step checked backwards), lie from
where the surveyed building's surface and cameras put them (median over all frames, plate pixels).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from derrumbe.core.records import FAR, Located, Plate
from derrumbe.core.work import Work
from derrumbe.geom.camera import eye, project, rays
from derrumbe.geom.depth import mesh_depth
from derrumbe.ingest.run import run as ingest
from derrumbe.ingest.settings import Settings as Ingest
from derrumbe.media.colour import to_display
from derrumbe.survey.geometry import build_geometry
from derrumbe.survey.matchmove.belief import Belief
from derrumbe.survey.matchmove.match import Match, matched
from derrumbe.survey.matchmove.pictures import grey, working_scale
from derrumbe.survey.matchmove.tracks import follow
from derrumbe.survey.mattes import find_mattes
from derrumbe.survey.move import camera_move, placed, solved_view
from derrumbe.survey.reference import build_reference
from derrumbe.survey.run import run as survey
from derrumbe.survey.settings import Settings
from derrumbe.survey.silhouette import contour_of
from tests.survey.filmed import Film, film

MOVES = ("pan", "dolly", "arc", "handheld", "lens", "car")
REAL = ("seattle-handheld", "davis-car-roundabout", "suburb-drone", "davis-parkour", "colosseum-drone")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plates", type=Path)
    parser.add_argument("--plate", action="append", help="names of plates, instead of everything")
    parser.add_argument("--film", action="append", help="names of films, instead of everything")
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--width", type=int, default=960)
    parser.add_argument("--height", type=int, help="plates are made no higher than this")
    parser.add_argument("--whole", action="store_true", help="time the whole survey of plates, by part, instead")
    parser.add_argument("--first", type=int, help="only so many frames of a plate")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, help="JSON to add to; what it holds is not measured again")
    asked = parser.parse_args()
    some = asked.plate or asked.film
    out: dict[str, Any] = json.loads(asked.out.read_text()) if asked.out and asked.out.exists() else {}
    for name in asked.film or (() if some else MOVES):
        if name not in out:
            _keep(out, name, _of_film(film(name, asked.frames, (asked.width, asked.width * 9 // 16))), asked.out)
    for name in asked.plate or (() if some or not asked.plates else REAL):
        if name not in out:
            measured = _whole(asked.plates / name, asked) if asked.whole else _of_plate(asked.plates / name, asked.height)
            _keep(out, name, measured, asked.out)
    print(json.dumps(out, indent=1))


def _keep(out: dict[str, Any], name: str, numbers: dict[str, Any], path: Path | None) -> None:
    out[name] = numbers
    print(json.dumps({name: numbers}), file=sys.stderr, flush=True)
    if path:
        path.write_text(json.dumps(out, indent=1) + "\n")


def _of_film(filmed: Film) -> dict[str, Any]:
    start = time.process_time()
    found = matched(follow(filmed.frames, filmed.size), Belief(1.05 * filmed.size[0], 0.3))
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


def _of_plate(folder: Path, height: int | None) -> dict[str, Any]:
    outline = json.loads((folder / "plate.json").read_text())["building_polygon"]
    with tempfile.TemporaryDirectory() as place:
        work = Work(Path(place))
        asked = Ingest(source=str(folder / "plate.mp4"), source_digest=folder.name, max_height=height)
        record = ingest(asked, work)
        plate = Located(record, Path(place))
        start = time.process_time()
        drawn = np.array(outline) * (record.width / record.source_width)
        settings = Settings(outline=tuple((float(x), float(y)) for x, y in outline), trigger_frame=record.frames.first)
        found = camera_move(plate, drawn, settings, work)
        seconds = time.process_time() - start
        stick, counted = _stick(plate, found, drawn, settings, work)
        return {
            "kind": found.kind,
            "size": f"{record.width}x{record.height}x{len(record.frames)}",
            "solved_percent": round(100 * len(np.unique(found.seen.camera)) / len(record.frames), 1),
            "error_px": round(found.error, 3),
            "focal_widths": round(float(found.focal[0]) / record.width, 3),
            "radial": round(found.radial, 4),
            "stick_px": stick,
            "stick_features": counted,
            "cautions": [caution.what for caution in found.cautions],
            "solve_cpu_seconds": round(seconds, 1),
        }


class Meter:
    """A Progress that counts the CPU-seconds of each part, of this process and of children that have ended: with one job. Others end with the stage."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}
        self._open: list[tuple[str, float]] = []

    def begin(self, label: str, total: int | None, unit: str) -> None:
        self._open.append((label, _cpu()))

    def advance(self, count: int = 1) -> None:
        pass

    def end(self) -> None:
        label, start = self._open.pop()
        self.parts[label] = round(self.parts.get(label, 0.0) + _cpu() - start, 1)


def _cpu() -> float:
    """Return the CPU-seconds of this process and of its children that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _whole(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    outline = json.loads((folder / "plate.json").read_text())["building_polygon"]
    frames = (1001, 1000 + asked.first) if asked.first else None
    with tempfile.TemporaryDirectory() as place, tempfile.TemporaryDirectory() as out:
        source = Ingest(source=str(folder / "plate.mp4"), source_digest=folder.name, max_height=asked.height, frames=frames)
        record = ingest(source, Work(Path(place), asked.jobs))
        settings = Settings(outline=tuple((float(x), float(y)) for x, y in outline), trigger_frame=record.frames.first)
        meter, start, clock = Meter(), _cpu(), time.monotonic()
        found = survey(settings, Work(Path(out), asked.jobs, meter), plate=Located(record, Path(place)))
        total = _cpu() - start
        return {
            "size": f"{record.width}x{record.height}x{len(record.frames)}",
            "height_m": round(found.building.height, 1),
            "height_spread": round(found.building.height_spread, 3),
            "height_how": found.building.height_how,
            "wall_seconds": round(time.monotonic() - clock, 1),
            "cpu_seconds": round(total, 1),
            "cpu_seconds_by_part": {**meter.parts, "all else": round(total - sum(meter.parts.values()), 1)},
        }


def _stick(plate: Located[Plate], found: Match, drawn: np.ndarray, settings: Settings, work: Work) -> tuple[float | None, int]:
    """Return the median distance, in plate pixels, between the building's surface and features on it; and how many features."""
    record = plate.record
    codes = to_display(build_reference(plate, settings.trigger_frame, work, False).texture, record.display)
    mattes = find_mattes(codes, drawn, (), ())
    geometry = build_geometry(codes, drawn, contour_of(mattes.region), record.focal_px, settings, solved_view(found, settings.seed))
    cameras = placed(found, geometry, drawn).cameras
    depth = mesh_depth(cameras[0], geometry.vertices, geometry.triangles)
    first = grey(plate, record.frames.first)
    factor = working_scale(record)
    wall = cv2.erode(((mattes.building > 0.9) & (mattes.front < 0.1) & (depth < FAR)).astype(np.uint8), np.ones((5, 5), np.uint8))
    mask = cv2.resize(wall, first.shape[::-1], interpolation=cv2.INTER_NEAREST) * 255
    spots = cv2.goodFeaturesToTrack(first, 400, 0.01, 6, mask=mask, blockSize=5)
    if spots is None:
        return None, 0
    pixels = (spots.reshape(-1, 2).astype(np.float64) + 0.5) / factor
    column, row = np.floor(pixels).astype(int).T
    world = eye(cameras[0]) + rays(cameras[0], pixels) * depth[row, column, None]
    off = []
    for frame, here, alive in _followed(plate, first, spots):
        expected, ahead = project(cameras[frame - record.frames.first], world)
        there = (here.reshape(-1, 2) + 0.5) / factor
        inside = alive & (ahead > 0) & (expected > 0).all(axis=1) & (expected < (record.width, record.height)).all(axis=1)
        off.append(np.linalg.norm(there - expected, axis=1)[inside])
    every = np.concatenate(off)
    return (round(float(np.median(every)), 3) if len(every) else None), len(spots)


def _followed(plate: Located[Plate], last: np.ndarray, here: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield frame, positions (n, 1, 2) and which features are still followed (n,) bool; a step that doesn't lead back ends a feature."""
    alive = np.ones(len(here), bool)
    for frame in list(plate.record.frames)[1:]:
        picture = grey(plate, frame)
        there, forth, _ = cv2.calcOpticalFlowPyrLK(last, picture, here, here.copy(), winSize=(15, 15), maxLevel=4)
        back, home, _ = cv2.calcOpticalFlowPyrLK(picture, last, there, here.copy(), winSize=(15, 15), maxLevel=4)
        alive = alive & (forth.ravel() > 0) & (home.ravel() > 0) & (np.linalg.norm((back - here).reshape(-1, 2), axis=1) < 0.5)
        last, here = picture, there
        yield frame, here, alive


if __name__ == "__main__":
    main()
