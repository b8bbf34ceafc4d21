"""The map of what shines from all around: it holds what is seen, goes on smoothly, and lights a white surface as the set says."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.core.records import Sun
from derrumbe.geom.camera import pixel_grid, rays
from derrumbe.render.light import illumination, light_at
from derrumbe.render.occlusion import Occluders
from derrumbe.survey.cast import towards
from derrumbe.survey.clear_sky import clear_luminance
from derrumbe.survey.environment import COLUMNS, ROWS, directions, find_environment
from tests.survey.scenes import look

CAMERA = look(700.0, (960, 640), (0.0, 1.7, 30.0), (0.0, 9.0, 0.0), 0.0)


def sun(overcast: bool = False, direction: np.ndarray | None = None) -> Sun:
    way = towards(60.0, 40.0) if direction is None else direction
    return Sun(direction=tuple(way), rgb=(1, 0.9, 0.8), sky_rgb=(0.3, 0.4, 0.6), ground_rgb=(0.1, 0.08, 0.06), overcast=overcast)


def street(kind: Sun) -> tuple[np.ndarray, np.ndarray]:
    ways = rays(CAMERA, pixel_grid(CAMERA)).reshape(-1, 3)
    ways = ways / np.linalg.norm(ways, axis=-1, keepdims=True)
    light = np.exp(clear_luminance(ways, np.asarray(kind.direction)))[:, None] * (0.1, 0.15, 0.25)
    up = ways[:, 1] > 0
    shape = (CAMERA.height, CAMERA.width)
    return np.where(up[:, None], light, 0.2).reshape(*shape, 3).astype(np.float32), up.reshape(shape).astype(np.float32)


@pytest.mark.parametrize("overcast", [False, True])
@pytest.mark.parametrize("seen", [False, True])
def test_white_level_surfaces_show_what_the_set_says(overcast: bool, seen: bool) -> None:
    kind = sun(overcast)
    picture, sky = street(kind)
    around = find_environment(picture, sky if seen else np.zeros_like(sky), CAMERA, kind)
    assert around.shape == (ROWS, COLUMNS, 3)
    assert (around > 0).all()
    lamp = illumination(kind.model_copy(update={"rgb": (0, 0, 0)}), around)
    for normal, wanted in (((0, 1.0, 0), kind.sky_rgb), ((0, -1.0, 0), kind.ground_rgb)):
        found = light_at(lamp, Occluders(), np.zeros((1, 3)), np.array([normal]), np.array([5]), first_ray=0, sky_rays=4096)[0]
        assert found == pytest.approx(wanted, rel=0.03)


def test_a_sky_goes_on_as_it_is_seen_to() -> None:
    """Only a twelfth of the sky is in the picture: the rest is right to a third, but for the glare, which is the sun's."""
    kind = sun()
    around = find_environment(*street(kind), CAMERA, kind)
    ways = directions()
    up = (ways[..., 1] > 0.1) & (ways @ np.asarray(kind.direction) < np.cos(np.radians(35)))
    true = np.exp(clear_luminance(ways[up], np.asarray(kind.direction)))
    ratio = around[up][:, 1] / true
    assert np.percentile(np.abs(np.log(ratio / np.median(ratio))), 90) < np.log(1.35)


def test_the_side_that_the_sun_is_on_lights_a_wall_more() -> None:
    kind = sun(direction=towards(90.0, 30.0))
    lamp = illumination(kind.model_copy(update={"rgb": (0, 0, 0)}), find_environment(*street(kind), CAMERA, kind))
    walls = np.array([[1.0, 0, 0], [-1.0, 0, 0]])
    found = light_at(lamp, Occluders(), np.ones((2, 3)), walls, np.array([5, 5]), first_ray=0, sky_rays=1024)
    assert (found[0] > 1.2 * found[1]).all()
