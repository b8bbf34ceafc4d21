"""Where a partial collapse parts from what stands."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from derrumbe.core.knobs import Collapse
from derrumbe.simulate import borders, schedule
from derrumbe.simulate.structure import assemble
from tests.simulate import buildings

PARTS = ("left", "right", "corner_left", "corner_right", "facade", "upper")


@pytest.fixture(scope="module")
def structure(tmp_path_factory):
    arrays = buildings.office(4, 4, deep=2, fine=2)
    return assemble(arrays, buildings.located_set(arrays, tmp_path_factory.mktemp("set")).record.building)


def test_a_joint_is_found_where_nothing_is_cut(structure):
    place = borders.joint_near(structure, 0, 0.9, 1.7)
    inside = (structure.low[:, 0] < place - 0.3) & (structure.high[:, 0] > place + 0.3)
    assert structure.mass[inside].sum() < 0.05 * structure.mass.sum()


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("part", PARTS)
def test_what_stands_is_held_up_by_what_stands(structure, part, seed):
    falls = schedule.plan(structure, Collapse(mode="partial", part=part), np.random.default_rng(seed)).falls
    assert 0.02 < structure.mass[falls].sum() / structure.mass.sum() < 0.75
    held = ~falls & structure.grounded
    bonds = structure.bonds[~falls[structure.bonds].any(1)]
    for _ in range(structure.count):
        reached = held.copy()
        reached[bonds[held[bonds].any(1)]] = True
        if (reached == held).all():
            break
        held = reached
    if part not in ("upper", "facade"):
        assert (held == ~falls).all()


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("part", ["left", "right"])
def test_no_ledges_are_left_for_rubble(structure, part, seed):
    falls = schedule.plan(structure, Collapse(mode="partial", part=part, variation=1.0), np.random.default_rng(seed)).falls
    sign = -1 if part == "left" else 1
    reach = [(sign * structure.centre[(structure.storey == storey) & ~falls, 0]).max() for storey in range(structure.cells.storeys)]
    assert all(upper > lower - 1.5 for lower, upper in pairwise(reach))
