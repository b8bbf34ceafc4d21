"""Check a delivered folder again: the files as they lie there now, not as the store remembers them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from derrumbe.core.errors import BadInput
from derrumbe.core.records import Located, Report
from derrumbe.core.work import Work
from derrumbe.pipeline.prepare import reopen
from derrumbe.pipeline.publish import digest_file, read_manifest
from derrumbe.pipeline.settings import settings_for
from derrumbe.pipeline.stages import STAGES, stage_named
from derrumbe.pipeline.store import FOLDER, Store

PUBLISHED = ("plate", "layers", "comp")
"""Records whose pictures lie in the shot's folder under the same names as in the store."""


def recheck(folder: Path, jobs: int = 1) -> tuple[Report, tuple[str, ...]]:
    """Return a fresh report on `folder`, and the names of files that are gone or not as delivered. Raises BadInput."""
    manifest = read_manifest(folder)
    if not manifest:
        raise BadInput(f"{folder}: no shot of ours here (no {folder / 'manifest.json'}); give the folder of a finished shot")
    changed = changed_files(folder, manifest)
    results = _results(folder, manifest)
    shot, _ = reopen(folder / "shot.toml", force=True)
    stage = stage_named("check")
    missing = [name for name in stage.needs if name not in results]
    if missing:
        raise BadInput(f"{folder}: the shot isn't finished (no {missing[0]}); run `derrumbe run {folder / 'shot.toml'}` first")
    gone = [name for name in changed if not (folder / name).is_file() and name.endswith(".exr")]
    if gone:
        raise BadInput(f"{folder / gone[0]}: gone; run `derrumbe run {folder / 'shot.toml'}` to deliver it again")
    work = Path(tempfile.mkdtemp(prefix="check.", dir=folder / FOLDER))
    try:
        report: Any = stage.run(settings_for(stage, shot), Work(work, jobs), **{name: results[name] for name in stage.needs})
    finally:
        shutil.rmtree(work)
    return report, changed


def changed_files(folder: Path, manifest: dict[str, Any]) -> tuple[str, ...]:
    """Return the delivered files whose content isn't what the manifest says."""
    files = manifest["files"].items()
    return tuple(name for name, entry in files if not (folder / name).is_file() or digest_file(folder / name) != entry["blake2b"])


def _results(folder: Path, manifest: dict[str, Any]) -> dict[str, Located]:
    store = Store(folder)
    keys = {entry["stage"]: entry["key"] for entry in manifest["stages"]}
    found = {stage.gives: store.load(stage, keys[stage.name]) for stage in STAGES if stage.name in keys}
    return {name: Located(located.record, folder) if name in PUBLISHED else located for name, located in found.items() if located}
