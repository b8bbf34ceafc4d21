import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derrumbe.core.records import Camera
from derrumbe.geom.camera import pinhole, pixel_grid, project, rays, resized
from derrumbe.geom.depth import mesh_depth, plane_depth
from derrumbe.geom.lens import box_in_plate, filmed, lens_of, undistorted

FLAT = ((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0))


def camera(*terms: float) -> Camera:
    return Camera(width=640, height=360, focal_px=600, cx=318, cy=184, rotation=FLAT, translation=(0, 0, 10), distortion=terms)


def corners_and_middle() -> np.ndarray:
    return np.stack(np.meshgrid([0.0, 100, 318, 640], [0.0, 184, 360]), -1)


def test_a_pinhole_leaves_pixels_where_they_are() -> None:
    for lens in (camera(), camera(0.0, 0.0)):
        assert np.array_equal(filmed(lens, corners_and_middle()), corners_and_middle())
        assert np.array_equal(undistorted(lens, corners_and_middle()), corners_and_middle())


def test_a_barrel_pulls_in_by_the_polynomial() -> None:
    lens = camera(-0.08, 0.01)
    x = 300 / 600
    assert filmed(lens, np.array([618.0, 184.0])) == pytest.approx([318 + 300 * (1 - 0.08 * x**2 + 0.01 * x**4), 184])
    assert filmed(lens, np.array([318.0, 184.0])) == pytest.approx([318, 184])


@given(st.floats(-0.2, 0.3), st.floats(-0.05, 0.1))
def test_undistorted_is_the_way_back(first: float, second: float) -> None:
    lens = camera(first, second)
    assert undistorted(lens, filmed(lens, corners_and_middle())) == pytest.approx(corners_and_middle(), abs=1e-6)


def test_a_lens_that_folds_over_gives_finite_numbers() -> None:
    assert np.isfinite(undistorted(camera(-1.5), corners_and_middle())).all()


def test_nothing_outside_folds_back_into_the_picture() -> None:
    lens = camera(-0.3)
    far = np.stack([318 + 600 * np.linspace(0, 20, 400), np.full(400, 184.0)], -1)
    seen = filmed(lens, far)[:, 0]
    assert (np.diff(seen) > 0).all()


@given(st.floats(-0.15, 0.3), st.floats(-0.02, 0.1))
def test_a_ray_through_a_pixel_meets_what_it_shows(first: float, second: float) -> None:
    lens = camera(first, second)
    ways = rays(lens, corners_and_middle())
    pixels, depth = project(lens, np.array([0, 0, 10.0]) + 7 * ways)
    assert pixels == pytest.approx(corners_and_middle(), abs=1e-6)
    assert depth == pytest.approx(np.full(depth.shape, 7.0))


def test_terms_do_not_depend_on_the_pictures_size() -> None:
    lens = camera(-0.08, 0.01)
    point = np.array([[2.5, 1.2, 0.0]])
    assert project(resized(lens, 320, 180), point)[0] == pytest.approx(project(lens, point)[0] / 2)


@given(st.floats(-0.15, 0.3), st.floats(-0.4, 0.3), st.floats(-0.2, 0.1), st.floats(0.01, 0.3))
def test_a_box_in_the_plate_holds_all_that_it_should(term: float, left: float, top: float, size: float) -> None:
    lens = camera(term)
    u, v = np.meshgrid(np.linspace(left, left + size, 15), np.linspace(top, top + size / 2, 15))
    pixels = filmed(lens, np.stack([318 + 600 * u, 184 + 600 * v], -1)).reshape(-1, 2)
    box = box_in_plate(left, top, left + size, top + size / 2, lens_of(lens))
    assert (pixels >= box[:2]).all()
    assert (pixels <= box[2:]).all()


@pytest.mark.parametrize("terms", [(-0.15,), (0.2, 0.05)])
def test_depth_of_a_wall_is_where_each_pixels_ray_meets_it(terms: tuple[float, ...]) -> None:
    lens = camera(*terms)
    corners = np.array([[-2.0, -1, 0], [3, -1, 4], [3, 1.2, 4], [-2, 1.2, 0]])
    depth = mesh_depth(lens, corners, np.array([[0, 1, 2], [0, 2, 3]]))
    ways = rays(lens, pixel_grid(lens))
    normal = np.cross(corners[1] - corners[0], corners[3] - corners[0])
    reach = ((corners[0] - (0, 0, 10)) @ normal) / (ways @ normal)
    met = np.array([0, 0, 10]) + ways * reach[..., None]
    inside = (met[..., 0] >= -2) & (met[..., 0] <= 3) & (np.abs(met[..., 1] - 0.1) <= 1.1)
    assert np.array_equal(depth < 1e6, inside)
    assert depth[inside] == pytest.approx(reach[inside], rel=1e-5)
    assert not np.array_equal(inside, mesh_depth(pinhole(lens), corners, np.array([[0, 1, 2], [0, 2, 3]])) < 1e6)


def test_depth_of_the_ground_is_where_each_pixels_ray_meets_it() -> None:
    lens = camera(-0.15)
    depth = plane_depth(lens, -1.0)
    points = np.array([0, 0, 10]) + rays(lens, pixel_grid(lens)) * depth[..., None]
    assert points[depth < 100][:, 1] == pytest.approx(-1, abs=1e-5)
    assert (depth[300] < 100).all()
