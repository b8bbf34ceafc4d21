"""A lens that distorts: what it shows bent is straightened before anything is measured, and all of the Set's cameras have it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from derrumbe.core.records import FAR, Camera
from derrumbe.geom.camera import eye, pinhole, pixel_grid, project, rays
from derrumbe.geom.depth import coverage
from derrumbe.geom.lens import filmed
from derrumbe.geom.polygons import densified
from derrumbe.survey.geometry import Geometry, build_geometry
from derrumbe.survey.matchmove.belief import Belief
from derrumbe.survey.matchmove.match import locked
from derrumbe.survey.move import solved_view
from derrumbe.survey.neighbours import Cards, set_depth
from derrumbe.survey.placement import cameras_of
from derrumbe.survey.settings import Bulk, Lens, Settings
from derrumbe.survey.solved_plan import Move
from derrumbe.survey.standing import carried
from tests.survey.filmed import FINER, _bent
from tests.survey.scenes import Scene, angle_between, building

RADIAL = -0.06
CORNER = {"eye": (24.0, 5.0, 26.0), "aim": (2.0, 4.6, -3.0)}


def lensed(camera: Camera) -> Camera:
    return camera.model_copy(update={"distortion": (RADIAL,)})


def bent(picture: np.ndarray, camera: Camera) -> np.ndarray:
    """Return a picture as the films' own lens shows it."""
    large = cv2.resize(picture, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_CUBIC)
    return cv2.resize(_bent(large, camera, RADIAL), picture.shape[1::-1], interpolation=cv2.INTER_AREA)


def test_the_sets_camera_sees_points_where_a_film_with_that_lens_shows_them() -> None:
    camera = building().camera
    world = eye(camera) + rays(camera, np.stack(np.meshgrid(np.linspace(60, 900, 8), np.linspace(60, 580, 6)), -1).reshape(-1, 2)) * 20.0
    straight, _ = project(camera, world)
    away = pixel_grid(camera)[:, :, None] - straight
    dots = np.exp(-0.5 * (away**2).sum(-1) / 9).max(-1).astype(np.float32)
    shown = bent(dots, camera)
    wanted, _ = project(lensed(camera), world)
    assert np.abs(wanted - straight).max() > 7
    for x, y in wanted:
        left, top = int(x) - 12, int(y) - 12
        part = np.maximum(shown[top : top + 25, left : left + 25] - 0.01, 0)
        row, column = np.mgrid[0:25, 0:25]
        centre = np.array([(part * column).sum(), (part * row).sum()]) / part.sum() + (left + 0.5, top + 0.5)
        assert np.abs(centre - (x, y)).max() < 0.05


def surveyed(scene: Scene, terms: tuple[float, ...], outline: np.ndarray) -> Geometry:
    settings = Settings(outline=tuple(map(tuple, outline.tolist())), trigger_frame=1010, building=Bulk(height=9.9))
    return build_geometry(scene.codes, outline, outline, None, settings, Move(scene.camera.focal_px, None, distortion=terms))


def facade_off(found: Geometry, camera: Camera) -> float:
    """Return by how many pixels the main wall's corners lie off those of the truth, 16 x 9.9 m, in `camera`."""
    wall = found.facades[0]
    foot, along, up = np.array(wall.origin), np.array(wall.along) * wall.width, np.array([0, wall.height, 0])
    seen = project(found.camera, np.stack([foot, foot + along, foot + along + up, foot + up]))[0]
    truth = project(camera, np.array([[-8.0, 0, 0], [8, 0, 0], [8, 9.9, 0], [-8, 9.9, 0]]))[0]
    return float(np.linalg.norm(seen - truth, axis=1).max())


def test_geometry_of_a_bent_picture_is_that_of_the_straight_one() -> None:
    straight = building(**CORNER)
    lens = lensed(straight.camera)
    outline = filmed(lens, densified(straight.outline, 8.0))
    scene = Scene(bent(straight.codes, straight.camera), outline, lens, straight.size)
    plain = surveyed(straight, (), straight.outline)
    found = surveyed(scene, (RADIAL,), outline)
    assert found.camera.distortion == (RADIAL,)
    assert plain.camera.distortion == ()
    assert angle_between(found.camera, plain.camera) < 0.15
    assert facade_off(found, lens) < facade_off(plain, straight.camera) + 0.3


