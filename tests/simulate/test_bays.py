"""Into what parts a building comes apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derrumbe.core.knobs import Collapse
from derrumbe.simulate.parts import SPEEDS, lay
from derrumbe.simulate.structure import Cells

GRIDS = st.builds(
    lambda nx, nz: Cells(low=(-2.0 * nx, -3.0 * nz), high=(2.0 * nx, 0.0), storeys=3, nx=nx, nz=nz), st.integers(2, 40), st.integers(2, 12)
)


@given(GRIDS, st.integers(0, 50), st.floats(0, 1), st.sampled_from(["left", "right", "centre", "all"]))
def test_parts_are_neighbouring_bays_and_one_goes_first(cells, seed, variation, side):
    found = lay(cells, Collapse(origin_side=side, variation=variation), np.random.default_rng(seed))
    part = found.part.reshape(cells.nx, cells.nz)
    assert found.lag.min() == 0
    assert part.max() >= 1, "nothing comes down as one"
    for number in range(part.max() + 1):
        x, z = np.nonzero(part == number)
        assert len(x) == (np.ptp(x) + 1) * (np.ptp(z) + 1), "a rectangle of bays"
    assert np.linalg.norm(found.lean, axis=1) == pytest.approx(1.0)
    assert ((found.resist >= SPEEDS[0] - 1e-9) & (found.resist <= SPEEDS[1] + 1e-9)).all()


@given(GRIDS, st.integers(0, 50))
def test_the_named_side_leads(cells, seed):
    for side, sign in (("left", -1.0), ("right", 1.0)):
        assert lay(cells, Collapse(origin_side=side), np.random.default_rng(seed)).lead == sign
