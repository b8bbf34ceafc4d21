"""What happens around a big model: whatever it answers, the plate stays, and what it gets wrong is mended."""

from __future__ import annotations

import json

import numpy as np
import pytest

from derrumbe.core.errors import DerrumbeError
from derrumbe.generate.codes import decode, encode
from derrumbe.generate.modelled import window_seed
from derrumbe.generate.picture import GENERATED
from derrumbe.generate.rules import ModelRules
from derrumbe.generate.windows import WindowRules
from derrumbe.media.exr import RGB, read_exr
from tests.comp.scenes import COLUMNS, FRAMES, HEIGHT, LEFT, POST, ROWS, TRIGGER, WIDTH, Scene, final_pixels, matte_pixels
from tests.generate.models import SMALL, Fake, composed, gamma_shift, generated

LAST = FRAMES.last
ONE_TO_ONE = ModelRules(WindowRules(longest=5, overlap=2, step=4, offset=1, size_multiple=8), takes_mask=True)


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def layer(layers, frame=LAST):
    return read_exr(layers.path(layers.record.picture, frame), GENERATED)


def noise(shown):
    return np.random.default_rng(shown.seed).random((*shown.shape, 3)).astype(np.float32)


def test_whatever_a_model_answers_the_plate_stays_bit_for_bit_outside_the_matte(scene):
    comp = composed(scene, generated(scene, Fake(noise)))
    for frame in FRAMES:
        final, matte, plate = final_pixels(comp, frame), matte_pixels(comp, frame), scene.plate_pixels(frame)
        assert final.shape == plate.shape
        assert (final[matte == 0] == plate[matte == 0]).all()
        assert (matte == 0).mean() > (0.2 if frame >= TRIGGER else 0.999)
        if frame >= TRIGGER:
            assert np.abs(final - plate)[ROWS, LEFT].mean() > 0.1


def test_frames_before_the_trigger_are_the_plate_and_their_layer_is_empty(scene):
    layers = generated(scene, Fake(noise))
    assert not layer(layers, FRAMES.first).any()
    assert not matte_pixels(composed(scene, layers), FRAMES.first).any()


def test_a_model_that_changes_nothing_gives_the_physical_shot_back(scene):
    physical = scene.comp()
    comp = composed(scene, generated(scene, Fake(), grow=0.0))
    for frame in (TRIGGER + 1, LAST):
        apart = np.abs(final_pixels(comp, frame) - final_pixels(physical, frame))
        assert apart[..., 1].mean() < 0.004
        assert np.percentile(apart, 99) < 0.06  # comp softens the physical layers' outlines, not a model's picture


def test_a_colour_shift_is_taken_out(scene):
    def shifted(shown):
        return gamma_shift(shown.first)

    honest = layer(generated(scene, Fake(), "honest"))
    mended = layer(generated(scene, Fake(shifted), "shifted"))
    inside = honest[..., 3] > 0.99
    codes = [
        encode(np.ascontiguousarray(each[..., :3]), "sRGB")
        for each in (honest, mended, decode(gamma_shift(encode(honest[..., :3], "sRGB")), "sRGB"))
    ]
    left, raw = (np.abs(codes[0] - other)[inside].mean() for other in codes[1:])
    assert raw > 0.03
    assert left < 0.2 * raw


def test_a_drift_inside_a_window_is_followed(scene):
    def drifting(shown):
        gain = np.linspace(1.0, 0.85, shown.shape[0], dtype=np.float32)[:, None, None, None]
        return shown.first * gain

    rules = ModelRules(WindowRules(longest=9, overlap=0, step=4, offset=1, size_multiple=16, most_pixels=128 * 96))
    honest, mended = layer(generated(scene, Fake(rules=rules), "honest")), layer(generated(scene, Fake(drifting, rules), "drifting"))
    inside = honest[..., 3] > 0.99
    raw = decode(0.85 * encode(honest[..., :3], "sRGB"), "sRGB")
    assert np.abs(honest - mended)[inside, :3].mean() < 0.25 * np.abs(honest[..., :3] - raw)[inside].mean()


def test_the_mask_is_white_where_the_model_must_paint_and_legal_in_size(scene):
    model = Fake()
    generated(scene, model)
    shown = model.shown[-1]
    count, height, width = shown.shape
    assert (count, height % 16, width % 16) == (5, 0, 0)
    assert width * height <= 128 * 96
    scale = width / WIDTH * (WIDTH / round(WIDTH * 96 / HEIGHT))
    y, x = round(80 * scale), round(60 * scale)
    assert shown.mask[-1, y, x] == 1
    assert shown.mask[-1, 2, 2] == 0
    assert set(np.unique(shown.mask)) <= {0.0, 1.0}
    assert shown.references[0].shape == (height, width, 3)
    assert 0 <= shown.first.min() <= shown.first.max() <= 1


