"""Masks are widened by true distances, wherever in the picture they lie."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.survey.filters import filled, widened


@pytest.mark.parametrize("radius", [1.0, 3.3, 12.0, 90.0])
def test_a_mask_is_widened_by_its_radius_and_no_more(radius: float) -> None:
    y, x = np.mgrid[0:80, 0:120]
    for spots in ([(2, 3)], [(79, 119)], [(40, 60), (10, 100)]):
        mask = np.zeros((80, 120), bool)
        mask[tuple(np.transpose(spots))] = True
        away = np.min([np.hypot(y - row, x - column) for row, column in spots], axis=0)
        found = widened(mask, radius)
        # distances are counted in steps, 2 % off at most
        assert found[away < 0.97 * radius].all()
        assert not found[away > 1.03 * radius].any()
        assert mask.sum() == len(spots)


def test_nothing_stays_nothing() -> None:
    assert not widened(np.zeros((5, 7), bool), 3.0).any()


def test_a_polygon_that_leaves_the_picture_fills_no_column_at_its_edge() -> None:
    polygon = np.array([[10.0, 30.0], [58.5, 28.0], [190.0, 5.0], [190.0, 90.0], [10.0, 90.0]])
    found = filled([polygon], (40, 60)) > 0
    assert found[31:, 11:].all()
    assert not found[:26].any()
