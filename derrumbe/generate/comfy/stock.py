"""Whether a server can run a workflow: its nodes and model files, asked before the first frame goes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from derrumbe.core.errors import BadInput
from derrumbe.generate.comfy.server import Server
from derrumbe.generate.comfy.workflow import Graph, title_of

FINE = "SaveImageAdvanced"
"""ComfyUI's own node that saves 16-bit PNG; older servers have Save Image only, 8 bits."""

Stock = dict[str, dict[str, Any]]
"""Node class → its description by the server."""

WEIGHTS = (".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pth", ".bin")

UPLOADS = ("image_upload", "video_upload", "audio_upload", "remote")


def stock_for(graph: Graph, server: Server) -> Stock:
    """Return the server's descriptions of the graph's node classes. Raises BadInput naming every class that it lacks."""
    wanted = sorted({str(node["class_type"]) for node in graph.values()})
    found = {name: server.node(name) for name in (*wanted, FINE)}
    missing = [name for name in wanted if found[name] is None]
    if missing:
        raise BadInput(
            f"{server.address.url}: this ComfyUI lacks the nodes {', '.join(missing)}; update ComfyUI, or install the custom nodes they come from"
        )
    return {name: info for name, info in found.items() if info is not None}


def check_choices(graph: Graph, stock: Stock, server: Server) -> None:
    """Raise BadInput when a node's choice isn't among the server's: mostly a model file that isn't there. Mends slashes in place."""
    for node, content in graph.items():
        for name, value in content["inputs"].items():
            choices = _choices(stock.get(str(content["class_type"]), {}), name)
            if not isinstance(value, str) or choices is None or value in choices:
                continue
            other = value.replace("\\", "/")
            same = [choice for choice in choices if choice.replace("\\", "/") == other]
            if not same:
                raise BadInput(_absent(server, title_of(node, content), name, value, choices))
            content["inputs"][name] = same[0]


def saved_finely(graph: Graph, output: str, stock: Stock) -> Graph:
    """Return the graph with its output node saving 16-bit PNG, where it is a Save Image node and the server can do better."""
    node = graph[output]
    inputs = _fine_inputs(stock.get(FINE)) if node["class_type"] == "SaveImage" else None
    if inputs is None:
        return graph
    return {**graph, output: {**node, "class_type": FINE, "inputs": {**node["inputs"], **inputs}}}


def _fine_inputs(info: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the inputs that make Save Image (Advanced) write 16-bit PNG, None when it can't. Its `format` brings inputs of its own."""
    options = _spec(info or {}, "format")[1].get("options", ())
    for option in options:
        if isinstance(option, dict) and option.get("key") == "png":
            more = option.get("inputs", {}).get("required", {})
            chosen = {f"format.{name}": _default(spec) for name, spec in more.items()}
            if "16-bit" in (_listed(more.get("bit_depth")) or ()):
                return {"format": "png", **chosen, "format.bit_depth": "16-bit"}
    return None


def _default(spec: Any) -> Any:
    told = spec[1] if len(spec) > 1 and isinstance(spec[1], dict) else {}
    return told.get("default", next(iter(_listed(spec) or (None,))))


def _choices(info: Mapping[str, Any], name: str) -> list[str] | None:
    """Return the server's list for an input, None when it isn't a list, may be longer than told, or names uploaded files."""
    kind, told = _spec(info, name)
    listed = _listed((kind, told))
    if not listed or any(told.get(key) for key in UPLOADS):
        return None
    return listed


def _listed(spec: Any) -> list[str] | None:
    """Both ways in which ComfyUI writes a list: [[…], {}] and ["COMBO", {"options": […]}]."""
    if not spec:
        return None
    options = spec[0] if isinstance(spec[0], list) else (spec[1].get("options") if spec[0] == "COMBO" and len(spec) > 1 else None)
    return [option for option in options if isinstance(option, str)] if options else None


def _spec(info: Mapping[str, Any], name: str) -> tuple[Any, dict[str, Any]]:
    for section in ("required", "optional"):
        spec = info.get("input", {}).get(section, {}).get(name)
        if spec:
            return spec[0], spec[1] if len(spec) > 1 and isinstance(spec[1], dict) else {}
    return None, {}


def _absent(server: Server, title: str, name: str, value: str, choices: list[str]) -> str:
    some = ", ".join(choices[:8]) + (", …" if len(choices) > 8 else "")
    if value.lower().endswith(WEIGHTS):
        return (
            f"{server.address.url}: {title} wants the file {value}, which this ComfyUI hasn't; "
            f"put it into its models folder, or choose one that it has ({some}) in the workflow or with generate.model"
        )
    return f"{server.address.url}: {title}: {name} can't be {value}; this ComfyUI takes {some}"
