"""Into what parts a building comes apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derrumbe.core.knobs import Collapse
from derrumbe.simulate.parts import SPEEDS, lay, weak_storeys
from derrumbe.simulate.structure import Cells

GRIDS = st.builds(
    lambda nx, nz: Cells(low=(-2.0 * nx, -3.0 * nz), high=(2.0 * nx, 0.0), storeys=3, nx=nx, nz=nz), st.integers(2, 40), st.integers(2, 12)
)


@given(GRIDS, st.integers(0, 50), st.floats(0, 1), st.sampled_from(["left", "right", "centre", "all"]))
def test_parts_are_neighbouring_bays_and_one_goes_first(cells, seed, variation, side):
    found = lay(cells, 9.0, Collapse(origin_side=side, variation=variation), np.random.default_rng(seed))
    part = found.part.reshape(cells.nx, cells.nz)
    assert found.lag.min() == 0
    assert part.max() >= 1, "nothing comes down as one"
    for number in range(part.max() + 1):
        x, z = np.nonzero(part == number)
        assert len(x) == (np.ptp(x) + 1) * (np.ptp(z) + 1), "a rectangle of bays"
    assert np.linalg.norm(found.lean, axis=1) == pytest.approx(1.0)
    assert ((found.resist >= SPEEDS[0] - 1e-9) & (found.resist <= SPEEDS[1] + 1e-9)).all()


def test_the_wider_a_building_the_longer_one_side_leads():
    """A front that runs along 36 m takes more than a second; a wide one that sank level would look like a lift."""

    def leads(wide: float, high: float = 12.0) -> float:
        cells = Cells((-wide / 2, -10.0), (wide / 2, 0.0), 3, max(2, round(wide / 3.5)), 2)
        found = lay(cells, high, Collapse(variation=0.0), np.random.default_rng(4))
        return float(abs(np.subtract(*found.lag.reshape(cells.nx, cells.nz).mean(1)[[0, -1]])))

    house, castle, street = leads(9.0), leads(36.0), leads(400.0)
    assert house < 0.6 < castle < street < 1.8
    assert castle > 2 * house
    assert leads(36.0, 72.0) < 0.7 * castle, "a tall one holds together"


@given(GRIDS, st.integers(0, 50))
def test_the_named_side_leads(cells, seed):
    for side, sign in (("left", -1.0), ("right", 1.0)):
        assert lay(cells, 9.0, Collapse(origin_side=side), np.random.default_rng(seed)).lead == sign


@given(st.integers(2, 30), st.integers(0, 20), st.integers(0, 50), st.floats(0.1, 5))
def test_weak_storeys_give_way_above_the_base_and_after_it(storeys, origin, seed, speed):
    cells, rng = Cells(low=(-10.0, -9.0), high=(10.0, 0.0), storeys=storeys, nx=6, nz=3), np.random.default_rng(seed)
    found = lay(cells, 9.0, Collapse(speed=speed), rng)
    times = weak_storeys(cells, found.part, found.lag, origin, speed, rng)
    assert not np.isfinite(times[: origin + 1]).any()
    assert not np.isfinite(times[-1]).any(), "the top has nothing above it to come down"
    assert (times > found.lag).all()
    mine = np.isfinite(times[:, found.part == 0])
    assert (mine.all(1) == mine.any(1)).all(), "a part gives way all along"
    if storeys - origin > 8:
        assert np.isfinite(times).any(0).all()
