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
    return _paired(aerial, building, np.ones(SHAPE, bool))


def plane(removed: np.ndarray, share: float = 1.0, band: int = SHAPE[0], strayed: float = 50.0) -> np.ndarray:
    window, moved = Window(15, 15, 80, 60), np.full(SHAPE, strayed, np.float32)
    rows = np.zeros(SHAPE, np.float32)
    for top in range(0, SHAPE[0], band):
        found(share).remove(rows[top : top + band], top, (removed[15:, 15:], window), (moved[15:, 15:], window))
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
    assert _paired(np.ones(SHAPE, np.float32), np.zeros(SHAPE, np.float32), np.zeros(SHAPE, bool)) is None


def test_what_stands_below_a_model_goes_when_that_has_come_down_over_it():
    """A door of 20 rows under a wall whose model ends above it: all of it stays while the wall stirs, then it goes from the top."""
    wall, door = np.zeros(SHAPE, np.float32), np.zeros(SHAPE, np.float32)
    wall[5:30, 20:60], door[30:50, 35:45] = 1, 1
    below = _paired(door, wall, np.zeros(SHAPE, bool))
    gone = []
    for strayed in (0.4, 12.0, 30.0):
        rows, window = np.zeros(SHAPE, np.float32), Window(0, 0, 80, 60)
        below.remove(rows, 0, (np.ones(SHAPE, np.float32), window), (np.full(SHAPE, strayed, np.float32), window))
        gone.append(rows[:, 40] > 0.5)
    assert not gone[0].any()
    assert np.array_equal(np.flatnonzero(gone[1]), np.arange(30, 30 + np.count_nonzero(gone[1])))
    assert 8 <= np.count_nonzero(gone[1]) <= 13
    assert gone[2][30:50].all()
