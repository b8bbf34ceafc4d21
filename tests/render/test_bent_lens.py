"""A lens that distorts: everything is drawn in the plate's own pixels, exactly, and nothing is resampled."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from derrumbe.core.records import FAR, Camera
from derrumbe.core.work import Work
from derrumbe.geom.camera import eye, pinhole, pixel_grid, project, rays
from derrumbe.geom.lens import lens_of
from derrumbe.render.dust_holdout import ground
from derrumbe.render.raster import UNDER, Window, bounds, depth_of, projected, visible
from derrumbe.render.run import run
from derrumbe.render.settings import Settings
from derrumbe.render.shadow import enlarged
from derrumbe.render.shutter import offsets

from . import scenes
from .conftest import Rendered, steady

BENT = scenes.CAMERA.model_copy(update={"distortion": (-0.3,)})
"""Pulls the picture's corners in by 5 to 7 pixels."""
WIDE = Window(0, 0, BENT.width, BENT.height)


def bent(folder, shot: scenes.Shot, camera: Camera = BENT) -> Rendered:
    inputs = scenes.stage(folder, shot, camera)
    made = run(Settings(), Work(folder / "render"), inputs.plate, inputs.film_set, inputs.pieces, inputs.motion, inputs.cloud)
    return Rendered(inputs, made, folder / "render")


