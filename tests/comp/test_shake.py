"""Shake: nothing before the impact, bounded by the knob, dies away."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.comp.settings import Camera, Settings
from derrumbe.comp.shake import plan_shake, shaken
from tests.comp.scenes import FRAMES, TRIGGER, Scene


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return Scene(tmp_path_factory.mktemp("scene"))


def plan(scene, pixels):
    plate = scene.plate.record.model_copy(update={"frames": FRAMES.model_copy(update={"last": 1150})})
    return np.array(plan_shake(Settings(camera=Camera(shake=pixels), trigger_frame=TRIGGER), plate, scene.film_set.record))


def test_no_shake_unless_asked_for(scene):
    assert plan(scene, 0.0).size == 0


def test_it_starts_at_the_impact_stays_within_the_knob_and_dies_away(scene):
    offsets = plan(scene, 10.0)
    impact = int(np.ceil((TRIGGER - FRAMES.first) + 24 * np.sqrt(2 * 3.75 / 9.81)))
    assert not offsets[:impact].any()
    assert 2 < np.abs(offsets[impact:]).max() <= 10
    assert np.abs(offsets[-24:]).max() < 0.1


def test_whole_pixels_move_exactly():
    picture = np.random.default_rng(0).random((20, 30, 3), np.float32)
    assert np.allclose(shaken(picture, (3.0, 2.0))[5:, 5:], np.roll(picture, (2, 3), (0, 1))[5:, 5:], atol=1e-6)
