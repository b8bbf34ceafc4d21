"""Who passes before a moving camera's walls and street is whole, though most of him is of the wall's own brightness, and nothing of either comes along."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from derrumbe.core.files import save_arrays
from derrumbe.geom.camera import project
from derrumbe.media.exr import write_exr
from derrumbe.survey.before_walls import Walls, _joined
from derrumbe.survey.filters import widened
from derrumbe.survey.uncovered import Views
from derrumbe.survey.wanderers import Wanderers
from tests.survey.scenes import look
from tests.survey.test_worn import SIZE, WALL, shown

FRAMES = range(1001, 1014)
FRAME = 1007


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Walls, np.ndarray]:
    """Return the walls, and where (h, w) bool the walker is at FRAME. Only his legs, the lower third, were found to move by themselves."""
    folder = tmp_path_factory.mktemp("walls")
    cameras = tuple(look(260.0, SIZE, (-2.0 + 0.2 * i, 5.0, 30.0), (-4.0 + 0.5 * i, 8.0, 0.0), 0.0) for i in range(len(FRAMES)))
    rng, there = np.random.default_rng(4), np.zeros(SIZE[::-1], bool)
    for index, camera in enumerate(cameras):
        picture, walker, legs = shown(camera), np.zeros(SIZE[::-1], bool), np.zeros(SIZE[::-1], bool)
        corners = np.array([[-9.0 + 1.2 * index, 10.0, 8.0], [-7.0 + 1.2 * index, 3.0, 8.0]])
        (left, top), (right, bottom) = np.round(project(camera, corners)[0]).astype(int)
        walker[max(top, 0) : bottom, max(left, 0) : max(right, 0)] = True
        legs[bottom - (bottom - top) // 3 : bottom, max(left, 0) : max(right, 0)] = True
        picture[walker] = (0.34, 0.30, 0.36)
        picture[legs] = (0.03, 0.03, 0.04)
        picture *= 1 + 0.01 * rng.standard_normal(picture.shape).astype(np.float32)
        write_exr(folder / f"plate.{FRAMES.start + index}.exr", picture, full=True)
        save_arrays(folder / f"mask.{FRAMES.start + index}.npz", mask=legs)
        there = walker if FRAMES.start + index == FRAME else there
    plate = str(folder / "plate.{frame}.exr")
    views = Views(plate, cameras, FRAMES.start, folder, WALL, 400.0)
    return Walls(views, Wanderers(plate, "", str(folder / "mask.{frame}.npz"), SIZE)), there


def test_legs_bring_the_rest_of_him_along(filmed: tuple[Walls, np.ndarray]) -> None:
    walls, walker = filmed
    found = walls.passing(FRAME)
    assert found[~widened(~walker, 2)].all()
    assert not found[~widened(walker, 2)].any()


def test_where_nothing_moves_by_itself_nothing_is_found(filmed: tuple[Walls, np.ndarray], tmp_path: Path) -> None:
    walls, _ = filmed
    for frame in FRAMES:
        save_arrays(tmp_path / f"mask.{frame}.npz", mask=np.zeros(SIZE[::-1], bool))
    assert not replace(walls, wanderers=replace(walls.wanderers, out=str(tmp_path / "mask.{frame}.npz"))).passing(FRAME).any()


def test_street_and_wall_that_were_taken_for_moving_are_given_back(filmed: tuple[Walls, np.ndarray], tmp_path: Path) -> None:
    walls, walker = filmed
    too_much = widened(walls.wanderers.at(FRAME), 12)
    for frame in FRAMES:
        save_arrays(tmp_path / f"mask.{frame}.npz", mask=too_much if frame == FRAME else walls.wanderers.at(frame))
    found = replace(walls, wanderers=replace(walls.wanderers, out=str(tmp_path / "mask.{frame}.npz"))).passing(FRAME)
    assert found[~widened(~walker, 2)].all()
    outside = too_much & ~widened(walker, 3)
    assert found[outside].mean() < 0.2


def test_what_is_missing_between_two_parts_of_one_colour_is_joined_and_what_is_known_behind_is_not() -> None:
    body, missing = np.zeros((180, 320), bool), np.zeros((180, 320), bool)
    body[40:140, 140:175], missing[80:105, 140:175] = True, True
    picture = np.where(body[..., None], np.float32([0.2, 0.25, 0.5]), np.float32([0.3, 0.45, 0.2]))
    picture += 0.02 * np.random.default_rng(1).standard_normal(picture.shape).astype(np.float32)
    parts, upper = body & ~missing, body & ~missing & (np.arange(180)[:, None] < 90)
    nothing = np.zeros_like(body)
    whole = _joined(parts, upper, nothing, picture)
    assert whole[body].mean() > 0.98
    assert not whole[~widened(body, 2)].any()
    assert not _joined(parts, upper, missing, picture)[missing].any()
