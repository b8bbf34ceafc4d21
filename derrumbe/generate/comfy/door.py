"""The way in to ComfyUI (generate/backends.py `Door`). Cheap to import: what talks and what decodes pictures comes when a window is made."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from derrumbe.core.errors import BadBrief
from derrumbe.core.knobs import Generate
from derrumbe.generate.comfy.address import address_at, is_named_loopback
from derrumbe.generate.comfy.events import check_installed
from derrumbe.generate.comfy.faults import Unreachable
from derrumbe.generate.comfy.workflow import Workflow, read_workflow
from derrumbe.generate.rules import RULES, ModelRules

PATIENCE = 2.0
"""Seconds to wait for a server on this machine before saying that there is none."""

if TYPE_CHECKING:
    from derrumbe.generate.comfy.model import ComfyModel


def check(knobs: Generate, hosts: Iterable[str] = ()) -> None:
    """Raise BadInput for an address that may not be used, an unusable workflow, a missing library. `hosts`: allowed besides this machine."""
    check_installed()
    _rules(knobs, read_workflow(knobs.workflow))
    with suppress(Unreachable):  # a server may be started later; it is asked before the first window
        address_at(knobs.url, hosts).resolved()


def identity(knobs: Generate) -> str:
    """Return the workflow's digest: its file may change under the same name."""
    return read_workflow(knobs.workflow).digest


def notices(knobs: Generate) -> tuple[str, ...]:
    """Say where frames go, unless they stay here; then whether somebody is there to take them."""
    address = address_at(knobs.url)
    if not is_named_loopback(address.host):
        return (f"frames of this shot are sent to {address.url}",)
    try:
        address.dial(PATIENCE).close()
    except Unreachable as trouble:
        return (f"{trouble}, before the work gets to `generate`",)
    return ()


def open_model(knobs: Generate, hosts: Iterable[str] = ()) -> ComfyModel:
    """Return the model behind `generate.url`. Connects to nothing yet."""
    from derrumbe.generate.comfy.attempt import Desk
    from derrumbe.generate.comfy.model import ComfyModel
    from derrumbe.generate.comfy.server import Server

    workflow = read_workflow(knobs.workflow)
    # ComfyUI's name for a file's own precision is "default"; the shipped workflow asks for 8 bits, which 14 billion weights need
    precision = None if knobs.dtype == "auto" else "default"
    given = {"model": knobs.model or None, "precision": precision, "steps": knobs.steps, "guidance": knobs.guidance}
    return ComfyModel(Desk(Server(address_at(knobs.url, hosts)), workflow, given), _rules(knobs, workflow))


def _rules(knobs: Generate, workflow: Workflow) -> ModelRules:
    """Return the sizes and lengths of `generate.pipeline`; whether masks and references are looked at is for the workflow to say."""
    if knobs.pipeline not in RULES:
        near = get_close_matches(knobs.pipeline, RULES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(RULES)}"
        raise BadBrief(f"generate.pipeline: no kind of model called {knobs.pipeline!r}; {hint}")
    return replace(RULES[knobs.pipeline], takes_mask="mask" in workflow.places, takes_references="reference" in workflow.places)
