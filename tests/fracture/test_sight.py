"""What is near the camera breaks finer than what is far."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from manifold3d import Manifold

from derrumbe.fracture.elements import PANEL, Element
from derrumbe.fracture.materials import Kind, Stuff
from derrumbe.fracture.sight import LARGE_SEEN, NEAR, seen_solids, with_sight
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


def test_what_stands_above_the_picture_counts_as_seen_and_what_is_beside_it_does_not():
    view = np.linalg.inv(np.asarray(CAMERA.rotation))
    half = 0.5 * np.array([CAMERA.width, CAMERA.height]) / CAMERA.focal_px
    places = ([0.0, 0.0], [0.0, -2 * half[1]], [3 * half[0], 0.0], [0.0, 3 * half[1]])
    solids = [
        Manifold.cube((0.5, 0.5, 0.5), True).translate(tuple(view @ (20 * np.array([x, y, 1.0]) - np.asarray(CAMERA.translation))))
        for x, y in places
    ]
    assert seen_solids(solids, CAMERA).tolist() == [True, True, False, False]
