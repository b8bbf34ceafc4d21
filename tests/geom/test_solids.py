"""Laws of cones and prisms."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.core.records import Camera
from derrumbe.geom.camera import project
from derrumbe.geom.solids import cone, grown, mesh, shape, union, upright_prism, wall_prism

CAMERA = Camera(
    width=640, height=480, focal_px=600.0, cx=320.0, cy=240.0, rotation=((1, 0, 0), (0, -1, 0), (0, 0, -1)), translation=(0.0, 1.6, 20.0)
)
U_SHAPE = np.array([[200, 100], [260, 100], [260, 250], [340, 250], [340, 100], [400, 100], [400, 300], [200, 300]], float)


def test_upright_prism_stands_over_its_footprint() -> None:
    solid = upright_prism(np.array([[0, 0], [4, 0], [4, -3], [0, -3]], float), 1.0, 6.0)
    assert solid.volume() == pytest.approx(4 * 3 * 5)
    assert np.asarray(solid.bounding_box()) == pytest.approx([0, 1, -3, 4, 6, 0])


def test_footprint_winding_doesnt_matter() -> None:
    points = np.array([[0, 0], [4, 0], [4, -3], [0, -3]], float)
    assert upright_prism(points[::-1], 0, 1).volume() == pytest.approx(upright_prism(points, 0, 1).volume())


def test_wall_prism_runs_inward() -> None:
    region = shape([np.array([[0, 0], [5, 0], [5, 2], [0, 2]], float)])
    solid = wall_prism(region, np.array([1.0, 0, 2.0]), np.array([1.0, 0, 0]), np.array([0, 0, -1.0]), 3.0)
    assert np.asarray(solid.bounding_box()) == pytest.approx([1, 0, -1, 6, 2, 2])
    assert solid.volume() == pytest.approx(30)


@pytest.mark.parametrize("flip", [False, True])
def test_cone_projects_onto_its_region_and_is_outward(flip: bool) -> None:
    polygon = U_SHAPE[::-1] if flip else U_SHAPE
    solid = cone(CAMERA, shape([polygon]), 1.0, 30.0)
    pixels, depth = project(CAMERA, mesh(solid)[0])
    assert {tuple(point) for point in np.round(pixels, 6)} == {tuple(point) for point in U_SHAPE}
    assert depth == pytest.approx(np.where(depth < 10, 1.0, 30.0))
    area = shape([U_SHAPE]).area() / CAMERA.focal_px**2
    assert solid.volume() == pytest.approx(area * (30**3 - 1) / 3)


def test_cone_cut_with_a_prism_still_fills_the_region() -> None:
    box = upright_prism(np.array([[-20, 0], [20, 0], [20, -10], [-20, -10]], float), -20, 30)
    pixels, _ = project(CAMERA, mesh(box ^ cone(CAMERA, shape([U_SHAPE]), 1.0, 60.0))[0])
    assert pixels.min(axis=0) == pytest.approx(U_SHAPE.min(axis=0))
    assert pixels.max(axis=0) == pytest.approx(U_SHAPE.max(axis=0))


def test_union_counts_overlap_once() -> None:
    square = np.array([[0, 0], [2, 0], [2, 2], [0, 2]], float)
    assert union([upright_prism(square, 0, 2), upright_prism(square + 1, 0, 2)]).volume() == pytest.approx(16 - 2)


def test_growing_a_square_keeps_it_square() -> None:
    assert grown(shape([np.array([[0, 0], [2, 0], [2, 2], [0, 2]], float)]), 0.5).area() == pytest.approx(9)
