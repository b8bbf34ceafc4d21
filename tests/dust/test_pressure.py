"""Projection leaves the wanted divergence and closes the ground."""

import numpy as np

from derrumbe.dust.pressure import divergence, project, solve

SHAPE = (24, 15, 20)


def flow(seed):
    rng = np.random.default_rng(seed)
    nx, ny, nz = SHAPE
    return tuple(rng.standard_normal(s).astype(np.float32) for s in ((nx + 1, ny, nz), (nx, ny + 1, nz), (nx, ny, nz + 1)))


def test_no_divergence_is_left():
    u, v, w = flow(1)
    project(u, v, w, np.zeros(SHAPE, np.float32))
    assert np.abs(divergence(u, v, w)).max() < 2e-5


def test_wanted_divergence_is_reached():
    wanted = np.zeros(SHAPE, np.float32)
    wanted[14:16, 2:5, 8:11] = 0.7
    u, v, w = flow(2)
    project(u, v, w, wanted)
    np.testing.assert_allclose(divergence(u, v, w), wanted, atol=3e-5)


def test_nothing_flows_through_the_ground():
    u, v, w = flow(3)
    project(u, v, w, np.zeros(SHAPE, np.float32))
    assert not v[:, 0].any()


def test_a_flow_without_divergence_stays_as_it_is():
    u, v, w = (np.zeros_like(field) for field in flow(4))
    u += 1.5
    project(u, v, w, np.zeros(SHAPE, np.float32))
    np.testing.assert_allclose(u, 1.5, atol=1e-6)
    assert np.abs(w).max() < 1e-6


def test_the_solve_inverts_the_laplacian():
    """Beyond the open sides and top pressure mirrors with a minus sign, below the ground with a plus."""
    rhs = np.random.default_rng(5).standard_normal(SHAPE).astype(np.float32)
    p = solve(rhs)
    around = np.pad(p, 1)
    around[[0, -1], 1:-1, 1:-1] = -p[[0, -1]]
    around[1:-1, -1, 1:-1], around[1:-1, 0, 1:-1] = -p[:, -1], p[:, 0]
    around[1:-1, 1:-1, [0, -1]] = -p[..., [0, -1]]
    beside = sum(np.roll(around, step, axis)[1:-1, 1:-1, 1:-1] for axis in range(3) for step in (-1, 1))
    np.testing.assert_allclose(6 * p - beside, rhs, atol=2e-4)
