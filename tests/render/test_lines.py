"""Lines thinner than a pixel cover what they cover, whichever way they run."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from derrumbe.render.lines import Lines, draw, strokes
from derrumbe.render.raster import Window

from .scenes import CAMERA

WHOLE = Window(0, 0, CAMERA.width, CAMERA.height)


def line(start, end, width, drawn_on=np.inf):
    return Lines(
        np.array([start], float), np.array([end], float), np.array([width]), np.ones((1, 3)), np.ones(1), np.zeros(1), np.array([drawn_on])
    )


@settings(deadline=None, max_examples=25)
@given(angle=st.floats(0, 3.1), width=st.floats(0.005, 0.15))
def test_a_line_covers_its_own_area(angle, width):
    middle, way = np.array([0.0, 2.5, 0.0]), np.array([np.cos(angle), np.sin(angle), 0.0])
    drawn = strokes(CAMERA, line(middle - way, middle + way, width))
    rgba = draw(drawn, np.full(WHOLE.shape, 1e10, np.float32), WHOLE)
    area = 2.0 * width * 20.0**2
    assert abs(rgba[..., 3].sum() - area) < 0.12 * area + 0.1
    assert np.allclose(rgba[..., 0], rgba[..., 3], atol=1e-6)


def test_what_stands_nearer_hides_a_line():
    drawn = strokes(CAMERA, line((-1, 2.5, 0), (1, 2.5, 0), 0.1))
    assert not draw(drawn, np.full(WHOLE.shape, 11.0, np.float32), WHOLE).any()
    assert draw(drawn, np.full(WHOLE.shape, 13.0, np.float32), WHOLE).any()


def test_a_line_on_a_surface_is_not_drawn_beside_it():
    drawn = strokes(CAMERA, line((-1, 2.5, 0), (1, 2.5, 0), 0.1, drawn_on=0.5))
    assert draw(drawn, np.full(WHOLE.shape, 12.2, np.float32), WHOLE).any()
    assert not draw(drawn, np.full(WHOLE.shape, 1e10, np.float32), WHOLE).any()
