"""The one tuple that decides the order of stages and who reads what."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from derrumbe.core import records
from derrumbe.core.knobs import Group
from derrumbe.core.records import Record

LEDGER = "ledger"
"""Asked for by a stage that reports what the others cost; never part of a key."""


@dataclass(frozen=True)
class Stage:
    """A stage: its folder `derrumbe.<name>`, the keyword `gives` under which later stages take its record, and what it needs.

    Raise `version` whenever the stage's results change for equal settings, so that nobody reads an old result as new.
    """

    name: str
    gives: str
    record: type[Record]
    needs: tuple[str, ...]
    version: str

    @property
    def settings(self) -> type[Group]:
        """The stage's `Settings` class. Cheap to import."""
        return importlib.import_module(f"derrumbe.{self.name}.settings").Settings

    @property
    def run(self) -> Callable[..., Record]:
        """The stage's `run` function. May import much."""
        return importlib.import_module(f"derrumbe.{self.name}.run").run


STAGES: tuple[Stage, ...] = (
    Stage("ingest", "plate", records.Plate, (), "2"),
    Stage("survey", "film_set", records.Set, ("plate",), "75"),
    Stage("fracture", "pieces", records.Pieces, ("film_set",), "12"),
    Stage("simulate", "motion", records.Motion, ("plate", "film_set", "pieces"), "24"),
    Stage("dust", "cloud", records.DustCloud, ("plate", "film_set", "pieces", "motion"), "19"),
    Stage("render", "guides", records.Guides, ("plate", "film_set", "pieces", "motion", "cloud"), "61"),
    Stage("generate", "layers", records.Layers, ("plate", "film_set", "guides"), "2"),
    Stage("comp", "comp", records.Comp, ("plate", "film_set", "layers"), "4"),
    Stage("check", "report", records.Report, ("plate", "film_set", "pieces", "motion", "layers", "comp"), "6"),
    Stage(
        "deliver",
        "delivery",
        records.Delivery,
        ("plate", "film_set", "pieces", "motion", "layers", "comp", "report", LEDGER),
        "4",
    ),
)


def stage_named(name: str) -> Stage:
    """Return the stage called `name`. Raises KeyError."""
    return {stage.name: stage for stage in STAGES}[name]
