"""Roofs are told from masonry by their hue, whatever light they stand in."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.render.roofing import TILES, roofed
from derrumbe.render.sections import ROOF, WALL

STONE = np.array([0.42, 0.36, 0.28])
SLATE, TILE = np.array([0.05, 0.06, 0.085]), np.array([0.55, 0.24, 0.09])
SUN, SHADE = np.array([1.1, 1.0, 0.88]), 0.3 * np.array([0.9, 1.0, 1.15])


def told(roof: np.ndarray, hidden: int = 0) -> np.ndarray:
    """Return the materials of a wall, of a piece over its eaves with this colour, and of `hidden` more of which nothing is seen."""
    element, material = np.array([WALL] + [ROOF] * (1 + hidden)), np.full(2 + hidden, 2, np.uint8)
    piece = np.repeat([0, 1], 100)
    return roofed(material, element, piece, np.concatenate([np.tile(STONE * SUN, (100, 1)), np.tile(roof, (100, 1))]))


@pytest.mark.parametrize("roof", [SLATE, TILE])
@pytest.mark.parametrize("light", [SUN, SHADE])
def test_slates_and_tiles_are_roofing(roof, light):
    assert list(told(roof * light, hidden=2)) == [2, TILES, TILES, TILES]


@pytest.mark.parametrize("light", [SUN, SHADE, 2 * SUN])
def test_a_gable_of_the_walls_stone_is_masonry(light):
    assert list(told(STONE * light, hidden=1)) == [2, 2, 2]


def test_without_walls_in_view_nothing_is_told():
    material = np.full(2, 0, np.uint8)
    assert list(roofed(material, np.array([ROOF, ROOF]), np.repeat([0, 1], 50), np.tile(TILE, (100, 1)))) == [0, 0]
