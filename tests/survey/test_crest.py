"""Ground that rises before a building hides its foot: what a climbing camera sees over it is told from a foot that is drawn too high."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from derrumbe.core.records import FAR, Camera, Facade
from derrumbe.geom.camera import pixel_grid, project, rays
from derrumbe.media.colour import from_display
from derrumbe.media.exr import write_exr
from derrumbe.survey.crest import Crest, near, rising_crest
from tests.survey.scenes import look

SIZE, FOCAL, WALL, CREST = (640, 360), 900.0, 180.0, 60.0
"""Pixels, and metres from the camera to wall and crest."""
LOW, HIGH = 4.0, 4.5
"""Metres of the camera over the foot as it is drawn, first and last."""
LAWN, STONE = (110, 125, 60), (200, 190, 170)


def _cameras() -> tuple[Camera, ...]:
    heights = np.linspace(LOW, HIGH, 13)
    return tuple(
        look(FOCAL, SIZE, (float(i % 3), float(high), WALL), (float(i % 2), float(high) + 5, 0.0), 0.0) for i, high in enumerate(heights)
    )


def _picture(camera: Camera, edge: float) -> np.ndarray:
    """Return codes (h, w, 3) of a lawn up to an upright edge at a distance from the wall, and over it a wall that goes on down."""
    grid = pixel_grid(camera)
    way = rays(camera, grid)
    eye = -np.asarray(camera.rotation).T @ np.asarray(camera.translation)
    reach = (edge - eye[2]) / way[..., 2]
    # the first camera sees the edge on the foot
    rise = LOW * edge / WALL
    lawn = eye[1] + reach * way[..., 1] < rise
    at_wall = eye + way * (-eye[2] / way[..., 2])[..., None]
    bays = 20 * np.sin(1.7 * at_wall[..., 0]) * np.sin(2.1 * at_wall[..., 1])
    codes = np.where(lawn[..., None], LAWN, np.add(STONE, bays[..., None]))
    noise = np.random.default_rng(int(1000 * eye[1])).normal(0, 2, codes.shape)
    return np.clip(cv2.GaussianBlur(codes + noise, (0, 0), 0.7), 0, 255).astype(np.uint8)


def _found(folder: Path, edge: float) -> tuple[Crest | None, list[np.ndarray]]:
    cameras = _cameras()
    pictures = [_picture(camera, edge) for camera in cameras]
    for index, codes in enumerate(pictures):
        write_exr(folder / f"plate.{index}.exr", from_display(codes))
    record = SimpleNamespace(picture="plate.{frame}.exr", display="sRGB", frames=SimpleNamespace(first=0, last=len(cameras) - 1))
    plate = SimpleNamespace(record=record, folder=folder, path=lambda name, frame: folder / name.format(frame=frame))
    wall = Facade(origin=(-10.0, 0.0, 0.0), along=(1.0, 0.0, 0.0), normal=(0.0, 0.0, 1.0), width=20.0, height=20.0)
    return rising_crest(plate, SimpleNamespace(facades=(wall,)), cameras), pictures  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def risen(tmp_path_factory: pytest.TempPathFactory) -> tuple[Crest | None, list[np.ndarray]]:
    return _found(tmp_path_factory.mktemp("risen"), WALL - CREST)


def test_what_is_bared_tells_how_far_the_crest_is(risen: tuple[Crest | None, list[np.ndarray]]) -> None:
    crest, _ = risen
    assert crest is not None
    bared = (HIGH - LOW) * (WALL - CREST) / CREST
    assert crest.drop == pytest.approx(bared, abs=0.6)
    assert crest.drop >= bared - 0.1
    assert crest.away == pytest.approx(CREST, rel=0.2)


@pytest.mark.parametrize("index", [0, 6, 12])
def test_lawn_is_before_and_wall_is_not_to_a_pixel(risen: tuple[Crest | None, list[np.ndarray]], index: int) -> None:
    crest, pictures = risen
    assert crest is not None
    lawn = pictures[index][..., 2] < 0.5 * (LAWN[2] + STONE[2])
    off = np.count_nonzero(lawn != crest.below(index), axis=0)
    assert np.percentile(off, 90) <= 1.5
    alpha = crest.at(index, pictures[index].astype(np.float32) / 255)
    assert set(np.unique(crest.depth(index, alpha))) <= {np.float32(crest.away), np.float32(FAR)}
    assert alpha[lawn].mean() > 0.97
    assert alpha[~lawn].mean() < 0.03


def test_ground_that_ends_at_the_foot_is_no_crest(tmp_path: Path) -> None:
    assert _found(tmp_path, 0.0)[0] is None


def test_only_the_foot_is_lowered(risen: tuple[Crest | None, list[np.ndarray]]) -> None:
    crest, _ = risen
    assert crest is not None
    foot = project(crest.cameras[0], crest.foot)[0]
    drawn = np.array([foot[0] - (0, 90), foot[1] - (0, 90), foot[1], foot[0]])
    lowered = crest.lowered(drawn)
    assert np.array_equal(lowered[:2], drawn[:2])
    assert lowered[2:, 1] - drawn[2:, 1] == pytest.approx(crest.drop * FOCAL / WALL, rel=0.02)


def test_ground_away_from_the_building_stays_ground() -> None:
    region = np.zeros((90, 160), bool)
    region[30:60, 60:90] = True
    kept = near(np.ones((90, 160)), region)
    assert kept[59, 75] == 1
    assert kept[75, 75] == 0
    assert kept[59, 20] == 0
