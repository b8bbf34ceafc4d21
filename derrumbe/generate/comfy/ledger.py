"""What can be said of a model behind a server: no more than the server tells, and said so where it tells nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from derrumbe.generate.comfy.server import Server
from derrumbe.generate.comfy.stock import Stock
from derrumbe.generate.comfy.workflow import Graph, Workflow

FOLDERS = {
    "unet_name": "diffusion_models",
    "ckpt_name": "checkpoints",
    "clip_name": "text_encoders",
    "vae_name": "vae",
    "lora_name": "loras",
    "control_net_name": "controlnet",
}
"""Folder of a ComfyUI that an input's file lies in."""

UNKNOWN = "not known: a ComfyUI server doesn't tell"


def ledger_of(server: Server, workflow: Workflow, graph: Graph, stock: Stock) -> dict[str, str]:
    """Return server, workflow, nodes and model files, as texts. Raises Unreachable."""
    files = _files(graph)
    headers = {name: _told(server.header_of(folder, name)) for name, folder in files.items() if name.endswith(".safetensors")}
    return {
        "server": _server(server.stats()),
        "workflow": workflow.name,
        "workflow_sha256": workflow.digest,
        "nodes": ", ".join(_nodes(graph, stock)),
        "model": ", ".join(files) or "none named",
        "model_digest": _stated(headers, "hash") or f"{UNKNOWN} the digests of its files",
        "licence": _stated(headers, "license") or f"{UNKNOWN} licences; it is the one under which you took the files",
        "parameters": json.dumps(_parameters(graph), sort_keys=True, ensure_ascii=False),
    }


def _files(graph: Graph) -> dict[str, str]:
    """Return model file → the folder it lies in."""
    return {
        value: FOLDERS[name]
        for content in graph.values()
        for name, value in content["inputs"].items()
        if name in FOLDERS and isinstance(value, str)
    }


def _told(header: Mapping[str, Any]) -> dict[str, str]:
    """Return what a file's header says of licence and digest (modelspec, the Stability AI model metadata standard)."""
    wanted = {"license": ("modelspec.license", "license"), "hash": ("modelspec.hash_sha256",)}
    found = {key: next((str(header[name]) for name in names if header.get(name)), "") for key, names in wanted.items()}
    return {key: value for key, value in found.items() if value}


def _stated(headers: Mapping[str, Mapping[str, str]], key: str) -> str:
    told = [f"{name}: {header[key]}" for name, header in headers.items() if key in header]
    return f"as the files' own headers state: {'; '.join(told)}" if told else ""


def _server(stats: Mapping[str, Any]) -> str:
    system = stats.get("system")
    system = system if isinstance(system, dict) else {}
    devices = [str(device.get("name", "?")) for device in stats.get("devices") or () if isinstance(device, dict)]
    return f"ComfyUI {system.get('comfyui_version', '?')}, PyTorch {system.get('pytorch_version', '?')}, {', '.join(devices) or 'no device told'}"


def _nodes(graph: Graph, stock: Stock) -> list[str]:
    """Return node classes, those of other makers with the package that they come from."""
    names = sorted({str(content["class_type"]) for content in graph.values()})
    packages = {name: str(stock.get(name, {}).get("python_module", "")) for name in names}
    return [f"{name} ({packages[name]})" if packages[name].startswith("custom_nodes") else name for name in names]


def _parameters(graph: Graph) -> dict[str, dict[str, Any]]:
    """Return every value that the workflow sets itself: class and node id → input → value."""
    told = {
        f"{content['class_type']} {node}": {name: value for name, value in content["inputs"].items() if not isinstance(value, list)}
        for node, content in graph.items()
    }
    return {node: inputs for node, inputs in told.items() if inputs}
