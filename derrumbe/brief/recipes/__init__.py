"""Recipes: named presets of knobs, one TOML file each, to start a brief from.

A file has a `title`, a sentence that `says` what happens, and tables such as `[knobs.collapse]`. A brief and `--set` have the last word.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from derrumbe.brief.addresses import nearest
from derrumbe.brief.shotfile import refuse_unknown, spec_from
from derrumbe.core.errors import BadBrief
from derrumbe.core.knobs import ShotSpec

KEYS = ("title", "says", "knobs")


@dataclass(frozen=True)
class Recipe:
    """A preset: `spec` has every knob, those that the recipe doesn't name at their defaults."""

    name: str
    title: str
    says: str
    spec: ShotSpec


@cache
def names() -> tuple[str, ...]:
    """Return the names of all recipes, sorted."""
    return tuple(sorted(file.name.removesuffix(".toml") for file in files(__name__).iterdir() if file.name.endswith(".toml")))


def recipe(name: str) -> Recipe:
    """Return a recipe. Raises BadBrief with the nearest name when there is none."""
    if name not in names():
        raise BadBrief(f"unknown recipe {name!r}{nearest(name, names())}; 'derrumbe recipes' lists them all")
    data = tomllib.loads((files(__name__) / f"{name}.toml").read_text(encoding="utf-8"))
    refuse_unknown(data, KEYS, f"the recipe {name}")
    return Recipe(name, data["title"], data["says"], spec_from(data.get("knobs", {})))


def recipes() -> tuple[Recipe, ...]:
    """Return all recipes, by name."""
    return tuple(recipe(name) for name in names())
