"""Progress for people: bars with time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from derrumbe.pipeline.runner import Teller

LINE_EVERY = 10.0
"""Seconds between plain lines."""


@contextmanager
def teller() -> Iterator[Teller]:
    """Yield the teller that fits where stderr goes."""
    if sys.stderr.isatty():
        with _bars() as bars:
            yield bars
    else:
        yield Lines()


class Lines:
    """One line when a stage starts and at most one every ten seconds."""

    def __init__(self) -> None:
        self._label, self._unit, self._count = "", "", 0
        self._total: int | None = None
        self._began = self._told = 0.0

    def stage(self, number: int, count: int, name: str, reused: bool) -> None:
        _print(f"[{number}/{count}] {name}{': nothing changed' if reused else ''}")

    def note(self, text: str) -> None:
        _print(f"  {text}")

    def begin(self, label: str, total: int | None, unit: str) -> None:
        self._label, self._total, self._unit, self._count = label, total, unit, 0
        self._began = self._told = time.monotonic()

    def advance(self, count: int = 1) -> None:
        self._count += count
        now = time.monotonic()
        if now - self._told >= LINE_EVERY:
            self._told = now
            _print(f"  {self._label}: {self._count}{f' of {self._total}' if self._total else ''} {self._unit}{self._left(now)}")

    def end(self) -> None:
        pass

    def _left(self, now: float) -> str:
        if not self._total or not self._count:
            return ""
        seconds = (now - self._began) / self._count * (self._total - self._count)
        return f", about {_clock(seconds)} left"


def _print(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


@contextmanager
def _bars() -> Iterator[Teller]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=False) as progress:
        yield Bars(progress)


class Bars:
    """A bar for each long piece of work, under its stage."""

    def __init__(self, progress) -> None:  # type: ignore[no-untyped-def]
        self._progress = progress
        self._task = None
        self._prefix = ""

    def stage(self, number: int, count: int, name: str, reused: bool) -> None:
        self._prefix = f"[{number}/{count}] {name}"
        if reused:
            self._progress.console.print(f"{self._prefix}: nothing changed", highlight=False, markup=False)

    def note(self, text: str) -> None:
        self._progress.console.print(f"{self._prefix}: {text}", highlight=False, markup=False)

    def begin(self, label: str, total: int | None, unit: str) -> None:
        self._task = self._progress.add_task(f"{self._prefix} · {label}", total=total, unit=unit)

    def advance(self, count: int = 1) -> None:
        self._progress.advance(self._task, count)

    def end(self) -> None:
        self._progress.stop_task(self._task)