def soup(count: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Return triangles of all sizes, some out of the picture, some behind the camera."""
    rng = np.random.default_rng(5)
    middle = rng.uniform((-8, -4, -30), (8, 9, 14), (count, 1, 3))
    corners = middle + rng.normal(0, 1, (count, 3, 3)) * rng.choice([0.3, 2, 8], (count, 1, 1))
    return corners.reshape(-1, 3), np.arange(3 * count, dtype=np.int32).reshape(-1, 3)


def traced(
    camera: Camera, vertices: np.ndarray, triangles: np.ndarray, window: Window, offset: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest triangle (h,w) that isn't under the ground, and its depth along the ray of each sample, by brute force."""
    ways = rays(camera, pixel_grid(camera, offset))[window.slices]
    best, hit = np.full(window.shape, np.inf), np.full(window.shape, -1)
    for t, (a, b, c) in enumerate(vertices[triangles]):
        depth = np.array([(corner - eye(camera)) @ np.asarray(camera.rotation[2]) for corner in (a, b, c)])
        if depth.min() <= 0.05:
            continue
        solved = np.linalg.solve(
            np.stack(np.broadcast_arrays(a - b, a - c, ways), -1), np.broadcast_to(a - eye(camera), ways.shape)[..., None]
        )
        u, v, reach = np.moveaxis(solved[..., 0], -1, 0)
        met = (u >= 0) & (v >= 0) & (u + v <= 1) & (reach > 0) & (reach < best)
        met &= eye(camera)[1] + reach * ways[..., 1] > -UNDER
        best, hit = np.where(met, reach, best), np.where(met, t, hit)
    return hit, best


@pytest.mark.parametrize("terms", [(-0.3,), (0.2, -0.1)])
def test_each_sample_sees_what_its_ray_meets(terms: tuple[float, ...]) -> None:
    camera, window = BENT.model_copy(update={"distortion": terms}), Window(20, 10, 180, 130)
    vertices, triangles = soup()
    view = projected(camera, vertices)
    hit = visible(view, triangles, window, (0.375, 0.875), cull=False)
    wanted, _ = traced(camera, vertices, triangles, window, (0.375, 0.875))
    assert (hit >= 0).mean() > 0.2
    assert np.mean(hit != wanted) < 1e-4  # samples exactly on an edge
    middle = visible(view, triangles, window, (0.5, 0.5), cull=False)
    _, depth = traced(camera, vertices, triangles, window, (0.5, 0.5))
    both = (middle >= 0) & np.isfinite(depth)
    assert np.median(np.abs(depth_of(view, triangles, middle, window)[both] / depth[both] - 1)) < 1e-6
    assert np.percentile(np.abs(depth_of(view, triangles, middle, window)[both] / depth[both] - 1), 99.9) < 1e-4


def test_projection_is_that_of_geom_and_windows_hold_it() -> None:
    vertices, _ = soup()
    view = projected(BENT, vertices)
    ahead = view.cam[:, 2] > 0.1
    assert view.pixels[ahead] == pytest.approx(project(BENT, vertices)[0][ahead])
    box = np.array([[-2.0, 0, 0], [2, 0, 0], [2, 6, 0], [-2, 6, 0]])
    edge = np.concatenate([box[k - 1] + (box[k] - box[k - 1]) * np.linspace(0, 1, 50)[:, None] for k in range(4)])
    pixels, window = project(BENT, edge)[0], bounds(projected(BENT, box))
    inside = np.clip(pixels, 0, (BENT.width, BENT.height))
    assert (inside >= (window.x0, window.y0)).all()
    assert (inside <= (window.x1, window.y1)).all()


def test_what_has_not_moved_is_the_plate(tmp_path) -> None:
    shot = bent(tmp_path, scenes.Shot(frames=3, moves={5: steady(2.0, 1.0)}))
    assert shot.guides.untouched is not None
    for name in ("pieces", "removed", "normal", "motion", "id"):
        assert not shot.layer(1001, name).any(), name
    touched = np.zeros((144, 192), bool)
    touched[0:54, 88:192] = True
    for name in ("removed", "id", "pieces"):
        assert not shot.layer(1003, name)[~touched].any(), name


@pytest.mark.parametrize("camera", [BENT, BENT.model_copy(update={"distortion": (0.25, 0.1)}), scenes.CAMERA])
def test_a_block_that_has_moved_ends_where_the_lens_shows_its_edge(tmp_path, camera: Camera) -> None:
    """Its right edge, 1 m further right, is a line in space and a curve in the plate: just the samples before it are covered."""
    shot = bent(tmp_path, scenes.Shot(frames=3, moves={5: steady(1.0, -0.5)}), camera)
    rows = np.arange(17, 37)  # above its torn rim
    covered = 120 + shot.layer(1003, "pieces")[rows, 120:, 3].sum(1)
    x, y = project(camera, np.stack([np.full(999, 3.0), np.linspace(5.5, 3.5, 999), np.zeros(999)], 1))[0].T
    wanted = np.mean([np.ceil(np.interp(rows + down, y, x) - across) for across, down in offsets(4)], 0)
    assert np.abs(covered - wanted).max() < 1e-3
    if camera.distortion:
        assert abs(np.mean(wanted - 156)) > 1


def test_a_block_wears_the_pixels_that_it_left(tmp_path) -> None:
    """A drop of 2 mm leaves the plate's own pattern where it was, out to the picture's edge."""
    shot = bent(tmp_path, scenes.Shot(moves={5: lambda t: ((0.0, -0.002, 0.0), scenes.UPRIGHT)}))
    pieces, plate = shot.layer(1002, "pieces"), scenes.picture(BENT)
    inner = cv2.erode((pieces[..., 3] == 1).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert inner.sum() > 600
    assert np.abs(pieces[inner][:, :3] / plate[inner] - 1).mean() < 0.01


def test_motion_is_in_the_plates_pixels(tmp_path) -> None:
    shot = bent(tmp_path, scenes.Shot(frames=4, moves={5: lambda t: ((4.8 * t, 0.0, 0.0), scenes.UPRIGHT)}))
    motion, solid = shot.layer(1003, "motion"), shot.layer(1003, "depth") < FAR
    y, x = np.nonzero(solid & (shot.layer(1003, "id") > 0))
    pick = (y > 10) & (y < 35)
    pixels = np.stack([x + 0.5, y + 0.5], 1)[pick]
    depth = shot.layer(1003, "depth")[y[pick], x[pick]]
    points = eye(BENT) + rays(BENT, pixels) * depth[:, None]
    goal = project(BENT, points + np.array([4.8 / 24, 0, 0]))[0]
    assert len(pixels) > 300
    assert np.median(np.abs(motion[y[pick], x[pick]] - (goal - pixels))) < 0.01


def test_depth_of_open_ground_follows_the_lens() -> None:
    seen = ground(BENT)
    points = eye(BENT) + rays(BENT, pixel_grid(BENT)) / seen[..., None]
    low = seen > 0.02
    assert low.any()
    assert points[low][:, 1] == pytest.approx(0, abs=1e-4)
    assert np.abs(seen - ground(pinhole(BENT))).max() > 1e-3


def test_a_coarse_layer_is_enlarged_along_the_lenss_rays() -> None:
    """Two planes that meet along a line in space: each pixel takes the light of its own."""
    step, depth = 4, np.full((BENT.height, BENT.width), 12.0, np.float32)
    pixels = pixel_grid(BENT)[step // 2 :: step, step // 2 :: step]
    points = (eye(BENT) + rays(BENT, pixels) * 12.0).astype(np.float32)
    normals = np.zeros_like(points)
    normals[..., 2] = 1
    light = np.repeat(points[..., :1] + 10, 3, -1).astype(np.float32)
    view = np.asarray(BENT.rotation).T
    corner, across, down = view @ (-96 / 240, -72 / 240, 1.0), view[:, 0] / 240, view[:, 1] / 240
    known, weight = np.ones(light.shape[:2], bool), np.ones(light.shape[:2], np.float32)
    stands, building = np.zeros_like(known), np.zeros(depth.shape, bool)
    large = enlarged(
        light, known, stands, weight, points, normals, depth, building, step, 0, eye(BENT), across, down, corner, lens_of(BENT)
    )
    wanted = (eye(BENT) + rays(BENT, pixel_grid(BENT)) * 12.0)[..., 0] + 10
    assert np.abs(large[4:-4, 4:-4, 0] - wanted[4:-4, 4:-4]).max() < 0.02
