"""Signs a step before a wall: their parallax against it tells them, and nothing else of the wall."""

import cv2
import numpy as np
import pytest

from derrumbe.survey.signs import Sign, find_signs
from derrumbe.survey.wall_parallax import Brought, Parallax, told_by

HEIGHT, WIDTH, FINE = 240, 420, 8
FRAMES = 15
METRE, AWAY = 50.0, 40.0
"""Pixels of a metre, and metres to the wall."""
PATH = np.linspace(-0.25, 0.25, FRAMES)
"""Pixels by which what is nearer by a hundredth moves."""
DISC, POST = (200, 110), (200, 125, 232)
HIDDEN = 170, 182
"""Rows in which a broken post isn't seen."""


def _wall() -> np.ndarray:
    """Return a wall (h, w) of courses and joints, without noise."""
    rng = np.random.default_rng(3)
    wall = np.full((HEIGHT * FINE, WIDTH * FINE), 170.0, np.float32)
    for row in range(0, HEIGHT, 24):
        wall[row * FINE : row * FINE + 12] = 110
        for column in range((row // 24 % 2) * 20, WIDTH, 40):
            wall[row * FINE : (row + 24) * FINE, column * FINE : column * FINE + 12] = 110
    grain = cv2.resize(rng.normal(0, 8, (HEIGHT, WIDTH)).astype(np.float32), wall.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return wall + grain


def _things(kind: str) -> np.ndarray:
    """Return what stands before the wall (h, w): its light, NaN beside it."""
    out = np.full((HEIGHT * FINE, WIDTH * FINE), np.nan, np.float32)
    if kind in ("sign", "broken"):
        cv2.circle(out, (DISC[0] * FINE, DISC[1] * FINE), 16 * FINE, 40.0, -1)
        out[POST[1] * FINE : POST[2] * FINE, (POST[0] - 2) * FINE : (POST[0] + 2) * FINE] = 60
    if kind == "broken":  # as light there as the wall
        out[HIDDEN[0] * FINE : HIDDEN[1] * FINE] = np.nan
    if kind == "balcony":
        out[90 * FINE : 96 * FINE, 140 * FINE : 260 * FINE] = 60
        for column in range(142, 260, 12):
            out[96 * FINE : 126 * FINE, column * FINE : (column + 4) * FINE] = 60
        out[126 * FINE : 132 * FINE, 140 * FINE : 260 * FINE] = 60
    return out


def _stack(kind: str, nearer: float) -> Parallax:
    """Return frames of a wall with things that are nearer than it by so many hundredths."""
    wall, things = _wall(), _things(kind)
    seen, rng = np.isfinite(things), np.random.default_rng(5)
    frames: list[Brought] = []
    for gone in PATH:
        move = np.array([[1, 0, nearer * gone * FINE], [0, 1, 0]], np.float64)
        cover, light = (
            cv2.warpAffine(one.astype(np.float32), move, wall.shape[::-1], flags=cv2.INTER_LINEAR) for one in (seen, np.nan_to_num(things))
        )
        grey = cv2.resize(wall * (1 - cover) + light, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        codes = np.repeat((grey + rng.normal(0, 2, grey.shape))[..., None], 3, axis=-1).astype(np.float32)
        frames.append((codes, np.ones(grey.shape, bool), np.array([gone, 0.0])))
    box = (slice(0, HEIGHT), slice(0, WIDTH))
    return told_by(frames[FRAMES // 2], frames, box, np.full((HEIGHT, WIDTH), AWAY, np.float32))


def _found(stack: Parallax) -> tuple[Sign, ...]:
    return find_signs(stack, METRE, np.full(WIDTH, float(HEIGHT)), WIDTH)


def _disc() -> tuple[np.ndarray, tuple[int, int]]:
    mask = np.zeros((40, 40), np.uint8)
    cv2.circle(mask, (20, 20), 18, 1, -1)
    return mask > 0, (DISC[1] - 20, DISC[0] - 20)


@pytest.mark.parametrize("nearer", [-2.0, 0.0, 2.0])
def test_a_disc_is_as_near_as_it_is(nearer: float) -> None:
    told = _stack("sign", nearer).of(*_disc())
    assert told is not None
    assert abs(told.nearer - nearer) < max(3 * told.error, 0.1 * abs(nearer) + 0.1)
    assert told.error < 0.3


def test_a_sign_and_its_post_are_found_whole() -> None:
    signs = _found(_stack("sign", 2.5))
    assert len(signs) == 1
    own = cv2.resize(np.isfinite(_things("sign")).astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) > 0.5
    mask = signs[0].mask
    assert (mask & own).sum() > 0.85 * own.sum()
    assert (mask & ~cv2.dilate(own.astype(np.uint8), np.ones((9, 9))).astype(bool)).sum() < 0.1 * own.sum()


@pytest.mark.parametrize("nearer", [-2.5, 0.0])
def test_what_is_painted_on_the_wall_or_lies_behind_it_is_no_sign(nearer: float) -> None:
    assert _found(_stack("sign", nearer)) == ()


def test_a_balcony_is_no_sign() -> None:
    assert _found(_stack("balcony", 2.5)) == ()


def test_a_post_goes_on_where_it_is_not_seen() -> None:
    (sign,) = _found(_stack("broken", 2.5))
    there = sign.mask[HIDDEN[0] : HIDDEN[1]]
    assert there[:, POST[0]].all()
    assert not there[:, np.abs(np.arange(WIDTH) - POST[0]) > 8].any()
