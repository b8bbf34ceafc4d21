"""Right beside a building the clean plate goes on with what the frame shows beside it: a neighbour's wall up to the edge, no slit of made-up sky."""

from __future__ import annotations

import numpy as np

from derrumbe.survey.filters import widened
from derrumbe.survey.moving import skirted

SHAPE = (60, 90)
SKY, WALL, THING = (0.3, 0.4, 0.7), (0.8, 0.8, 0.8), (0.7, 0.05, 0.03)


def _scene() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the picture of a building with a neighbour's wall to its right, a clean plate with sky in its hole, the hole and the building."""
    solid = np.zeros(SHAPE, bool)
    solid[10:50, 20:50] = True
    picture = np.zeros((*SHAPE, 3), np.float32) + np.array(SKY, np.float32)
    picture[:, 50:] = WALL
    picture[solid] = (0.5, 0.2, 0.1)
    hole = widened(solid, 3)
    return picture, np.where(hole[..., None], np.array(SKY, np.float32), picture), hole, solid


def test_a_neighbours_wall_goes_on_up_to_the_building() -> None:
    picture, clean, hole, solid = _scene()
    out = skirted(clean, picture, hole, solid, np.zeros(SHAPE, bool))
    assert np.allclose(out[15:45, 50:60], WALL)
    assert np.allclose(out[15:45, 10:20], SKY)


def test_what_the_building_hid_and_what_lies_beside_its_hole_stay() -> None:
    picture, clean, hole, solid = _scene()
    out = skirted(clean, picture, hole, solid, np.zeros(SHAPE, bool))
    stays = solid | ~hole
    stays[50:] = True
    assert np.array_equal(out[stays], clean[stays])


def test_what_stands_in_front_does_not_go_on_beside_the_building() -> None:
    picture, clean, hole, solid = _scene()
    front = np.zeros(SHAPE, bool)
    front[:, 53:58] = True
    picture[front] = THING
    out = skirted(clean, picture, hole, solid, front)
    assert (out[15:45, 50:53, 0] <= out[15:45, 50:53, 2] + 0.01).all()
