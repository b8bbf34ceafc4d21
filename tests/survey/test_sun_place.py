"""The sun from the sky, from unlike walls and from shadows of what passes, against drawn suns."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from derrumbe.core.records import Camera
from derrumbe.geom.camera import eye, pixel_grid, project, rays
from derrumbe.media.exr import read_exr, write_exr
from derrumbe.survey.cast import towards
from derrumbe.survey.clear_sky import clear_luminance, find_clear_sky
from derrumbe.survey.passing_shadows import Looks, passing_casters
from derrumbe.survey.sun_place import SEEN, SUN_OVER_SKY, Face, deepened, faces_cue, find_sun, lit_cue
from tests.survey.scenes import look

BLUE = np.array([0.55, 0.8, 1.3])


def _apart(found, sun: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(towards(found.azimuth, found.elevation) @ sun, -1, 1))))


def _sky(camera: Camera, sun: np.ndarray, tone: float) -> tuple[np.ndarray, np.ndarray]:
    ways = rays(camera, pixel_grid(camera))
    ways = ways / np.linalg.norm(ways, axis=-1, keepdims=True)
    light = np.exp(tone * clear_luminance(ways.reshape(-1, 3), sun)).reshape(ways.shape[:2])
    above = ways[..., 1] > 0
    picture = np.where(above[..., None], 0.2 * light[..., None] * BLUE, 0.1)
    return np.minimum(picture, 1.0).astype(np.float32), above.astype(np.float32)


@pytest.mark.parametrize(("azimuth", "elevation", "tone"), [(330.0, 35.0, 1.0), (60.0, 25.0, 0.8), (160.0, 45.0, 1.0)])
def test_a_clear_sky_tells_the_sun(azimuth: float, elevation: float, tone: float) -> None:
    camera = look(700.0, (960, 640), (0.0, 1.7, 30.0), (0.0, 9.0, 0.0), 0.0)
    sun = towards(azimuth, elevation)
    sky = find_clear_sky(*_sky(camera, sun, tone), camera)
    assert sky is not None
    assert _apart(find_sun((), (sky.evidence,)), sun) < 25


def test_a_white_sky_tells_nothing() -> None:
    camera = look(700.0, (960, 640), (0.0, 1.7, 30.0), (0.0, 9.0, 0.0), 0.0)
    picture, sky = _sky(camera, towards(60.0, 40.0), 1.0)
    assert find_clear_sky(picture.mean(axis=-1, keepdims=True) * np.ones(3, np.float32), sky, camera) is None


def test_nothing_seen_is_a_guess() -> None:
    assert find_sun((), ()).spread_deg > 45


def test_the_brighter_wall_looks_to_the_sun() -> None:
    front, side = Face((0.0, 0.0, 1.0), 0.1), Face((1.0, 0.0, 0.0), 0.5)
    assert find_sun((), (faces_cue((front, side)),)).azimuth == pytest.approx(60.0, abs=45)
    assert find_sun((), (faces_cue((side, front)),)).azimuth == pytest.approx(60.0, abs=45)


@pytest.mark.parametrize(("share", "front"), [(2.0, True), (0.3, False)])
def test_a_lit_facade_has_the_sun_before_it(share: float, front: bool) -> None:
    found = find_sun((), (lit_cue((0.0, 0.0, 1.0), share, None, 0.0),))
    assert (towards(found.azimuth, found.elevation)[2] > 0) == front


def _crossing(folder, sun: np.ndarray | None, shaded: tuple[float, float, float] = (0.3, 0.34, 0.4)) -> Looks:
    """Write three frames of a post of a man that walks over grey ground before a camera, with his shadow when the sun shines: shares of the light there."""
    camera = look(700.0, (640, 400), (0.0, 2.5, 16.0), (0.0, 1.0, 0.0), 0.0)
    rng = np.random.default_rng(2)
    for frame, x in enumerate((-2.5, 0.0, 2.5), 1001):
        quad = np.array([[x - 0.45, 0, 4.0], [x + 0.45, 0, 4.0], [x + 0.45, 1.9, 4.0], [x - 0.45, 1.9, 4.0]])
        mask = _painted(camera, quad)
        shade = np.zeros_like(mask) if sun is None else _painted(camera, quad - sun * (quad[:, 1:] / sun[1])[:, :1])
        ground = 0.3 * np.exp(0.06 * cv2.GaussianBlur(rng.normal(0, 1, mask.shape), (0, 0), 1.0))[..., None] * np.ones(3)
        picture = ground * np.where(shade[..., None] > 0, np.array(shaded), 1.0)
        picture[mask > 0] = 0.12
        write_exr(folder / f"p.{frame}.exr", picture.astype(np.float32))
        write_exr(folder / f"m.{frame}.exr", (mask > 0).astype(np.float32), ("Y",))
    solid = np.array([[0.0, 0, -40], [1, 0, -40], [0, 1, -40.0]]), np.array([[0, 1, 2]])
    return Looks(str(folder / "p.{frame}.exr"), str(folder / "m.{frame}.exr"), (camera,), (1001, 1002, 1003), solid)


def _painted(camera: Camera, world: np.ndarray) -> np.ndarray:
    mask = np.zeros((camera.height, camera.width), np.uint8)
    cv2.fillPoly(mask, [np.round((project(camera, world)[0] - 0.5) * 16).astype(np.int32)], 255, shift=4)
    return mask


@pytest.mark.parametrize(("azimuth", "elevation"), [(110.0, 40.0), (250.0, 30.0), (320.0, 50.0)])
def test_shadows_of_what_passes_tell_the_sun(tmp_path, azimuth: float, elevation: float) -> None:
    sun = towards(azimuth, elevation)
    found = find_sun(passing_casters(_crossing(tmp_path, sun)), ())
    assert found.shadow is not None
    assert _apart(found, sun) < 10


class _Moving:
    """What moves by itself: the posts' own masks, at half the size."""

    def __init__(self, masks: dict[int, np.ndarray]) -> None:
        self.masks = masks

    def at(self, frame: int) -> np.ndarray:
        return self.masks[frame][::2, ::2]


