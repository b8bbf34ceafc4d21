"""Knobs by address: `group.name`, as in `dust.amount`; `seed` stands alone."""

from __future__ import annotations

import types
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from derrumbe.core.errors import BadBrief
from derrumbe.core.knobs import ShotSpec


class KnobRow(NamedTuple):
    """One knob as a person reads it."""

    address: str
    unit: str
    range: str
    default: str
    does: str


@cache
def fields() -> dict[str, FieldInfo]:
    """Return every knob's field by address, in the order of the groups."""
    found: dict[str, FieldInfo] = {}
    for group, field in ShotSpec.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found.update({f"{group}.{name}": inner for name, inner in kind.model_fields.items()})
        else:
            found[group] = field
    return found


def knob_table() -> tuple[KnobRow, ...]:
    """Return a row per knob: address, unit, range, default, what it does."""
    return tuple(
        KnobRow(address, unit_of(address), range_of(address), spoken(field.default), field.description or "")
        for address, field in fields().items()
    )


def field_at(address: str) -> FieldInfo:
    """Return the knob's field. Raises BadBrief with the nearest address when there is none."""
    if address in fields():
        return fields()[address]
    raise BadBrief(f"unknown knob {address!r}{nearest(address, fields())}; 'derrumbe knobs' lists them all")


def nearest(name: str, names: Any) -> str:
    """Return '; did you mean …?' or nothing. A bare name is matched against the last parts too."""
    names = list(names)
    close = get_close_matches(name, names, 1, 0.6)
    if not close:
        last = {known.rpartition(".")[2]: known for known in reversed(names)}
        close = [last[part] for part in get_close_matches(name.rpartition(".")[2], list(last), 1, 0.6)]
    return f"; did you mean {close[0]!r}?" if close else ""


def unit_of(address: str) -> str:
    """Return the knob's unit, '' when it has none."""
    extra = fields()[address].json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def choices_of(address: str) -> tuple[str, ...]:
    """Return the words that the knob takes, () when it isn't a choice."""
    return tuple(str(word) for kind in kinds_of(address) if get_origin(kind) is Literal for word in get_args(kind))


def kinds_of(address: str) -> tuple[Any, ...]:
    """Return the types that the knob takes, without None."""
    annotation = fields()[address].annotation
    members = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    return tuple(kind for kind in members if kind is not type(None))


def optional(address: str) -> bool:
    """Tell whether the knob may be empty."""
    return type(None) in get_args(fields()[address].annotation)


def range_of(address: str) -> str:
    """Return what the knob takes: its choices, its limits, or its type."""
    kinds = kinds_of(address)
    if choices_of(address):
        text = " | ".join(choices_of(address))
    elif kinds == (bool,):
        text = "true | false"
    elif kinds == (str,):
        text = "auto | #rrggbb" if address == "dust.color" else "text"
    else:
        text = limits_of(address)
    return text + (" | empty" if optional(address) else "")


def limits_of(address: str) -> str:
    """Return '0 to 10', 'above 0.5 to 500', or 'any number'."""
    limits = {name: getattr(item, name) for item in fields()[address].metadata for name in ("ge", "gt", "le", "lt") if hasattr(item, name)}
    low = f"above {limits['gt']:g}" if "gt" in limits else f"{limits['ge']:g}" if "ge" in limits else ""
    high = f"{limits['le']:g}" if "le" in limits and limits["le"] < 2**31 - 1 else ""
    if low and high:
        return f"{low} to {high}"
    return (f"{low} or more" if "ge" in limits else low) if low else "any number"


def value_at(spec: ShotSpec, address: str) -> Any:
    """Return the knob's value in `spec`."""
    value: Any = spec
    for part in address.split("."):
        value = getattr(value, part)
    return value


def with_value(spec: ShotSpec, address: str, value: Any) -> ShotSpec:
    """Return `spec` with one knob changed. Raises BadBrief when the value doesn't fit it."""
    field_at(address)
    group, _, name = address.rpartition(".")
    try:
        checked_colour(address, value)
        if not group:
            return ShotSpec.model_validate({**shallow(spec), name: value})
        old = getattr(spec, group)
        new = type(old).model_validate({**old.model_dump(), name: value})
    except (ValidationError, ValueError) as fault:
        raise BadBrief(f"{address}={spoken(value)}: {complaint(address)}") from fault
    return spec.model_copy(update={group: new})


def checked_colour(address: str, value: Any) -> None:
    """Raise ValueError when a colour is neither auto nor #rrggbb."""
    if address == "dust.color" and isinstance(value, str) and value != "auto":
        digits = value.removeprefix("#")
        if not value.startswith("#") or len(digits) != 6 or set(digits.lower()) - set("0123456789abcdef"):
            raise ValueError(value)


def complaint(address: str) -> str:
    """Say what the knob would take, with its unit."""
    unit = unit_of(address)
    takes = range_of(address)
    kind = kinds_of(address)[0]
    whole = "a whole number, " if kind is int else "a number, " if kind is float else ""
    return f"give {whole}{takes}" + (f" ({unit})" if unit and not choices_of(address) else "")


def shallow(spec: ShotSpec) -> dict[str, Any]:
    """Return the spec's groups as they are."""
    return {name: getattr(spec, name) for name in ShotSpec.model_fields}


def spoken(value: Any) -> str:
    """Return a value as an artist types it: empty, true, 1.5, left."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
