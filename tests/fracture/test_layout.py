"""Panels tile a wall, and windows are where openings are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derrumbe.core.records import Opening
from derrumbe.fracture.layout import panels

number = st.floats(0, 10, allow_nan=False)
openings = st.lists(
    st.builds(lambda x, y, w, h: Opening(left=x, bottom=y, right=x + w, top=y + h), number, number, st.floats(0.5, 4), st.floats(0.5, 4)),
    max_size=8,
)


@given(openings)
def test_panels_tile_the_wall(holes):
    made = panels(0, 0, 10, 4, holes)
    assert sum((p.right - p.left) * (p.top - p.bottom) for p in made) == pytest.approx(40)
    points = np.random.default_rng(0).uniform((0, 0), (10, 4), (200, 2))
    hits = sum((points[:, 0] > p.left) & (points[:, 0] < p.right) & (points[:, 1] > p.bottom) & (points[:, 1] < p.top) for p in made)
    assert (hits == 1).all()


def test_one_window_gives_piers_spandrel_and_lintel():
    made = panels(0, 0, 4, 3, [Opening(left=1, bottom=1, right=2, top=2)])
    assert sorted((p.left, p.bottom, p.right, p.top, p.window) for p in made) == [
        (0, 0, 1, 3, False),
        (1, 0, 2, 1, False),
        (1, 1, 2, 2, True),
        (1, 2, 2, 3, False),
        (2, 0, 4, 3, False),
    ]


def test_opening_of_another_storey_is_closed():
    assert not any(p.window for p in panels(0, 3, 4, 6, [Opening(left=1, bottom=1, right=2, top=3.1)]))
