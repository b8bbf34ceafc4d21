"""From what the user typed to a `Shot`, with everything checked before the first byte is written."""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from derrumbe.brief import apply_settings, read_brief, recipe, shot_from_toml, shot_to_toml
from derrumbe.core.errors import BadBrief, BadInput, BadOutline, BadOutput
from derrumbe.core.knobs import ShotSpec
from derrumbe.core.records import FIRST_FRAME, STILL_FRAMES
from derrumbe.pipeline.holdouts import KEYS, holdouts
from derrumbe.pipeline.publish import MANIFEST, begun, guard_changed, read_manifest
from derrumbe.pipeline.settings import Point, Shot
from derrumbe.pipeline.store import FOLDER

STILL_RATE = Fraction(24)
PREVIEW_HEIGHT, MOST_PREVIEW_HEIGHT = 360, 540
"""Lines of a preview when nobody says, chosen so that one of four seconds comes back within a minute; and the most that --height gets."""
BYTES_PER_PIXEL = 60
"""Measured: what a finished frame keeps on disk per plate pixel (plate, layers, final, matte; most layers are empty)."""


@dataclass(frozen=True)
class Request:
    """What the user asked for, as typed."""

    plate: str
    outline: str
    brief: str
    out: Path
    frames: str | None = None
    height: int | None = None
    preview: bool = False
    seed: int | None = None
    settings: tuple[str, ...] = ()
    generator: str | None = None
    colourspace: str | None = None
    rate: str | None = None
    force: bool = False
    hosts: frozenset[str] = frozenset()
    holdout: str | None = None
    recipe: str | None = None


def prepare(request: Request) -> Shot:
    """Check everything that can be checked, and return the shot. Raises BadInput with one line; writes nothing."""
    understanding = read_brief(request.brief, recipe(request.recipe).spec if request.recipe else None)
    spec = apply_settings(understanding.spec, (*_flag_settings(request), *request.settings))
    return _shot(request, spec, understanding.not_understood)


