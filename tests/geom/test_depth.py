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


def test_a_triangle_reaches_every_pixel_whose_middle_it_covers() -> None:
    rng = np.random.default_rng(4)
    for _ in range(40):
        corners = rng.uniform((-4, -1, -2), (4, 5, 4), (3, 3)) * rng.choice([1.0, 3.0])
        (a, b, c), ahead = project(CAMERA, corners)
        middles = np.stack(np.meshgrid(np.arange(64) + 0.5, np.arange(48) + 0.5), -1)
        ways = [(q - p, middles - p) for p, q in ((a, b), (b, c), (c, a))]
        sides = [way[0] * there[..., 1] - way[1] * there[..., 0] for way, there in ways]
        inside = np.all([side > 1e-6 for side in sides], axis=0) | np.all([side < -1e-6 for side in sides], axis=0)
        outside = np.any([side > 1e-6 for side in sides], axis=0) & np.any([side < -1e-6 for side in sides], axis=0)
        if (ahead > 0.1).all():
            found = mesh_depth(CAMERA, corners, np.array([[0, 1, 2]], np.int32)) < FAR
            assert found[inside].all()
            assert not found[outside].any()
