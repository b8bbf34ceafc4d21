"""Panes that shine as the sky does grow dull; what is as bright and no pane, and all that has not moved, stays as it is."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.render.panes import dulled

PIXEL = 0.05
WALL, GLASS, SKY = 0.3, 0.08, 0.6
SKY_RGB = np.array([0.56, 0.6, 0.64])


def wall(rows: slice, columns: slice, light: float | tuple[float, float, float] = SKY) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a wall (80,120,3) with a dark window of 1 m by 1.6 m, something `light` in it, all of it building, and where its opening is."""
    texture = np.full((80, 120, 3), WALL, np.float32)
    opening = np.zeros((80, 120), bool)
    opening[20:52, 50:70] = True
    texture[opening] = GLASS
    texture[rows, columns] = light
    return texture, np.ones((80, 120), bool), opening


def test_a_pane_as_bright_as_the_sky_shows_what_its_window_does():
    texture, building, opening = wall(slice(30, 44), slice(53, 67))
    dull, where = dulled(texture, building, opening, SKY_RGB, PIXEL)
    assert np.allclose(dull[30:44, 53:67], GLASS)
    assert (dull[~where] == texture[~where]).all()
    assert not where[:25].any()
    assert not where[:, 75:].any()


@pytest.mark.parametrize(
    ("rows", "columns", "light"),
    [
        (slice(30, 44), slice(53, 67), 0.7 * SKY),
        (slice(60, 74), slice(10, 24), SKY),
        (slice(36, 38), slice(53, 67), SKY),
        (slice(4, 76), slice(52, 68), SKY),
        (slice(30, 44), slice(53, 67), (0.7, 0.6, 0.5)),
    ],
    ids=["a pale blind", "a bright patch far from windows", "a glazing bar", "a white strip up the wall", "sunlit stone"],
)
def test_nothing_else_does(rows, columns, light):
    texture, building, opening = wall(rows, columns, light)
    dull, where = dulled(texture, building, opening, SKY_RGB, PIXEL)
    assert not where.any()
    assert (dull == texture).all()
