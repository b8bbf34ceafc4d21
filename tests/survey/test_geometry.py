"""Geometry of buildings of known truth: the camera, the walls, the scale, the solid."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from derrumbe.core.records import Camera
from derrumbe.geom.camera import eye, project, rays
from derrumbe.survey.filters import filled
from derrumbe.survey.geometry import Geometry, build_geometry
from derrumbe.survey.move import sight_cautions
from derrumbe.survey.settings import Bulk, Lens, Settings
from derrumbe.survey.unseen_top import LEAST, TEETH, break_over
from tests.survey.scenes import Scene, angle_between, building, overlap

CORNER = {"eye": (24.0, 5.0, 26.0), "aim": (2.0, 4.6, -3.0)}
FRONTAL = {"eye": (3.0, 1.7, 30.0), "aim": (0.0, 5.0, 0.0)}
TILTED = {"eye": (-9.0, 1.7, 22.0), "aim": (0.0, 7.5, 0.0), "roll": 0.02}


def surveyed(scene: Scene, known_focal: float | None = None, **knobs: float | str) -> Geometry:
    settings = Settings(outline=tuple(map(tuple, scene.outline.tolist())), trigger_frame=1010, building=Bulk(**knobs))
    return build_geometry(scene.codes, scene.outline, scene.outline, known_focal, settings)


def silhouette(camera: Camera, geometry: Geometry, shape: tuple[int, int]) -> np.ndarray:
    pixels, depth = project(camera, geometry.vertices)
    assert (depth > 0).all()
    mask = np.zeros(shape, np.uint8)
    for triangle in geometry.triangles:
        mask |= filled([pixels[triangle]], shape)
    return mask > 0


def edge_counts(triangles: np.ndarray) -> np.ndarray:
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    return np.unique(edges[:, 0].astype(np.int64) * (triangles.max() + 1) + edges[:, 1], return_counts=True)[1]


def test_corner_building_gives_focal_length_and_rotation() -> None:
    scene = building(**CORNER)
    found = surveyed(scene)
    assert found.camera.focal_px == pytest.approx(scene.camera.focal_px, rel=0.04)
    assert angle_between(found.camera, scene.camera) < 0.6


@pytest.mark.parametrize("view", [FRONTAL, TILTED])
def test_one_wall_with_a_known_focal_length_gives_rotation(view: dict) -> None:
    scene = building(**view)
    found = surveyed(scene, known_focal=scene.camera.focal_px)
    assert angle_between(found.camera, scene.camera) < 0.6


def test_focal_knob_is_obeyed() -> None:
    scene = building(**CORNER)
    settings = Settings(outline=tuple(map(tuple, scene.outline.tolist())), trigger_frame=1010, camera=Lens(focal=1111.0))
    assert build_geometry(scene.codes, scene.outline, scene.outline, None, settings).camera.focal_px == pytest.approx(1111.0, rel=1e-3)


@pytest.mark.parametrize("storeys", [2, 3, 5])
def test_storeys_are_counted_and_set_the_scale(storeys: int) -> None:
    scene = building(eye=(4.0, 1.7, 40.0), aim=(0, 6, 0), size=(18.0, 3.3 * storeys, 12.0), storeys=storeys)
    found = surveyed(scene, known_focal=scene.camera.focal_px)
    assert len(found.storey_tops) == storeys
    assert found.storey_tops[-1] == pytest.approx(3.3 * storeys, rel=0.03)
    assert found.facades[0].width == pytest.approx(18.0, rel=0.03)
    assert len(found.facades[0].openings) == 6 * storeys


def test_openings_are_where_they_were_drawn() -> None:
    scene = building(**FRONTAL)
    found = surveyed(scene, known_focal=scene.camera.focal_px)
    bay, storey = 16.0 / 6, 3.3
    lefts = sorted({round(opening.left / bay - 0.28) for opening in found.facades[0].openings})
    assert lefts == [0, 1, 2, 3, 4, 5]
    for opening in found.facades[0].openings:
        assert opening.right - opening.left == pytest.approx(0.44 * bay, abs=0.25)
        assert opening.top - opening.bottom == pytest.approx(0.45 * storey, abs=0.25)
        assert (opening.bottom / storey) % 1 == pytest.approx(0.3, abs=0.07)


def test_height_knob_sets_the_scale() -> None:
    scene = building(**FRONTAL)
    assert surveyed(scene, scene.camera.focal_px, height=40.0).height == pytest.approx(40.0, rel=0.02)


def test_camera_stands_where_it_stood() -> None:
    scene = building(**CORNER)
    found = surveyed(scene, known_focal=scene.camera.focal_px)
    assert np.linalg.norm(eye(found.camera) - eye(scene.camera)) < 0.05 * np.linalg.norm(eye(scene.camera))


def test_corner_building_shows_two_walls_that_meet() -> None:
    found = surveyed(building(**CORNER))
    main, side = found.facades
    assert main.normal == pytest.approx((0, 0, 1))
    assert side.normal == pytest.approx((1, 0, 0))
    assert np.asarray(main.origin) + main.width * np.asarray(main.along) == pytest.approx(np.asarray(side.origin))
    assert main.width == pytest.approx(16.0, rel=0.05)
    assert side.width == pytest.approx(12.0, rel=0.08)


def test_mirrored_corner_has_its_second_wall_on_the_left() -> None:
    x, y, z = CORNER["eye"]
    found = surveyed(building(eye=(-x, y, z), aim=(-2.0, 4.6, -3.0)))
    assert found.facades[1].normal == pytest.approx((-1, 0, 0))


@pytest.mark.parametrize("view", [FRONTAL, TILTED, CORNER, {**CORNER, "gable": 4.0}, {**FRONTAL, "gable": 5.0}])
def test_solid_fills_the_outline_seen_from_the_camera(view: dict) -> None:
    scene = building(**view)
    found = surveyed(scene, known_focal=scene.camera.focal_px)
    wanted = filled([scene.outline], scene.codes.shape[:2]) > 0
    seen = silhouette(found.camera, found, scene.codes.shape[:2])
    assert overlap(seen, wanted) > 0.985
    assert np.count_nonzero(wanted & ~seen) < 0.004 * np.count_nonzero(wanted)


@pytest.mark.parametrize("view", [FRONTAL, {**CORNER, "gable": 4.0}])
def test_solid_is_closed_outward_and_stands_on_the_ground(view: dict) -> None:
    found = surveyed(building(**view))
    assert (edge_counts(found.triangles) == 1).all(), "every edge runs once in each direction"
    a, b, c = (found.vertices[found.triangles[:, i]] for i in range(3))
    assert np.einsum("ij,ij->i", a, np.cross(b, c)).sum() > 0, "outward"
    assert found.vertices[:, 1].min() == pytest.approx(0.0, abs=1e-6)


def test_world_axes_follow_the_main_wall() -> None:
    scene = building(**FRONTAL)
    found = surveyed(scene, known_focal=scene.camera.focal_px)
    ground, depth = project(found.camera, np.array([[0.0, 0, 0], [5.0, 0, 0], [0, 5.0, 0], [0, 0, 5.0]]))
    assert ground[1, 0] > ground[0, 0], "+X runs to the right of frame"
    assert ground[2, 1] < ground[0, 1], "+Y runs up"
    assert depth[3] < depth[0], "+Z comes out of the wall"
    assert eye(found.camera)[1] > 0


def test_a_slender_spire_is_no_deeper_than_it_is_wide() -> None:
    scene = building(**FRONTAL)
    left = scene.outline[:, 0].mean()
    top = scene.outline[:, 1].min()
    # A spire 20 px wide and 80 px high in the middle of the roof.
    index = int(np.argmin(np.abs(scene.outline[:, 1] - top) + (scene.outline[:, 0] > left) * 1e3))
    ring = np.roll(scene.outline, -index, axis=0)
    spire = np.array([[left - 10, top + 1], [left, top - 80], [left + 10, top + 1]])
    after = ring[1][0] > ring[0][0]
    ring = np.concatenate([ring[:1], spire, ring[1:]]) if after else np.concatenate([ring[:1], ring[1:], spire[::-1]])
    settings = Settings(outline=tuple(map(tuple, ring.tolist())), trigger_frame=1010)
    found = build_geometry(scene.codes, ring, ring, scene.camera.focal_px, settings)
    high = found.vertices[found.vertices[:, 1] > found.storey_tops[-1] + 0.5]
    assert len(high) > 0
    assert np.ptp(high[:, 2]) < 1.5


def test_too_few_lines_fall_back_with_a_caution() -> None:
    yy, xx = np.mgrid[0:480, 0:720]
    codes = np.repeat((200 - 90 / (1 + np.exp((300 - yy) / 25)))[..., None], 3, 2).astype(np.uint8)
    codes[(xx - 360) ** 2 / 120**2 + (yy - 240) ** 2 / 110**2 < 1] = 130
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    outline = np.stack([360 + 120 * np.cos(angle), 240 + 110 * np.sin(angle)], 1)
    settings = Settings(outline=tuple(map(tuple, outline.tolist())), trigger_frame=1010)
    found = build_geometry(codes, outline, outline, None, settings)
    assert any("too few straight lines" in caution.what for caution in found.warnings)
    assert 0.6 * 720 < found.camera.focal_px < 2 * 720
    assert abs(np.asarray(found.camera.rotation)[1, 1] + 1) < 0.05, "nearly level"
    assert 2 < found.height < 100


def test_a_building_cut_by_the_frame_goes_on_outside_it() -> None:
    scene = building(eye=(0.0, 1.7, 14.0), aim=(0.0, 4.0, 0.0), size=(40.0, 18.0, 12.0), storeys=5, columns=12)
    found = surveyed(scene, known_focal=scene.camera.focal_px)
    pixels, _ = project(found.camera, found.vertices)
    assert pixels[:, 0].min() < -50
    assert pixels[:, 0].max() > scene.codes.shape[1] + 50
    assert any("runs out of the picture" in caution.what for caution in found.warnings)


@pytest.mark.parametrize("view", [{"eye": (0.0, 1.7, 20.0), "aim": (0.0, 4.0, 0.0)}, {"eye": (26.0, 1.7, 22.0), "aim": (4.0, 5.0, -3.0)}])
def test_above_the_picture_it_ends_level_a_storey_higher_than_is_seen(view: dict) -> None:
    """The upper edge of the picture is no level line on a wall seen at a slant, and not on two walls."""
    scene = building(**view, size=(24.0, 30.0, 12.0), storeys=9, columns=8)
    found = surveyed(scene, known_focal=scene.camera.focal_px, unseen_top="level")
    pixels, _ = project(found.camera, found.vertices)
    faces = found.triangles[(pixels[found.triangles][..., 1] < -5).all(axis=1)]
    normal = np.cross(*(found.vertices[faces[:, k]] - found.vertices[faces[:, 0]] for k in (1, 2)))
    level = np.abs(normal[:, 1]) > 0.5 * np.linalg.norm(normal, axis=1)
    area = np.linalg.norm(normal, axis=1)
    tops = found.vertices[faces[level]][..., 1]
    assert np.average(found.height - tops.mean(axis=1), weights=area[level]) < 0.1
    cut = scene.outline[scene.outline[:, 1] < 1]
    way = rays(found.camera, cut)
    on_main = eye(found.camera) - way * (eye(found.camera)[2] / way[:, 2])[:, None]
    assert found.height > on_main[:, 1].min() + 1.5


@pytest.mark.parametrize("view", [{"eye": (0.0, 1.7, 20.0), "aim": (0.0, 4.0, 0.0)}, {"eye": (26.0, 1.7, 22.0), "aim": (4.0, 5.0, -3.0)}])
def test_above_the_picture_it_is_broken_off_and_what_is_seen_stays(view: dict) -> None:
    scene = building(**view, size=(24.0, 30.0, 12.0), storeys=9, columns=8)
    level, broken = (surveyed(scene, known_focal=scene.camera.focal_px, unseen_top=top) for top in ("level", "broken"))
    shape = scene.codes.shape[:2]
    assert (silhouette(level.camera, level, shape) == silhouette(broken.camera, broken, shape)).mean() > 0.999
    front = broken.vertices[np.abs(broken.vertices[:, 2]) < 0.05]
    tops = [front[np.abs(front[:, 0] - x) < 1.0, 1].max() for x in np.arange(-8.0, 8.1, 2.0)]
    assert np.ptp(tops) > 0.5, "a ruled line has come back"
    storey = level.storey_tops[-1] / len(level.storey_tops)
    assert level.height - 0.8 * storey < min(tops) <= max(tops) < level.height + 0.3 * storey


def test_walls_break_within_a_storey_and_the_same_way_each_time() -> None:
    along = np.linspace(0.0, 200.0, 4001)
    over = break_over(along)
    assert LEAST <= over.min() < over.max() <= LEAST + sum(TEETH)
    assert np.array_equal(over, break_over(along))
    fine = np.abs(np.diff(over)) / np.diff(along)
    assert fine.mean() > 0.05, "smooth"


def test_frames_that_the_building_leaves_are_named() -> None:
    scene = building(**FRONTAL)
    found = surveyed(scene)
    away = cv2.Rodrigues(np.array([0.0, np.radians(90.0), 0.0]))[0]
    turned = away @ np.asarray(found.camera.rotation)
    other = found.camera.model_copy(
        update={"rotation": tuple(map(tuple, turned.tolist())), "translation": tuple(away @ found.camera.translation)}
    )
    (said,) = sight_cautions(found, (found.camera, other, other, found.camera), 1001)
    assert "out of the picture in frames 1002-1003" in said.what
    assert not sight_cautions(found, (found.camera,), 1001)


def test_same_picture_same_geometry() -> None:
    scene = building(**CORNER)
    first, second = surveyed(scene), surveyed(scene)
    assert first.camera == second.camera
    assert np.array_equal(first.vertices, second.vertices)
