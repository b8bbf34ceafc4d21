"""A wall that runs out of the picture goes on as its mirror image."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.render.surface import _mirrored, _wear

SIZE = (100, 60)
DEPTH = 10.0


def worn(u: float, v: float, building: np.ndarray) -> tuple[bool, tuple[float, float]]:
    """Ask about one sample of a wall 10 m away that faces the camera, at plate pixel (u, v)."""
    out, uv = np.zeros(1, np.bool_), np.array([[u, v]])
    focal = 50.0
    rest = np.array([[(u - 50) / focal * DEPTH, (v - 30) / focal * DEPTH, DEPTH]])
    nobody, outer, towards = np.zeros(1, np.bool_), np.zeros(1, np.uint8), np.array([[0.0, 0.0, -1.0]])
    _wear(
        nobody, np.zeros(1, np.int32), rest, uv, outer, towards, (building * DEPTH).astype(np.float32), 0, 0, np.eye(3), np.zeros(3), focal,
        SIZE, out,
    )  # fmt: skip
    return bool(out[0]), (float(uv[0, 0]), float(uv[0, 1]))


def test_inside_the_picture_nothing_is_mirrored():
    assert worn(40.0, 20.0, np.ones(SIZE[::-1])) == (True, (40.0, 20.0))


@pytest.mark.parametrize(("place", "mirrored"), [((40.0, -7.5), (40.0, 7.5)), ((-3.0, 20.0), (3.0, 20.0)), ((104.0, 66.0), (96.0, 54.0))])
def test_beyond_an_edge_the_mirror_image_is_worn(place, mirrored):
    assert worn(*place, np.ones(SIZE[::-1])) == (True, mirrored)


def test_where_the_mirror_image_is_no_building_nothing_is_worn():
    assert worn(40.0, -7.5, np.zeros(SIZE[::-1])) == (False, (40.0, -7.5))


def test_the_mirror_meets_the_edge():
    for size in SIZE:
        assert abs(_mirrored(-1e-6, size) - _mirrored(1e-6, size)) < 1e-5
        assert abs(_mirrored(size - 1e-6, size) - _mirrored(size + 1e-6, size)) < 1e-5
