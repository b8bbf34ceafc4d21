"""What is near the camera breaks finer than what is far."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from manifold3d import Manifold

from derrumbe.fracture.elements import PANEL, Element
from derrumbe.fracture.materials import Kind, Stuff
from derrumbe.fracture.sight import LARGE_SEEN, NEAR, with_sight
from tests.fracture.buildings import boxed, camera_for

CAMERA = camera_for(boxed(12, 8, 3, 3.0).body)


@given(st.floats(2, 400), st.floats(0.5, 2))
def test_a_large_block_is_a_share_of_the_picture_within_metres(depth, lens):
    camera = CAMERA.model_copy(update={"focal_px": CAMERA.focal_px * lens})
    turn, shift = np.asarray(camera.rotation), np.asarray(camera.translation)
    place = turn.T @ (np.array([0.0, 0.0, depth]) - shift)
    cube = Manifold.cube((0.2, 0.2, 0.2), True).translate(tuple(place))
    (element,) = with_sight([Element(Kind.WALL, Stuff.BRICK, 0, (cube,))], camera)
    share = element.panel * camera.focal_px / depth / camera.height
    assert NEAR <= element.panel <= PANEL
    assert element.panel in (NEAR, PANEL) or abs(share - LARGE_SEEN) < 0.01 * LARGE_SEEN
