"""What the building hides is taken from frames that see it, in the first frame's light, and never from the building itself."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from derrumbe.core.files import save_arrays
from derrumbe.core.records import Camera
from derrumbe.geom.camera import eye, pixel_grid, rays
from derrumbe.geom.depth import mesh_depth, plane_depth
from derrumbe.geom.solids import mesh, upright_prism
from derrumbe.media.colour import from_display
from derrumbe.media.exr import write_exr
from derrumbe.survey.exposure import exposure
from derrumbe.survey.filters import around
from derrumbe.survey.matting import display_like
from derrumbe.survey.uncovered import Views, agreed, strays, uncovered
from tests.survey.scenes import look

SIZE, FRAMES = (320, 200), 7
BOX = mesh(upright_prism(np.array([(-3, -3), (3, -3), (3, 3), (-3, 3)], np.float64), 0.0, 6.0))


def ground_seen(camera: Camera, seed: int = 5) -> np.ndarray:
    """Return (h, w, 3) uint8 of a spotted level ground."""
    spots = cv2.GaussianBlur(np.random.default_rng(seed).uniform(0, 255, (400, 400, 3)).astype(np.float32), (0, 0), 2.0)
    spots = np.clip(128 + 4 * (spots - 128), 20, 235).astype(np.float32)
    points = eye(camera) + rays(camera, pixel_grid(camera)) * plane_depth(camera)[..., None].astype(np.float64)
    places = ((points[..., [0, 2]] + 100.0) * 2.0).astype(np.float32)
    return cv2.remap(spots, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT).astype(np.uint8)


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Views, list[np.ndarray], list[np.ndarray]]:
    """A red box on spotted ground, filmed from a drone that flies past; exposure rises by a third. Views, frames, and frames without box."""
    folder: Path = tmp_path_factory.mktemp("film")
    cameras = tuple(look(300.0, SIZE, (-14.0 + 28.0 * i / (FRAMES - 1), 22.0, 26.0), (0.0, 1.0, 0.0), 0.0) for i in range(FRAMES))
    frames, bare = [], []
    for index, camera in enumerate(cameras):
        light = from_display(ground_seen(camera))
        own = mesh_depth(camera, *BOX) < 1e9
        shown = np.where(own[..., None], np.array([0.5, 0.05, 0.03], np.float32), light) * np.float32(1 + index / 18)
        write_exr(folder / f"plate.{1001 + index}.exr", shown.astype(np.float32))
        frames.append(shown.astype(np.float32))
        bare.append(light)
    far = 400.0
    corners = np.array([[-far, 0, -far], [far, 0, -far], [far, 0, far], [-far, 0, far]])
    save_arrays(folder / "proxies.npz", vertices=corners, triangles=np.array([[0, 2, 1], [0, 3, 2]], np.int32), kind=np.zeros(2, np.uint8))
    return Views(str(folder / "plate.{frame}.exr"), cameras, 1001, folder, BOX, far), frames, bare


def test_hidden_ground_is_taken_from_frames_that_see_it(filmed: tuple[Views, list[np.ndarray], list[np.ndarray]]) -> None:
    views, frames, bare = filmed
    hole = cv2.dilate((mesh_depth(views.cameras[0], *BOX) < 1e9).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    out, known = uncovered(views, frames[0], hole, 2.0)
    assert known.sum() > 0.3 * hole.sum()
    assert not (known & ~hole).any()
    assert np.array_equal(out[~known], frames[0][~known])
    miss = np.abs(display_like(out[known]) - display_like(bare[0][known])).max(axis=-1)
    assert np.median(miss) < 0.03
    # Nothing of the red box is taken for what it hides.
    red = (out[..., 0] > 4 * out[..., 2]) & (out[..., 0] > 4 * out[..., 1])
    assert np.count_nonzero(red & known) < 0.01 * known.sum()


def test_a_camera_that_stands_still_sees_nothing_more(filmed: tuple[Views, list[np.ndarray], list[np.ndarray]]) -> None:
    views, frames, _ = filmed
    still = Views(views.plate, views.cameras[:1] * 3, 1001, views.folder, BOX, views.reach)
    hole = mesh_depth(views.cameras[0], *BOX) < 1e9
    out, known = uncovered(still, frames[0], hole, 2.0)
    assert not known.any()
    assert np.array_equal(out, frames[0])


def test_exposure_is_measured() -> None:
    picture = np.random.default_rng(1).uniform(0.05, 0.8, (40, 40, 3)).astype(np.float32)
    gain = np.array([1.2, 1.0, 0.9], np.float32)
    assert exposure(picture * gain, picture, np.ones((40, 40), bool)) == pytest.approx(gain, rel=1e-4)
    assert exposure(picture * gain, picture, np.zeros((40, 40), bool)) == pytest.approx(np.ones(3))


@pytest.mark.parametrize("corner", [(0, 0), (SIZE[1] - 1, SIZE[0] - 1)])
def test_surroundings_of_a_hole_end_with_the_picture(corner: tuple[int, int]) -> None:
    hole = np.zeros(SIZE[::-1], bool)
    hole[corner] = True
    box = around(hole, 7)
    assert hole[box].shape == (8, 8) == tuple(part.stop - part.start for part in box)


def test_of_frames_that_differ_the_one_nearest_to_the_median_is_taken() -> None:
    rng = np.random.default_rng(8)
    stack = rng.uniform(0.2, 0.3, (7, 40, 50, 3)).astype(np.float32)
    stack[2] += 0.5
    stack[rng.random(stack.shape[:3]) < 0.3] = np.nan
    best, sure = agreed(stack)
    with np.errstate(all="ignore"):
        shown = display_like(stack)
        off = np.abs(shown - np.nanmedian(shown, axis=0)).max(axis=-1)
    seen = np.isfinite(stack[..., 0]).sum(axis=0)
    told = seen > 0
    nearest = np.take_along_axis(stack, np.nan_to_num(off, nan=9).argmin(axis=0)[None, ..., None], axis=0)[0]
    assert np.array_equal(best[told], nearest[told])
    assert not sure[seen < 2].any()
    assert np.allclose(strays(stack, best, 1.0)[told], np.nanmedian(np.abs(stack - best).max(axis=-1), axis=0)[told])
    assert (strays(stack, best, 1.0)[~told] == 1).all()
