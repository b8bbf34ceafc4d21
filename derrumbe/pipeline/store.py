"""The store: `<shot>/.derrumbe/<stage>/<key>/record.json` beside the stage's files.

A stage works in `<key>.partial` and is renamed when it is whole, so a kill at any moment leaves either nothing, or a partial folder
whose finished files the next run keeps.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from derrumbe.core.errors import BadOutput
from derrumbe.core.files import write_text
from derrumbe.core.knobs import Group
from derrumbe.core.records import Located, Record, StageLog
from derrumbe.pipeline.stages import Stage

FOLDER = ".derrumbe"
KEPT_PER_STAGE = 2
"""Results kept per stage: the current one and the one before, so that going back to the last knob is free."""


class Store:
    """Results of stages inside one shot folder."""

    def __init__(self, shot_folder: Path) -> None:
        self.root = shot_folder / FOLDER

    def folder(self, stage: Stage, key: str) -> Path:
        return self.root / stage.name / key

    def load(self, stage: Stage, key: str) -> Located | None:
        """Return a finished result, or None."""
        folder = self.folder(stage, key)
        path = folder / "record.json"
        if not path.is_file():
            return None
        return Located(stage.record.from_json(path.read_text(encoding="utf-8")), folder)

    def log(self, stage: Stage, key: str) -> StageLog:
        """Return what the finished result cost when it was made."""
        text = (self.folder(stage, key) / "log.json").read_text(encoding="utf-8")
        return StageLog.model_validate_json(text).model_copy(update={"reused": True})

    def open(self, stage: Stage, key: str) -> Path:
        """Return the folder to work in; it may hold finished files of a killed run."""
        partial = self.folder(stage, key + ".partial")
        partial.mkdir(parents=True, exist_ok=True)
        for leftover in partial.rglob(".*.part*"):
            leftover.unlink()
        return partial

    def close(self, stage: Stage, key: str, record: Record, log: StageLog) -> Located:
        """Make the worked-in folder the result. Another worker's finished result is a hit, not an error."""
        partial, folder = self.folder(stage, key + ".partial"), self.folder(stage, key)
        write_text(partial / "log.json", log.model_dump_json(indent=1) + "\n")
        write_text(partial / "record.json", record.to_json())
        if folder.exists():
            shutil.rmtree(partial)
        else:
            os.rename(partial, folder)
        return Located(record, folder)

    def prune(self, current: dict[str, str]) -> None:
        """Drop all but the newest results of every stage in `current` (stage name -> key)."""
        for name, key in current.items():
            folders = [path for path in (self.root / name).iterdir() if path.is_dir() and path.name != key]
            folders.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
            for path in folders[KEPT_PER_STAGE - 1 :]:
                shutil.rmtree(path)


def key_of(stage: Stage, settings: Group, inputs: Iterable[tuple[str, Located]]) -> str:
    """Return the digest of everything that decides a stage's result."""
    told = {
        "stage": stage.name,
        "version": stage.version,
        "settings": settings.model_dump(mode="json"),
        "inputs": [(name, located.folder.name, located.record.to_json()) for name, located in inputs],
    }
    return hashlib.blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=16).hexdigest()


@contextmanager
def locked(shot_folder: Path) -> Iterator[None]:
    """Hold the shot folder for this process. Raises BadOutput when another run works in it."""
    import fcntl

    path = shot_folder / FOLDER / "lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BadOutput(f"{shot_folder}: another run is working here; wait for it, or give another --out") from None
        yield
