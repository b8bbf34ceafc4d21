"""qc.json: the verdicts for machines. Scripts outside rely on its shape."""

from __future__ import annotations

import json
from pathlib import Path

from derrumbe.core.files import write_text
from derrumbe.core.records import Check, Report
from derrumbe.deliver.evidence import Evidence


def write_qc(path: Path, report: Report, evidence: Evidence) -> None:
    """Write {"checks": [{name, verdict, value, limit, unit, frames, says, remedy, evidence}]}."""
    checks = [row(check, evidence.checks.get(check.name)) for check in report.checks]
    write_text(path, json.dumps({"checks": checks}, indent=1, ensure_ascii=False) + "\n")


def row(check: Check, evidence: str | None) -> dict[str, object]:
    """Return one check; numbers that JSON can't hold are null, `says` still tells them."""
    values = check.model_dump(mode="json") | {"evidence": evidence}
    for name in ("value", "limit"):
        number = values[name]
        if number is not None and (number != number or abs(number) == float("inf")):
            values[name] = None
    return values
