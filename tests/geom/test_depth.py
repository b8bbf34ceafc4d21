import numpy as np
import pytest

from derrumbe.core.records import FAR, Camera
from derrumbe.geom.camera import project
from derrumbe.geom.depth import coverage, mesh_depth, plane_depth

CAMERA = Camera(width=64, height=48, focal_px=60, cx=32, cy=24, rotation=((1, 0, 0), (0, -1, 0), (0, 0, -1)), translation=(0, 2, 10))
WALL = np.array([[-2.0, 0, 0], [2, 0, 0], [2, 4, 0], [-2, 4, 0]])
TRIANGLES = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def test_a_wall_has_its_depth_where_it_is_and_nowhere_else() -> None:
    depth = mesh_depth(CAMERA, WALL, TRIANGLES)
    corners, ahead = project(CAMERA, WALL)
    inside = depth < FAR
    assert depth[inside] == pytest.approx(ahead[0], rel=1e-5)
    wide, high = np.ptp(corners, axis=0)
    assert np.count_nonzero(inside) == pytest.approx(wide * high, rel=0.1)


def test_coverage_adds_up_to_the_area() -> None:
    wall = WALL + np.array([0.013, 0.021, 0.0])
    corners, _ = project(CAMERA, wall)
    wide, high = np.ptp(corners, axis=0)
    assert coverage(CAMERA, wall, TRIANGLES).sum() == pytest.approx(wide * high, rel=0.02)


def test_the_ground_ends_at_the_horizon() -> None:
    depth = plane_depth(CAMERA)
    assert (depth[:24] == FAR).all()
    assert depth[40, 32] == pytest.approx(2 * 60 / 16.5, rel=1e-5)
