"""Roofs are told from masonry by their hue, whatever light they stand in."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.render.roofing import THICK, TILES, roofed, thinned
from derrumbe.render.sections import ROOF, WALL
from derrumbe.render.torn import BROKEN, OUTER, ROOM, Mesh

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


PITCH = np.radians(50)
UP = np.array([0.0, np.cos(PITCH), np.sin(PITCH)])


def slab(normal: np.ndarray, top: float = 8.0) -> tuple[Mesh, np.ndarray]:
    """Return a slab of roof 0.5 m thick under the plane through (0, top, 0), and that plane, (1,4)."""
    down = np.cross(normal, [1.0, 0.0, 0.0])
    x, d, t = (np.tile(np.repeat(ends, 4 // 2**k), 2**k)[:, None] for k, ends in enumerate([(0, 2), (0, 3), (0, 0.5)]))
    corners = np.array([0, top, 0]) + x * np.array([1.0, 0, 0]) + d * down - t * normal
    over, under = [[0, 2, 6], [0, 6, 4]], [[1, 5, 7], [1, 7, 3]]
    ends = [[0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6], [0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5]]
    face = np.array([OUTER] * 2 + [ROOM] * 2 + [BROKEN] * 8, np.uint8)
    mesh = Mesh(corners, np.zeros(8, np.int32), np.array(over + under + ends, np.int32), np.zeros(12, np.int32), face)
    return mesh, np.array([[*normal, top * normal[1]]])


def test_a_covering_breaks_as_thin_as_it_is():
    """A slope of slates is 0.16 m from face to rafters where it breaks, whatever slab stands for it, and its face stays where it is."""
    mesh, plane = slab(UP)
    thin = thinned(mesh, plane, np.array([True]))
    deep = plane[0, 3] - thin.vertices @ plane[0, :3]
    assert np.allclose(deep[::2], 0)
    assert np.allclose(deep[1::2], THICK)
    assert np.array_equal(thin.vertices[::2], mesh.vertices[::2])
    across = (thin.vertices - mesh.vertices)[1::2]
    assert np.allclose(np.cross(across, UP), 0)


@pytest.mark.parametrize(("normal", "which"), [(UP, False), (np.array([0.0, 1.0, 0.0]), True)])
def test_masonry_and_level_roofs_keep_their_thickness(normal, which):
    mesh, plane = slab(normal)
    assert np.array_equal(thinned(mesh, plane, np.array([which])).vertices, mesh.vertices)
