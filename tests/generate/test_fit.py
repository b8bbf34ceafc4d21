"""Laws of size, codes, mattes and colour: what goes to a model and comes back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derrumbe.generate import colour_match, mattes
from derrumbe.generate.codes import decode, encode
from derrumbe.generate.fit import fit
from derrumbe.generate.rules import RULES
from derrumbe.generate.windows import WindowRules

sides = st.integers(16, 2500)


@given(sides, sides, st.sampled_from([8, 16, 32]), st.none() | st.integers(20_000, 2_000_000))
def test_a_fit_is_legal_small_enough_never_larger_and_hardly_stretched(width, height, multiple, most):
    found = fit(width, height, WindowRules(size_multiple=multiple, most_pixels=most))
    assert found.outer[0] % multiple == found.outer[1] % multiple == 0
    assert most is None or found.outer[0] * found.outer[1] <= most or min(found.outer) <= multiple
    assert all(inner <= plate for inner, plate in zip(found.inner, found.plate, strict=True))
    assert all(0 <= outer - inner < multiple for inner, outer in zip(found.inner, found.outer, strict=True))
    stretch = (found.inner[0] / found.inner[1]) / (width / height)
    assert abs(stretch - 1) <= 1.2 / min(found.inner)


def test_wide_plates_fill_what_vace_was_trained_on():
    assert fit(1920, 1080, RULES["wan-vace"].window).outer == (832, 480)
    assert fit(3840, 2160, RULES["wan-vace"].window).outer == (832, 480)


@given(st.integers(17, 90), st.integers(17, 90))
def test_there_and_back_keeps_size_and_flat_colour(width, height):
    found = fit(width, height, WindowRules(size_multiple=16, most_pixels=1600))
    picture = np.full((height, width, 3), 0.4, np.float32)
    shown = found.shown(picture)
    assert shown.shape == (found.outer[1], found.outer[0], 3)
    assert found.back(shown) == pytest.approx(picture, abs=1e-5)


@pytest.mark.parametrize("display", ["sRGB", "Camera Rec.709", "ACES"])
def test_codes_are_undone(display):
    reach = 8.0 if display == "ACES" else 0.99
    light = np.linspace(0, reach, 96, dtype=np.float32)
    grey = np.repeat(light[None, :, None], 3, 2)
    codes = encode(grey, display)
    assert 0 <= codes.min() < codes.max() <= 1
    assert (np.diff(codes[0, :, 1]) > 0).all()
    assert decode(codes, display) == pytest.approx(grey, rel=2e-3, abs=1e-4)


@given(st.integers(1, 12), st.integers(0, 3))
def test_a_matte_covers_what_is_new_and_ends_within_its_reach(grow, blur):
    cover, front = np.zeros((60, 60), np.float32), np.zeros((60, 60), np.float32)
    cover[20:40, 20:40] = 1
    front[:, 30:32] = 1
    alpha = mattes.matte(cover, front, mattes.Reach(grow, blur))
    assert not alpha[:, 30:32].any()
    assert alpha[25:35, 22:26] == pytest.approx(1, abs=1e-5)
    far = 20 - 2 * grow - 2
    assert far <= 0 or not alpha[:far].any()
    assert (mattes.model_mask(alpha, cover)[alpha > 0.01] == 1).all()


def test_what_is_compared_lies_well_outside_the_mask():
    mask = np.zeros((64, 64), np.float32)
    mask[20:40, 20:40] = 1
    compared = mattes.outside(mask)
    assert not compared[16:44, 20:40].any()
    assert compared[:10].all()


def pictures(seed=0, count=4):
    random = np.random.default_rng(seed)
    return random.random((count, 6, 12, 3)).astype(np.float32).repeat(16, 1).repeat(16, 2)


@given(st.integers(0, 50))
def test_any_mild_matrix_and_offset_is_undone(seed):
    random = np.random.default_rng(seed)
    given_ = 0.2 + 0.6 * pictures(seed)
    matrix = np.eye(3) + random.uniform(-0.06, 0.06, (3, 3))
    made = np.clip(given_ @ matrix.T + random.uniform(-0.04, 0.04, 3), 0, 1).astype(np.float32)
    maps = colour_match.maps(given_, made, np.ones(given_.shape[:3], bool))
    for i in range(len(given_)):
        left = np.abs(colour_match.matched(made[i], maps[i]) - given_[i]).mean()
        assert left < 0.2 * np.abs(made[i] - given_[i]).mean() + 1e-3


def test_with_nothing_to_compare_colours_stay():
    given_ = pictures()
    maps = colour_match.maps(given_, given_**1.3, np.zeros(given_.shape[:3], bool))
    assert colour_match.matched(given_[0], maps[0]) == pytest.approx(given_[0], abs=1e-6)


def test_a_moved_edge_is_not_taken_for_lost_contrast():
    """A model that shifts everything by a pixel keeps its colours."""
    given_ = pictures()
    made = np.roll(given_, 1, 2)
    maps = colour_match.maps(given_, made, np.ones(given_.shape[:3], bool))
    assert colour_match.matched(made[0], maps[0]).std() > 0.97 * made[0].std()