def reopen(path: Path, preview: bool = False, force: bool = False, hosts: frozenset[str] = frozenset()) -> tuple[Shot, Path]:
    """Return the shot of a shot file, and the folder it lives in. Raises BadInput; writes nothing."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: can't read the shot file ({error.__class__.__name__}); give the shot.toml of a shot folder") from error
    try:
        spec, plate, brief = shot_from_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path}: not a TOML file: {error}") from error
    folder = path.parent
    try:
        request = Request(
            plate=str(folder / plate["file"]),
            outline=_outline_text(plate),
            brief=brief,
            out=folder,
            frames=plate.get("frames"),
            height=plate.get("height"),
            preview=preview or plate.get("preview", False),
            colourspace=plate.get("colourspace"),
            rate=plate.get("rate"),
            force=force,
            hosts=hosts,
            holdout=str(folder / plate["holdout"]) if "holdout" in plate else None,
        )
    except KeyError as error:
        raise BadInput(f"{path}: [plate] has no {error.args[0]}; `derrumbe shoot` writes one that has") from error
    return _shot(request, spec, tuple(plate.get("not_understood", ()))), folder


def _outline_text(plate: dict[str, Any]) -> str:
    return json.dumps({"building_polygon": plate["outline"], **{key: plate[name] for key, name in KEYS.items() if name in plate}})


def _flag_settings(request: Request) -> list[str]:
    flags = {"seed": request.seed, "generate.name": request.generator}
    return [f"{name}={value}" for name, value in flags.items() if value is not None]


def _shot(request: Request, spec: ShotSpec, not_understood: tuple[str, ...]) -> Shot:
    from derrumbe.generate import backends
    from derrumbe.ingest.source import digest_source, probe
    from derrumbe.survey.outline import validate

    frames = _frame_range(request.frames)
    found = probe(request.plate, frames, request.colourspace)
    backends.check(spec.generate, request.hosts)
    outline, _ = read_outline(request.outline)
    validate(outline, found.width, found.height)
    last = _last_frame(frames, found)
    first = frames[0] if frames else FIRST_FRAME
    front = holdouts(request.outline, request.holdout, range(first, last + 1), (found.width, found.height))
    rate = _rate(request.rate) or found.rate or STILL_RATE
    check_folder(request.out, found.width * found.height * (last - first + 1), request)
    return Shot(
        source=str(Path(request.plate).resolve()),
        source_digest=digest_source(request.plate),
        frames=frames,
        colourspace=request.colourspace,
        max_height=_max_height(request),
        preview=request.preview,
        held_count=last - first + 1 if found.kind == "still" else None,
        rate=(rate.numerator, rate.denominator),
        trigger_frame=_trigger_frame(spec, first, last, rate),
        outline=outline,
        foreground=front.foreground,
        foliage=front.foliage,
        branches=front.branches,
        not_in_front=front.not_in_front,
        holdout=front.matte,
        holdout_digest=front.matte_digest,
        spec=spec,
        brief_text=request.brief,
        not_understood=not_understood,
        generator_identity=backends.identity(spec.generate),
    )


def read_outline(text: str) -> tuple[tuple[Point, ...], tuple[tuple[Point, ...], ...]]:
    """Read "x,y x,y …", a JSON file, or JSON text with `building_polygon` (and `foreground_polygons`). Raises BadOutline."""
    if text.lstrip().startswith("{"):
        return _outline_from_json(text, "the outline")
    pairs = re.findall(r"(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)", text)
    if pairs and not re.sub(r"-?\d+(?:\.\d+)?|[\s,;]", "", text):
        return tuple((float(x), float(y)) for x, y in pairs), ()
    path = Path(text)
    try:
        return _outline_from_json(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise BadOutline(
            f'{text}: neither points nor a readable file; give "x,y x,y x,y …" or a JSON file with building_polygon'
        ) from error
    except UnicodeDecodeError as error:
        raise BadOutline(f"{path}: not a JSON text file; give one with building_polygon: [[x, y], …]") from error


def _outline_from_json(text: str, where: str) -> tuple[tuple[Point, ...], tuple[tuple[Point, ...], ...]]:
    try:
        data = json.loads(text)
        polygon = _points(data["building_polygon"])
        others = tuple(_points(points) for points in data.get("foreground_polygons", ()))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadOutline(f"{where}: needs building_polygon: [[x, y], [x, y], [x, y], …] in plate pixels") from error
    return polygon, others


def _points(pairs: Any) -> tuple[Point, ...]:
    return tuple((float(x), float(y)) for x, y in pairs)


def _frame_range(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    match = re.fullmatch(r"\s*(\d+)\s*-\s*(\d+)\s*", text)
    if not match:
        raise BadInput(f"--frames {text}: not a range; give first-last, as in 1001-1120")
    first, last = int(match[1]), int(match[2])
    if first < FIRST_FRAME or last < first:
        raise BadInput(f"--frames {text}: frames count upwards from {FIRST_FRAME}; give first-last, as in 1001-1120")
    return first, last


def _last_frame(frames: tuple[int, int] | None, found: Any) -> int:
    if found.kind == "still":
        return frames[1] if frames else FIRST_FRAME + STILL_FRAMES - 1
    return frames[1] if frames else FIRST_FRAME + found.frame_count - 1


def _max_height(request: Request) -> int | None:
    wanted = request.height or PREVIEW_HEIGHT
    heights = [height for height in (request.height, min(wanted, MOST_PREVIEW_HEIGHT) if request.preview else None) if height]
    return min(heights, default=None)


def _rate(text: str | None) -> Fraction | None:
    if text is None:
        return None
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 1 <= rate <= 1000:
        raise BadInput(f"--rate {text}: not a frame rate; give frames per second, as in 24 or 24000/1001")
    return rate


def _trigger_frame(spec: ShotSpec, first: int, last: int, rate: Fraction) -> int:
    frame = spec.trigger.frame if spec.trigger.frame is not None else first + round(spec.trigger.time * rate)
    if not first <= frame <= last:
        raise BadBrief(
            f"trigger at frame {frame}: the shot runs {first}-{last}; set trigger.frame or trigger.time so that it falls inside, or lengthen --frames"
        )
    return frame


def check_folder(out: Path, pixels: int, request: Request) -> None:
    """Raise BadOutput unless `out` can be ours: absent, empty or made by us, writable, with room. Writes nothing."""
    if out.exists() and not out.is_dir():
        raise BadOutput(f"{out}: is a file; give a folder to --out")
    if out.is_dir() and any(out.iterdir()):
        _check_ours(out, request)
    parent = next(path for path in (out.resolve(), *out.resolve().parents) if path.exists())
    if not os.access(parent, os.W_OK | os.X_OK):
        raise BadOutput(f"{parent}: no right to write here; choose another --out")
    free, need = shutil.disk_usage(parent).free, pixels * BYTES_PER_PIXEL
    if free < need / 4:
        raise BadOutput(
            f"{parent}: {free / 1e9:.1f} GB free, this shot takes up to {need / 1e9:.1f} GB; free some space or choose another --out"
        )


def _check_ours(out: Path, request: Request) -> None:
    if not (out / FOLDER).is_dir():
        raise BadOutput(f"{out}: not empty and not made by Derrumbe; give a new folder to --out")
    guard_changed(out, request.force)
    known = {*read_manifest(out).get("files", {}), *begun(out), FOLDER, MANIFEST, "shot.toml"}
    tops = {name.split("/")[0] for name in known}
    foreign = sorted(path.name for path in out.iterdir() if path.name not in tops and path.name in _OURS_AT_TOP)
    if foreign:
        raise BadOutput(f"{out / foreign[0]}: in the way and not made by Derrumbe; move it, or give a new folder to --out")


_OURS_AT_TOP = {
    "plate",
    "final",
    "matte",
    "layers",
    "scene",
    "report",
    "report.html",
    "qc.json",
    "review.mp4",
    "review_plate.mp4",
    "sheet.png",
}


def shot_file(shot: Shot, folder: Path) -> str:
    """Return the text of `shot.toml`: every resolved knob, and the plate by a path relative to `folder` where they share one."""
    plate: dict[str, Any] = {
        "file": _portable(Path(shot.source), folder.resolve()),
        "outline": [list(point) for point in shot.outline],
        "rate": str(Fraction(*shot.rate)),
        "preview": shot.preview,
    }
    if shot.max_height and not (shot.preview and shot.max_height == PREVIEW_HEIGHT):
        plate["height"] = shot.max_height
    for name in KEYS.values():
        if polygons := getattr(shot, name):
            plate[name] = [[list(point) for point in points] for points in polygons]
    if shot.holdout:
        plate["holdout"] = _portable(Path(shot.holdout), folder.resolve())
    if shot.frames:
        plate["frames"] = f"{shot.frames[0]}-{shot.frames[1]}"
    if shot.colourspace:
        plate["colourspace"] = shot.colourspace
    if shot.not_understood:
        plate["not_understood"] = list(shot.not_understood)
    return shot_to_toml(shot.spec, plate, shot.brief_text)


def _portable(path: Path, folder: Path) -> str:
    shared = len(os.path.commonpath([path, folder]).strip("/\\"))
    return os.path.relpath(path, folder) if shared else str(path)