def test_a_later_window_is_shown_what_the_earlier_made_and_keeps_it(scene):
    narrow = ModelRules(WindowRules(longest=3, overlap=1, step=2, offset=1, size_multiple=16, most_pixels=128 * 96), takes_mask=True)
    honest, wild = Fake(rules=narrow), Fake(noise, narrow)
    layers = generated(scene, honest, "honest")
    assert [(w["first"], w["last"]) for w in json.loads(layers.record.ledger["windows"])] == [(1004, 1006), (1006, 1008)]
    generated(scene, wild, "wild")
    assert not wild.shown[1].mask[0].any()
    assert wild.shown[1].mask[1].any()
    apart = np.abs(wild.shown[1].first[0] - honest.shown[1].first[0]).mean(-1)
    painted = wild.shown[0].mask[2] > 0
    assert apart[painted].mean() > 0.05
    assert apart[~painted].max() == 0
    without = ModelRules(narrow.window)
    plain = Fake(noise, without)
    generated(scene, plain, "plain")
    assert plain.shown[1].mask[0].any()


def test_values_above_one_are_kept_from_the_physical_layers(scene):
    bright = {name: plane.copy() for name, plane in _layers_with_glow(scene).items()}
    scene.write_layers(LAST, bright)
    made = layer(generated(scene, Fake()))
    assert made[75:85, 55:65, :3].min() > 3.9


def _layers_with_glow(scene):
    from tests.comp.scenes import falling_layers, put

    layers = falling_layers(LAST)
    put(layers, "dust_front", (slice(65, 95), slice(45, 75)), (4.0, 4.0, 4.0))
    return layers


def test_detail_that_a_small_model_never_saw_comes_back_only_where_it_agrees(scene):
    small = ModelRules(WindowRules(longest=5, overlap=2, step=4, offset=1, size_multiple=8, most_pixels=64 * 48), takes_mask=True)
    full = layer(generated(scene, Fake(rules=ONE_TO_ONE), "full"))[..., :3]
    kept = layer(generated(scene, Fake(rules=small), "kept"))[..., :3]
    lost = layer(generated(scene, Fake(rules=small), "lost", detail=0.0))[..., :3]
    grey = layer(generated(scene, Fake(lambda shown: np.full_like(shown.first, 0.9), small), "grey"))[..., :3]
    where = np.zeros((HEIGHT, WIDTH), bool)
    where[30:90, 50:80] = True
    assert np.abs(kept - full)[where].mean() < 0.6 * np.abs(lost - full)[where].mean()
    rough = [np.abs(np.diff(picture[60:85, 55:75, 1], axis=1)).mean() for picture in (grey, full)]
    assert rough[0] < 0.5 * max(rough[1], 1e-3)


def test_what_stands_in_front_is_never_painted(scene):
    made = layer(generated(scene, Fake(noise)))
    assert not made[:, POST, 3].any()


def test_a_killed_run_goes_on_at_the_next_window_and_ends_the_same(scene):
    rules = ModelRules(WindowRules(longest=3, overlap=1, step=2, offset=1, size_multiple=16, most_pixels=128 * 96), takes_mask=True)
    whole = generated(scene, Fake(noise, rules), "whole")
    with pytest.raises(KeyboardInterrupt):
        generated(scene, Fake(noise, rules, stop_at=1), "cut")
    resumed = Fake(noise, rules)
    cut = generated(scene, resumed, "cut")
    assert len(resumed.shown) == 1
    assert cut.record == whole.record
    for frame in FRAMES:
        assert whole.path(whole.record.picture, frame).read_bytes() == cut.path(cut.record.picture, frame).read_bytes()
    assert not (cut.folder / "windows").exists()


def test_depth_and_edges_guide_a_model_that_still_gets_the_physical_comp(scene):
    shown = {}
    for control in ("comp", "depth", "edges"):
        model = Fake()
        generated(scene, model, control, control=control)
        shown[control] = model.shown[0]
    assert shown["comp"].control is shown["comp"].first
    for control in ("depth", "edges"):
        assert (shown[control].first == shown["comp"].first).all()
        assert np.ptp(shown[control].control, axis=-1).max() < 1e-6
    set_only, piece = shown["depth"].control[0, 2, 2, 0], shown["depth"].control[1, 60, 50, 0]
    assert piece > set_only  # pieces at 40 m, the set at 60 m: near is white
    assert 0.005 < shown["edges"].control.mean() < 0.5


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda shown: shown.first[:-1], "asked for"),
        (lambda shown: shown.first[:, ::2], "asked for"),
        (lambda shown: shown.first * np.nan, "NaN"),
    ],
)
def test_an_answer_of_another_shape_is_a_fault(scene, answer, says):
    with pytest.raises(DerrumbeError, match=says):
        generated(scene, Fake(answer))


def test_the_ledger_says_what_is_needed_to_make_it_again(scene):
    ledger = generated(scene, Fake()).record.ledger
    assert ledger["prompt"] == "words"
    assert [w["seed"] for w in json.loads(ledger["windows"])] == [window_seed(7, 0)]
    assert window_seed(7, 0) != window_seed(7, 1) != window_seed(8, 1)
    assert "24 fps" in ledger["frames"]
    assert ledger["model"] == "fake"


def test_a_movie_s_plate_colours_reach_the_model_as_the_codes_they_were(scene):
    model = Fake(rules=ONE_TO_ONE)
    generated(scene, model)
    plate = encode(read_exr(scene.plate.path(scene.plate.record.picture, TRIGGER), RGB), "sRGB")
    assert np.abs(model.shown[0].first[0, :HEIGHT, :WIDTH] - plate)[:20, COLUMNS].max() < 1e-6
    assert SMALL.takes_references
