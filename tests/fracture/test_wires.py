"""No piece is as long as a room and as thin as a wire."""

from __future__ import annotations

import pytest
from manifold3d import Manifold

from derrumbe.fracture.shell import is_wire


@pytest.mark.parametrize(
    ("size", "wire"),
    [
        ((14.7, 0.02, 0.01), True),
        ((3.0, 0.05, 0.02), True),
        ((3.0, 0.05, 0.05), False),  # a batten
        ((0.8, 0.01, 0.01), False),  # a splinter
        ((4.0, 3.0, 0.06), False),  # a pane
    ],
)
def test_a_wire_is_long_and_has_next_to_no_section(size: tuple[float, float, float], wire: bool) -> None:
    assert is_wire(Manifold.cube(size)) is wire
    assert is_wire(Manifold.cube(size).rotate((20, 30, 50))) is wire
