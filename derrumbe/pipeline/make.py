"""Make a shot in a folder: hold it, run the stages, publish, note what stopped it."""

from __future__ import annotations

from pathlib import Path

from derrumbe.core.errors import BadOutput
from derrumbe.pipeline.prepare import shot_file
from derrumbe.pipeline.publish import publish
from derrumbe.pipeline.runner import Flow, Teller, run_shot
from derrumbe.pipeline.settings import Shot
from derrumbe.pipeline.store import locked


def make_shot(
    shot: Shot,
    folder: Path,
    *,
    jobs: int = 1,
    until: str | None = None,
    teller: Teller | None = None,
    hosts: frozenset[str] = frozenset(),
) -> Flow:
    """Run `shot` in `folder` and publish it. `hosts` besides this machine may be sent frames.

    Raises BadOutput when the folder can't be written, and what the stages raise.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadOutput(f"{folder}: can't make the folder ({error.strerror}); choose another --out") from error
    with locked(folder):
        flow = run_shot(shot, folder, jobs=jobs, until=until, teller=teller, hosts=hosts)
        publish(flow, shot, shot_file(shot, folder), folder, partly=until is not None)
    return flow
