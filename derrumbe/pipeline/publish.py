"""Put a finished run in the shot's folder: hard links into the store, and a manifest of what was put there.

Only files that our own manifest names are ever replaced or removed; one that was changed since is kept unless forced.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from derrumbe import __version__
from derrumbe.core.errors import BadOutput
from derrumbe.core.files import write_text
from derrumbe.core.records import Comp, Delivery, FrameRange, Layers, Located, Plate
from derrumbe.pipeline.runner import Flow
from derrumbe.pipeline.settings import Shot
from derrumbe.pipeline.store import FOLDER

MANIFEST = "manifest.json"
OURS = "derrumbe"
BEGUN = f"{FOLDER}/publishing.json"
"""Names what is being put in the folder until the manifest does, so that a kill in between leaves nothing that we don't know as ours."""


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return our manifest in `folder`, or an empty one."""
    path = folder / MANIFEST
    if not path.is_file():
        return {}
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return manifest if isinstance(manifest, dict) and manifest.get("made_by") == OURS else {}


def begun(folder: Path) -> list[str]:
    """Return the names of files that a killed run may have published without a manifest."""
    path = folder / BEGUN
    return list(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else []


def wanted_files(flow: Flow) -> dict[str, Path]:
    """Return every file to publish: name in the shot's folder -> file in the store."""
    wanted: dict[str, Path] = {}
    for located in flow.results.values():
        wanted.update(_files_of(located))
    return wanted


def _files_of(located: Located) -> dict[str, Path]:
    record = located.record
    match record:
        case Plate():
            return _per_frame(located, record.frames, record.picture)
        case Layers():
            return _per_frame(located, record.frames, record.picture)
        case Comp():
            return _per_frame(located, record.frames, record.picture) | _per_frame(located, record.frames, record.matte)
        case Delivery():
            return {name: located.folder / name for name in record.files}
        case _:
            return {}


def _per_frame(located: Located, frames: FrameRange, pattern: str) -> dict[str, Path]:
    return {pattern.format(frame=frame): located.path(pattern, frame) for frame in frames}


def guard_changed(folder: Path, force: bool) -> None:
    """Raise BadOutput when a published file was changed by hand since we put it there, unless forced."""
    if force:
        return
    for name, entry in read_manifest(folder).get("files", {}).items():
        path = folder / name
        if path.is_file() and _stamp(path) != [entry["bytes"], entry["modified_ns"]]:
            raise BadOutput(f"{path}: changed since it was delivered; move it away, or give --force to replace it")


def publish(flow: Flow, shot: Shot, shot_toml: str, folder: Path, *, partly: bool = False) -> None:
    """Link the run's files into `folder`, drop what an earlier run of ours left over, write shot.toml and the manifest.

    A run that stopped early (`partly`) leaves what later stages delivered before where it is.
    """
    before = read_manifest(folder).get("files", {})
    wanted = wanted_files(flow)
    write_text(folder / BEGUN, json.dumps(sorted(wanted)))
    entries = {name: _put(source, folder / name, before.get(name)) for name, source in sorted(wanted.items())}
    left = before.keys() - entries.keys() - {"shot.toml"}
    if partly:
        entries |= {name: before[name] for name in left}
    else:
        _drop(folder, left)
    write_text(folder / "shot.toml", shot_toml)
    entries["shot.toml"] = _entry(folder / "shot.toml", None)
    write_text(folder / MANIFEST, json.dumps(_manifest(flow, shot, entries), indent=1, sort_keys=True) + "\n")
    (folder / BEGUN).unlink()


def _drop(folder: Path, names: set[str]) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)
    for parent in sorted({(folder / name).parent for name in names}, reverse=True):
        if parent != folder and parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()


def _put(source: Path, target: Path, before: dict[str, Any] | None) -> dict[str, Any]:
    if not (target.exists() and target.samefile(source)):
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.part")
        temporary.unlink(missing_ok=True)
        try:
            os.link(source, temporary)
        except OSError:  # a file system without hard links
            shutil.copyfile(source, temporary)
        os.replace(temporary, target)
    return _entry(target, before)


def _entry(path: Path, before: dict[str, Any] | None) -> dict[str, Any]:
    size, modified = _stamp(path)
    if before and [size, modified] == [before["bytes"], before["modified_ns"]]:
        return before
    return {"bytes": size, "modified_ns": modified, "blake2b": digest_file(path)}


def _stamp(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def digest_file(path: Path) -> str:
    """Return the content digest of a file, read in pieces."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _manifest(flow: Flow, shot: Shot, entries: dict[str, Any]) -> dict[str, Any]:
    layers = flow.results.get("layers")
    return {
        "made_by": OURS,
        "version": __version__,
        "seed": shot.spec.seed,
        "inputs": {"plate": Path(shot.source).name, "plate_digest": shot.source_digest, "brief": shot.brief_text},
        "generator": {"name": layers.record.generator, **layers.record.ledger} if layers else {},
        "stages": [log.model_dump(mode="json") for log in flow.ledger],
        "seconds": round(sum(log.wall_seconds for log in flow.ledger), 3),
        "cpu_seconds": round(sum(log.cpu_seconds for log in flow.ledger), 3),
        "peak_bytes": max((log.peak_bytes for log in flow.ledger), default=0),
        "files": entries,
    }
