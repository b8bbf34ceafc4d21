"""Real pipelines of diffusers with tiny random weights: legal calls, right polarity, the plate untouched, the same bits again."""

from __future__ import annotations

import json
import shutil
import socket
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from derrumbe.core.errors import BadInput
from derrumbe.core.knobs import Generate
from derrumbe.core.records import FrameRange, Guides, Located
from derrumbe.core.work import Work
from derrumbe.generate.conditioning import Conditioning, checked
from derrumbe.generate.diffusers import door
from derrumbe.generate.modelled import ModelGenerator
from derrumbe.generate.picture import GENERATED
from derrumbe.generate.rules import RULES
from derrumbe.generate.run import make_layers
from derrumbe.media.exr import read_exr
from tests.comp.scenes import FRAMES, LEFT, POST, ROWS, TRIGGER, Scene, final_pixels, matte_pixels
from tests.generate.models import composed
from tests.generate.tiny import TINY, needs_extra, saved


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Folder of tiny models. Skips without the extra."""
    needs_extra()
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def no_network(monkeypatch):
    """Any attempt to reach another machine fails the test."""

    def refuse(self, address):
        raise AssertionError(f"tried to reach {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def knobs(models, kind, **more):
    return Generate(name="diffusers", model=str(saved(kind, models)), pipeline=kind, **{"steps": 2, **more})


def window(count=9, height=64, width=64):
    """A made-up window: a gradient, of which a block must be generated."""
    first = np.linspace(0, 1, count * height * width * 3, dtype=np.float32).reshape(count, height, width, 3)
    mask = np.zeros((count, height, width), np.float32)
    mask[:, 16:48, 32:64] = 1
    return Conditioning(first, first, mask, (first[0],), "a house falls", "a cat", 5, 0.5, Fraction(24), "w0")


@pytest.mark.parametrize("kind", TINY)
def test_every_kind_takes_legal_windows_and_gives_their_frames_back_the_same_each_time(models, no_network, tmp_path, kind):
    rules = RULES[kind].window
    short = rules.legal_length(2)
    told, model, shown = [], door.open_model(knobs(models, kind)), window(short)
    first = checked(model.make(shown, tmp_path, told.append), shown, kind)
    again = checked(model.make(shown, tmp_path, told.append), shown, kind)
    longer = window(short + rules.step, rules.size_multiple * 2, rules.size_multiple * 3)
    assert model.make(longer, tmp_path, told.append).shape == longer.first.shape
    model.close()
    assert first.shape == shown.first.shape
    assert np.ptp(first) > 0
    assert (first == again).all()
    assert told
    assert all(0 < share <= 1 for share in told)


def test_vace_is_told_white_for_what_it_must_generate(models, tmp_path, monkeypatch):
    from diffusers import WanVACEPipeline

    seen, plain = {}, WanVACEPipeline.preprocess_conditions

    def spy(self, *args, **named):
        video, mask, references = plain(self, *args, **named)
        seen.update(video=video, mask=mask, references=references)
        return video, mask, references

    monkeypatch.setattr(WanVACEPipeline, "preprocess_conditions", spy)
    shown = window(5)
    door.open_model(knobs(models, "wan-vace", steps=1)).make(shown, tmp_path, lambda share: None)
    assert (seen["mask"][0, :, :, 16:48, 32:64] == 1).all()
    assert (seen["mask"][0, :, :, :16] == 0).all()
    video = (seen["video"][0].permute(1, 2, 3, 0).numpy() + 1) / 2
    assert np.abs(video - shown.first).max() < 0.003
    assert len(seen["references"][0]) == 1


def test_a_seed_is_a_picture(models, tmp_path):
    model = door.open_model(knobs(models, "wan-vace", steps=1))
    pictures = [model.make(replace(window(5), seed=seed), tmp_path, lambda share: None) for seed in (1, 2)]
    assert np.abs(pictures[0] - pictures[1]).mean() > 1e-4


def test_strength_is_how_far_a_picture_leaves_the_physical_one(models, tmp_path):
    """Low strength skips the first steps, so that less noise is put on the start picture."""
    model = door.open_model(knobs(models, "wan-v2v", steps=10))
    told: dict[float, list] = {0.2: [], 0.9: []}
    for strength, shares in told.items():
        model.make(replace(window(5), strength=strength), tmp_path, shares.append)
    assert len(told[0.2]) < len(told[0.9])


def made(scene, models, kind, folder, blank=TRIGGER - FRAMES.first, **more):
    """Layers of comp's small scene through a tiny model. blank: frames at the start that the model needn't see."""
    chosen = knobs(models, kind, pixels=0.0123, **more)
    door.check(chosen)
    generator = ModelGenerator(door.open_model(chosen), chosen, ("a house falls", "a cat"), scene.plate.record)
    work = Work(scene.folder / folder)
    guides = Guides(frames=FRAMES, untouched=FrameRange(first=FRAMES.first, last=FRAMES.first + blank - 1))
    try:
        layers = make_layers(generator, 3, work, scene.plate, scene.film_set, Located(guides, scene.layers.folder))
    finally:
        generator.close()
    return Located(layers, work.folder)


@pytest.mark.parametrize("kind", ["wan-vace", "wan-v2v", "ltx2"])
def test_a_shot_keeps_its_plate_its_size_and_its_frames(models, no_network, tmp_path, kind):
    scene = Scene(tmp_path)
    layers = made(scene, models, kind, "made")
    comp = composed(scene, layers)
    for frame in FRAMES:
        final, matte, plate = final_pixels(comp, frame), matte_pixels(comp, frame), scene.plate_pixels(frame)
        assert final.shape == plate.shape
        assert (final[matte == 0] == plate[matte == 0]).all()
    assert not read_exr(layers.path(layers.record.picture, FRAMES.last), GENERATED)[:, POST, 3].any()
    physical = final_pixels(scene.comp(), FRAMES.last)
    assert np.abs(final_pixels(comp, FRAMES.last) - physical)[ROWS, LEFT].mean() > 0.01


def test_windows_overlap_and_a_killed_run_ends_the_same(models, tmp_path, monkeypatch):
    from derrumbe.generate.diffusers.model import DiffusersModel

    scene = Scene(tmp_path)
    short = {"steps": 1, "window": 5, "overlap": 2, "blank": 1}
    whole = made(scene, models, "wan-vace", "whole", **short)
    table = json.loads(whole.record.ledger["windows"])
    assert [(w["first"], w["last"], w["length"]) for w in table] == [(1002, 1006, 5), (1004, 1008, 5)]
    plain, calls = DiffusersModel.make, []

    def killed_at_the_second(self, *args):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return plain(self, *args)

    monkeypatch.setattr(DiffusersModel, "make", killed_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        made(scene, models, "wan-vace", "cut", **short)
    cut = made(scene, models, "wan-vace", "cut", **short)
    assert len(calls) == 3
    assert cut.record == whole.record
    for frame in FRAMES:
        assert whole.path(whole.record.picture, frame).read_bytes() == cut.path(cut.record.picture, frame).read_bytes()


def test_the_ledger_names_weights_licence_and_versions(models):
    ledger = door.open_model(knobs(models, "wan-vace")).ledger()
    assert ledger["model"] == "wan-vace"
    assert ledger["model digest"].startswith("blake2b-256:")
    assert ledger["licence"] == "apache-2.0"
    assert "diffusers" in ledger["libraries"]
    assert ledger["steps"] == "2"


def test_an_id_that_is_not_cached_stays_unfetched_when_the_network_is_forbidden(models, no_network, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    chosen = Generate(name="diffusers", model="nobody/nothing-at-all", pipeline="wan-vace")
    door.check(chosen)
    with pytest.raises(BadInput, match="HF_HUB_OFFLINE forbids"):
        door.open_model(chosen).ledger()


def test_a_broken_folder_is_told_in_one_line(models, tmp_path):
    folder = tmp_path / "broken"
    shutil.copytree(saved("wan-vace", models), folder)
    (folder / "vae/config.json").unlink()
    model = door.open_model(Generate(name="diffusers", model=str(folder), pipeline="wan-vace"))
    with pytest.raises(BadInput, match="can't open it") as told:
        model.make(window(5), tmp_path, lambda share: None)
    assert "\n" not in str(told.value)
