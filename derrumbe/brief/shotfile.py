"""The shot file: every resolved knob, the plate and the brief, as TOML that a person can edit.

`version = 1`, `brief = "…"`, a table `[plate]` with what the pipeline needs to find and cut the plate (its keys are the pipeline's), and a
table such as `[knobs.dust]` per group of knobs. A knob that is left out has its default; "empty" is an empty one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

from derrumbe.brief.addresses import fields, nearest, with_value
from derrumbe.core.errors import BadBrief
from derrumbe.core.knobs import ShotSpec

VERSION = 1
SECTIONS = ("version", "brief", "plate", "knobs")


class ShotFile(NamedTuple):
    """What a shot file says."""

    spec: ShotSpec
    plate: dict[str, Any]
    brief: str


def shot_to_toml(spec: ShotSpec, plate: Mapping[str, Any], brief: str) -> str:
    """Return the shot as TOML text. `plate` holds strings, numbers, booleans and lists of them; None values are left out."""
    import tomli_w

    knobs: dict[str, Any] = {}
    for name in ShotSpec.model_fields:
        value = getattr(spec, name)
        knobs[name] = emptied(value.model_dump()) if isinstance(value, BaseModel) else value
    known = {key: value for key, value in plate.items() if value is not None}
    return tomli_w.dumps({"version": VERSION, "brief": brief, "plate": known, "knobs": knobs})


def emptied(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with None spelt "empty", for TOML has no null."""
    return {name: "empty" if value is None else value for name, value in values.items()}


def shot_from_toml(text: str, plate_keys: Iterable[str] | None = None) -> ShotFile:
    """Read a shot file. Keys of [plate] must be among `plate_keys` when those are given. Raises BadBrief."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise BadBrief(f"shot file is not TOML: {fault}") from fault
    refuse_unknown(data, SECTIONS, "the shot file")
    if data.get("version", VERSION) != VERSION:
        raise BadBrief(f"shot file of version {data['version']}: this Derrumbe reads version {VERSION}; upgrade it or write the file again")
    plate, brief, knobs = data.get("plate", {}), data.get("brief", ""), data.get("knobs", {})
    for name, value, kind in (("plate", plate, dict), ("brief", brief, str), ("knobs", knobs, dict)):
        if not isinstance(value, kind):
            raise BadBrief(f"shot file: {name} must be {'a table' if kind is dict else 'text'}")
    if plate_keys is not None:
        refuse_unknown(plate, plate_keys, "[plate]")
    return ShotFile(spec_from(knobs), plate, brief)


def spec_from(knobs: Mapping[str, Any]) -> ShotSpec:
    """Return the spec that the [knobs] tables describe."""
    spec = ShotSpec()
    for group, values in knobs.items():
        named = {f"{group}.{name}": value for name, value in values.items()} if isinstance(values, dict) else {group: values}
        refuse_unknown(named, fields(), "[knobs]")
        for address, value in named.items():
            spec = with_value(spec, address, None if value == "empty" else value)
    return spec


def refuse_unknown(found: Iterable[str], known: Iterable[str], where: str) -> None:
    """Raise BadBrief on the first key that isn't known, naming the nearest."""
    known = tuple(known)
    for key in found:
        if key not in known:
            raise BadBrief(f"unknown key {key!r} in {where}{nearest(key, known)}")
