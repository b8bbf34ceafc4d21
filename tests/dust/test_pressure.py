"""Projection leaves the wanted divergence, with and without solids, and closes what is closed."""

import numpy as np
import pytest

from derrumbe.dust.pressure import divergence, faces, project, solve_open

SHAPE = (24, 15, 20)


def flow(seed):
    rng = np.random.default_rng(seed)
    nx, ny, nz = SHAPE
    return tuple(rng.standard_normal(s).astype(np.float32) for s in ((nx + 1, ny, nz), (nx, ny + 1, nz), (nx, ny, nz + 1)))


@pytest.mark.parametrize("blocked", [False, True])
def test_no_divergence_is_left(blocked):
    solid = np.zeros(SHAPE, bool)
    if blocked:
        solid[5:10, :8, 4:12] = True
        solid[15, 3:6, :] = True
    u, v, w = flow(1)
    project(u, v, w, np.zeros(SHAPE, np.float32), faces(solid), np.zeros(SHAPE, np.float32))
    assert np.abs(divergence(u, v, w)).max() < 2e-5


def test_wanted_divergence_is_reached_outside_solids():
    solid = np.zeros(SHAPE, bool)
    solid[5:10, :8, 4:12] = True
    wanted = np.zeros(SHAPE, np.float32)
    wanted[14:16, 2:5, 8:11] = 0.7
    u, v, w = flow(2)
    project(u, v, w, wanted, faces(solid), np.zeros(SHAPE, np.float32))
    np.testing.assert_allclose(divergence(u, v, w)[~solid], wanted[~solid], atol=3e-5)


def test_nothing_flows_through_ground_and_solids():
    solid = np.zeros(SHAPE, bool)
    solid[5:10, :8, 4:12] = True
    u, v, w = flow(3)
    project(u, v, w, np.zeros(SHAPE, np.float32), faces(solid), np.zeros(SHAPE, np.float32))
    assert not v[:, 0].any()
    assert not u[5:11, :8, 4:12].any()
    assert not v[5:10, :9, 4:12].any()
    assert not w[5:10, :8, 4:13].any()


def test_a_flow_without_divergence_stays_as_it_is():
    u, v, w = (np.zeros_like(field) for field in flow(4))
    u += 1.5
    project(u, v, w, np.zeros(SHAPE, np.float32), faces(np.zeros(SHAPE, bool)), np.zeros(SHAPE, np.float32))
    np.testing.assert_allclose(u, 1.5, atol=1e-6)
    assert np.abs(w).max() < 1e-6


def test_the_open_solve_inverts_the_laplacian():
    from derrumbe.dust.pressure import minus_laplacian

    rhs = np.random.default_rng(5).standard_normal(SHAPE).astype(np.float32)
    free = faces(np.zeros(SHAPE, bool))
    np.testing.assert_allclose(minus_laplacian(solve_open(rhs), free.x, free.y, free.z), rhs, atol=2e-4)
