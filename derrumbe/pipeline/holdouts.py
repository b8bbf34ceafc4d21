"""What the artist says is in front of the building, or isn't: polygons, rough regions of foliage, or mattes of their own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from derrumbe.core.errors import BadInput
from derrumbe.pipeline.settings import Point

Polygons = tuple[tuple[Point, ...], ...]


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


def holdouts(outline: str, holdout: str | None, frames: range, size: tuple[int, int]) -> Holdouts:
    """Read the polygons beside an outline (JSON text, or a JSON file), and those or the mattes of a `--holdout`. Raises BadInput."""
    beside = _polygons(outline, "the outline", whole=False)
    if holdout is None:
        return Holdouts(*beside)
    if holdout.lstrip().startswith("{") or Path(holdout).suffix.lower() == ".json":
        more = _polygons(holdout, holdout, whole=True)
        return Holdouts(*(first + second for first, second in zip(beside, more, strict=True)))
    from derrumbe.ingest.source import digest_source
    from derrumbe.survey.holdout import check

    source = Path(holdout).resolve()
    check(source, frames, size)
    return Holdouts(*beside, matte=str(source), matte_digest=digest_source(source))


KEYS = ("foreground_polygons", "foliage_polygons", "branches_polygons", "not_in_front_polygons")


def _polygons(text: str, where: str, whole: bool) -> tuple[Polygons, ...]:
    """Return the polygons by KEYS of JSON text or a JSON file. `whole`: there must be some."""
    try:
        data = json.loads(text if text.lstrip().startswith("{") else Path(text).read_text(encoding="utf-8"))
        found = tuple(_all(data.get(key, ())) for key in KEYS)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        if not whole:
            return ((),) * len(KEYS)  # an outline of plain points; its reader says what is wrong with any other
        raise BadInput(
            f"--holdout {where}: needs {', '.join(KEYS[:-1])} or {KEYS[-1]}: [[[x, y], [x, y], [x, y], …], …] in plate pixels, "
            "or give a matte picture or sequence"
        ) from error
    if whole and not any(found):
        raise BadInput(f"--holdout {where}: holds none of {', '.join(KEYS)}; give one of them, or a matte picture")
    return found


def _all(polygons: Iterable[Any]) -> Polygons:
    return tuple(tuple((float(x), float(y)) for x, y in points) for points in polygons)
