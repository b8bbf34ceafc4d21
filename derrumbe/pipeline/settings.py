"""From a shot to each stage's settings, by field name."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from derrumbe.brief import preview_of
from derrumbe.core.errors import DerrumbeError
from derrumbe.core.knobs import Group, ShotSpec
from derrumbe.pipeline.stages import Stage

Point = tuple[float, float]


class Shot(BaseModel):
    """Everything that decides a shot's pixels, and the brief's text for the report."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    source_digest: str
    frames: tuple[int, int] | None
    colourspace: str | None
    max_height: int | None
    preview: bool = False
    held_count: int | None
    rate: tuple[int, int]
    trigger_frame: int
    outline: tuple[Point, ...]
    foreground: tuple[tuple[Point, ...], ...] = ()
    foliage: tuple[tuple[Point, ...], ...] = ()
    branches: tuple[tuple[Point, ...], ...] = ()
    not_in_front: tuple[tuple[Point, ...], ...] = ()
    holdout: str | None = None
    holdout_digest: str | None = None
    spec: ShotSpec
    """Knobs as asked for; a preview lowers them on the way to the stages."""
    brief_text: str = ""
    not_understood: tuple[str, ...] = ()
    generator_identity: str = ""
    """Digest of what the generative back end's knobs name: weights, a workflow."""


def values_of(shot: Shot) -> dict[str, Any]:
    """Return every value that a stage may ask for, by name: the shot's own fields and the groups of its knobs."""
    spec = preview_of(shot.spec) if shot.preview else shot.spec
    groups = {name: getattr(spec, name) for name in ShotSpec.model_fields}
    return {**{name: getattr(shot, name) for name in Shot.model_fields}, "spec": spec, **groups}


def settings_for(stage: Stage, shot: Shot) -> Group:
    """Return `stage`'s settings. A stage that asks for a part of a group gets that part only, so other knobs don't re-run it."""
    values = values_of(shot)
    wanted = {}
    for name, field in stage.settings.model_fields.items():
        if name in values:
            wanted[name] = _fitted(field.annotation, values[name])
        elif field.is_required():
            raise DerrumbeError(f"stage {stage.name} asks for {name}, which no shot has")
    try:
        return stage.settings(**wanted)
    except ValidationError as error:
        raise DerrumbeError(f"stage {stage.name}: {error}") from error


def _fitted(annotation: Any, value: Any) -> Any:
    if not isinstance(value, BaseModel):
        return value
    if annotation is str:
        return value.model_dump_json()
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and not isinstance(value, annotation):
        return annotation(**{name: getattr(value, name) for name in annotation.model_fields})
    return value
