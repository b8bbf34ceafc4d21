"""A model's folder is judged without torch: its kind, its size, its licence, its digest, and files that could run code."""

from __future__ import annotations

import json
import struct

import pytest

from derrumbe.core.errors import BadBrief, BadInput
from derrumbe.core.knobs import Generate
from derrumbe.generate.diffusers import door, weights
from derrumbe.generate.diffusers.memory import GB, Machine, chosen
from derrumbe.generate.diffusers.pipelines import KINDS
from derrumbe.generate.rules import RULES

INDEX = {
    "_class_name": "WanVACEPipeline",
    "transformer": ["diffusers", "WanVACETransformer3DModel"],
    "vae": ["diffusers", "AutoencoderKLWan"],
    "transformer_2": [None, None],
}


@pytest.fixture
def model(tmp_path):
    """A folder that looks like a model: 100 weights in two shards, 10 in the autoencoder."""
    (tmp_path / "model_index.json").write_text(json.dumps(INDEX))
    for part, shards in (("transformer", (60, 40)), ("vae", (10,))):
        (tmp_path / part).mkdir()
        for number, count in enumerate(shards):
            write_safetensors(tmp_path / part / f"weights-{number}.safetensors", count)
    return tmp_path


@pytest.fixture
def installed(monkeypatch):
    """As if the extra were there."""
    monkeypatch.setattr(door, "LIBRARIES", ())


def write_safetensors(path, count):
    header = json.dumps(
        {"__metadata__": {"format": "pt"}, "w": {"dtype": "BF16", "shape": [count], "data_offsets": [0, 2 * count]}}
    ).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(2 * count))


def knobs(model, **more):
    return Generate(name="diffusers", model=str(model), **more)


def test_weights_are_counted_from_headers(model):
    folder = weights.ModelFolder(model)
    assert folder.parts == ("transformer", "vae")
    assert [folder.parameters(part) for part in folder.parts] == [100, 10]


def test_a_flipped_bit_is_another_digest_and_the_same_folder_the_same(model):
    before = weights.ModelFolder(model).digest()
    assert weights.ModelFolder(model).digest() == before
    shard = model / "transformer/weights-1.safetensors"
    shard.write_bytes(shard.read_bytes()[:-1] + b"\1")
    assert weights.ModelFolder(model).digest() != before


def test_the_quick_identity_follows_configurations_and_times(model):
    before = weights.ModelFolder(model).identity()
    assert weights.ModelFolder(model).identity() == before
    (model / "model_index.json").write_text(json.dumps({**INDEX, "boundary_ratio": 0.5}))
    assert weights.ModelFolder(model).identity() != before


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"README.md": "---\nlicense: apache-2.0\nlanguage: en\n---\n# A model\n"}, "apache-2.0"),
        ({"README.md": "---\nlicense: other\nlicense_name: ltx-2-community\n---\n"}, "other, ltx-2-community"),
        ({"README.md": "no front matter", "LICENSE.txt": "\nApache License\nVersion 2.0"}, "LICENSE.txt: Apache License"),
        ({}, "not stated"),
    ],
)
def test_the_licence_is_what_the_folder_states(model, files, says):
    for name, text in files.items():
        (model / name).write_text(text)
    assert weights.ModelFolder(model).licence().startswith(says)


def test_a_good_folder_passes_and_one_of_another_kind_is_told(model, installed):
    door.check(knobs(model))
    with pytest.raises(BadInput, match=r"ltx needs a LTXVideoTransformer3DModel; try generate\.pipeline=wan-vace"):
        door.check(knobs(model, pipeline="ltx"))
    with pytest.raises(BadBrief, match="did you mean wan-vace"):
        door.check(knobs(model, pipeline="wan-vase"))


