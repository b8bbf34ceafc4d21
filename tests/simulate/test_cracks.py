"""Cracks: seen before the fall, never before the trigger, and where the building is about to fail."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.core.files import load_arrays
from tests.simulate import buildings
from tests.simulate.conftest import simulate

PRELUDE, TRIGGER = 1.0, 0.5


@pytest.fixture(scope="module")
def cracked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cracks")
    arrays = buildings.office(3, 4, deep=2, fine=2)
    fall = simulate(folder, arrays, frames=60, trigger=TRIGGER, mode="progressive", origin_side="left", prelude=PRELUDE)
    return fall, load_arrays(folder / fall.motion.cracks)


def test_there_is_a_row_for_every_bond(cracked):
    fall, found = cracked
    assert all(len(found[name]) == len(fall.pieces["bonds"]) for name in ("time", "opening", "grows"))


def test_nothing_cracks_before_the_trigger_and_something_before_the_fall(cracked):
    _, found = cracked
    assert found["time"].min() >= TRIGGER
    before = found["time"] < TRIGGER + PRELUDE
    assert before.any()
    assert before.mean() < 0.2


def test_widths_are_those_of_cracks_in_masonry(cracked):
    _, found = cracked
    shows = np.isfinite(found["time"])
    assert (found["opening"][~shows] == 0).all()
    assert (found["grows"][shows] > 0).all()
    assert found["opening"][shows].min() > 0.0005
    assert found["opening"].max() <= 0.05
    before = found["time"] < TRIGGER + PRELUDE
    gape = found["opening"] * np.clip((TRIGGER + PRELUDE - found["time"]) / np.maximum(found["grows"], 1e-6), 0, 1)
    assert gape[before].max() < 0.04


def test_cracks_start_in_the_storey_that_fails(cracked):
    fall, found = cracked
    first = found["time"] < TRIGGER + 0.6 * PRELUDE
    height = fall.pieces["bond_centre"][first, 1]
    assert height.size
    assert np.median(height) < 3.5


def test_a_bond_that_breaks_has_cracked(cracked):
    fall, found = cracked
    released = fall.poses["released"]
    one, other = fall.pieces["bonds"].T
    moved = fall.poses["position"][-1] - fall.pieces["centre"]
    parted = (np.linalg.norm(moved[one] - moved[other], axis=1) > 2.0) & (released[one] >= 0)
    solid = (fall.pieces["material"][fall.pieces["bonds"]] != buildings.GLASS).all(1)
    assert np.isfinite(found["time"][parted & solid]).all()
