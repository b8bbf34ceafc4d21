"""What a wall wears beyond the frame that is handed over is what later frames show of it, storey by storey, in one light."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from derrumbe.core.records import Camera, NoiseModel, Plate
from derrumbe.geom.camera import eye, pixel_grid, project, rays
from derrumbe.geom.depth import mesh_depth
from derrumbe.geom.solids import mesh, upright_prism
from derrumbe.media.exr import write_exr
from derrumbe.survey.filters import widened
from derrumbe.survey.uncovered import Views
from derrumbe.survey.worn import Wear, find_worn, sky_within
from tests.render.scenes import write_plate
from tests.survey.scenes import look

SIZE, FRAMES, BASE, TOP = (240, 160), 7, 1, 24.0
WALL = mesh(upright_prism(np.array([(-20, -4), (20, -4), (20, 0), (-20, 0)], np.float64), 0.0, TOP))
STOREYS = np.array([[0.30, 0.28, 0.26], [0.45, 0.33, 0.14], [0.18, 0.30, 0.32], [0.40, 0.18, 0.14]])
"""Each six metres high, of its own colour, with dark windows of its own width."""


def shown(camera: Camera, gain: float = 1.0) -> np.ndarray:
    """Return the wall before a grey sky (h, w, 3), four rays a pixel."""
    out = np.zeros((camera.height, camera.width, 3))
    for spot in ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)):
        depth = mesh_depth(camera, *WALL, spot)
        points = eye(camera) + rays(camera, pixel_grid(camera, spot)) * np.minimum(depth, 1e4)[..., None]
        storey = np.clip(points[..., 1] // 6, 0, 3).astype(int)
        window = (np.abs(points[..., 0] % 4 - 2) < 0.6 + 0.3 * storey) & (np.abs(points[..., 1] % 6 - 3) < 1.5)
        stripes = 1 + 0.15 * np.sin(2 * np.pi * points[..., 0] / 1.7)
        wall = np.where(window[..., None], 0.06, STOREYS[storey] * stripes[..., None])
        out += 0.25 * np.where((depth < 1e9)[..., None], wall, 0.5)
    return (gain * out).astype(np.float32)


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Views, Path, Wear, Plate]:
    """The camera tilts up and pans right while its exposure rises; a post that stands before the wall has a matte in all frames."""
    folder = tmp_path_factory.mktemp("film")
    cameras = tuple(look(260.0, SIZE, (-2.0, 2.0, 30.0), (-6.0 + 1.6 * i, 4.0 + 2.0 * i, 0.0), 0.0) for i in range(FRAMES))
    for index, camera in enumerate(cameras):
        picture, post = shown(camera, 1 + 0.05 * (index - BASE)), np.zeros(SIZE[::-1], np.float32)
        x = project(camera, np.array([-4.0, 3.0, 14.0]))[0][0]
        post[:, int(np.clip(x - 5, 0, SIZE[0])) : int(np.clip(x + 5, 0, SIZE[0]))] = 1
        picture[post > 0] = (0.02, 0.6, 0.02)
        write_exr(folder / f"plate.{1001 + index}.exr", picture, full=True)
        write_exr(folder / f"front.{1001 + index}.exr", post, ("Y",))
    still = (0.0, 0.0, 0.0)
    noise = NoiseModel(levels=(0.0, 0.5, 1.0), variance_at=(still,) * 3, spatial=((1.0,),), channel=((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    from tests.render.scenes import Shot

    plate = write_plate(folder, cameras[0], Shot(frames=FRAMES)).record.model_copy(update={"noise": noise})
    views = Views(str(folder / "plate.{frame}.exr"), cameras, 1001, folder, WALL, 400.0)
    return views, folder, find_worn(views, plate, folder / "front.{frame}.exr", BASE, 3), plate


def test_the_frame_that_is_handed_over_is_worn_as_it_is(filmed: tuple[Views, Path, Wear, Plate]) -> None:
    views, _, worn, _ = filmed
    camera = views.cameras[BASE]
    left, top = round(worn.camera.cx - camera.cx), round(worn.camera.cy - camera.cy)
    own = (slice(top, top + camera.height), slice(left, left + camera.width))
    kept = np.abs(worn.picture[own] - shown(camera)).max(axis=-1) < 1e-3
    assert kept.mean() > 0.9


def test_upper_storeys_beyond_it_are_what_later_frames_show(filmed: tuple[Views, Path, Wear, Plate]) -> None:
    views, _, worn, _ = filmed
    camera = views.cameras[BASE]
    truth = shown(worn.camera)
    depth = mesh_depth(worn.camera, *WALL)
    high = (eye(worn.camera) + rays(worn.camera, pixel_grid(worn.camera)) * np.minimum(depth, 1e4)[..., None])[..., 1]
    left, top = round(worn.camera.cx - camera.cx), round(worn.camera.cy - camera.cy)
    beyond = worn.shown & (depth < 1e9)
    beyond[top : top + camera.height, left : left + camera.width] = False
    for storey in range(2, 4):
        here = beyond & (high > 6 * storey + 0.3) & (high < 6 * storey + 5.7)
        assert here.sum() > 400
        codes = 255 * np.abs(np.power(worn.picture[here], 1 / 2.2) - np.power(truth[here], 1 / 2.2)).max(axis=-1)
        assert np.median(codes) < 3
        assert np.abs(worn.picture[here].mean(axis=0) / truth[here].mean(axis=0) - 1).max() < 0.04


def test_nothing_that_stands_in_front_is_worn(filmed: tuple[Views, Path, Wear, Plate]) -> None:
    worn = filmed[2]
    green = (worn.picture[..., 1] > 3 * np.maximum(worn.picture[..., 0], 0.03)) & worn.shown & (worn.building > 0.99)
    assert not green.any()


def test_a_camera_that_stands_still_wears_its_own_frame(filmed: tuple[Views, Path, Wear, Plate]) -> None:
    views, _, _, plate = filmed
    still = Views(views.plate, views.cameras[:1] * 3, 1001, views.folder, WALL, views.reach)
    worn = find_worn(still, plate, None, 0, 3)
    assert (worn.camera.width, worn.camera.height) == SIZE
    assert worn.shown.all()


def test_the_sky_under_a_model_that_is_too_wide_is_no_building_and_a_pane_that_mirrors_it_is() -> None:
    sky = np.array([0.25, 0.42, 0.75])
    real, model = (np.zeros((240, 320), np.float32) for _ in range(2))
    real[60:200, 100:220], real[48:60, 130:180] = 1, 1
    model[:200] = widened(real > 0, 3.0)[:200]
    wall = 0.5 * np.random.default_rng(5).uniform(0.8, 1.2, (240, 320, 1)) * np.array([1.0, 0.9, 0.75])
    picture = np.where(real[..., None] > 0, wall, sky).astype(np.float32)
    picture[200:] = 0.1
    picture[80:92, 104:108] = sky
    left = np.minimum(model, 1 - sky_within(picture, model, "sRGB"))
    assert np.abs(left - real)[:200].mean() < 0.005
    assert left[82:90, 105:107].min() > 0.5
