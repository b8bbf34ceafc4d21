"""A finial comes down as one thing until it is hit, however the roof under it parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from derrumbe.core.knobs import Collapse
from derrumbe.simulate import schedule
from derrumbe.simulate.slender import slender_tops
from derrumbe.simulate.structure import Structure, assemble
from tests.simulate import buildings


def _office(folder: Path, finial: float | None) -> Structure:
    arrays = buildings.office(3, 4, 2, fine=1, finial=finial)
    return assemble(arrays, buildings.located_set(arrays, folder).record.building)


def test_what_is_slender_over_the_roof_is_one_group_and_nothing_below_it(tmp_path: Path) -> None:
    structure = _office(tmp_path, 0.6)
    finial = structure.low[:, 1] >= 3 * 3.3 - 1e-6
    assert np.array_equal(slender_tops(structure), finial[structure.bonds].all(1))


@pytest.mark.parametrize("wide", [None, 1.6])
def test_a_roof_or_a_stout_chimney_is_not_slender(tmp_path: Path, wide: float | None) -> None:
    assert not slender_tops(_office(tmp_path, wide)).any()


@pytest.mark.parametrize("mode", ["progressive", "pancake", "topple"])
def test_no_failure_below_parts_a_finial(tmp_path: Path, mode: str) -> None:
    structure = _office(tmp_path, 0.6)
    held = slender_tops(structure)
    plan = schedule.plan(structure, Collapse(mode=mode), np.random.default_rng(3))
    for times in (plan.crush_lag, plan.crack_lag) if mode == "topple" else (plan.crush_lag, plan.crack_lag, plan.cut_time):
        assert np.isinf(times[held]).all()
    assert np.median(plan.toughness[held]) > 10 * np.median(plan.toughness)
