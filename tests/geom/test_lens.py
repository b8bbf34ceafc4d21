import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derrumbe.core.records import Camera
from derrumbe.geom.lens import filmed, undistorted

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
