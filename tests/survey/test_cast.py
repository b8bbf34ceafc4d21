"""The sun from the building's shadow on the ground, against drawn shadows of known suns."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from derrumbe.geom.camera import project
from derrumbe.media.colour import from_display
from derrumbe.survey.cast import Caster, towards
from derrumbe.survey.filters import filled, widened
from derrumbe.survey.sun_place import find_sun
from tests.survey.scenes import SKY, Scene, building

DARK = np.array([0.67, 0.65, 0.59])
"""Shares of light that the ground loses in the shadow: the blue sky is left."""


def _box(size: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    width, height, depth = size
    vertices = np.array([[x, y, z] for x in (-width / 2, width / 2) for y in (0, height) for z in (0, -depth)])
    triangles = [
        [0, 1, 3],
        [0, 3, 2],
        [4, 6, 7],
        [4, 7, 5],
        [0, 4, 5],
        [0, 5, 1],
        [2, 3, 7],
        [2, 7, 6],
        [0, 2, 6],
        [0, 6, 4],
        [1, 5, 7],
        [1, 7, 3],
    ]
    return vertices, np.array(triangles)


def _ground(scene: Scene) -> np.ndarray:
    sky = np.all(np.abs(scene.codes.astype(int) - SKY) < 4, axis=-1)
    return ~sky & ~widened(filled([scene.outline], sky.shape) > 0, 3)


def _shadowed(scene: Scene, sun: np.ndarray, seed: int) -> np.ndarray:
    """Return the scene's light with mottled ground and the box's shadow on it."""
    vertices, _ = _box(scene.size)
    cast = vertices - sun * (vertices[:, 1:2] / sun[1])
    hull = cv2.convexHull(cast[:, [0, 2]].astype(np.float32))[:, 0]
    rim = np.concatenate([a + (b - a) * np.linspace(0, 1, 200)[:, None] for a, b in zip(hull, np.roll(hull, -1, axis=0), strict=True)])
    pixels, depth = project(scene.camera, np.stack([rim[:, 0], np.zeros(len(rim)), rim[:, 1]], -1))
    shade = filled([np.clip(pixels[depth > 0.5], -3000, 4000)], scene.codes.shape[:2], smooth=True) / 255.0 * _ground(scene)
    mottle = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 1, shade.shape), (0, 0), 1.5)
    left = 1 - shade[..., None] * DARK
    return (from_display(scene.codes) * left * np.exp(0.25 * mottle)[..., None]).astype(np.float32)


@pytest.mark.parametrize(
    ("eye", "azimuth", "elevation"),
    [((2.0, 1.7, 30.0), 60.0, 35.0), ((2.0, 1.7, 30.0), 230.0, 25.0), ((25.0, 6.0, 30.0), 310.0, 30.0), ((-14.0, 4.0, 26.0), 20.0, 50.0)],
)
def test_a_cast_shadow_tells_the_sun(eye: tuple[float, float, float], azimuth: float, elevation: float) -> None:
    scene = building(eye=eye, aim=(0, 4, 0))
    sun = towards(azimuth, elevation)
    found = find_sun((Caster(_shadowed(scene, sun, 1), _ground(scene), scene.camera, *_box(scene.size), scene.size[1]),), ())
    assert found.shadow is not None
    assert np.degrees(np.arccos(towards(found.azimuth, found.elevation) @ sun)) < 10
    assert found.shadow == pytest.approx(1 / (1 - DARK), rel=0.15)


def test_ground_without_a_shadow_tells_no_sun() -> None:
    scene = building(aim=(0, 4, 0))
    mottle = cv2.GaussianBlur(np.random.default_rng(3).normal(0, 1, scene.codes.shape[:2]), (0, 0), 1.5)
    light = (from_display(scene.codes) * np.exp(0.25 * mottle)[..., None]).astype(np.float32)
    assert find_sun((Caster(light, _ground(scene), scene.camera, *_box(scene.size), scene.size[1]),), ()).shadow is None
