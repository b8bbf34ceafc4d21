"""What depth leaves standing around things before a wall: the wall is given back, the things stay."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from derrumbe.survey.filters import disc
from derrumbe.survey.loose_edges import without_loose_wall

SHAPE = (240, 640)
CLEAR, STEP = 0.9, 0.035
WALL, LOOSE, BOARD = 0.96, 0.84, 0.6
"""Shares of the way to the planes: of the wall, of what is carried or bulges before it, of a thing."""
NEAR = 4
"""Pixels within which an edge is found."""


def _board() -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[80:160, 250:330] = True
    return mask


def _codes(thing: np.ndarray, colour: tuple[int, int, int] = (60, 55, 50)) -> np.ndarray:
    noise = np.random.default_rng(4).normal(0, 5, (*SHAPE, 1))
    return np.clip(np.where(thing[..., None], colour, (170, 160, 150)) + noise, 0, 255).astype(np.uint8)


def _grown(mask: np.ndarray, by: float) -> np.ndarray:
    return cv2.dilate(mask.astype(np.uint8), disc(by)) > 0


def _found(things: np.ndarray, share: np.ndarray, codes: np.ndarray) -> np.ndarray:
    return without_loose_wall(things, share.astype(np.float32), np.ones(SHAPE, np.float32), codes, CLEAR, STEP)


def test_wall_around_a_thing_is_given_back_and_the_thing_is_left() -> None:
    board = _board()
    loose = _grown(board, 12)
    found = _found(loose, np.where(board, BOARD, np.where(loose, LOOSE, WALL)), _codes(board))
    assert np.count_nonzero(found & board) > 0.99 * np.count_nonzero(board)
    assert not found[~_grown(board, NEAR)].any()


def test_a_tube_stays_though_depth_is_carried_over_its_edges() -> None:
    tube = np.zeros(SHAPE, np.uint8)
    cv2.circle(tube, (320, 120), 50, 1, 3)
    ring, loose = _grown(tube > 0, 2), _grown(tube > 0, 9)
    found = _found(loose, np.where(ring, BOARD, np.where(loose, LOOSE, WALL)), _codes(tube > 0, (140, 135, 130)))
    assert found[tube > 0].all()
    assert not found[~_grown(ring, NEAR)].any()


def test_what_is_not_the_colour_of_the_wall_stays_between_it_and_a_nearer_thing() -> None:
    board, car = _board(), np.zeros(SHAPE, bool)
    car[110:160, 330:340] = True
    codes = _codes(board)
    codes[car] = (40, 50, 150)
    loose = _grown(board | car, 8)
    found = _found(loose, np.where(board, BOARD, np.where(loose, LOOSE, WALL)), codes)
    assert np.count_nonzero(found & car) > 0.95 * np.count_nonzero(car)
    away = loose & ~_grown(board | car, NEAR)
    assert np.count_nonzero(found & away) < 0.1 * np.count_nonzero(away)


@pytest.mark.parametrize("around", [BOARD + 0.02, 0.5])
def test_without_a_wall_beside_it_or_a_step_from_it_nothing_is_taken(around: float) -> None:
    loose = _grown(_board(), 12)
    assert (_found(loose, np.where(loose, BOARD, around), _codes(_board())) == loose).all()
