"""What the comp promises of whole frames."""

from __future__ import annotations

import os

import numpy as np
import pytest

from derrumbe.core.records import LAYER_CHANNELS
from derrumbe.media.exr_rows import ExrRows
from derrumbe.media.grain import variance_at
from tests.comp.scenes import (
    COLUMNS,
    FRAMES,
    LEFT,
    POST,
    POST_RGB,
    ROWS,
    TRIGGER,
    Scene,
    blank_layers,
    final_pixels,
    matte_pixels,
    put,
    truth,
)


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def test_frames_before_the_trigger_are_the_plates_own_files(scene):
    comp = scene.comp()
    for frame in range(FRAMES.first, TRIGGER):
        assert os.path.samefile(comp.path(comp.record.picture, frame), scene.plate.path(scene.plate.record.picture, frame))
        assert not matte_pixels(comp, frame).any()


@pytest.mark.parametrize("full", [False, True])
def test_outside_the_matte_the_final_is_the_plate_bit_for_bit(tmp_path, full):
    scene = Scene(tmp_path, full=full)
    comp = scene.comp()
    for frame in FRAMES:
        outside = matte_pixels(comp, frame) == 0
        assert np.array_equal(final_pixels(comp, frame)[outside], scene.plate_pixels(frame)[outside])
        with ExrRows(comp.path(comp.record.picture, frame), ("R", "G", "B")) as rows:
            assert rows.full == full
    assert 0.02 < outside.mean() < 0.9


def test_the_matte_covers_the_effect_and_no_more(scene):
    comp = scene.comp()
    matte = matte_pixels(comp, FRAMES.last)
    assert matte[ROWS, LEFT].min() > 0.8
    assert not matte[:25].any()
    assert not matte[:, 145:].any()


def test_a_solid_post_in_front_stays_as_filmed(scene):
    comp, solid = scene.comp(), truth()["front"] == 1
    assert solid.sum() > 200
    assert np.array_equal(final_pixels(comp, 1008)[solid], scene.plate_pixels(1008)[solid])
    assert not matte_pixels(comp, 1008)[solid].any()


@pytest.mark.parametrize(("post", "shows"), [(50.0, False), (100.0, True)])
def test_a_piece_hides_what_stands_in_front_only_where_it_is_clearly_nearer(tmp_path, post, shows):
    """Pieces are 40 m away."""
    scene, solid = Scene(tmp_path, front_depth=post), truth()["front"] == 1
    layers = blank_layers()
    put(layers, "pieces", (slice(40, 80), slice(85, 115)), (0.9, 0.1, 0.1))
    scene.write_layers(1008, layers)
    hit = np.zeros_like(solid)
    hit[45:75, POST] = solid[45:75, POST]
    red = final_pixels(scene.comp(), 1008)[hit][:, 0]
    assert (red > 0.7).all() if shows else (red < 0.3).all()


def test_soft_edges_in_front_lose_the_old_background(tmp_path):
    scene = Scene(tmp_path)
    layers = blank_layers()
    layers["removed.Y"][ROWS, COLUMNS] = 1
    scene.write_layers(1008, layers)
    final = final_pixels(scene.comp(grain=0), 1008)
    still = truth()
    alpha = still["front"][..., None]
    wanted = (1 - alpha) * still["clean"] + alpha * np.float32(POST_RGB)
    naive = (1 - alpha) * still["clean"] + alpha * scene.plate_pixels(1008)
    edge = ((alpha > 0.1) & (alpha < 0.9))[..., 0] & (still["building"] > 0)
    assert np.abs(final - wanted)[edge].mean() < 0.4 * np.abs(naive - wanted)[edge].mean()


def test_a_piece_that_has_not_moved_shows_no_seam(tmp_path):
    """Piece and hole have the same soft edge: no sky may shine through between them."""
    scene = Scene(tmp_path, foreground=False)
    final = final_pixels(scene.comp(grain=0), TRIGGER)
    texture = truth()["texture"]
    noise = np.sqrt(variance_at(scene.noise, texture))
    around = (slice(ROWS.start - 5, ROWS.stop + 5), slice(LEFT.start - 5, LEFT.stop + 6))
    assert (np.abs(final - texture) < 5 * noise + 2e-3)[around].all()


def test_the_old_outline_leaves_no_ghost(tmp_path):
    scene = Scene(tmp_path, foreground=False)
    layers = blank_layers()
    layers["removed.Y"][ROWS, COLUMNS] = 1
    scene.write_layers(1008, layers)
    final = final_pixels(scene.comp(grain=0), 1008)
    assert np.abs(final - truth()["clean"])[ROWS, COLUMNS].max() < 2e-3


def test_new_pixels_carry_the_plates_grain_level_by_level(tmp_path):
    scene = Scene(tmp_path, foreground=False)
    layers = blank_layers()
    layers["removed.Y"][:] = 1
    scene.write_layers(1008, layers)
    put(layers, "dust_front", (slice(60, 120), slice(0, 160)), (0.1, 0.1, 0.1), 0.7)
    scene.write_layers(1007, layers)
    comp, clean = scene.comp(), truth()["clean"]
    for frame, expected in ((1008, clean), (1007, 0.3 * clean + 0.07)):
        part = (slice(92, 118), slice(2, 158))
        found = (final_pixels(comp, frame) - expected)[part].reshape(-1, 3).std(0)
        wanted = np.sqrt(variance_at(scene.noise, expected))[part].reshape(-1, 3).mean(0)
        assert found == pytest.approx(wanted, rel=0.06)


