"""Softness: edges as soft as the lens, textures left alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from derrumbe.comp.soften import Softness, gaussian, matching, resting, soften_pieces, soften_removed

SIZE = 64
FLAT = np.full((SIZE, SIZE), 10.0, np.float32)
FACING = np.zeros((SIZE, SIZE, 3), np.float32) + np.float32([0, 0, 1])
NO_REST = np.zeros((SIZE, SIZE), np.float32)


def box(shift: float = 0.0) -> np.ndarray:
    """White piece over the right half, box-filtered as a renderer does."""
    alpha = np.clip(np.arange(SIZE) + 1 - SIZE / 2 - shift, 0, 1).astype(np.float32)
    return np.repeat(np.repeat(alpha[None, :, None], SIZE, 0), 4, 2)


def edge_sigma(profile: np.ndarray) -> float:
    """Standard deviation of an edge's derivative, pixels."""
    spread = np.diff(profile)
    at = np.arange(len(spread))
    middle = (spread * at).sum() / spread.sum()
    return float(np.sqrt((spread * (at - middle) ** 2).sum() / spread.sum()))


@pytest.mark.parametrize("lens", [0.5, 0.7, 1.0, 1.8])
@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_edges_become_as_soft_as_the_lens(lens, factor):
    soft = [soften_pieces(box(shift), NO_REST, FLAT, FACING, matching(lens, factor))[SIZE // 2, :, 3] for shift in (0, 0.25, 0.5, 0.75)]
    # four shifts sample the edge's blur finely; one alone depends on where the edge meets the grid
    fine = np.stack(soft[::-1], -1).ravel()
    assert edge_sigma(fine) / 4 == pytest.approx(lens * factor, rel=0.05)


@pytest.mark.parametrize("sigma", [0.15, 0.25, 0.289, 0.3, 0.41, 0.7, 1.3, 4.0])
def test_the_blur_has_the_variance_asked_for(sigma):
    kernel = gaussian(sigma).astype(np.float64)
    at = np.arange(len(kernel)) - len(kernel) // 2
    assert (kernel >= 0).all()
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    assert np.sqrt((kernel * at**2).sum()) == pytest.approx(sigma, rel=0.03)


def test_a_lens_sharper_than_the_renderer_changes_nothing():
    assert np.array_equal(soften_pieces(box(), NO_REST, FLAT, FACING, matching(0.2, 1.0)), box())


def test_texture_inside_a_piece_is_not_softened_again():
    pieces = box()
    pieces[..., :3] *= np.random.default_rng(0).random((SIZE, SIZE, 1), np.float32)
    soft = soften_pieces(pieces, NO_REST, FLAT, FACING, matching(1.0, 1.0))
    assert np.allclose(soft[:, 40:], pieces[:, 40:], atol=1e-6)


@pytest.mark.parametrize("step", ["depth", "normal"])
def test_a_step_between_pieces_is_softened(step):
    pieces = np.ones((SIZE, SIZE, 4), np.float32)
    pieces[:, : SIZE // 2, :3] = 0
    depth, normal = FLAT.copy(), FACING.copy()
    if step == "depth":
        depth[:, : SIZE // 2] = 11
    else:
        normal[:, : SIZE // 2] = (1, 0, 0)
    soft = soften_pieces(pieces, NO_REST, depth, normal, matching(1.0, 1.0))[SIZE // 2, :, 0]
    assert edge_sigma(soft) > 0.7
    assert (soften_pieces(pieces, NO_REST, FLAT, FACING, matching(1.0, 1.0)) == pieces).all()


def test_softening_keeps_colour_at_edges():
    pieces = box() * np.float32([0.8, 0.4, 0.2, 1])
    soft = soften_pieces(pieces, NO_REST, FLAT, FACING, matching(1.2, 1.0))
    seen = soft[..., 3] > 0.01
    assert np.allclose(soft[seen][:, :3] / soft[seen][:, 3:], [0.8, 0.4, 0.2], atol=1e-3)
    assert soft[..., 3].max() <= 1


def test_resting_pieces_are_found_by_their_look():
    texture = gaussian_filter(np.random.default_rng(1).random((SIZE, SIZE, 3)), (2, 2, 0)).astype(np.float32)
    alpha = box()[..., 3:]
    still = np.concatenate([texture * alpha, alpha], -1)
    moved = np.concatenate([np.roll(texture, 12, 0) * alpha, alpha], -1)
    assert np.array_equal(resting(still, texture), alpha[..., 0])
    assert resting(moved, texture).mean() < 0.05
    assert np.array_equal(soften_pieces(still, resting(still, texture), FLAT, FACING, matching(1.0, 1.0))[:, 33:], still[:, 33:])


def test_removed_grows_out_of_the_silhouette_and_not_into_the_building():
    building = np.zeros((SIZE, SIZE), np.float32)
    building[:, 20:44] = 1
    removed = np.zeros((SIZE, SIZE), np.float32)
    removed[:, 20:32] = 1
    soft = soften_removed(removed, NO_REST, building, Softness(0.8, 1.0))[SIZE // 2]
    assert soft[20:29].min() > 0.99
    assert soft[18] > 0.9
    assert soft[35:].max() < 0.01


def test_a_skirt_that_is_taken_already_does_not_grow():
    building = np.zeros((SIZE, SIZE), np.float32)
    building[:, 20:44] = 1
    taken = np.zeros((SIZE, SIZE), np.float32)
    taken[:, 17:47] = 1
    assert np.array_equal(soften_removed(taken, NO_REST, building, Softness(0.0, 1.0)), taken)


def test_resting_pieces_keep_their_skirt():
    building = np.zeros((SIZE, SIZE), np.float32)
    building[:, 20:44] = 1
    taken = np.zeros((SIZE, SIZE), np.float32)
    taken[:, 17:47] = 1
    assert not soften_removed(taken, building, building, Softness(0.8, 1.0)).any()
