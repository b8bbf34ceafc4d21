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
    crest = np.array([[-1233.0, 386.0], [41.8, 267.9], [639.2, 212.6], [1913.8, 94.4], [2013.0, 1494.0], [140.0, 1548.0]])
    found = filled([crest], (360, 640)) > 0
    assert found[214:, 630:].all()
    assert not found[:211].any()
