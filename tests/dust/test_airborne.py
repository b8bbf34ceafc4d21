"""Never more dust is in the air than hides a building of its size, however many events make it."""

import numpy as np
import pytest

from derrumbe.dust.airborne import CLEARS, DEPTH, most, rising
from derrumbe.dust.sources import AFTER, BREATH, BREATHES, FAN, HEAVY, IMPACT, JET, OPENS, breaths, fanned, unequal


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


def landed(count: int = 400) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    time, kind = np.sort(rng.uniform(1, 3, count)), np.where(rng.random(count) < 0.5, IMPACT, JET)
    return {
        "time": time, "position": rng.uniform(0, 9, (count, 3)), "velocity": np.ones((count, 3)), "mass": rng.uniform(0.5, 2, count),
        "radius": np.full(count, 0.4), "kind": kind, "air": np.zeros(count),
    }  # fmt: skip


def test_a_pile_breathes_after_it_has_landed_and_where_it_did():
    events = landed()
    breath, falls = breaths(events), events["kind"] == IMPACT
    assert breath["mass"].sum() == pytest.approx(BREATHES * events["mass"].sum())
    assert (breath["kind"] == BREATH).all()
    assert len(np.unique(np.concatenate([breath["position"], events["position"][falls]]), axis=0)) == falls.sum()
    late = breath["time"].mean() - np.average(events["time"][falls], weights=events["mass"][falls])
    assert late == pytest.approx(AFTER, rel=0.1)
    assert breath["time"].min() > 1


def test_a_breath_is_as_broad_as_its_dust_asks_for_and_a_pile_has_few():
    """A pile ten times as heavy has no more of them: they are larger, so that its dust lies in banks."""
    events = landed()
    small, large = (breaths({**events, "mass": events["mass"] * times}) for times in (1.0, 10.0))
    assert 20 < len(small["time"]) == len(large["time"]) < 0.6 * (events["kind"] == IMPACT).sum()
    assert large["radius"] == pytest.approx(10 ** (1 / 3) * small["radius"])
    assert np.log(small["mass"]).std() == pytest.approx(HEAVY, rel=0.1)


def test_what_never_lands_does_not_breathe():
    events = {name: values[landed()["kind"] == JET] for name, values in landed().items()}
    assert len(breaths(events)["time"]) == 0


def test_outlets_along_a_wall_are_unequal_and_let_out_as_much_on_the_whole():
    """Along 400 m of wall: wide outlets alternate with narrow ones every few metres, whatever the storey; nothing but jets is changed."""
    x = np.linspace(0, 400, 1600)
    place = np.stack([x, np.tile([1.0, 4.0], 800), np.zeros(1600)], -1)
    kind = np.where(np.arange(1600) % 8 == 7, IMPACT, JET).astype(np.uint8)
    events = {"position": place, "kind": kind, "mass": np.ones(1600), "radius": np.full(1600, 0.5)}
    given = unequal(events, np.random.default_rng(5))
    jets = kind == JET
    area = (given["radius"] / 0.5) ** 2
    assert (given["mass"][~jets] == 1).all()
    assert np.allclose(area, given["mass"])
    assert area[jets].mean() == pytest.approx(1, abs=0.35)
    assert np.log(area[jets]).std() == pytest.approx(OPENS, rel=0.3)
    assert np.median(np.abs(np.diff(np.log(area[jets])))) < 0.4, "what lies side by side bursts together"
    runs = np.diff(np.flatnonzero(np.diff(np.sign(np.log(area[jets]) - np.log(area[jets]).mean())))) * 0.25
    assert 1.5 < runs.mean() < 8