def test_what_moves_casts_its_own_shadow_where_it_touches_what_stands(tmp_path) -> None:
    sun = towards(110.0, 40.0)
    looks = _crossing(tmp_path, sun)
    masks = {}
    for frame in looks.frames:
        alpha = read_exr(looks.matte.format(frame=frame), ("Y",))[..., 0]
        masks[frame] = alpha > 0.5
        row = int(np.flatnonzero(masks[frame].any(axis=1))[0])
        alpha[row : row + 25] = 1.0  # a rail across the picture, behind which the men walk
        write_exr(tmp_path / f"m.{frame}.exr", alpha, ("Y",))
    assert not passing_casters(looks)
    found = find_sun(passing_casters(replace(looks, wanderers=_Moving(masks))), ())
    assert found.shadow is not None
    assert _apart(found, sun) < 10


def test_what_is_darker_and_yellower_by_far_is_no_shadow(tmp_path) -> None:
    """The sky is bluer than the sun: a hedge's dark beside a lawn would make it amber, and all dust with it."""
    sun = towards(110.0, 40.0)
    assert find_sun(passing_casters(_crossing(tmp_path, sun, (0.4, 0.34, 0.26))), ()).shadow is None


def test_what_passes_without_a_shadow_tells_no_sun(tmp_path) -> None:
    casters = passing_casters(_crossing(tmp_path, None))
    assert len(casters) == 3
    assert all(abs(eye(caster.camera)[1] - 2.5) < 1e-9 for caster in casters)
    assert find_sun(casters, ()).shadow is None


@pytest.mark.parametrize("elevation", [12.0, 22.0, 60.0])
def test_shadows_told_by_a_relief_are_deeper_than_they_seem_and_no_deeper_than_a_clear_skys(elevation: float) -> None:
    clear = (1 + SUN_OVER_SKY * np.sin(np.radians(elevation))) / SEEN
    seen = np.array([1.5, 1.45, 1.4])
    found = deepened(seen, elevation)
    assert (found > seen).all()
    assert np.exp(np.log(found).mean()) < clear
    assert np.allclose(found / found[0], seen / seen[0])
    deep = clear * np.array([1.3, 1.2, 1.1])
    assert np.array_equal(deepened(deep, elevation), deep)
