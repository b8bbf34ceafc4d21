"""What a workflow asks for by its nodes' titles, and what is said when it can't be understood."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from derrumbe.core.errors import BadInput
from derrumbe.generate.comfy.workflow import read_workflow


def written(tmp_path, nodes):
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(nodes))
    return str(path)


def shipped(**changes):
    """The shipped workflow with some nodes replaced: id → node, None to leave it out."""
    nodes = dict(read_workflow("").nodes)
    for node, content in changes.items():
        nodes[node.lstrip("n")] = content
    return {node: content for node, content in nodes.items() if content is not None}


def titled(node, title):
    return {**node, "_meta": {"title": title}}


def test_the_shipped_workflow_asks_for_all_that_wan_vace_takes():
    places = read_workflow("").places
    assert {
        "control",
        "mask",
        "reference",
        "prompt",
        "negative",
        "seed",
        "steps",
        "guidance",
        "width",
        "height",
        "length",
        "model",
        "precision",
        "output",
    } == set(places)


def leaves(graph, link):
    """Names of pictures in the order in which a batch has them."""
    content = graph[link[0]]
    if content["class_type"] == "LoadImage":
        return [content["inputs"]["image"]]
    return leaves(graph, content["inputs"]["image1"]) + leaves(graph, content["inputs"]["image2"])


def depth(graph, link):
    content = graph[link[0]]
    return 0 if content["class_type"] == "LoadImage" else 1 + max(depth(graph, content["inputs"][side]) for side in ("image1", "image2"))


@given(st.integers(1, 130))
def test_a_window_of_any_length_is_batched_in_order_in_a_shallow_tree(count):
    names = [f"{number}.png" for number in range(count)]
    graph = read_workflow("").filled({"control": names, "mask": names[::-1]}, {})
    vace = graph["10"]["inputs"]
    assert leaves(graph, vace["control_video"]) == names
    mask = graph[vace["control_masks"][0]]
    assert (mask["class_type"], mask["inputs"]["channel"]) == ("ImageToMask", "red")
    assert leaves(graph, mask["inputs"]["image"]) == names[::-1]
    assert depth(graph, vace["control_video"]) <= 7 + 1
    assert all(value[0] in graph for content in graph.values() for value in content["inputs"].values() if isinstance(value, list))


def test_filling_leaves_the_workflow_as_it_was():
    workflow = read_workflow("")
    before = json.dumps(workflow.nodes)
    workflow.filled({"control": ["a", "b"]}, {"seed": 3})
    assert json.dumps(workflow.nodes) == before


def test_one_node_may_take_several_values_and_several_nodes_one(tmp_path):
    nodes = shipped(n20={"class_type": "PrimitiveInt", "inputs": {"value": 0}, "_meta": {"title": "derrumbe:seed"}})
    graph = read_workflow(written(tmp_path, nodes)).filled({"control": ["a"]}, {"seed": 9, "steps": 4, "guidance": 2.5})
    sampler = graph["11"]["inputs"]
    assert (sampler["seed"], sampler["steps"], sampler["cfg"]) == (9, 4, 2.5)
    assert graph["20"]["inputs"]["value"] == 9


def test_values_that_the_artist_did_not_give_stay_the_workflow_s():
    graph = read_workflow("").filled({"control": ["a"]}, {"steps": None, "model": None})
    assert graph["11"]["inputs"]["steps"] == 30
    assert graph["1"]["inputs"]["unet_name"].startswith("wan2.1_vace")


def test_an_export_wrapped_for_the_server_is_read_too(tmp_path):
    assert read_workflow(written(tmp_path, {"prompt": shipped()})).places == read_workflow("").places


VACE = read_workflow("").nodes
BAD = {
    "for the editor, not for a server": {"nodes": [], "links": []},
    "not in ComfyUI's API format": {"1": {"inputs": {}}},
    "no node is titled derrumbe:control": shipped(n7=titled(VACE["7"], "Load Image")),
    "no node is titled derrumbe:seed": shipped(n11=titled(VACE["11"], "derrumbe: steps")),
    "no node is titled derrumbe:output": shipped(n14=titled(VACE["14"], "Save")),
    "both titled derrumbe:output": shipped(n15=VACE["14"]),
    "did you mean prompt": shipped(n5=titled(VACE["5"], "derrumbe: promt")),
    "has none of the inputs seed, noise_seed": shipped(n4=titled(VACE["4"], "derrumbe: seed")),
    "is a VAELoader; use a Load Image node": shipped(n3=titled(VACE["3"], "derrumbe: first")),
    "Load Image .as Mask.": shipped(n10={**VACE["10"], "inputs": {**VACE["10"]["inputs"], "control_masks": ["9", 1]}}),
}


@pytest.mark.parametrize(("says", "nodes"), BAD.items(), ids=list(BAD))
def test_a_workflow_that_cannot_be_used_is_told_why(tmp_path, says, nodes):
    with pytest.raises(BadInput, match=says):
        read_workflow(written(tmp_path, nodes))


def test_a_workflow_that_is_not_there_or_no_json_is_told_why(tmp_path):
    with pytest.raises(BadInput, match=r"can't be read .*Export \(API\)"):
        read_workflow(str(tmp_path / "none.json"))
    path = tmp_path / "flow.json"
    path.write_text("{")
    with pytest.raises(BadInput, match="not JSON"):
        read_workflow(str(path))
