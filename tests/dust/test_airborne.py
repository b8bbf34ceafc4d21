"""Never more dust is in the air than hides a building of its size, however many events make it."""

import numpy as np
import pytest

from derrumbe.dust.airborne import CLEARS, DEPTH, most, rising
from derrumbe.dust.sources import FAN, IMPACT, JET, fanned


def test_the_air_holds_no_more_than_its_limit():
    time = np.sort(np.random.default_rng(1).uniform(0, 5, 400))
    got, air, last = rising(time, np.full(400, 3.0), 40.0), 0.0, 0.0
    for at, mass in zip(time, got, strict=True):
        air, last = air * np.exp(-(at - last) / CLEARS) + mass, at
        assert air <= 40.0 + 1e-9
    assert (got <= 3.0).all()
    assert got[0] > 2.8
    assert got.sum() > 40


def test_cutting_events_finer_changes_nothing():
    whole, parts = (
        rising(np.array([0.0, 1.0]), np.array([30.0, 50.0]), 40.0),
        rising(np.repeat([0.0, 1.0], 50), np.repeat([0.6, 1.0], 50), 40.0),
    )
    assert parts.reshape(2, 50).sum(1) == pytest.approx(whole)


def test_little_dust_gets_out_whole_and_later_dust_finds_room_again():
    assert rising(np.array([0.0]), np.array([0.1]), 40.0)[0] == pytest.approx(0.1, rel=2e-3)
    near, far = (rising(np.array([0.0, wait]), np.array([80.0, 80.0]), 40.0)[1] for wait in (0.1, 6.0))
    assert far > 5 * near


def test_the_limit_hides_walls_of_any_size_alike():
    for perimeter, height in ((40.0, 8.0), (160.0, 50.0)):
        assert most(perimeter, height, 12.0) * 12.0 / (perimeter * height / np.pi) == pytest.approx(DEPTH)
    assert rising(np.array([0.0]), np.array([5.0]), 0.0)[0] == 0


def test_jets_fan_out_level_and_keep_their_speed():
    events = {"velocity": np.tile([[6.0, 1.0, 0.0]], (900, 1)), "kind": np.repeat([JET, IMPACT], [600, 300])}
    turned = fanned(events, np.random.default_rng(2))["velocity"]
    assert np.allclose(np.linalg.norm(turned, axis=1), np.sqrt(37))
    assert np.allclose(turned[:, 1], 1.0)
    assert (turned[600:] == events["velocity"][600:]).all()
    assert np.arctan2(turned[:600, 2], turned[:600, 0]).std() == pytest.approx(FAN, rel=0.1)
