"""What is seen through a building is no part of it; walls and panes as light as a white sky, or unlike what lies beside, are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from derrumbe.survey.filters import filled
from derrumbe.survey.mattes import find_mattes
from derrumbe.survey.see_through import see_through

TOWER = np.array([(100.0, 60.0), (200.0, 60.0), (200.0, 230.0), (100.0, 230.0)])
WALL, GRASS = (120, 50, 40), (90, 100, 60)
LEFT, RIGHT = slice(106, 122), slice(180, 194)
"""Columns of two openings beside the tower's corners."""
ROWS = slice(90, 120)


def tower(opening: tuple[int, int, int] | None, sky: tuple[int, int, int] | None = None) -> np.ndarray:
    """Return codes (260, 300, 3) of a tower with two openings before a sky over grass, as a lens blurs them. opening: what they show, None: what is
    behind; sky: its colour, None: a blue one, paler to the horizon."""
    rows = np.linspace(0, 1, 240)[:, None, None]
    behind = np.zeros((260, 300, 3), np.float32)
    behind[:240] = (150, 190, 235) + rows * np.array((70, 35, 0)) if sky is None else sky
    behind[240:] = GRASS
    codes = behind.copy()
    codes[filled([TOWER], codes.shape[:2]) > 0] = WALL
    for columns in (LEFT, RIGHT):
        codes[ROWS, columns] = behind[ROWS, columns] if opening is None else opening
    return np.rint(cv2.GaussianBlur(codes, (0, 0), 0.5)).astype(np.uint8)


def through(codes: np.ndarray) -> np.ndarray:
    region = filled([TOWER], codes.shape[:2]) > 0
    return see_through(codes, region, np.zeros(region.shape, np.float32))


def test_what_is_seen_between_columns_is_no_building_and_columns_are():
    alpha = find_mattes(tower(None), TOWER, ()).building
    for columns in (LEFT, RIGHT):
        assert alpha[ROWS, columns][2:-2, 2:-2].max() < 0.02
    assert alpha[ROWS, 126:170].min() > 0.98
    assert alpha[130:225, 104:196].min() > 0.98


@pytest.mark.parametrize("colour", [(250, 250, 250), (190, 120, 110), (200, 200, 196)])
def test_other_colours_are_the_wall_s(colour):
    assert through(tower(colour))[62:228, 103:197].max() < 0.02


def test_under_a_white_sky_white_panes_are_panes():
    assert through(tower(None, (252, 252, 252)))[62:228, 103:197].max() < 0.02


def test_a_wall_hardly_darker_than_the_sky_is_a_wall():
    codes = tower(None)
    codes[80:130, 104:196] = codes[80:130, 250:251] - 12
    assert through(codes)[90:120, 108:192].max() == 0
