"""Recipes differ visibly: where the mass of one goes, the mass of another doesn't."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from derrumbe.brief import recipes
from tests.simulate import buildings
from tests.simulate.conftest import simulate

RECIPES = {found.name: found.spec.collapse.model_dump() for found in recipes()}
MOMENTS = (0.9, 1.5, 2.4)
"""s after the trigger at which motions are compared."""
VISIBLE = 0.5
"""m of root-mean-square difference between two motions at the moment when they differ most."""


@pytest.fixture(scope="module")
def falls(tmp_path_factory):
    arrays = buildings.office(4, 4, deep=2, fine=1)
    frames = {"slow-crumble": 204, "pancake": 108}
    return {
        name: simulate(tmp_path_factory.mktemp(name), arrays, frames=frames.get(name, 84), trigger=0.25, **knobs)
        for name, knobs in RECIPES.items()
    }


def difference(one, other) -> float:
    """Return by how many metres two motions of the same pieces differ, at the moment when they differ most."""
    step, first = one.energy["time"][1], one.motion.trigger_sample
    samples = [first + round(moment / step) for moment in MOMENTS]
    gaps = [np.linalg.norm(one.poses["position"][k] - other.poses["position"][k], axis=-1) for k in samples]
    return max(float(np.sqrt((gap**2).mean())) for gap in gaps)


def test_every_two_recipes_differ_visibly(falls):
    alike = [(a, b) for a, b in combinations(falls, 2) if difference(falls[a], falls[b]) < VISIBLE]
    assert alike == []


@pytest.mark.parametrize(("name", "axis", "sign"), [("left", 0, -1), ("right", 0, 1), ("towards", 2, 1), ("away", 2, -1)])
def test_a_topple_carries_the_mass_to_its_side(falls, name, axis, sign):
    fall = falls[f"topple-{name}"]
    carried = np.average(fall.poses["position"][-1] - fall.poses["position"][0], axis=0, weights=fall.pieces["mass"])
    assert sign * carried[axis] > 0.8
    assert abs(carried[2 - axis]) < 0.6 * abs(carried[axis])


PARTS = {name: knobs["part"] for name, knobs in RECIPES.items() if knobs["part"] != "all"}


@pytest.mark.parametrize("name", RECIPES)
def test_what_the_brief_names_comes_down(falls, name):
    assert falls[name].motion.fallen_share >= 0.95


@pytest.mark.parametrize("name", PARTS)
def test_what_should_stand_stands_still(falls, name):
    fall = falls[name]
    x, y, z = fall.pieces["centre"].T
    far = {
        "right": x < -3.6,
        "left": x > 3.6,
        "corner_right": (x < -1.0) | (z < -6.0),
        "corner_left": (x > 1.0) | (z < -6.0),
        "upper": y < 0.4 * y.max(),
        "facade": z < -0.5,
    }[PARTS[name]]
    assert far.any()
    assert (fall.poses["released"][far] == -1).all()
    assert (fall.poses["position"][-1][far] == fall.pieces["centre"][far]).all()


@pytest.mark.parametrize("name", PARTS)
def test_a_partial_collapse_leaves_most_of_the_building_standing(falls, name):
    fall = falls[name]
    stays = fall.poses["released"] == -1
    assert 0.3 < fall.pieces["mass"][stays].sum() / fall.pieces["mass"].sum() < 0.98


def test_a_facade_falls_outwards(falls):
    fall = falls["facade-peel"]
    moved = fall.poses["position"][-1] - fall.poses["position"][0]
    fallen = moved[:, 1] < -1
    assert fallen.any()
    assert np.median(moved[fallen, 2]) > 0.5


def test_an_earthquake_sways_the_roof_before_anything_falls(falls):
    fall = falls["earthquake"]
    step, first = fall.energy["time"][1], fall.motion.trigger_sample
    x = fall.poses["position"][first : first + round(1.6 / step), :, 0] - fall.poses["position"][0, :, 0]
    roof = fall.pieces["centre"][:, 1] > 0.9 * fall.pieces["centre"][:, 1].max()
    foot = fall.pieces["centre"][:, 1] < 0.1 * fall.pieces["centre"][:, 1].max()
    assert x[:, roof].max() > 0.1
    assert x[:, roof].min() < -0.1
    assert np.abs(x[:, foot]).max() < 0.05


def test_nothing_falls_during_the_prelude(falls):
    fall = falls["slow-crumble"]
    step, first = fall.energy["time"][1], fall.motion.trigger_sample
    quiet = fall.poses["position"][: first + int(0.5 / step)]
    assert (quiet == quiet[0]).all()
    racks = fall.poses["position"][: first + int(0.95 / step)]
    assert (racks[0] - racks)[..., 1].max() < 0.05, "frames rack, nothing falls"
    assert (fall.events["time"] < (first + 1) * step + 0.95).any(), "cracks speak before the fall"


def test_the_storey_that_is_about_to_fall_racks_and_bulges_and_nothing_else_moves(falls):
    fall = falls["slow-crumble"]
    step, first = fall.energy["time"][1], fall.motion.trigger_sample
    moved = fall.poses["position"][first + int(0.95 / step)] - fall.pieces["centre"]
    y = fall.pieces["centre"][:, 1]
    middle = (y > 1.0) & (y < 2.2)
    assert 0.02 * 3.3 < np.abs(moved[middle, 0]).max() < 0.05 * 3.3
    assert 0.01 * 3.3 < np.abs(moved[middle, 2]).max() < 0.03 * 3.3
    assert (moved[y > 3.5] == 0).all()


def test_glass_bursts_from_windows(falls):
    glass = falls["base-failure"].debris["material"] == 4
    assert 0.02 < glass.mean() < 0.15


def test_an_explosion_throws_walls_but_is_weaker_than_gravity(falls):
    energy = falls["gas-explosion"].energy
    total = energy["kinetic"] + energy["potential"]
    assert 0 < (total - np.minimum.accumulate(total)).max() < 0.01 * total[0]


def test_an_earthquake_throws_parapets_off_before_the_fall_and_a_slow_crumble_keeps_them(tmp_path):
    arrays = buildings.office(3, 3, deep=2, fine=1, crown=True)
    parapet = arrays["element_kind"][arrays["element"]] == 6
    roof = ~parapet & (arrays["centre"][:, 1] > 9.5)
    lead = {}
    for name in ("earthquake", "slow-crumble"):
        (tmp_path / name).mkdir()
        fall = simulate(tmp_path / name, arrays, frames=150, trigger=0.25, **RECIPES[name])
        height = fall.poses["position"][..., 1]
        falls = np.where((height[0] - height > 0.5).any(0), (height[0] - height > 0.5).argmax(0), len(height)) * fall.energy["time"][1]
        below = cKDTree(arrays["centre"][roof]).query(arrays["centre"][parapet])[1]
        lead[name] = np.quantile(falls[roof][below] - falls[parapet], 0.7)
    assert lead["earthquake"] > 0.4
    assert lead["slow-crumble"] < 0.3, "six parapets: a sample or two is chance"


def test_a_failing_base_tilts_what_is_above_and_lets_one_side_lead(falls):
    fall = falls["base-failure"]
    step, first = fall.energy["time"][1], fall.motion.trigger_sample
    k = first + round(0.9 / step)
    top = fall.pieces["centre"][:, 1] > 0.6 * fall.pieces["centre"][:, 1].max()
    drop = (fall.poses["position"][0] - fall.poses["position"][k])[top, 1]
    tilt = 2 * np.degrees(np.linalg.norm(fall.poses["rotation"][k][top, 1:], axis=-1))
    assert np.quantile(drop, 0.95) - np.quantile(drop, 0.05) > 0.4, "nothing glides down level"
    assert 1.0 < np.median(tilt) < 15.0


def test_a_failing_base_blows_within_half_a_second(falls):
    fall = falls["base-failure"]
    start = fall.energy["time"][fall.motion.trigger_sample]
    air = fall.events["kind"] == 2
    assert fall.events["time"][air].min() < start + 0.4
    assert fall.events["mass"][air & (fall.events["time"] < start + 0.5)].sum() > 0
