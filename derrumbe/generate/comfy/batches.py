"""From one Load Image node to a whole window of pictures, with nodes that every ComfyUI has.

Pictures are put together two by two in a balanced tree: a chain would make the server keep every partial batch, n² / 2 pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from derrumbe.core.errors import BadInput

PICTURE, MASK = "LoadImage", "LoadImageMask"


def put_batch(graph: dict[str, dict[str, Any]], node: str, names: Sequence[str]) -> None:
    """Make `node` a batch of the uploaded pictures `names`; links to it stay. Without names, take it and the links to it away."""
    kind = graph[node]["class_type"]
    if kind not in (PICTURE, MASK):
        raise BadInput(f"generate.workflow: node {node} is titled derrumbe:… for pictures, but is a {kind}; use a Load Image node there")
    if kind == PICTURE and _is_linked(graph, node, 1):
        raise BadInput(
            f"generate.workflow: the MASK of Load Image node {node} is its alpha, which is empty; use Load Image (as Mask), channel red"
        )
    if not names:
        _take_away(graph, node)
        return
    title = graph[node].get("_meta", {})
    if kind == MASK:
        root = f"{node}_batch"
        graph[node] = {"class_type": "ImageToMask", "inputs": {"image": [root, 0], "channel": "red"}, "_meta": title}
        graph[root] = _tree(graph, root, list(names))
    else:
        graph[node] = {**_tree(graph, node, list(names)), "_meta": title}


def _tree(graph: dict[str, dict[str, Any]], root: str, names: list[str]) -> dict[str, Any]:
    """Return the node that gives `names` as one batch, having added what it needs under names made from `root`."""
    if len(names) == 1:
        return {"class_type": PICTURE, "inputs": {"image": names[0]}}
    half = (len(names) + 1) // 2
    sides = {f"{root}_a": names[:half], f"{root}_b": names[half:]}
    for side, part in sides.items():
        graph[side] = _tree(graph, side, part)
    first, second = ([side, 0] for side in sides)
    return {"class_type": "ImageBatch", "inputs": {"image1": first, "image2": second}}


def _is_linked(graph: dict[str, dict[str, Any]], node: str, slot: int) -> bool:
    return any([node, slot] == value for content in graph.values() for value in content["inputs"].values())


def _take_away(graph: dict[str, dict[str, Any]], node: str) -> None:
    del graph[node]
    for content in graph.values():
        content["inputs"] = {
            name: value for name, value in content["inputs"].items() if not (isinstance(value, list) and value[:1] == [node])
        }
