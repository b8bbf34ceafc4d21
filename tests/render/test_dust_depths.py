"""Optical depth towards a light: exact in even dust, and the same as marching in uneven dust."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates

from derrumbe.render.dust_depths import at_points, depths

WAYS = [(0, 1, 0), (0, -1, 0), (1, 0, 0), (0.48, 0.64, 0.6), (-0.8, 0.36, 0.48), (0.2, 0.3, -0.933), (-0.6, -0.8, 0.0)]


def unit(way):
    return np.array(way, float) / np.linalg.norm(way)


def towards(cloud, way, points):
    return at_points(*depths(cloud, unit(way)).parts(), np.asarray(points, np.float32))


@pytest.mark.parametrize("way", WAYS)
def test_even_dust_gives_the_length_inside(way):
    cloud, point = np.full((20, 16, 24), 0.1, np.float32), np.array([10.0, 8.0, 12.0])
    away = unit(way)
    with np.errstate(divide="ignore"):
        length = np.where(away > 0, (cloud.shape - point) / away, np.where(away < 0, -point / away, np.inf)).min()
    assert towards(cloud, way, point[None])[0] == pytest.approx(0.1 * length, rel=0.07)


@pytest.mark.parametrize("way", WAYS)
def test_uneven_dust_is_summed_along_the_straight_ray(way):
    rng = np.random.default_rng(1)
    cloud = np.pad(gaussian_filter(rng.random((20, 18, 22)), 2).astype(np.float32), 4)
    points = rng.uniform((6, 6, 6), (20, 18, 22), (50, 3))
    steps = np.arange(0.05, 60, 0.1)
    samples = (points[:, None] + steps[None, :, None] * unit(way)) - 0.5
    wanted = 0.1 * map_coordinates(cloud, samples.reshape(-1, 3).T, order=1).reshape(50, -1).sum(1)
    np.testing.assert_allclose(towards(cloud, way, points), wanted, rtol=0.06, atol=0.1)


def test_points_outside_see_the_shadow_and_no_more():
    cloud = np.zeros((20, 12, 20), np.float32)
    cloud[8:12, 5:7, 8:12] = 0.5
    below, above, beside = towards(cloud, (0.5, 1, 0), [[7.0, -0.0, 10.0], [10, 30, 10], [19, 0, 10]])
    assert below == pytest.approx(0.5 * 2 * np.hypot(0.5, 1), rel=0.05)
    assert above == 0
    assert beside == 0
    assert towards(cloud, (0.5, 1, 0), [[2.0, -10.0, 10.0]])[0] == pytest.approx(below, rel=0.05)
