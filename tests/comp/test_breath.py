"""Automatic exposure: nothing unless asked for, bounded, late, against the change, and the same bits however it is run."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from derrumbe.comp.breath import plan_breath
from derrumbe.comp.settings import Camera
from tests.comp.scenes import FRAMES, TRIGGER, Scene, blank_layers, final_pixels, matte_pixels, put

STOPS = st.lists(st.floats(-3, 3), min_size=1, max_size=60)


@given(STOPS, st.floats(0.01, 2), st.sampled_from((10.0, 24.0, 60.0)))
def test_it_never_goes_past_its_limit(seen, limit, rate):
    assert np.abs(plan_breath(limit, rate, np.array(seen))).max() <= limit


@given(st.floats(0.01, 3), st.sampled_from((24.0, 50.0)))
def test_it_starts_late_and_goes_against_the_change(change, rate):
    plan = np.array(plan_breath(1.0, rate, np.full(100, change)))
    assert not plan[: round(0.1 * rate)].any()
    assert (plan[round(0.1 * rate) :] < 0).all()
    assert (np.diff(plan) <= 0).all()


def bright(folder):
    """A shot whose last frames are half filled with sunlit dust."""
    scene = Scene(folder)
    layers = blank_layers()
    put(layers, "dust_front", (slice(40, 120), slice(0, 160)), (2.0, 1.9, 1.8), 0.9)
    for frame in range(TRIGGER, FRAMES.last + 1):
        scene.write_layers(frame, layers)
    return scene


def test_the_frame_is_the_locked_frame_times_a_gain(tmp_path):
    scene = bright(tmp_path)
    plain, comp = scene.comp("plain"), scene.comp("breath", camera=Camera(breath=1.0))
    gains = []
    for frame in FRAMES:
        before, after = final_pixels(plain, frame), final_pixels(comp, frame)
        gains.append(float(np.median(after / np.maximum(before, 1e-4))))
        assert np.allclose(after, before * gains[-1], rtol=3e-3, atol=1e-4)
        assert matte_pixels(comp, frame).min() == 1 or np.array_equal(before, after)
    assert gains[TRIGGER - FRAMES.first - 1] == 1
    assert 0.5 < gains[-1] < 0.9
    assert np.diff(gains).max() < 1e-3
