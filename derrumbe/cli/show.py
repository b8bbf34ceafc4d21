"""What the commands print when they are done."""

from __future__ import annotations

import sys
from pathlib import Path

from derrumbe.core.records import Report
from derrumbe.pipeline.runner import Flow
from derrumbe.pipeline.settings import Shot

MARKS = {"pass": "pass ", "warn": "WARN ", "block": "BLOCK"}


def show_notes(shot: Shot) -> None:
    """Tell what the brief didn't understand, and what goes over the network, before the long work starts."""
    from derrumbe.generate import backends

    for line in backends.notices(shot.spec.generate):
        print(line, file=sys.stderr)
    if shot.not_understood:
        words = ", ".join(f"“{phrase}”" for phrase in shot.not_understood)
        print(f"brief: not understood: {words}; `derrumbe knobs` lists what --set can say", file=sys.stderr)


def show_knobs() -> None:
    """Print every knob."""
    from rich.console import Console
    from rich.table import Table

    from derrumbe.brief import knob_table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("knob", "unit", "range", "default", "what it does"):
        table.add_column(column, overflow="fold", no_wrap=column == "knob")
    for row in knob_table():
        table.add_row(row.address, row.unit, row.range, str(row.default), row.does)
    Console(width=None if sys.stdout.isatty() else 180, markup=False).print(table)


def show_recipes() -> None:
    """Print every recipe with the knobs that it turns."""
    from derrumbe.brief import recipes
    from derrumbe.brief.addresses import fields, value_at
    from derrumbe.core.knobs import ShotSpec

    default = ShotSpec()
    for found in recipes():
        turned = [f"{address}={value_at(found.spec, address)}" for address in fields()]
        plain = {f"{address}={value_at(default, address)}" for address in fields()}
        print(f"{found.name:16} {found.says}\n{'':16} {' '.join(knob for knob in turned if knob not in plain)}")


def show_report(report: Report, changed: tuple[str, ...] = ()) -> int:
    """Print every check, and return the exit code that the verdicts ask for."""
    for check in report.checks:
        print(
            f"{MARKS[check.verdict]} {check.name}: {check.says}{f' → {check.remedy}' if check.remedy and check.verdict != 'pass' else ''}"
        )
    for name in changed[:10]:
        print(f"BLOCK {name}: not as delivered → run the shot file again to deliver it anew")
    if len(changed) > 10:
        print(f"BLOCK {len(changed) - 10} more files not as delivered")
    return 3 if report.blocked or changed else 0


def show_made(flow: Flow, out: Path, until: str | None) -> int:
    """Print outcomes that the artist must judge, the checks and where things are."""
    for located in flow.results.values():
        for caution in getattr(located.record, "warnings", ()):
            print(f"WARN  {caution.what} → {caution.remedy}")
    if "report" not in flow.results:
        print(f"ran until {until}: {out.resolve()}")
        return 0
    code = show_report(flow.results["report"].record)
    seconds = sum(log.wall_seconds for log in flow.ledger if not log.reused)
    print(f"{'made, but a check blocks it' if code else 'made'} in {seconds:.0f} s: {(out / 'report.html').resolve()}")
    return code
