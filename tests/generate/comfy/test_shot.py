"""A plate through a ComfyUI-like server, all the way to the finished shot: the model's picture is in it, the plate outside the matte isn't touched."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("websockets", reason="needs the extra derrumbe[comfy]")

from derrumbe.core.errors import BadInput, DerrumbeError
from derrumbe.generate.comfy import door
from derrumbe.media.exr import read_exr
from derrumbe.pipeline.make import make_shot
from derrumbe.pipeline.prepare import Request, prepare, reopen
from tests.generate.comfy.fake_server import NodeError

FRAMES = range(1001, 1017)
TRIGGER = 1003
SMALL = ("fragments.count=400", "dust.voxels=48", "render.subframes=2", "trigger.frame=1003")
MODEL = ("generate.window=5", "generate.overlap=1", "generate.pixels=0.03", "generate.steps=2")


def request(plates, out, *settings, hosts=frozenset()):
    folder = plates / "brick-office-locked"
    return Request(
        plate=str(folder / "plate.mp4"),
        outline=str(folder / "plate.json"),
        brief="progressive collapse from the ground floor, heavy dust",
        out=out,
        frames=f"{FRAMES[0]}-{FRAMES[-1]}",
        height=180,
        settings=(*SMALL, *settings),
        generator="comfyui" if settings else None,
        hosts=hosts,
    )


def shoot(plates, out, url):
    make_shot(prepare(request(plates, out, f"generate.url={url}", *MODEL)), out)


def pictures(folder, name):
    return [read_exr(folder / f"{name}/{name}.{frame}.exr") for frame in FRAMES]


@pytest.fixture
def interrupted(comfy, plates, tmp_path, monkeypatch):
    """A shot whose second window failed once, and whose server restarted in the third."""
    out = tmp_path / "shot"
    failing = NodeError("RuntimeError", "no luck")
    comfy.faults["sample"] = [None, None, failing]
    with pytest.raises(DerrumbeError, match=r"no luck.*run again"):
        shoot(plates, out, comfy.url)
    assert len(comfy.prompts) == 2
    comfy.faults["sample"] = [None, None, comfy.die]
    opened = door.open_model

    def impatient(knobs, hosts):
        model = opened(knobs, hosts)
        model.desk.pause = lambda seconds: comfy.start()
        return model

    monkeypatch.setattr(door, "open_model", impatient)
    shoot(plates, out, comfy.url)
    return out


def test_a_plate_goes_through_the_server_and_stays_bit_for_bit_outside_the_matte(interrupted, comfy, plates, tmp_path):
    plate, final, matte = (pictures(interrupted, name) for name in ("plate", "final", "matte"))
    painted = 0
    for frame, before, after, cover in zip(FRAMES, plate, final, matte, strict=True):
        assert np.array_equal(before[cover[..., 0] == 0], after[cover[..., 0] == 0]), frame
        if frame < TRIGGER:
            assert np.array_equal(before, after)
        painted += int((cover > 0).sum())
    assert painted > 1000
    assert (matte[6] == 0).mean() > 0.3  # later the dust's thin rim is everywhere, with a big model or without

    # each window once, but the second twice (it failed) and the third twice (the server died): nothing that was whole is made again
    windows = [prompt["14"]["inputs"]["filename_prefix"].split("/")[1][:5] for prompt in comfy.prompts]
    assert windows[:5] == ["w0000", "w0001", "w0001", "w0002", "w0002"]
    assert len(windows) == len(set(windows)) + 2

    # and the model's picture, not the physical one, is what is seen
    physical = tmp_path / "physical"
    make_shot(prepare(request(plates, physical)), physical)
    apart = [
        np.abs(after - other)[cover[..., 0] > 0.9] for after, other, cover in zip(final, pictures(physical, "final"), matte, strict=True)
    ]
    assert np.concatenate(apart[-4:]).mean() > 0.01

    ledger = json.dumps(json.loads((interrupted / "manifest.json").read_text()))
    for told in ("ComfyUI 0.9.9", "wan2.1_vace_14B_fp16.safetensors", "not known", "wan-vace.json"):
        assert told in ledger


def test_a_shot_file_does_not_carry_the_right_to_send_frames_away(plates, tmp_path):
    out = tmp_path / "shot"
    settings = ("generate.url=http://192.0.2.7:8188", *MODEL)
    with pytest.raises(BadInput, match=r"--allow-host 192\.0\.2\.7"):
        prepare(request(plates, out, *settings))
    shot = prepare(request(plates, out, *settings, hosts=frozenset({"192.0.2.7"})))
    assert "hosts" not in type(shot).model_fields
    from derrumbe.pipeline.prepare import shot_file

    out.mkdir()
    (out / ".derrumbe").mkdir()
    (out / "shot.toml").write_text(shot_file(shot, out))
    with pytest.raises(BadInput, match=r"--allow-host 192\.0\.2\.7"):
        reopen(out / "shot.toml")
    reopen(out / "shot.toml", hosts=frozenset({"192.0.2.7"}))
