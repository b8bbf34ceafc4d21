"""Rough masks are drawn tight to what the picture shows, and never further off than they may have been."""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.survey.filters import shrunk, widened
from derrumbe.survey.matting import thin_core
from derrumbe.survey.tight_edges import INSIDE, OUTSIDE, cut_out, tightened

SHAPE = (300, 960)


def _street(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture (h, w, 3) uint8 of a wall, pale on the left and dark on the right, with a disc that is dark and pale there; and the disc."""
    y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    thing = (np.hypot(x - 480, y - 150) < 100).astype(bool)
    left = np.where(x < 480, 1.0, 0.0)
    tone = np.where(thing, 70 + 110 * (1 - left), 70 + 110 * left)
    picture = tone[..., None] + np.where(thing[..., None], (-10.0, 0, 15), (10.0, 4, -8)) + random.normal(0, 5, (*SHAPE, 3))
    return np.clip(picture, 0, 255).astype(np.uint8), thing


def _overlap(found: np.ndarray, thing: np.ndarray) -> float:
    return float(np.count_nonzero(found & thing) / np.count_nonzero(found | thing))


def test_a_rim_of_wall_is_given_back_where_colours_change_sides() -> None:
    codes, thing = _street(np.random.default_rng(1))
    rough = widened(thing, 5)
    assert _overlap(rough, thing) < 0.92
    assert _overlap(tightened(codes, rough)[0], thing) > 0.985


def test_a_bitten_edge_is_made_whole() -> None:
    codes, thing = _street(np.random.default_rng(2))
    rough = shrunk(thing, 2)
    assert _overlap(tightened(codes, rough)[0], thing) > max(0.985, _overlap(rough, thing))


def test_colours_tell_where_a_mask_is_unsure() -> None:
    codes, thing = _street(np.random.default_rng(6))
    rough, unsure = thing.copy(), np.zeros(SHAPE, bool)
    rough[50:70], rough[90:150, 360:400] = False, True
    unsure[40:75, 400:560] = unsure[90:150, 340:400] = True
    assert _overlap(tightened(codes, rough, 0.0125)[0], thing) < 0.95
    assert _overlap(tightened(codes, rough, 0.0125, unsure)[0], thing) > 0.97


def test_an_edge_moves_no_further_than_it_may_be_off() -> None:
    random = np.random.default_rng(3)
    codes = random.integers(0, 255, (*SHAPE, 3)).astype(np.uint8)
    _, thing = _street(random)
    found, side = tightened(codes, thing)[0], max(SHAPE)
    assert not (found & ~widened(thing, OUTSIDE * side)).any()
    assert not (thin_core(thing, INSIDE * side) & ~found).any()


def test_a_thin_post_keeps_its_middle_whatever_its_colour() -> None:
    codes = np.full((*SHAPE, 3), 120, np.uint8)
    post = np.zeros(SHAPE, bool)
    post[40:260, 300:303] = True
    assert tightened(codes, post)[0][40:260, 301].all()


def test_the_same_bits_every_time_and_nothing_from_nothing() -> None:
    codes, thing = _street(np.random.default_rng(4))
    picture = (codes / np.float32(255)).astype(np.float32)
    rough = widened(thing, 5)
    first = cut_out(picture, rough)
    cv2.setRNGSeed(99)
    assert np.array_equal(first, cut_out(picture, rough))
    assert not cut_out(picture, np.zeros(SHAPE, bool)).any()


def test_what_is_too_small_to_teach_colours_stays_as_it_was_and_is_matted_widely() -> None:
    random = np.random.default_rng(5)
    codes, _ = _street(random)
    small = np.zeros(SHAPE, bool)
    small[100:106, 100:106] = True
    found, told = tightened(codes, small)
    assert np.array_equal(found, small)
    assert not told.any()
    alpha = cut_out((codes / np.float32(255)).astype(np.float32), small)
    assert (alpha[widened(small, OUTSIDE * max(SHAPE)) & ~widened(small, 1.5)] > 0).any()
