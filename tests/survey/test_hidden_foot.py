"""Where an outline ends above the ground, something hides the building's foot, in every frame and whether it has a depth or not."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from derrumbe.core.records import Camera
from derrumbe.geom.camera import project, rotation_matrix
from derrumbe.survey.hidden_foot import HiddenFoot, hidden_foot
from derrumbe.survey.shown import Shown
from tests.survey.scenes import look

SIZE, FOCAL = (320, 180), 300.0
CORNERS = np.array([[-8.0, 10, -2], [8, 10, -2], [8, 0, -2], [-8, 0, -2]])
HEDGE = 3.0
"""Metres of wall that something hides."""
FIRST, LATER = (look(FOCAL, SIZE, (shift, 4.0, 26.0), (shift + turn, 4.0, 0.0), 0.0) for shift, turn in ((0.0, 0.0), (3.0, 1.0)))


def _mask(camera: Camera, low: float, high: float) -> np.ndarray:
    """Return where (h, w) bool a camera sees the wall between two heights."""
    corners = np.array([[-8.0, high, -2], [8, high, -2], [8, low, -2], [-8, low, -2]])
    mask = np.zeros(SIZE[::-1], np.uint8)
    cv2.fillConvexPoly(mask, np.round((project(camera, corners)[0] - 0.5) * 16).astype(np.int32), 1, shift=4)
    return mask > 0


def _foot(region: np.ndarray) -> HiddenFoot | None:
    geometry = SimpleNamespace(camera=FIRST, vertices=CORNERS, triangles=np.array([[0, 2, 1], [0, 3, 2]], np.int32))
    normal = rotation_matrix(FIRST) @ (0.0, 0.0, 1.0)
    wall = normal / (normal @ (rotation_matrix(FIRST) @ CORNERS[0] + np.array(FIRST.translation)))
    still = SimpleNamespace(size=SIZE, focal=np.array([FOCAL]), radial=0.0)
    return hidden_foot(geometry, region, wall[None], still)  # type: ignore[arg-type]


def _shown(camera: Camera) -> Shown:
    turn = rotation_matrix(camera) @ rotation_matrix(FIRST).T
    shift = np.array(camera.translation) - turn @ np.array(FIRST.translation)
    return Shown(np.zeros((*SIZE[::-1], 3), np.uint8), np.zeros(SIZE[::-1], bool), turn, shift, FOCAL)


def _alike(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


@pytest.fixture(scope="module")
def foot() -> HiddenFoot:
    found = _foot(_mask(FIRST, HEDGE, 10))
    assert found is not None
    return found


@pytest.mark.parametrize("camera", [FIRST, LATER])
def test_the_foot_below_the_outline_stays_on_the_wall(foot: HiddenFoot, camera: Camera) -> None:
    assert _alike(foot.at(_shown(camera)), _mask(camera, 0, HEDGE)) > 0.9


def test_an_outline_down_to_the_ground_hides_nothing() -> None:
    assert _foot(_mask(FIRST, 0, 10)) is None
    assert _foot(_mask(FIRST, 0.1, 10)) is None


def test_what_has_no_depth_before_a_hidden_foot_is_in_front_and_wall_that_shows_is_not(foot: HiddenFoot) -> None:
    vote, weight = np.zeros(SIZE[::-1], np.float32), np.zeros(SIZE[::-1], np.float32)
    vote[:, 100:200], weight[:, 100:200] = 0.8, 1.0
    vote[:, 200:220], weight[:, 200:220] = -0.9, 1.0
    hiding, whole = foot.hiding(_shown(LATER), vote, weight), foot.at(_shown(LATER))
    before = _mask(LATER, -6, 0) & ~whole
    assert hiding[before].any()
    hiding &= whole
    shown = np.s_[:, 200:220]
    assert whole[shown].any()
    assert not hiding[shown].any()
    whole[shown] = False
    assert (hiding == whole).all()


def test_an_outline_drawn_too_high_on_a_wall_that_shows_is_not_believed(foot: HiddenFoot) -> None:
    vote, weight = np.full(SIZE[::-1], -0.9, np.float32), np.ones(SIZE[::-1], np.float32)
    vote[:, :60] = 0.8
    assert not foot.is_borne_out(_shown(FIRST), vote, weight)
    assert foot.is_borne_out(_shown(FIRST), -vote, weight)
    assert not foot.is_borne_out(_shown(FIRST), -vote, 0 * weight)
