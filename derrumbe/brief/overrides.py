"""`--set group.name=value` overrides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from derrumbe.brief.addresses import complaint, field_at, kinds_of, optional, with_value
from derrumbe.core.errors import BadBrief
from derrumbe.core.knobs import ShotSpec

EMPTY = ("none", "empty", "")
TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def apply_settings(spec: ShotSpec, settings: Iterable[str]) -> ShotSpec:
    """Return `spec` with overrides such as "dust.amount=1.5" applied in order; "none" or "empty" clears an optional knob.

    Raises BadBrief: no "=", unknown knob (the nearest is named), value of the wrong type or out of range.
    """
    for setting in settings:
        address, equals, text = setting.partition("=")
        address = address.strip()
        if not equals:
            raise BadBrief(f"--set {setting!r}: write knob=value, such as dust.amount=1.5")
        field_at(address)
        spec = with_value(spec, address, parsed(address, text.strip()))
    return spec


def parsed(address: str, text: str) -> Any:
    """Return the text as the knob's own type. Raises BadBrief."""
    kind = kinds_of(address)[0]
    if optional(address) and text.lower() in EMPTY:
        return None
    if kind is bool:
        return truth(address, text)
    if kind is int or kind is float:
        return number(address, text, kind)
    return text


def truth(address: str, text: str) -> bool:
    if text.lower() in TRUE + FALSE:
        return text.lower() in TRUE
    raise BadBrief(f"{address}={text}: give true or false")


def number(address: str, text: str, kind: type) -> float | int:
    try:
        value = float(text)
        if value != value or abs(value) == float("inf") or (kind is int and value != int(value)):
            raise ValueError(text)
    except ValueError as fault:
        raise BadBrief(f"{address}={text}: {complaint(address)}") from fault
    return int(value) if kind is int else value
