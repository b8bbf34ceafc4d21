"""Gaps in a crown that stands before the building show more leaves; a lamp post's surroundings stay as they are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np

from derrumbe.survey.cleanplate import behind_leaves, past_things, without_passers
from derrumbe.survey.filters import widened
from derrumbe.survey.foliage import bare_alpha
from derrumbe.survey.following import Before

SHAPE = (320, 400)


def crown() -> tuple[np.ndarray, np.ndarray]:
    """Return a green crown with gaps over a grey wall (h, w, 3), and its alpha (h, w)."""
    rng = np.random.default_rng(2)
    alpha = np.zeros(SHAPE, np.uint8)
    cv2.circle(alpha, (200, 160), 100, 1, -1)
    for x, y in rng.integers(90, 230, (60, 2)):
        cv2.circle(alpha, (int(x) + 40, int(y)), 3, 0, -1)
    green = np.array([0.08, 0.2, 0.04]) * rng.uniform(0.6, 1.4, (*SHAPE, 1))
    return np.where(alpha[..., None] > 0, green, 0.4).astype(np.float32), alpha.astype(np.float32)


def test_gaps_inside_a_crown_show_leaves() -> None:
    texture, alpha = crown()
    clean = np.full((*SHAPE, 3), 0.7, np.float32)
    out = behind_leaves(clean, texture, alpha, np.ones(SHAPE, bool), 1)
    inner = np.zeros(SHAPE, np.uint8)
    cv2.circle(inner, (200, 160), 80, 1, -1)
    gaps = (inner > 0) & (alpha == 0)
    assert gaps.sum() > 100
    assert np.median(out[gaps].mean(axis=-1)) < 0.2
    assert np.array_equal(out[:, :80], clean[:, :80])


def test_a_post_is_no_crown() -> None:
    texture, alpha = crown()
    alpha[:] = 0
    alpha[:, 200:204] = 1
    clean = np.full((*SHAPE, 3), 0.7, np.float32)
    assert np.array_equal(behind_leaves(clean, texture, alpha, np.ones(SHAPE, bool), 1), clean)


def test_of_dark_things_behind_twigs_windows_belong_to_the_wall_and_trunks_do_not() -> None:
    wall = np.clip(180 + np.random.default_rng(8).normal(0, 4, (300, 500, 3)), 0, 255).astype(np.uint8)
    trunk, twigs, window = (np.zeros(wall.shape[:2], bool) for _ in range(3))
    trunk[:, 240:246] = True
    twigs[40:260:22, 120:400] = True
    window[103:111, 330:336] = True
    wall[trunk | twigs | window] = (45, 38, 30)
    alpha = bare_alpha(wall, np.ones(wall.shape[:2], bool))
    assert alpha[trunk].mean() > 0.95
    assert alpha[twigs].mean() > 0.95
    assert alpha[window].mean() < 0.2
    assert alpha[~(trunk | twigs | window)].mean() < 0.02


def test_what_has_no_plants_looks_is_no_crown() -> None:
    texture, alpha = crown()
    red = np.where(alpha[..., None] > 0, np.array([0.6, 0.06, 0.04]), texture).astype(np.float32)
    clean = np.full((*SHAPE, 3), 0.7, np.float32)
    assert np.array_equal(behind_leaves(clean, red, alpha, np.ones(SHAPE, bool), 1), clean)


def test_things_close_to_the_hole_are_taken_out_of_what_other_frames_see() -> None:
    """A red post beside the hole, before a striped wall: the wall goes on behind it, and what is further off stays as it is."""
    wall = np.repeat(np.where(np.arange(400) % 20 < 10, 0.2, 0.4)[None, :, None], 320, axis=0).repeat(3, axis=2).astype(np.float32)
    hole, front = np.zeros(SHAPE, bool), np.zeros(SHAPE, np.float32)
    hole[:, 200:300] = True
    front[:, 185:198] = front[:, 40:50] = 1
    plate = np.where(front[..., None] > 0, np.array([0.7, 0.05, 0.03]), wall).astype(np.float32)
    clean = past_things(plate, front, hole, 1)
    near = widened(hole, 16)
    assert (clean[near][:, 0] < 1.2 * clean[near][:, 2] + 0.02).all()
    assert np.array_equal(clean[hole | ~widened(hole, 17)], plate[hole | ~widened(hole, 17)])


def test_behind_a_passer_goes_on_what_is_around_him_and_nothing_of_him() -> None:
    rng = np.random.default_rng(5)
    trees = np.array([0.06, 0.12, 0.05]) * rng.uniform(0.7, 1.3, (*SHAPE, 1))
    passing, hole = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    passing[100:300, 180:240], hole[:150, :200] = True, True
    beside = passing & (np.arange(SHAPE[0])[:, None] < 180)
    # a light street far from him: what ground behind the building would be made of
    street = np.arange(SHAPE[0])[:, None] > 280
    plate = np.where(passing[..., None], np.array([0.7, 0.05, 0.03]), np.where(street[..., None], 0.5, trees)).astype(np.float32)
    out, left = without_passers(plate, hole | beside, beside, passing, 1)
    assert np.array_equal(left, hole & ~beside)
    assert (out[beside].max(axis=-1) < 0.2).all()
    assert np.array_equal(out[~beside], plate[~beside])


def test_walls_right_beside_a_locked_cameras_leaves_stay_as_they_were_filmed() -> None:
    region = np.zeros((60, 80), bool)
    region[5:55, 5:75] = True
    texture = np.random.default_rng(2).uniform(0.2, 0.4, (60, 80, 3)).astype(np.float32)
    front = np.zeros((60, 80), np.float32)
    front[30:, 30:50] = 1
    kept = ~widened(front > 0.02, 1)
    plate: Any = None
    mattes: Any = SimpleNamespace(front=front, region=region)
    bare = Before().bared(plate, texture, mattes, np.zeros_like(region), 1)
    assert np.array_equal(bare[kept], texture[kept])
    assert not np.array_equal(bare[~kept], texture[~kept])
