"""Checks of pictures pass on a sound comp and fail on each kind of broken one."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.check.plate_checks import in_front
from derrumbe.check.shot import Shot
from derrumbe.core.records import Comp, Doubt, FrameRange, Located
from derrumbe.media.exr import RGB, write_exr
from tests.check.shots import judged
from tests.comp.scenes import COLUMNS, FRAMES, ROWS, TRIGGER, Scene, blank_layers, final_pixels, matte_pixels, put, truth

DULL = {"plate_untouched", "before_trigger", "finite", "frame_count"}


def settled(scene: Scene) -> None:
    """From the trigger on: building gone, a dark heap that lies still."""
    for frame in range(TRIGGER, FRAMES.last + 1):
        layers = blank_layers()
        layers["removed.Y"][ROWS, COLUMNS] = 1
        layers["removed.Y"][90:, :] = 1
        put(layers, "pieces", (slice(96, 118), slice(30, 130)), (0.04, 0.042, 0.05))
        scene.write_layers(frame, layers)


def rewrite(comp: Located[Comp], frame: int, change) -> None:
    """Change a final frame in place, as a faulty comp would have written it."""
    pixels = final_pixels(comp, frame)
    change(pixels)
    path = comp.path(comp.record.picture, frame)
    path.unlink()
    write_exr(path, pixels, RGB)


@pytest.fixture
def scene(tmp_path):
    made = Scene(tmp_path, foreground=False)
    settled(made)
    return made


def test_a_sound_shot_passes_every_check_of_pictures(scene):
    found = judged(scene, scene.comp(), jobs=2)
    for name in (*DULL, "grain", "flicker", "blacks", "piece_matches_plate"):
        assert found[name].verdict == "pass", found[name]
    assert found["grain"].value == pytest.approx(1, abs=0.1)
    assert 0.5 < found["flicker"].value < 1.2


def test_one_pixel_outside_the_matte_blocks(scene):
    comp = scene.comp()
    assert matte_pixels(comp, 1006)[5, 3] == 0

    def nudge(pixels):
        pixels[5, 3, 1] = np.nextafter(np.float16(pixels[5, 3, 1]), np.float16(9))

    rewrite(comp, 1006, nudge)
    check = judged(scene, comp)["plate_untouched"]
    assert (check.verdict, check.value, check.frames) == ("block", 1, (1006,))
    assert "(3, 5)" in check.says


@pytest.mark.parametrize("what", ["picture", "matte"])
def test_a_change_before_the_trigger_blocks(scene, what):
    comp = scene.comp()
    if what == "picture":
        rewrite(comp, 1002, lambda pixels: pixels.__setitem__((40, 60), 0.5))
    else:
        path = comp.path(comp.record.matte, 1002)
        path.unlink()
        write_exr(path, np.pad(np.ones((1, 1), np.float32), ((0, 119), (0, 159))), ("Y",))
    check = judged(scene, comp)["before_trigger"]
    assert (check.verdict, check.frames) == ("block", (1002,))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_number_that_is_none_blocks(scene, value):
    comp = scene.comp()
    rewrite(comp, 1005, lambda pixels: pixels.__setitem__((60, 70, 0), value))
    check = judged(scene, comp)["finite"]
    assert (check.verdict, check.value, check.frames) == ("block", 1, (1005,))


def test_a_missing_frame_blocks(scene):
    comp = scene.comp()
    comp.path(comp.record.picture, 1007).unlink()
    check = judged(scene, comp)["frame_count"]
    assert (check.verdict, check.value, check.frames) == ("block", 7, (1007,))


def test_a_frame_of_another_size_or_a_damaged_one_blocks(scene):
    comp = scene.comp()
    write_exr(comp.path(comp.record.picture, 1007), np.zeros((60, 80, 3), np.float32))
    damaged = comp.path(comp.record.matte, 1006)
    damaged.write_bytes(damaged.read_bytes()[:600])
    check = judged(scene, comp)["frame_count"]
    assert (check.verdict, check.frames) == ("block", (1006, 1007))


def test_a_motion_at_another_rate_blocks(scene):
    check = judged(scene, scene.comp(), rate=25.0)["frame_count"]
    assert check.verdict == "pass"  # half a frame over the whole shot is rounding
    check = judged(scene, scene.comp(), folder="other", rate=30.0)["frame_count"]
    assert check.verdict == "block"
    assert "frame rate" in check.says


def test_other_frames_than_the_plates_block(scene):
    comp = scene.comp()
    shorter = Located(comp.record.model_copy(update={"frames": FrameRange(first=1001, last=1007)}), comp.folder)
    assert judged(scene, shorter)["frame_count"].verdict == "block"


@pytest.mark.parametrize(("factor", "verdict"), [(0.0, "warn"), (0.7, "warn"), (1.0, "pass"), (1.5, "warn")])
def test_grain_of_another_strength_warns(scene, factor, verdict):
    check = judged(scene, scene.comp(grain=factor))["grain"]
    assert check.verdict == verdict
    assert check.value == pytest.approx(factor, abs=0.12)


def test_an_effect_that_pumps_warns(scene):
    comp = scene.comp()
    for frame in range(TRIGGER, FRAMES.last + 1):
        matte = matte_pixels(comp, frame)[..., None]
        rewrite(comp, frame, lambda pixels, m=matte, f=frame: np.multiply(pixels, 1 + 0.01 * m * (f % 2), out=pixels))
    check = judged(scene, comp)["flicker"]
    assert check.verdict == "warn"
    assert check.value > 1.3


def test_boiling_grain_on_a_held_still_warns_and_frozen_grain_passes(tmp_path):
    held = Scene(tmp_path, held=True, foreground=False)
    settled(held)
    assert judged(held, held.comp())["flicker"].verdict == "pass"
    comp, random = held.comp("boiling"), np.random.default_rng(1)
    for frame in range(TRIGGER, FRAMES.last + 1):
        matte = matte_pixels(comp, frame)[..., None]
        noise = (random.standard_normal((*matte.shape[:2], 3)) * 0.006 * matte).astype(np.float32)
        rewrite(comp, frame, lambda pixels, n=noise: np.add(pixels, n, out=pixels))
    assert judged(held, comp, "again")["flicker"].verdict == "warn"


def test_crushed_blacks_warn(scene):
    comp = scene.comp()
    rewrite(comp, 1006, lambda pixels: pixels.__setitem__((slice(100, 112), slice(60, 80)), 0.0))
    check = judged(scene, comp)["blacks"]
    assert (check.verdict, check.frames) == ("warn", (1006,))


def test_textures_of_another_colour_warn(scene):
    assert judged(scene, scene.comp())["piece_matches_plate"].verdict == "pass"
    texture = truth()["texture"] * 1.05
    write_exr(scene.film_set.path(scene.film_set.record.texture), texture, full=True)
    assert judged(scene, scene.comp("other"), "again")["piece_matches_plate"].verdict == "warn"


def test_drawn_pieces_at_rest_are_compared(tmp_path):
    scene = Scene(tmp_path, foreground=False)
    texture = truth()["texture"]
    for wrong, verdict in ((1.0, "pass"), (1.06, "warn")):
        layers = blank_layers()
        layers["removed.Y"][ROWS, COLUMNS] = 1
        put(layers, "pieces", (ROWS, COLUMNS), texture[ROWS, COLUMNS] * wrong)
        layers["id.Y"][ROWS, COLUMNS] = 1
        scene.write_layers(TRIGGER, layers)
        check = judged(scene, scene.comp(str(wrong)), f"check{wrong}")["piece_matches_plate"]
        assert check.says.startswith("Pieces that have barely stirred")
        assert check.verdict == verdict


def test_what_may_stand_in_front_and_fell_is_a_warning_with_a_picture(scene, tmp_path):
    comp = scene.comp()
    sure, folder = scene.film_set.record, scene.film_set.folder
    doubted = sure.model_copy(update={"doubts": (Doubt(kind="post", sure=0.4, box=(60.0, 30.0, 64.0, 100.0)),)})
    shot = Shot(scene.plate, Located(doubted, folder), scene.plate, scene.plate, scene.layers, comp, TRIGGER, tmp_path / "check")
    check = in_front(shot)
    assert (check.verdict, check.value) == ("warn", 1.0)
    assert "post at 60, 30" in check.says
    assert (tmp_path / "check" / check.evidence).is_file()
    assert judged(scene, comp)["in_front"].verdict == "pass"
