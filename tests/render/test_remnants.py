"""What stands out of the silhouette goes with the part of the building below it, and not before."""

from __future__ import annotations

import numpy as np

from derrumbe.render.raster import Window
from derrumbe.render.remnants import _paired

SHAPE = (60, 80)


def found(share: float = 1.0):
    """Remnants of an aerial above the left half of a box, and of the box."""
    building, aerial = np.zeros(SHAPE, np.float32), np.zeros(SHAPE, np.float32)
    building[20:60, 20:60] = 1
    aerial[10:20, 25:27] = share
    return _paired(aerial, building)


def plane(removed: np.ndarray, share: float = 1.0, band: int = SHAPE[0]) -> np.ndarray:
    rows = np.zeros(SHAPE, np.float32)
    for top in range(0, SHAPE[0], band):
        found(share).remove(rows[top : top + band], top, removed[15:, 15:], Window(15, 15, 80, 60))
    return rows


def test_nothing_goes_while_the_building_stands():
    assert not plane(np.zeros(SHAPE, np.float32)).any()


def test_an_aerial_goes_with_the_half_below_it():
    left, right = np.zeros(SHAPE, np.float32), np.zeros(SHAPE, np.float32)
    left[20:60, 20:40], right[20:60, 40:60] = 1, 1
    assert (plane(left)[10:20, 25:27] == 1).all()
    assert not plane(right).any()


def test_half_gone_is_half_gone_whatever_the_bands():
    removed = np.zeros(SHAPE, np.float32)
    removed[20:60, 20:60] = 0.5
    whole = plane(removed, 0.8)
    assert np.allclose(whole[10:20, 25:27], 0.4)
    assert np.array_equal(whole, plane(removed, 0.8, band=16))


def test_without_a_building_there_are_none():
    assert _paired(np.ones(SHAPE, np.float32), np.zeros(SHAPE, np.float32)) is None
