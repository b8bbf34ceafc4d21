"""One window at a ComfyUI server: upload, queue, follow, fetch, from wherever an earlier try got to."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from derrumbe.core.errors import BadInput, DerrumbeError
from derrumbe.core.files import write_text
from derrumbe.generate.comfy.events import Events, check_installed
from derrumbe.generate.comfy.faults import Lost, Refused, Unreachable
from derrumbe.generate.comfy.following import Job, Share, follow
from derrumbe.generate.comfy.pictures import is_cut_off, picture_of, png_of_mask, png_of_picture
from derrumbe.generate.comfy.server import Server
from derrumbe.generate.comfy.stock import Stock, check_choices, saved_finely, stock_for
from derrumbe.generate.comfy.workflow import PICTURES, Graph, Workflow
from derrumbe.generate.conditioning import Conditioning, Tell, checked

UPLOADED = 0.05
"""Share of a window that is done when its pictures are up; fetching takes as much."""

NOTE = "job.json"


@dataclass
class Desk:
    """A server, a workflow, and values by title that the artist gave (model, steps, guidance; None: the workflow's own)."""

    server: Server
    workflow: Workflow
    values: dict[str, Any]
    pause: Callable[[float], None] = time.sleep
    _stock: Stock | None = field(default=None, init=False)

    def looked(self) -> Stock:
        """Return what the server has, asked once and before any frame goes out. Raises BadInput when it isn't enough."""
        if self._stock is None:
            check_installed()
            graph = self.workflow.filled(dict.fromkeys(PICTURES, ("x", "y")), self.values)
            stock = stock_for(graph, self.server)
            check_choices(graph, stock, self.server)
            self._stock = stock
        return self._stock


@dataclass
class Attempt:
    """One window. `job` is queued, or was when somebody last knew."""

    desk: Desk
    conditioning: Conditioning
    folder: Path
    tell: Tell
    job: Job | None = None

    def __post_init__(self) -> None:
        self.digest = _digest(self.conditioning, self.desk)
        self.job = self._noted()

    def run(self) -> np.ndarray:
        """Make the window, from wherever an earlier try got to. Raises Lost, Unreachable, BadInput, DerrumbeError."""
        server = self.desk.server
        client = self.job.client if self.job else uuid.uuid4().hex
        try:
            with Events(server.address, client) as events:
                job = self.job or self._queued(client, events)
                left = follow(server, events, job, Share(job, self._tell_sampling), self.desk.pause)
            made = self._fetched(left)
        except Unreachable:
            raise
        except DerrumbeError:
            self.forget()  # the job is over, and would fail the same way when it is found again
            raise
        self.forget()
        self.tell(1.0)
        return made

    def cancel(self) -> None:
        """Take the job away from the server, if it can be reached."""
        if self.job is not None:
            try:
                Server(self.desk.server.address, timeout=5.0).cancel(self.job.name, self.job.client)
            except DerrumbeError:
                return
            self.forget()

    def forget(self) -> None:
        """Start anew next time."""
        self.job = None
        (self.folder / NOTE).unlink(missing_ok=True)

    def _queued(self, client: str, events: Events) -> Job:
        """Upload everything, listen, and queue the graph."""
        desk = self.desk
        stock = desk.looked()
        folder = f"derrumbe/{self.conditioning.task}-{client[:12]}"
        graph = desk.workflow.filled(self._uploaded(folder), {**desk.values, **self._values()})
        check_choices(graph, stock, desk.server)
        _name_output(graph, desk.workflow.output, f"{folder}/frame")
        graph = saved_finely(graph, desk.workflow.output, stock)
        # noted before it is queued: a job whose answer got lost can still be found, and stopped
        self.job = Job(str(uuid.uuid4()), client, graph)
        self._note(self.job)
        with suppress(Unreachable):
            events.open()
        name = _accepted(desk, self.job)
        if name != self.job.name:
            self.job = Job(name, client, graph)
            self._note(self.job)
        return self.job

    def _uploaded(self, folder: str) -> dict[str, list[str]]:
        """Upload the pictures that the workflow asks for, and return their names by kind."""
        given = self.conditioning
        places = self.desk.workflow.places
        wanted = {kind: pictures for kind, pictures in _pictures(given, "mask" in places).items() if kind in places}
        total, sent = sum(len(pictures) for pictures in wanted.values()), 0
        names: dict[str, list[str]] = {}
        for kind, pictures in wanted.items():
            names[kind] = []
            encode = png_of_mask if kind == "mask" else png_of_picture
            for number, picture in enumerate(pictures):
                names[kind].append(self.desk.server.upload(f"{kind}.{number:04d}.png", folder, encode(picture)))
                sent += 1
                self.tell(UPLOADED * sent / total)
        return names

    def _values(self) -> dict[str, Any]:
        given = self.conditioning
        length, height, width = given.shape
        return {
            "prompt": given.prompt,
            "negative": given.negative,
            "seed": given.seed,
            "strength": given.strength,
            "width": width,
            "height": height,
            "length": length,
            "rate": float(given.rate),
        }

    def _fetched(self, left: dict[str, Any]) -> np.ndarray:
        """Return the frames that the job saved. Raises Lost when the server no longer has them."""
        server, workflow = self.desk.server, self.desk.workflow
        told = (left.get("outputs") or {}).get(workflow.output) or {}
        files = [file for file in told.get("images") or () if isinstance(file, dict)]
        count, height, width = self.conditioning.shape
        title = workflow.title(workflow.output)
        if len(files) != count:
            raise BadInput(
                f"{server.address.url}: {title} gave {len(files)} frames, {count} were asked for; "
                "title the node that sets the length derrumbe:length, and let nothing add or drop frames"
            )
        made = np.empty((count, height, width, 3), np.float32)
        for number, file in enumerate(files):
            picture = self._fetch(file)
            if picture.shape != made.shape[1:]:
                raise BadInput(
                    f"{server.address.url}: {title} gave {picture.shape[1]}x{picture.shape[0]} pixels, {width}x{height} were asked for; "
                    "title the node that sets the size derrumbe:width,height, and let nothing crop or enlarge"
                )
            made[number] = picture
            self.tell(1 - UPLOADED * (1 - (number + 1) / count))
        return checked(made, self.conditioning, "comfyui")

    def _fetch(self, file: dict[str, str]) -> np.ndarray:
        try:
            data = self.desk.server.view(file)
        except Refused as refused:
            if refused.status == 404:
                raise Lost(f"{self.desk.server.address.url}: {file.get('filename')} is gone") from refused
            raise
        where = f"{self.desk.server.address.url}: {file.get('filename')}"
        if is_cut_off(data):
            raise Unreachable(f"{where}: came in part only")
        return picture_of(data, where)

    def _tell_sampling(self, share: float) -> None:
        self.tell(UPLOADED + (1 - 2 * UPLOADED) * share)

    def _note(self, job: Job) -> None:
        told = {"for": self.digest, "name": job.name, "client": job.client, "graph": job.graph}
        write_text(self.folder / NOTE, json.dumps(told))

    def _noted(self) -> Job | None:
        """Return the job that a killed run queued for the very same request."""
        try:
            told = json.loads((self.folder / NOTE).read_text(encoding="utf-8"))
            return Job(told["name"], told["client"], told["graph"]) if told["for"] == self.digest else None
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _pictures(given: Conditioning, masked: bool) -> dict[str, Any]:
    """Return pictures by kind. A model with a mask keeps what the control shows outside it, so that must be the picture itself there."""
    control = given.control
    if masked and control is not given.first:
        control = np.where(given.mask[..., None] > 0, control, given.first)
    return {"control": control, "first": given.first, "mask": given.mask, "reference": given.references}


def _accepted(desk: Desk, job: Job) -> str:
    """Queue a job and return its name at the server. Raises Lost when the pictures are gone again, BadInput when the graph is refused."""
    try:
        return desk.server.queue(job.graph, job.name, job.client)
    except Refused as refused:
        reasons = _reasons(refused.answer, job.graph, desk.workflow)
        if any("Invalid image file" in reason for reason in reasons):
            raise Lost(f"{desk.server.address.url}: the uploaded pictures are gone") from refused
        raise BadInput(f"{desk.server.address.url}: ComfyUI refuses the workflow: {'; '.join(reasons) or refused}") from refused


def _reasons(answer: object, graph: Graph, workflow: Workflow) -> list[str]:
    """Return what ComfyUI has against a graph, one text per node."""
    told = answer if isinstance(answer, dict) else {}
    nodes = told.get("node_errors")
    reasons = [
        f"{workflow.title(node) if node in workflow.nodes else node}: "
        + ", ".join(f"{error.get('message', '')} {error.get('details', '')}".strip() for error in found.get("errors", ()))
        for node, found in (nodes.items() if isinstance(nodes, dict) else ())
    ]
    error = told.get("error")
    if not reasons and error:
        reasons = [str(error.get("message", error)) if isinstance(error, dict) else str(error)]
    return reasons


def _name_output(graph: Graph, node: str, prefix: str) -> None:
    """Give each job its own file names: ComfyUI would answer an equal graph with files that may be gone."""
    if "filename_prefix" in graph[node]["inputs"]:
        graph[node]["inputs"]["filename_prefix"] = prefix


def _digest(given: Conditioning, desk: Desk) -> str:
    """Return a digest of everything that is asked of the server for a window."""
    told = hashlib.blake2b(digest_size=16)
    texts = (desk.server.address.url, desk.workflow.digest, sorted(desk.values.items()), given.prompt, given.negative)
    told.update(repr((*texts, given.seed, given.strength, given.rate, given.task)).encode())
    for pictures in (given.control, given.first, given.mask, *given.references):
        told.update(repr(pictures.shape).encode())
        told.update(np.ascontiguousarray(pictures).data)
    return told.hexdigest()
