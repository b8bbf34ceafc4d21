"""Pictures of the set that the comp script reads, brought into scene/."""

from __future__ import annotations

from pathlib import Path

from derrumbe.core.records import Located, Set
from derrumbe.media.links import link_file

PICTURES = ("clean_plate", "texture", "building_matte", "foreground")
ENVIRONMENT = "environment.exr"


def bring_pictures(folder: Path, film_set: Located[Set]) -> dict[str, str]:
    """Link clean plate, texture, building matte and foreground under `folder`; return name -> file, with {frame} where there is one per frame."""
    found = {}
    for name in PICTURES:
        source = getattr(film_set.record, name)
        if source is None:
            continue
        found[name] = f"{name}/{name}.{{frame}}.exr" if "{frame}" in source else f"{name}.exr"
        for frame in frames_of(source, film_set.record):
            target = folder / found[name].format(frame=frame)
            if not target.exists():
                link_file(film_set.path(source, frame), target)
    return found


def bring_environment(folder: Path, film_set: Located[Set]) -> str | None:
    """Link the map of what shines from all around into `folder`; return the file's name, None where the set has none."""
    name = film_set.record.environment
    if name is not None and not (folder / ENVIRONMENT).exists():
        link_file(film_set.path(name), folder / ENVIRONMENT)
    return None if name is None else ENVIRONMENT


def frames_of(pattern: str, film_set: Set) -> list[int]:
    """Return the frames that have their own file: the first stands for all where there is one."""
    return list(film_set.frames) if "{frame}" in pattern else [film_set.frames.first]


def files_of(pattern: str, film_set: Set) -> list[str]:
    """Return every file that a pattern stands for."""
    return [pattern.format(frame=frame) for frame in frames_of(pattern, film_set)]
