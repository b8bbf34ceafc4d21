"""What an artist drew in a few clicks is cut out along its own edge."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from derrumbe.survey.drawn import drawn_alpha, looseness


def _wall(seed: int, height: int = 200, width: int = 300) -> np.ndarray:
    """A wall in two tones with grain, codes (h, w, 3) uint8."""
    wall = np.full((height, width, 3), (150.0, 120.0, 95.0))
    wall[:, width // 2 :] = (60, 58, 55)
    return np.clip(wall + np.random.default_rng(seed).normal(0, 4, wall.shape), 0, 255).astype(np.uint8)


def _painted(codes: np.ndarray, truth: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    share = truth[..., None].astype(np.float32)
    return np.clip(codes * (1 - share) + share * np.float32(colour), 0, 255).astype(np.uint8)


def _overlap(alpha: np.ndarray, truth: np.ndarray) -> float:
    found, real = alpha > 0.5, truth > 0.5
    return float(np.count_nonzero(found & real) / np.count_nonzero(found | real))


def _around(x: float, y: float, radius: float, clicks: int) -> tuple[tuple[float, float], ...]:
    turns = np.linspace(0, 2 * np.pi, clicks, endpoint=False)
    return tuple((x + radius * float(np.cos(turn)), y + radius * float(np.sin(turn))) for turn in turns)


@pytest.mark.parametrize("clicks", [5, 8])
def test_a_loose_outline_of_a_few_clicks_tightens_to_the_thing(clicks: int) -> None:
    rows, columns = np.mgrid[0:200, 0:300] + 0.5
    truth = np.clip(40.5 - np.hypot(columns - 150, rows - 100), 0, 1)
    codes = _painted(_wall(1), truth, (40, 80, 140))
    drawn = _around(150, 100, 40 / np.cos(np.pi / clicks) + 1, clicks)
    alpha = drawn_alpha(codes, drawn)
    assert _overlap(alpha, truth) > 0.97
    assert np.abs(alpha - truth).mean() < 0.004


def test_what_a_thing_encloses_stays_whatever_its_colour() -> None:
    rows, columns = np.mgrid[0:200, 0:300] + 0.5
    off = np.hypot(columns - 150, rows - 100)
    codes = _painted(_wall(2), np.clip(40.5 - off, 0, 1), (40, 80, 140))
    codes = _painted(codes, np.clip(30.5 - off, 0, 1) * (columns < 150), (150, 120, 95))
    assert drawn_alpha(codes, _around(150, 100, 45, 8))[off < 38].min() > 0.95


def test_of_a_corridor_around_a_bent_bar_only_the_bar_is_in_front() -> None:
    line = np.array([(120, 180), (120, 90), (160, 30)], np.int32)
    truth = np.zeros((200 * 4, 300 * 4), np.uint8)
    cv2.polylines(truth, [line * 4], False, 255, 12)
    truth = cv2.resize(truth, (300, 200), interpolation=cv2.INTER_AREA) / 255
    codes = _painted(_wall(3), truth, (200, 195, 180))
    drawn = ((116, 181), (115.5, 88), (156, 27), (165, 32), (124.5, 92), (124, 181))
    alpha = drawn_alpha(codes, drawn)
    assert _overlap(alpha, truth) > 0.8
    assert alpha[truth == 0].mean() < 0.004


def test_an_outline_is_as_loose_as_its_sides_are_long_and_turn() -> None:
    few, many = (looseness(np.array(_around(0, 0, 50, clicks))) for clicks in (5, 40))
    assert few == pytest.approx(50 * np.sin(np.pi / 5) * np.tan(np.pi / 10), rel=1e-6)
    assert many < 0.2
    assert looseness(2 * np.array(_around(0, 0, 50, 5))) == pytest.approx(2 * few)


def test_a_sign_keeps_its_pole_whatever_its_board_s_colour() -> None:
    board, pole = np.zeros((200, 300), np.float32), np.zeros((200, 300), np.float32)
    board[40:70, 90:120], pole[70:130, 103:107] = 1, 1
    codes = _painted(_painted(_wall(4), pole, (220, 220, 225)), board, (50, 70, 150))
    drawn = ((85, 36), (124, 36), (123, 75), (109, 75), (109, 131), (101, 131), (101, 75), (86, 75))
    alpha = drawn_alpha(codes, drawn)
    assert alpha[pole > 0].mean() > 0.8
    assert _overlap(alpha, np.maximum(board, pole)) > 0.9
