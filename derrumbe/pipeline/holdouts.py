"""What the artist says is in front of the building, or isn't: polygons, rough regions of foliage, or mattes of their own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from derrumbe.core.errors import BadInput
from derrumbe.pipeline.settings import Point

Polygons = tuple[tuple[Point, ...], ...]
KEYS = {
    "foreground_polygons": "foreground",
    "foliage_polygons": "foliage",
    "branches_polygons": "branches",
    "not_in_front_polygons": "not_in_front",
}
"""What the polygons are called in JSON, and here."""


@dataclass(frozen=True)
class Holdouts:
    """foreground: polygons of solid things; foliage: rough regions of things with holes, like trees; branches: of bare ones; not_in_front: what was taken for
    such and is part of the building; all in source pixels.

    matte: absolute path of a matte picture or sequence, with the digest of its content; None both when there is none.
    """

    foreground: Polygons = ()
    foliage: Polygons = ()
    branches: Polygons = ()
    not_in_front: Polygons = ()
    matte: str | None = None
    matte_digest: str | None = None

    def with_polygons(self, more: Holdouts) -> Holdouts:
        """Return the same with the polygons of another, too."""
        return replace(self, **{name: getattr(self, name) + getattr(more, name) for name in KEYS.values()})


def holdouts(outline: str, holdout: str | None, frames: range, size: tuple[int, int]) -> Holdouts:
    """Read the polygons beside an outline (JSON text, or a JSON file), and those or the mattes of a `--holdout`. Raises BadInput."""
    beside = _polygons(outline, "the outline", whole=False)
    if holdout is None:
        return beside
    if holdout.lstrip().startswith("{") or Path(holdout).suffix.lower() == ".json":
        return beside.with_polygons(_polygons(holdout, holdout, whole=True))
    from derrumbe.ingest.source import digest_source
    from derrumbe.survey.holdout import check

    source = Path(holdout).resolve()
    check(source, frames, size)
    return replace(beside, matte=str(source), matte_digest=digest_source(source))


def _polygons(text: str, where: str, whole: bool) -> Holdouts:
    """Return the polygons of JSON text or a JSON file. `whole`: there must be some."""
    try:
        data = json.loads(text if text.lstrip().startswith("{") else Path(text).read_text(encoding="utf-8"))
        found = {name: _all(data.get(key, ())) for key, name in KEYS.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        if not whole:
            return Holdouts()  # an outline of plain points; its reader says what is wrong with any other
        raise BadInput(
            f"--holdout {where}: needs one of {', '.join(KEYS)}: [[[x, y], [x, y], [x, y], …], …] in plate pixels, "
            "or give a matte picture or sequence"
        ) from error
    if whole and not any(found.values()):
        raise BadInput(f"--holdout {where}: holds none of {', '.join(KEYS)}; give one of them, or a matte picture")
    return Holdouts(found["foreground"], found["foliage"], found["branches"], found["not_in_front"])


def _all(polygons: Iterable[Any]) -> Polygons:
    return tuple(tuple((float(x), float(y)) for x, y in points) for points in polygons)
