"""What the artist says is in front of the building: polygons, rough regions of foliage, or mattes of their own."""

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
    """foreground: polygons of solid things; foliage: rough regions of things with holes, like trees; both in source pixels.

    matte: absolute path of a matte picture or sequence, with the digest of its content; None both when there is none.
    """

    foreground: Polygons = ()
    foliage: Polygons = ()
    matte: str | None = None
    matte_digest: str | None = None


def holdouts(outline: str, holdout: str | None, frames: range, size: tuple[int, int]) -> Holdouts:
    """Read the polygons beside an outline (JSON text, or a JSON file), and those or the mattes of a `--holdout`. Raises BadInput."""
    beside = _polygons(outline, "the outline", whole=False)
    if holdout is None:
        return Holdouts(*beside)
    if holdout.lstrip().startswith("{") or Path(holdout).suffix.lower() == ".json":
        more = _polygons(holdout, holdout, whole=True)
        return Holdouts(beside[0] + more[0], beside[1] + more[1])
    from derrumbe.ingest.source import digest_source
    from derrumbe.survey.holdout import check

    source = Path(holdout).resolve()
    check(source, frames, size)
    return Holdouts(*beside, str(source), digest_source(source))


def _polygons(text: str, where: str, whole: bool) -> tuple[Polygons, Polygons]:
    """Return solid and porous polygons of JSON text or a JSON file. `whole`: there must be some."""
    try:
        data = json.loads(text if text.lstrip().startswith("{") else Path(text).read_text(encoding="utf-8"))
        found = tuple(_all(data.get(key, ())) for key in ("foreground_polygons", "foliage_polygons"))
    except (OSError, ValueError, TypeError, AttributeError) as error:
        if not whole:
            return (), ()  # an outline of plain points; its reader says what is wrong with any other
        raise BadInput(
            f"--holdout {where}: needs foreground_polygons or foliage_polygons: [[[x, y], [x, y], [x, y], …], …] in plate pixels, "
            "or give a matte picture or sequence"
        ) from error
    if whole and not any(found):
        raise BadInput(f"--holdout {where}: holds neither foreground_polygons nor foliage_polygons; give one of them, or a matte picture")
    return found[0], found[1]


def _all(polygons: Iterable[Any]) -> Polygons:
    return tuple(tuple((float(x), float(y)) for x, y in points) for points in polygons)
