"""Wait for a queued job: hear its events, and ask now and then, because events get lost and servers restart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from derrumbe.core.errors import BadInput, DerrumbeError
from derrumbe.generate.comfy.events import Events
from derrumbe.generate.comfy.faults import Lost, Unreachable
from derrumbe.generate.comfy.server import Server
from derrumbe.generate.comfy.workflow import Graph, title_of

ASK_AFTER = 5.0
"""Seconds without an event before the server is asked."""

ASK_ON = {"status", "execution_success", "execution_error", "execution_interrupted"}
"""Events after which the job may be over. So is `executing` nothing, which comes once the result can be had."""


@dataclass(frozen=True)
class Job:
    """A graph in a server's queue. client: our name on the websocket, this job's alone."""

    name: str
    client: str
    graph: Graph

    def samplers(self) -> list[str]:
        """Nodes whose steps are the progress."""
        return [node for node, content in self.graph.items() if "Sampler" in str(content["class_type"]) and "steps" in content["inputs"]]


@dataclass
class Share:
    """How much of the sampling is done; only ever rises."""

    job: Job
    tell: Callable[[float], None]
    done: dict[str, float] = field(default_factory=dict)
    told: float = 0.0

    def hear(self, data: Mapping[str, Any]) -> None:
        """Take a `progress` event's data."""
        samplers = self.job.samplers()
        node, value, most = data.get("node"), data.get("value"), data.get("max")
        if node in samplers and isinstance(value, (int, float)) and isinstance(most, (int, float)) and most > 0:
            self.done[str(node)] = min(value / most, 1.0)
            share = sum(self.done.values()) / len(samplers)
            if share > self.told:
                self.told = share
                self.tell(share)


def follow(server: Server, events: Events, job: Job, share: Share, pause: Callable[[float], None]) -> dict[str, Any]:
    """Return what the finished job left (`Server.history`). Raises Lost, Unreachable, and what the job raised."""
    misses = 0
    while True:
        listening = _opened(events)
        left = _asked(server, job)
        if left is not None:
            return left
        if listening and _listen(events, job, share):
            misses = 0
        else:
            # asking goes on without the websocket; whether the server is there at all is for `_asked` to find
            pause(min(0.5 * 2**misses, ASK_AFTER))
            misses += 1


def _opened(events: Events) -> bool:
    try:
        events.open()
    except Unreachable:
        return False
    return True


def _listen(events: Events, job: Job, share: Share) -> bool:
    """Hear events until the job may be over. Return False when the websocket breaks."""
    try:
        while not _may_be_over(events.next(ASK_AFTER), job, share):
            pass
    except Unreachable:
        return False
    return True


def _asked(server: Server, job: Job) -> dict[str, Any] | None:
    """Return what the job left, None while it waits or runs. The queue is asked first: a job goes from there to the history at once."""
    running, pending = server.waiting(job.name, job.client)
    left = server.history(job.name)
    if left is not None:
        return _sound(left, job, server)
    if not running and not pending:
        raise Lost(f"{server.address.url}: the ComfyUI server forgot the job; it was restarted")
    return None


def _may_be_over(event: Mapping[str, Any] | None, job: Job, share: Share) -> bool:
    if event is None:
        return True
    data = event.get("data")
    data = data if isinstance(data, dict) else {}
    if event.get("type") == "progress" and data.get("prompt_id", job.name) == job.name:
        share.hear(data)
    return event.get("type") in ASK_ON or (event.get("type") == "executing" and data.get("node") is None)


def _sound(left: dict[str, Any], job: Job, server: Server) -> dict[str, Any]:
    """Return `left` of a job that succeeded. Raises what another one failed with."""
    status = left.get("status")
    status = status if isinstance(status, dict) else {}
    for message in status.get("messages") or ():
        kind, data = message if isinstance(message, list) and len(message) == 2 else ("", {})
        if kind == "execution_error" and isinstance(data, dict):
            raise _failure(data, job, server)
        if kind == "execution_interrupted":
            raise DerrumbeError(f"{server.address.url}: somebody stopped the job in ComfyUI; run again to go on with this window")
    if status.get("status_str", "success") != "success":
        raise DerrumbeError(f"{server.address.url}: the job ended as {status.get('status_str')}; see ComfyUI's console")
    return left


def _failure(data: Mapping[str, Any], job: Job, server: Server) -> DerrumbeError:
    """Return what a node failed with, with a remedy where there is one."""
    node = str(data.get("node_id", ""))
    title = title_of(node, job.graph.get(node, {"class_type": data.get("node_type", "node")}))
    said = " ".join(str(data.get("exception_message", "no message")).split())[:400]
    kind = str(data.get("exception_type", ""))
    if is_out_of_memory(kind, said):
        return BadInput(
            f"{server.address.url}: {title} ran out of GPU memory ({said}); lower generate.pixels or generate.window, "
            "take a smaller or quantised model (fp8, GGUF, 1.3B), or start ComfyUI with --lowvram; finished windows are kept"
        )
    return DerrumbeError(f"{server.address.url}: {title} failed: {kind}: {said}; finished windows are kept, run again to go on from here")


def is_out_of_memory(kind: str, said: str) -> bool:
    """Tell a lack of memory by what CUDA, ROCm, MPS and PyTorch call it."""
    told = f"{kind} {said}".lower()
    return any(word in told for word in ("outofmemory", "out of memory", "allocation on device"))