def test_a_shadow_has_the_grain_of_darker_film(tmp_path):
    scene = Scene(tmp_path, foreground=False)
    layers = blank_layers()
    for name in ("shadow.R", "shadow.G", "shadow.B"):
        layers[name][92:] = 0.4
    scene.write_layers(1008, layers)
    final, clean = final_pixels(scene.comp(), 1008), truth()["clean"]
    found = (final - 0.4 * clean)[94:118].reshape(-1, 3).std(0)
    wanted = np.sqrt(variance_at(scene.noise, 0.4 * clean))[94:118].reshape(-1, 3).mean(0)
    assert found == pytest.approx(wanted, rel=0.06)


@pytest.mark.parametrize("held", [False, True])
def test_new_grain_stands_still_only_when_the_plates_does(tmp_path, held):
    scene = Scene(tmp_path, held=held, foreground=False)
    layers = blank_layers()
    layers["removed.Y"][ROWS, COLUMNS] = 1
    scene.write_layers(1007, layers)
    scene.write_layers(1008, layers)
    comp = scene.comp()
    same = np.array_equal(final_pixels(comp, 1007), final_pixels(comp, 1008))
    assert same == held


def test_new_grain_is_as_like_from_frame_to_frame_as_the_plates(tmp_path):
    scene = Scene(tmp_path, carried=0.4, foreground=False)
    layers = blank_layers()
    layers["removed.Y"][:] = 1
    scene.write_layers(1007, layers)
    scene.write_layers(1008, layers)
    comp, clean = scene.comp(), truth()["clean"]
    one, two = (
        ((final_pixels(comp, frame) - clean) / np.sqrt(variance_at(scene.noise, clean)))[2:88, 2:].ravel() for frame in (1007, 1008)
    )
    assert np.corrcoef(one, two)[0, 1] == pytest.approx(0.4, abs=0.06)
    assert two.std() == pytest.approx(1, abs=0.05)


def test_no_new_value_lies_below_the_plates_blacks(tmp_path):
    scene = Scene(tmp_path, foreground=False, noise=Scene(tmp_path).noise.model_copy(update={"variance_at": ((0,) * 5,) * 3}))
    layers = blank_layers()
    put(layers, "pieces", (slice(20, 100), slice(20, 140)), (0.0, 0.0, 0.0))
    scene.write_layers(1008, layers)
    inside = final_pixels(scene.comp(), 1008)[30:90, 30:130]
    assert (inside >= np.float32((0.02, 0.021, 0.024)) * 0.99).all()
    assert (inside <= np.float32((0.02, 0.021, 0.024)) * 1.2).all()


def test_broken_numbers_in_layers_never_reach_the_final(tmp_path):
    scene = Scene(tmp_path)
    layers = blank_layers()
    put(layers, "pieces", (slice(40, 60), slice(60, 80)), (0.3, 0.3, 0.3))
    for index, name in enumerate(LAYER_CHANNELS):
        layers[name][40 + index, 64] = np.nan
        layers[name][40 + index, 66] = np.inf
        layers[name][40 + index, 68] = -np.inf
    scene.write_layers(1008, layers)
    comp = scene.comp()
    assert np.isfinite(final_pixels(comp, 1008)).all()
    assert np.isfinite(matte_pixels(comp, 1008)).all()


def test_a_resumed_run_and_many_jobs_give_the_same_bits(scene):
    first, second = scene.comp("one"), scene.comp("two", jobs=2)
    kept = second.path(second.record.picture, 1006)
    second.path(second.record.matte, 1007).unlink()
    stamp = kept.stat().st_mtime_ns
    third = scene.comp("two")
    assert kept.stat().st_mtime_ns == stamp
    for frame in FRAMES:
        for pattern in (first.record.picture, first.record.matte):
            assert first.path(pattern, frame).read_bytes() == third.path(pattern, frame).read_bytes()


def test_shake_moves_the_whole_frame_from_the_impact_on(tmp_path):
    scene = Scene(tmp_path, rate=4)
    moved, impact = scene.comp(camera={"shake": 6.0}), TRIGGER + 4
    assert not matte_pixels(moved, TRIGGER - 1).any()
    assert matte_pixels(moved, TRIGGER).min() == 0
    assert matte_pixels(moved, impact).min() == 1
    assert not np.array_equal(final_pixels(moved, impact)[:10], scene.plate_pixels(impact)[:10])


def test_knobs_turn_grain_off(tmp_path):
    scene = Scene(tmp_path, foreground=False)
    layers = blank_layers()
    layers["removed.Y"][:] = 1
    scene.write_layers(1008, layers)
    assert np.abs(final_pixels(scene.comp(grain=0), 1008) - truth()["clean"])[:, :].max() < 2e-3
