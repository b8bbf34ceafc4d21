"""What moves by itself before a moving camera, and what only seems to: a textured wall, a walker half way, a post that stands."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from derrumbe.core.files import save_arrays
from derrumbe.core.records import Camera
from derrumbe.geom.camera import project, rotation_matrix
from derrumbe.media.exr import write_exr
from derrumbe.survey.ground_shadow import without_shadow
from derrumbe.survey.matting import refined, trimap
from derrumbe.survey.own_motion import Evidence, working_shape
from derrumbe.survey.stillness import Stillness
from derrumbe.survey.wanderers import Wanderers, agreement
from tests.survey.scenes import look

SIZE = (320, 200)
COUNT = 13
FRAMES = range(1001, 1001 + COUNT)


def _cameras() -> list[Camera]:
    return [look(200.0, SIZE, (-2.0 + 0.25 * i, 8.0, 20.0), (-2.0 + 0.25 * i, 8.0, 0.0), 0.0) for i in range(COUNT)]


def _quad(camera: Camera, corners: np.ndarray) -> np.ndarray:
    mask = np.zeros(SIZE[::-1], np.uint8)
    cv2.fillConvexPoly(mask, np.round(project(camera, corners)[0] - 0.5).astype(np.int32), 1)
    return mask > 0


def _upright(x: float, z: float, width: float, height: float) -> np.ndarray:
    return np.array([[x, 6.0, z], [x + width, 6.0, z], [x + width, 6.0 + height, z], [x, 6.0 + height, z]])


def _film(folder: Path, speed: float) -> list[np.ndarray]:
    """Write a film of a wall, a post that stands at 12 m and a walker at 8 m; return where the walker is in each frame."""
    random = np.random.default_rng(3)
    wall = cv2.GaussianBlur(random.uniform(0, 1, (400, 1600, 3)).astype(np.float32), (0, 0), 3)
    wall = np.clip(0.4 + 2.0 * (wall - 0.5), 0.05, 0.95)
    cloth = cv2.resize(random.uniform(0.0, 0.5, (16, 8, 3)).astype(np.float32), (32, 64), interpolation=cv2.INTER_NEAREST)
    corners, places = np.array([[-80.0, 28.0, 0], [80.0, 28.0, 0], [80.0, -12.0, 0], [-80.0, -12.0, 0]]), []
    for index, camera in enumerate(_cameras()):
        where = (project(camera, corners)[0] - 0.5).astype(np.float32)
        turn = cv2.getPerspectiveTransform(np.float32([[0, 0], [1600, 0], [1600, 400], [0, 400]]), where)
        picture = cv2.warpPerspective(wall, turn, SIZE, flags=cv2.INTER_LINEAR)
        picture[_quad(camera, _upright(3.0, 8.0, 0.4, 4.0))] = (0.05, 0.05, 0.05)
        walker = _upright(-2.0 + speed * index, 12.0, 1.5, 3.5)
        own = _quad(camera, walker)
        where = (project(camera, walker[[3, 2, 1, 0]])[0] - 0.5).astype(np.float32)
        turn = cv2.getPerspectiveTransform(np.float32([[0, 0], [32, 0], [32, 64], [0, 64]]), where)
        picture = np.where(own[..., None], cv2.warpPerspective(cloth, turn, SIZE, flags=cv2.INTER_LINEAR), picture)
        write_exr(folder / f"plate.{1001 + index}.exr", picture.astype(np.float32) ** 2.2, full=True)
        places.append(own)
    return places


def _stillness() -> Stillness:
    """Return what a perfect solve of points on the wall and the post says."""
    cameras = _cameras()
    random = np.random.default_rng(5)
    points = np.concatenate([random.uniform((-12, 0, 0), (12, 16, 0.01), (300, 3)), random.uniform((3, 6, 8), (3.4, 10, 8.01), (20, 3))])
    camera, place, near = [], [], []
    for index, view in enumerate(cameras):
        pixels, depth = project(view, points)
        seen = (pixels > 0).all(axis=1) & (pixels[:, 0] < SIZE[0]) & (pixels[:, 1] < SIZE[1])
        camera.append(np.full(np.count_nonzero(seen), index))
        place.append(pixels[seen] - np.array(SIZE) / 2)
        near.append(1 / depth[seen])
    first = cameras[0]
    turns = np.stack([rotation_matrix(view) @ rotation_matrix(first).T for view in cameras])
    shifts = np.stack([np.array(view.translation) - turn @ np.array(first.translation) for view, turn in zip(cameras, turns, strict=True)])
    return Stillness(
        turns, shifts, np.full(COUNT, 200.0), SIZE, np.concatenate(camera), np.concatenate(place), np.concatenate(near), 1.3 / 12, 0.7 / 20
    )


@pytest.mark.parametrize("speed", [0.25, 0.6])
def test_a_walker_is_found_whether_or_not_the_camera_follows_him_and_a_post_is_not(tmp_path: Path, speed: float) -> None:
    truth = _film(tmp_path, speed)
    evidence = Evidence(str(tmp_path / "plate.{frame}.exr"), _stillness(), FRAMES, str(tmp_path / "ev.{frame}.npz"))
    masks = Wanderers(evidence.plate, evidence.out, str(tmp_path / "mask.{frame}.npz"), SIZE)
    for make in (evidence, masks):
        for frame in FRAMES:
            make(frame)
    near = np.ones((9, 9), np.uint8)
    for index in (1, 6, 11):
        found = masks.at(1001 + index)
        assert found.shape == working_shape(SIZE)
        assert np.count_nonzero(found & truth[index]) / np.count_nonzero(found | truth[index]) > (0.8 if index == 6 else 0.7)
        post = _quad(_cameras()[index], _upright(3.0, 8.0, 0.4, 4.0))
        assert not found[post & (cv2.dilate(truth[index].astype(np.uint8), near) == 0)].any()
    fits = [agreement(masks, frame, FRAMES) for frame in FRAMES]
    assert np.median([fit for fit in fits if fit is not None]) > 0.8


def test_a_still_point_moves_along_the_line_from_far_to_near() -> None:
    still = _stillness()
    far, nearer = still.ends(0, 4, SIZE[::-1])
    wall = far + nearer * (1 / 20 - still.furthest) / (still.nearest - still.furthest)
    assert far[100, 160] == pytest.approx((-200 * 0.7 / 20, 0), abs=1e-3)
    assert wall[100, 160] == pytest.approx((-200 / 20, 0), abs=1e-3)
    usual = still.usual(0, SIZE[::-1])[30, 60]
    assert usual == pytest.approx((1 / 20 - still.furthest) / (still.nearest - still.furthest), abs=0.01)


def test_an_arm_that_is_held_out_over_lit_ground_is_no_shadow() -> None:
    codes = np.full((200, 320, 3), 150.0, np.float32)
    body, arm = np.zeros((200, 320), bool), np.zeros((200, 320), bool)
    body[40:150, 140:190], arm[60:72, 100:140] = True, True
    codes[body], codes[arm] = 60, 50
    found = without_shadow(codes, body | arm)
    assert found[arm].mean() > 0.9
    assert found[body].mean() > 0.95


def test_a_shadow_on_the_ground_is_left_out_and_tyres_stay() -> None:
    codes = np.full((200, 320, 3), 150.0, np.float32)
    body, shadow = np.zeros((200, 320), bool), np.zeros((200, 320), bool)
    body[60:120, 80:240] = True
    shadow[126:136, 60:250] = True
    lit = np.zeros_like(body)
    lit[120:126, 90:230] = True
    tyres = np.zeros_like(body)
    tyres[110:137, 100:130], tyres[110:137, 190:220] = True, True
    codes[shadow] = 30
    codes[tyres] = 62
    codes[body] = (120, 60, 60)
    found = without_shadow(codes, body | shadow | lit | tyres)
    assert found[body].mean() > 0.97
    assert found[tyres].mean() > 0.9
    assert found[shadow & ~tyres].mean() < 0.1


def test_shade_beside_a_thing_is_open_to_the_sky_and_left_out_too() -> None:
    codes = np.full((200, 320, 3), 150.0, np.float32)
    body, shade, open_, kerb, tyres = (np.zeros((200, 320), bool) for _ in range(5))
    body[60:120, 100:260] = True
    shade[120:134, 100:260] = True
    open_[126:134, 40:112] = True
    kerb[120:126, 40:100] = True
    tyres[110:134, 112:142], tyres[110:134, 210:240] = True, True
    codes[shade] = 30
    codes[open_] = 100
    codes[tyres] = 62
    codes[body & ~tyres] = (120, 60, 60)
    found = without_shadow(codes, body | shade | open_ | kerb | tyres)
    assert found[body].mean() > 0.97
    assert found[tyres].mean() > 0.8
    assert not found[kerb & (np.arange(320) < 92)].any()
    assert found[open_].mean() < 0.15


def test_tiles_of_a_large_edge_meet_without_a_seam() -> None:
    rows, columns = np.mgrid[0:300, 0:700] + 0.5
    truth = np.clip((150 + 20 * np.sin(columns / 60) - rows) + 0.5, 0, 1).astype(np.float32)
    picture = np.float32([0.2, 0.3, 0.6]) + (np.float32([0.7, 0.5, 0.2]) - np.float32([0.2, 0.3, 0.6])) * truth[..., None]
    alpha = refined(picture.astype(np.float32), *trimap(truth > 0.5, 4.0))
    assert np.abs(alpha - truth).max() < 0.2
    assert np.abs(alpha - truth).mean() < 0.002


def test_an_edge_without_anything_solid_near_is_empty() -> None:
    picture = np.random.default_rng(1).uniform(0, 1, (40, 40, 3)).astype(np.float32)
    open_ = np.zeros((40, 40), bool)
    open_[10:30, 10:30] = True
    assert refined(picture, np.zeros((40, 40), bool), ~open_).max() == pytest.approx(0, abs=1e-6)


def test_what_only_one_side_of_time_calls_moving_is_not_believed_beyond_its_neighbour(tmp_path: Path) -> None:
    """At the shot's end wall that was just uncovered is found in no earlier frame, as if it moved."""
    shape = working_shape(SIZE)
    walker, uncovered = np.zeros(shape, bool), np.zeros(shape, bool)
    walker[80:150, 120:160], uncovered[40:80, 120:160] = True, True
    picture = np.random.default_rng(6).uniform(0.1, 0.6, (SIZE[1], SIZE[0], 3)).astype(np.float32)
    for frame, others in ((1008, (1006, 1010)), (1010, (1002, 1008))):
        write_exr(tmp_path / f"plate.{frame}.exr", picture, full=True)
        moves = walker | (uncovered if frame == 1010 else False)
        flow = np.zeros((2, shape[0] // 4, shape[1] // 4, 2), np.float16)
        save_arrays(tmp_path / f"{frame}.npz", evidence=np.where(moves, 20, -20).astype(np.int8), others=np.array(others), flow=flow)
    for frame in (1002, 1006):
        save_arrays(
            tmp_path / f"{frame}.npz", evidence=np.full(shape, -4, np.int8), others=np.zeros(0, np.int32), flow=np.zeros((0, 1, 1, 2))
        )
    masks = Wanderers(str(tmp_path / "plate.{frame}.exr"), str(tmp_path / "{frame}.npz"), str(tmp_path / "mask.{frame}.npz"), SIZE)
    masks(1010)
    found = masks.at(1010)
    assert found[walker].mean() > 0.95
    assert found[uncovered].mean() < 0.15