def test_weights_that_can_run_code_are_refused(model, installed):
    for shard in (model / "vae").glob("*.safetensors"):
        shard.unlink()
    (model / "vae/diffusion_pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(BadInput, match="can run code"):
        door.check(knobs(model))


@pytest.mark.parametrize(("name", "says"), [("", "which model"), ("nowhere", "no such folder"), ("/nowhere/at/all", "no such folder")])
def test_a_model_that_is_not_there_is_told(installed, name, says):
    with pytest.raises(BadInput, match=says):
        door.check(knobs(name))


def test_a_folder_without_an_index_is_told(tmp_path, installed):
    with pytest.raises(BadInput, match="model_index"):
        door.check(knobs(tmp_path))


def test_a_missing_library_is_named_with_the_remedy(model, monkeypatch):
    monkeypatch.setattr(door, "LIBRARIES", ("no_such_library",))
    with pytest.raises(BadInput, match=r"no_such_library isn't installed; pip install 'derrumbe\[diffusers\]'"):
        door.check(knobs(model))


def test_an_id_is_announced_before_anything_is_fetched_and_a_folder_needs_no_notice(model, installed, monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    door.check(knobs("Wan-AI/Wan2.1-VACE-1.3B-diffusers"))
    assert "fetched from the Hugging Face Hub" in door.notices(knobs("Wan-AI/Wan2.1-VACE-1.3B-diffusers"))[0]
    assert door.notices(knobs(model)) == ()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "forbids the network" in door.notices(knobs("Wan-AI/Wan2.1-VACE-1.3B-diffusers"))[0]


def test_every_kind_has_rules_and_the_other_way_round():
    assert set(KINDS) == set(RULES)


LARGE = {"text_encoder": 5_700_000_000, "transformer": 17_000_000_000, "vae": 130_000_000}
SMALL = {"text_encoder": 5_700_000_000, "transformer": 2_100_000_000, "vae": 130_000_000}
WINDOW = 81 * 832 * 480


def gpu(memory, ram=128, bfloat16=True):
    return Machine("cuda", memory * GB, ram * GB, bfloat16)


@pytest.mark.parametrize(
    ("machine", "parts", "way"),
    [
        (gpu(80), LARGE, "none"),
        (gpu(32), SMALL, "none"),
        (gpu(24), SMALL, "model"),
        (gpu(48), LARGE, "model"),
        (gpu(24), LARGE, "sequential"),
        (gpu(16), LARGE, "sequential"),
    ],
)
def test_parts_wait_in_main_memory_as_far_as_the_gpu_is_small(machine, parts, way):
    plan = chosen(machine, parts, WINDOW, "auto", "auto")
    assert (plan.offload, plan.dtype) == (way, "bfloat16")


def test_precision_is_what_the_machine_has():
    assert chosen(gpu(80, bfloat16=False), SMALL, WINDOW, "auto", "auto").dtype == "float16"
    assert chosen(Machine("cpu", None, 256 * GB, False), SMALL, WINDOW, "auto", "auto").dtype == "float32"
    assert chosen(gpu(80), SMALL, WINDOW, "float32", "auto").dtype == "float32"


def test_what_is_asked_for_is_obeyed():
    assert chosen(gpu(8), LARGE, WINDOW, "auto", "none").offload == "none"


@pytest.mark.parametrize(
    ("machine", "parts", "pixels", "says"),
    [
        (gpu(6), LARGE, WINDOW, "shorter generate.window or fewer generate.pixels"),
        (gpu(2), LARGE, WINDOW, "smaller model or a larger GPU"),
        (gpu(24, ram=16), LARGE, WINDOW, "main memory, which has 16 GB"),
        (Machine("cpu", None, 16 * GB, False), LARGE, WINDOW, "main memory has 16.0 GB; take a smaller model"),
    ],
)
def test_when_nothing_fits_the_message_says_what_would(machine, parts, pixels, says):
    with pytest.raises(BadInput, match=says):
        chosen(machine, parts, pixels, "auto", "auto")


def test_only_weights_and_configurations_are_ever_fetched():
    from fnmatch import fnmatch

    for name in ("vae/diffusion_pytorch_model.bin", "modeling.py", "a/b.pt", "x.ckpt", "y.pkl"):
        assert not any(fnmatch(name, pattern) for pattern in weights.FETCHED), name
    for name in ("model_index.json", "transformer/a-00001.safetensors", "tokenizer/spiece.model", "LICENSE.txt", "README.md"):
        assert any(fnmatch(name, pattern) for pattern in weights.FETCHED), name
