"""Coarse grains: they fly as thrown stones in air do, weigh what they should, and are the same twice."""

import numpy as np
import pytest

from derrumbe.dust import ejecta
from derrumbe.dust.ejecta import GRAVITY, SHARE, Ejecta, along, at, landings, on_grid, skirt, thrown
from derrumbe.dust.sources import sources
from tests.dust.test_cloud import BOX, NO_EVENTS, all_out

EVENTS = {
    "time": np.array([0.5, 0.7]), "position": np.array([[0.0, 5.0, 0.0], [1.0, 6.0, 0.0]]), "velocity": np.array([[0, -6.0, 0], [9.0, 0, 0]]),
    "mass": np.array([2.0, 1.0]), "radius": np.array([0.8, 0.5]), "kind": np.array([1, 2], np.uint8),
}  # fmt: skip


def some(amount=1.0, seed=3):
    return thrown(sources(EVENTS, all_out(EVENTS), 1.0, 0.0, 0.0), amount, np.random.default_rng(seed))


def test_they_weigh_their_share_of_the_fine_dust():
    assert some().mass.sum() == pytest.approx(3 * SHARE)
    assert some(0.5).mass.sum() == pytest.approx(1.5 * SHARE)


def test_none_without_events_or_amount():
    assert len(thrown(sources(NO_EVENTS, all_out(NO_EVENTS), 1.0, 0.0, 0.0), 1.0, np.random.default_rng(0)).time) == 0
    assert len(some(0.0).time) == 0


def test_the_same_seed_throws_the_same():
    one, other = some(), some()
    assert all(np.array_equal(getattr(one, name), getattr(other, name)) for name in Ejecta.__dataclass_fields__)


def test_they_start_as_free_fall_and_end_at_their_settling_speed():
    stone = Ejecta(np.zeros(1), np.array([[0.0, 100.0, 0.0]]), np.array([[4.0, 0.0, 0.0]]), np.ones(1), np.array([0.4]))
    first = np.zeros(1, np.int64)
    early = along(stone, first, 0.02)[0]
    assert early == pytest.approx([0.08, 100 - 0.5 * GRAVITY * 0.02**2, 0], abs=3e-3)
    late = along(stone, first, 5.1)[0] - along(stone, first, 5.0)[0]
    assert late == pytest.approx([0, -0.1 * GRAVITY * 0.4, 0], abs=1e-3)


def test_the_grid_holds_what_is_in_the_air():
    bundles = some()
    which, _ = at(bundles, 0.9)
    density = on_grid(bundles, 0.9, BOX)
    assert density.sum(dtype=float) * BOX.voxel**3 == pytest.approx(bundles.mass[which].sum(), rel=0.08)


def test_all_of_it_is_down_in_the_end():
    assert len(at(some(), 0.9)[0])
    assert not len(at(some(), 0.5 + ejecta.LIVES + 1)[0])


def test_what_leaves_the_air_lies_on_the_ground():
    """At any moment a bundle flies or lies, and it lies where it came down."""
    bundles = some()
    down = landings(bundles)
    assert along(bundles, np.arange(len(down)), down)[:, 1] == pytest.approx(0, abs=0.02)
    fallen = skirt(bundles)
    for time in (0.9, 1.5, 5.0):
        flies = bundles.mass[at(bundles, time)[0]].sum()
        lies = fallen.lies(time, BOX).sum(dtype=float) * BOX.voxel**2
        born = bundles.mass[bundles.time < time].sum()
        assert flies + lies == pytest.approx(born, rel=0.02)
    middle = (fallen.mass[:, None] * fallen.place).sum(0) / fallen.mass.sum()
    assert middle[0] > 0
