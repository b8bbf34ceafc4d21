"""A window goes to a ComfyUI server and comes back: right frames, in order, in all the precision the server has."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest

pytest.importorskip("websockets", reason="needs the extra derrumbe[comfy]")

from tests.generate.comfy.conftest import model_at, window
from tests.generate.comfy.fake_server import Drop, FakeComfy, paint


def made(model, tmp_path, given, shares=None):
    folder = tmp_path / "own"
    folder.mkdir(exist_ok=True)
    return model.make(given, folder, (shares if shares is not None else []).append)


def test_frames_come_back_as_the_model_made_them_to_16_bits(model, tmp_path):
    given = window()
    frames = made(model, tmp_path, given)
    assert frames.dtype == np.float32
    assert np.abs(frames - paint(given.control, given.mask, given.seed)).max() < 3 / 65535


def test_an_older_server_gives_8_bits(tmp_path):
    server = FakeComfy(tmp_path / "comfy", fine=False)
    server.start()
    given = window()
    apart = np.abs(made(model_at(server), tmp_path, given) - paint(given.control, given.mask, given.seed))
    server.die()
    assert 1 / 300 < apart.max() <= 1.01 / 255
    assert {node["class_type"] for node in server.prompts[0].values()} & {"SaveImage", "SaveImageAdvanced"} == {"SaveImage"}


def test_what_was_asked_is_in_the_graph(model, comfy, tmp_path):
    made(model, tmp_path, window(seed=11))
    graph = comfy.prompts[0]
    by_class = {node["class_type"]: node["inputs"] for node in graph.values()}
    assert by_class["KSampler"]["seed"] == 11
    assert by_class["KSampler"]["steps"] == 3
    vace = by_class["WanVaceToVideo"]
    assert (vace["width"], vace["height"], vace["length"]) == (48, 32, 5)
    texts = {node["inputs"]["text"] for node in graph.values() if node["class_type"] == "CLIPTextEncode"}
    assert texts == {"a building falls", "fire"}
    assert [node["class_type"] for node in graph.values()].count("LoadImage") == 5 + 5 + 1


def test_a_small_model_can_be_asked_for_in_its_own_precision(comfy, tmp_path):
    given = [{}, {"model": "small.safetensors", "dtype": "float16"}]
    for number, knobs in enumerate(given):
        made(model_at(comfy, **knobs), tmp_path, window())
        loader = comfy.prompts[number]["1"]["inputs"]
        assert loader["weight_dtype"] == ("default" if knobs else "fp8_e4m3fn")


def test_same_seed_same_frames_and_another_seed_others(model, tmp_path):
    first, again, other = (made(model, tmp_path, window(seed=seed)) for seed in (7, 7, 8))
    assert (first == again).all()
    assert (first != other).any()


class Shares(list):
    """Shares that were told; `sampling` is set at the first beyond the uploads."""

    def __init__(self):
        self.sampling = threading.Event()

    def append(self, share):
        super().append(share)
        if share > 0.3:
            self.sampling.set()


def test_progress_rises_from_uploading_to_the_last_frame(model, comfy, tmp_path):
    shares = Shares()
    comfy.faults["sample"] = [None, lambda: None if shares.sampling.wait(60) else Drop()]
    made(model, tmp_path, window(), shares)
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.05
    assert shares[-1] == 1.0
    assert any(0.3 < share < 0.7 for share in shares)


def test_without_references_the_workflow_does_without_their_node(model, comfy, tmp_path):
    made(model, tmp_path, window(references=()))
    vace = next(node["inputs"] for node in comfy.prompts[0].values() if node["class_type"] == "WanVaceToVideo")
    assert "reference_image" not in vace


def test_outside_the_mask_a_model_guided_by_depth_is_shown_the_picture_itself(model, tmp_path):
    given = window()
    depth = np.full_like(given.control, 0.5)
    frames = made(model, tmp_path, window(control=depth))
    outside = given.mask == 0
    assert np.abs(frames - paint(given.first, given.mask, given.seed))[outside].max() < 3 / 65535
    assert np.abs(frames - paint(depth, given.mask, given.seed))[~outside].max() < 3 / 65535


def test_guides_lie_where_the_server_throws_files_away_and_each_window_has_its_own_folder(model, comfy, tmp_path):
    made(model, tmp_path, window())
    made(model, tmp_path, window(task="w0001-f1004-1008"))
    assert comfy.files("input") == []
    tops = {name.split("/")[1] for name in comfy.files("temp")}
    assert len(tops) == 2
    assert {top[:5] for top in tops} == {"w0000", "w0001"}


def test_nothing_is_left_to_find_after_a_window(model, tmp_path):
    made(model, tmp_path, window())
    assert not list((tmp_path / "own").iterdir())


def test_the_ledger_says_what_is_known_and_that_the_rest_is_not(model, comfy):
    ledger = model.ledger()
    assert "ComfyUI 0.9.9" in ledger["server"]
    assert "Imaginary 4090" in ledger["server"]
    assert "wan2.1_vace_14B_fp16.safetensors" in ledger["model"]
    assert "not known" in ledger["model_digest"]
    assert "not known" in ledger["licence"]
    assert json.loads(ledger["parameters"])["KSampler 11"]["steps"] == 3
    comfy.headers["diffusion_models/wan2.1_vace_14B_fp16.safetensors"] = {
        "modelspec.license": "Apache-2.0",
        "modelspec.hash_sha256": "0xab",
    }
    ledger = model.ledger()
    assert "Apache-2.0" in ledger["licence"]
    assert "0xab" in ledger["model_digest"]
