"""A workflow in ComfyUI's API format, and what its nodes' titles ask to be filled.

A node titled `derrumbe: seed, steps` gets our seed and steps in its own inputs; a Load Image node titled `derrumbe: control` becomes the
whole window of control pictures; the frames are taken from the node titled `derrumbe: output`. ComfyUI's editor sets titles with a double
click and writes the API format with Workflow > Export (API).
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from derrumbe.core.errors import BadInput
from derrumbe.generate.comfy.batches import put_batch

PREFIX = "derrumbe:"
SHIPPED = "wan-vace.json"
OUTPUT = "output"

PICTURES = ("control", "first", "mask", "reference")
"""Titles of Load Image nodes (mask: also Load Image (as Mask)) that become batches."""

VALUES: dict[str, tuple[str, ...]] = {
    "prompt": ("text", "prompt", "positive_prompt", "string", "value"),
    "negative": ("text", "negative_prompt", "prompt", "string", "value"),
    "seed": ("seed", "noise_seed", "value"),
    "strength": ("denoise", "strength", "value"),
    "steps": ("steps", "value"),
    "guidance": ("cfg", "guidance", "value"),
    "width": ("width", "value"),
    "height": ("height", "value"),
    "length": ("length", "num_frames", "frames", "value"),
    "rate": ("fps", "frame_rate", "value"),
    "model": ("unet_name", "ckpt_name", "model_name", "value"),
    "precision": ("weight_dtype", "value"),
}
"""Titles of nodes that get a value, and the inputs that may take it: the first that the node has."""

NEEDED = ("control", "seed", OUTPUT)

Graph = dict[str, dict[str, Any]]
"""Node id → {class_type, inputs, _meta}."""


@dataclass(frozen=True)
class Workflow:
    """nodes: as in the file. places: what is asked for → ids of the nodes that ask. digest: SHA-256 of the file."""

    name: str
    nodes: Graph
    places: dict[str, tuple[str, ...]]
    digest: str

    @property
    def output(self) -> str:
        """Id of the node whose pictures are the result."""
        return self.places[OUTPUT][0]

    def title(self, node: str) -> str:
        """Return how a person knows a node."""
        return title_of(node, self.nodes.get(node, {}))

    def filled(self, pictures: Mapping[str, Sequence[str]], values: Mapping[str, object]) -> Graph:
        """Return a graph to queue.

        pictures: kind → names of uploaded pictures, in order; a kind without any is taken out of the graph, with the links to it.
        values: title → value; None leaves the workflow's own.
        """
        graph = copy.deepcopy(self.nodes)
        for kind in PICTURES:
            for node in self.places.get(kind, ()):
                put_batch(graph, node, pictures.get(kind, ()))
        for kind, names in VALUES.items():
            for node in self.places.get(kind, ()):
                if values.get(kind) is not None:
                    graph[node]["inputs"][_input_for(graph, node, names)] = values[kind]
        return graph


def read_workflow(path: str) -> Workflow:
    """Read a workflow file, or the one for Wan VACE that comes along when `path` is empty. Raises BadInput."""
    source = Path(path) if path else files(__package__).joinpath(SHIPPED)
    name = str(path) or SHIPPED
    try:
        data = source.read_bytes()
        nodes = json.loads(data)
    except OSError as error:
        raise BadInput(
            f"generate.workflow {name}: can't be read ({error.strerror}); give a workflow that ComfyUI wrote with Export (API)"
        ) from error
    except ValueError as error:
        raise BadInput(f"generate.workflow {name}: not JSON ({error}); give a workflow that ComfyUI wrote with Export (API)") from error
    nodes = _nodes(nodes, name)
    workflow = Workflow(Path(name).name, nodes, _places(nodes, name), hashlib.sha256(data).hexdigest())
    _check(workflow, name)
    return workflow


def title_of(node: str, content: Mapping[str, Any]) -> str:
    """Return how a person knows a node: its title, class and id."""
    title = content.get("_meta", {}).get("title", "")
    return f"{title or content.get('class_type', 'node')} (node {node})"


def _nodes(found: Any, name: str) -> Graph:
    if isinstance(found, dict) and isinstance(found.get("nodes"), list):
        raise BadInput(f"generate.workflow {name}: saved for the editor, not for a server; in ComfyUI use Workflow > Export (API)")
    if isinstance(found, dict) and isinstance(found.get("prompt"), dict):
        found = found["prompt"]
    good = isinstance(found, dict) and found
    if not good or not all(
        isinstance(node, dict) and isinstance(node.get("inputs"), dict) and "class_type" in node for node in found.values()
    ):
        raise BadInput(f"generate.workflow {name}: not in ComfyUI's API format; in ComfyUI use Workflow > Export (API)")
    return found


def _places(nodes: Graph, name: str) -> dict[str, tuple[str, ...]]:
    places: dict[str, tuple[str, ...]] = {}
    known = (*PICTURES, *VALUES, OUTPUT)
    for node, content in nodes.items():
        title = str(content.get("_meta", {}).get("title", "")).strip().lower()
        if not title.startswith(PREFIX):
            continue
        for kind in title.removeprefix(PREFIX).replace(",", " ").split():
            if kind not in known:
                near = get_close_matches(kind, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
                raise BadInput(f"generate.workflow {name}: node {node} is titled {PREFIX}{kind}, which means nothing; {hint}")
            places[kind] = (*places.get(kind, ()), node)
    return places


def _check(workflow: Workflow, name: str) -> None:
    for kind in NEEDED:
        if kind not in workflow.places:
            raise BadInput(f"generate.workflow {name}: no node is titled {PREFIX}{kind}; {_WANTED[kind]}")
    if len(workflow.places[OUTPUT]) > 1:
        nodes = " and ".join(workflow.places[OUTPUT])
        raise BadInput(f"generate.workflow {name}: nodes {nodes} are both titled {PREFIX}{OUTPUT}; keep one")
    for kind, names in VALUES.items():
        for node in workflow.places.get(kind, ()):
            _input_for(workflow.nodes, node, names)
    workflow.filled(dict.fromkeys(PICTURES, ("x",)), {})


_WANTED = {
    "control": "title the Load Image node that stands for the control video so",
    "seed": "title the sampler so, else nobody gets the same frames twice",
    OUTPUT: "title the Save Image node that writes the finished frames so",
}


def _input_for(graph: Graph, node: str, names: tuple[str, ...]) -> str:
    inputs = graph[node]["inputs"]
    for name in names:
        if name in inputs:
            return name
    raise BadInput(f"generate.workflow: {title_of(node, graph[node])} has none of the inputs {', '.join(names)}; title another node so")
