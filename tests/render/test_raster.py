"""Which triangle a pixel sees."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.geom.camera import pixel_grid
from derrumbe.render.raster import NONE, UNDER, Window, projected, visible

from .scenes import CAMERA

WINDOW = Window(0, 0, CAMERA.width, CAMERA.height)


def seen(low: float, high: float) -> np.ndarray:
    """Return where a wall 2 m wide and 6 m before the façade, from `low` to `high` metres, is seen, (h,w) bool."""
    points = np.array([[-1.0, low, 6.0], [1.0, low, 6.0], [1.0, high, 6.0], [-1.0, high, 6.0]])
    triangles = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    return visible(projected(CAMERA, points), triangles, WINDOW, (0.5, 0.5)) != NONE


def test_the_ground_hides_what_was_pressed_into_it() -> None:
    assert not seen(-3.0, -2 * UNDER).any()
    upright = seen(0.0, 2.0)
    assert upright.any()
    assert (seen(-3.0, 2.0) >= upright).all()
    # 40 pixels a metre at 6 m: nothing below the wall's foot but the tolerance
    assert np.count_nonzero(seen(-3.0, 2.0)) - np.count_nonzero(upright) <= (40 * UNDER + 1) * 81


@pytest.mark.parametrize("low", [0.0, 0.5, 3.0])
def test_the_ground_hides_nothing_above_it(low: float) -> None:
    """Every pixel whose ray meets the wall sees it, also above the horizon."""
    x, y = np.moveaxis(pixel_grid(CAMERA), -1, 0)
    across, high = (x - CAMERA.cx) / CAMERA.focal_px * 6.0, 2.5 - (y - CAMERA.cy) / CAMERA.focal_px * 6.0
    inside = (np.abs(across) < 0.99) & (high > low + 0.01) & (high < low + 1.99)
    assert inside.any()
    assert seen(low, low + 2.0)[inside].all()
