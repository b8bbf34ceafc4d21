"""A ComfyUI-like server, and a model that talks to it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from derrumbe.core.knobs import Generate


@pytest.fixture
def comfy(tmp_path):
    """A running server. Whatever went wrong inside it fails the test."""
    pytest.importorskip("websockets", reason="needs the extra derrumbe[comfy]")
    from tests.generate.comfy.fake_server import FakeComfy

    server = FakeComfy(tmp_path / "comfy")
    server.start()
    yield server
    server.die()
    assert not server.errors


@pytest.fixture
def model(comfy):
    """The model behind the server; it never sleeps: `model.desk.pause` may be replaced."""
    return model_at(comfy)


def model_at(comfy, **knobs):
    from derrumbe.generate.comfy.door import open_model

    opened = open_model(Generate(name="comfyui", url=comfy.url, steps=3, **knobs))
    opened.desk.pause = lambda seconds: None
    return opened


def window(seed=7, count=5, height=32, width=48, **more):
    """A window to make, with a mask on its right half."""
    from derrumbe.generate.conditioning import Conditioning

    control = np.random.default_rng(1).random((count, height, width, 3)).astype(np.float32)
    mask = np.zeros((count, height, width), np.float32)
    mask[:, :, width // 2 :] = 1
    given = {
        "control": control,
        "first": control,
        "mask": mask,
        "references": (control[0],),
        "prompt": "a building falls",
        "negative": "fire",
        "seed": seed,
        "strength": 1.0,
        "rate": Fraction(24),
        "task": "w0000-f1001-1005",
    }
    return Conditioning(**{**given, **more})
