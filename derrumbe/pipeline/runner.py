"""Run the stages of a shot in order; make again only what changed."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from derrumbe.core.errors import BadOutput
from derrumbe.core.knobs import Group
from derrumbe.core.records import Located, Record, StageLog
from derrumbe.core.work import Progress, Silence, Work
from derrumbe.pipeline.meter import Meter
from derrumbe.pipeline.settings import Shot, settings_for
from derrumbe.pipeline.stages import LEDGER, STAGES, Stage
from derrumbe.pipeline.store import Store, key_of


class Teller(Progress, Protocol):
    """Hears of stages too."""

    def stage(self, number: int, count: int, name: str, reused: bool) -> None: ...
    def note(self, text: str) -> None: ...


class SilentTeller(Silence):
    def stage(self, number: int, count: int, name: str, reused: bool) -> None:
        pass

    def note(self, text: str) -> None:
        pass


@dataclass
class Flow:
    """What a run has so far: a record by keyword, the key and the cost of every stage."""

    results: dict[str, Located] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    ledger: list[StageLog] = field(default_factory=list)


def run_shot(
    shot: Shot,
    folder: Path,
    *,
    jobs: int = 1,
    until: str | None = None,
    teller: Teller | None = None,
    stages: tuple[Stage, ...] = STAGES,
    hosts: frozenset[str] = frozenset(),
) -> Flow:
    """Run every stage (up to and with `until`) for `shot` in `folder`, and return what there is.

    Raises what the stages raise, and BadOutput when the disk is full.
    """
    teller = teller or SilentTeller()
    store, flow, bench = Store(folder), Flow(), Work(folder, jobs, teller, hosts)
    if until:
        stages = stages[: 1 + [stage.name for stage in stages].index(until)]
    for number, stage in enumerate(stages, 1):
        _advance(stage, shot, store, flow, bench, partial(teller.stage, number, len(stages), stage.name))
        for note in getattr(flow.results[stage.gives].record, "notes", ()):
            teller.note(note)
    store.prune(flow.keys)
    return flow


def _advance(stage: Stage, shot: Shot, store: Store, flow: Flow, bench: Work, announce: Callable[[bool], None]) -> None:
    settings, inputs, key = asked_of(stage, shot, flow)
    result = store.load(stage, key)
    announce(result is not None)
    if result is None:
        extra = {LEDGER: tuple(flow.ledger)} if LEDGER in stage.needs else {}
        work = replace(bench, folder=store.open(stage, key))
        with Meter() as meter:
            record = run_on_a_finite_disk(stage, settings, work, {**inputs, **extra})
        log = StageLog(
            stage=stage.name,
            version=stage.version,
            key=key,
            wall_seconds=meter.wall_seconds,
            cpu_seconds=meter.cpu_seconds,
            peak_bytes=meter.peak_bytes,
        )
        result = store.close(stage, key, record, log)
    else:
        log = store.log(stage, key)
    flow.results[stage.gives] = result
    flow.keys[stage.name] = key
    flow.ledger.append(log)


def asked_of(stage: Stage, shot: Shot, flow: Flow) -> tuple[Group, dict[str, Located], str]:
    """Return what a stage is given, settings and inputs, and the key of that; an input that is still in the making counts as what it becomes."""
    settings = settings_for(stage, shot)
    inputs = {name: flow.results[name] for name in stage.needs if name != LEDGER}
    whole = ((name, Located(at.record, at.folder.with_suffix(""))) for name, at in inputs.items())
    return settings, inputs, key_of(stage, settings, whole)


def run_on_a_finite_disk(stage: Stage, settings: object, work: Work, inputs: dict) -> Record:
    """Run a stage. Raises BadOutput when the disk is full, and what the stage raises."""
    try:
        return stage.run(settings, work, **inputs)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise BadOutput(f"{work.folder}: the disk is full; free some space and run again, finished frames are kept") from error
        raise
