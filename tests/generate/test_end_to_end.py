"""A filmed plate through a big model with tiny random weights, from the command line to the delivered shot."""

from __future__ import annotations

import json

import numpy as np
import pytest

from derrumbe.media.exr import read_exr
from derrumbe.pipeline.make import make_shot
from derrumbe.pipeline.prepare import Request, prepare
from derrumbe.pipeline.publish import read_manifest
from tests.conftest import PLATES
from tests.generate.tiny import needs_extra, saved

FRAMES = range(1001, 1011)
SMALL = (
    "fragments.count=400",
    "dust.voxels=48",
    "render.subframes=2",
    "render.sky_rays=2",
    "generate.steps=1",
    "generate.window=5",
    "generate.overlap=1",
)


@pytest.fixture(scope="module")
def shot(tmp_path_factory):
    """The folder of a finished shot of ten frames; the building breaks at the third."""
    needs_extra()
    folder = PLATES / "brick-office-locked"
    if not folder.is_dir():
        pytest.skip(f"no real footage at {folder}")
    said = json.loads((folder / "plate.json").read_text())
    out = tmp_path_factory.mktemp("shot")
    weights = saved("wan-vace", tmp_path_factory.mktemp("models"))
    request = Request(
        plate=str(folder / said["media"]),
        outline=str(folder / "plate.json"),
        brief="progressive collapse at frame 1003, heavy dust",
        out=out / "shot",
        frames=f"{FRAMES.start}-{FRAMES.stop - 1}",
        height=180,
        generator="diffusers",
        settings=(*SMALL, f"generate.model={weights}"),
    )
    make_shot(prepare(request), request.out)
    return request.out


def test_the_final_is_the_plate_outside_the_matte_bit_for_bit(shot):
    touched = 0
    for frame in FRAMES:
        plate, final = (read_exr(shot / f"{name}/{name}.{frame}.exr") for name in ("plate", "final"))
        matte = read_exr(shot / f"matte/matte.{frame}.exr")[..., 0]
        assert final.shape == plate.shape
        assert np.array_equal(plate[matte == 0], final[matte == 0]), frame
        assert (matte == 0).mean() > 0.05
        touched += int((matte > 0).sum())
    assert touched > 1000
    assert sorted(path.name for path in (shot / "final").iterdir()) == [f"final.{frame}.exr" for frame in FRAMES]


def test_the_model_s_picture_is_a_layer_of_its_own(shot):
    made = read_exr(shot / f"layers/layers.{FRAMES[-1]}.exr", ("generated.R", "generated.A"))
    assert made[..., 1].max() == pytest.approx(1, abs=1e-3)
    assert not read_exr(shot / f"layers/layers.{FRAMES[0]}.exr", ("generated.A",)).any()


def test_no_check_blocks_and_the_manifest_says_what_made_it(shot):
    checks = json.loads((shot / "qc.json").read_text())["checks"]
    assert [check["name"] for check in checks if check["verdict"] == "block" and "plate" in check["name"]] == []
    text = json.dumps(read_manifest(shot))
    for word in ("blake2b-256:", "apache-2.0", "WanVACEPipeline", "windows", "masonry dust"):
        assert word in text, word