def test_a_known_bend_is_taken_out_of_a_locked_picture() -> None:
    straight = building(**CORNER)
    lens = lensed(straight.camera)
    outline = filmed(lens, densified(straight.outline, 8.0))
    codes = bent(straight.codes, straight.camera)
    knobs = Settings(outline=tuple(map(tuple, outline.tolist())), trigger_frame=1010, building=Bulk(height=9.9), camera=Lens(k1=RADIAL))
    found = build_geometry(codes, outline, outline, None, knobs)
    plain = build_geometry(straight.codes, straight.outline, straight.outline, None, knobs.model_copy(update={"camera": Lens()}))
    assert found.camera.distortion == (RADIAL,)
    assert (found.camera.cx, found.camera.cy) == (lens.cx, lens.cy)
    assert angle_between(found.camera, lens) < angle_between(plain.camera, straight.camera) + 0.3
    assert facade_off(found, lens) < facade_off(plain, straight.camera) + 1.0


def test_the_solid_fills_the_outline_as_filmed() -> None:
    straight = building(**CORNER)
    lens = lensed(straight.camera)
    outline = filmed(lens, densified(straight.outline, 8.0))
    found = surveyed(Scene(bent(straight.codes, straight.camera), outline, lens, straight.size), (RADIAL,), outline)
    own = coverage(found.camera, found.vertices, found.triangles) > 0.5
    wanted = np.zeros(own.shape, np.uint8)
    cv2.fillPoly(wanted, [np.round((outline - 0.5) * 16).astype(np.int32)], 1, shift=4)
    rim = cv2.morphologyEx(wanted, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    assert np.mean((own != (wanted > 0))[~rim]) < 1e-4
    assert (own & ~rim).any()


@pytest.mark.parametrize("radial", [RADIAL, 0.0])
def test_every_frames_camera_has_the_lens_that_was_solved(radial: float) -> None:
    found = replace(locked(Belief(900.0, 0.0)), kind="nodal", radial=radial, focal=np.full(3, 900.0), rotation=np.tile(np.eye(3), (3, 1, 1)),
                    translation=np.zeros((3, 3)))  # fmt: skip
    first = building().camera.model_copy(update={"distortion": (radial,) if radial else ()})
    assert {camera.distortion for camera in cameras_of(found, first, 1.0)} == {first.distortion}
    moving = replace(found, kind="moving")
    view = solved_view(moving, 1)
    assert view is not None
    assert view.distortion == first.distortion


def test_ground_and_cards_lie_along_the_lenss_rays() -> None:
    lens = lensed(building().camera)
    nothing = np.zeros((lens.height, lens.width), np.float32)
    cards = Cards(np.full(lens.width, 1e6, np.float32), np.full(lens.width, 1e6, np.float32), np.full(lens.width, 50.0, np.float32))
    depth = set_depth(cards, lens, nothing)
    near = depth < 200
    points = eye(lens) + rays(lens, pixel_grid(lens)) * depth[..., None]
    assert near.mean() > 0.2
    assert points[near][:, 1] == pytest.approx(0, abs=2e-3)
    assert (set_depth(cards, pinhole(lens), nothing) != depth).mean() > 0.1
    assert depth.max() <= FAR


def test_a_standing_thing_is_carried_through_the_lens() -> None:
    first = lensed(building().camera)
    other = lensed(building(eye=(3.0, 1.7, 30.0), aim=(1.0, 5.0, 0.0)).camera)
    towards = eye(first) + np.asarray(first.rotation)[2] * 12.0
    across, up = np.asarray(first.rotation)[0], -np.asarray(first.rotation)[1]
    quad = densified(np.array([[2.0, -3], [5, -3], [5, 2.5], [2, 2.5]]), 0.05)
    board = towards + quad[:, :1] * across + quad[:, 1:] * up

    def shown(camera: Camera) -> np.ndarray:
        mask = np.zeros((camera.height * 4, camera.width * 4), np.uint8)
        cv2.fillPoly(mask, [np.round((project(camera, board)[0] * 4 - 0.5) * 16).astype(np.int32)], 255, shift=4)
        return cv2.resize(mask.astype(np.float32) / 255, (camera.width, camera.height), interpolation=cv2.INTER_AREA)

    found, truth = carried(shown(first), 12.0, first, other), shown(other)
    assert truth.sum() > 1e4
    assert np.abs(found - truth).sum() < 0.01 * truth.sum()
    plain = carried(shown(first), 12.0, pinhole(first), pinhole(other))
    assert np.abs(plain - truth).sum() > 2 * np.abs(found - truth).sum()
