"""Pictures that prove a verdict or show what survey found, brought beside the report."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from derrumbe.core.records import Located, Report, Set
from derrumbe.media.links import link_file


@dataclass(frozen=True)
class Evidence:
    """Names relative to the delivery: of each check that has a picture, and of what survey found."""

    checks: dict[str, str] = field(default_factory=dict)
    survey: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        return (*self.checks.values(), *self.survey)


def gather_evidence(folder: Path, report: Located[Report], film_set: Located[Set]) -> Evidence:
    """Link every evidence picture into folder/report. One that is gone is left out."""
    checks = {}
    for check in report.record.checks:
        if check.evidence and (name := bring(folder, report.path(check.evidence), f"check-{check.name}")):
            checks[check.name] = name
    brought = (bring(folder, film_set.path(path), f"survey-{Path(path).stem}") for path in film_set.record.evidence)
    return Evidence(checks, tuple(name for name in brought if name))


def bring(folder: Path, source: Path, stem: str) -> str | None:
    """Link one picture; return its name relative to `folder`."""
    if not source.is_file():
        return None
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in stem)
    name = f"report/{safe}{source.suffix.lower()}"
    if not (folder / name).exists():
        link_file(source, folder / name)
    return name
