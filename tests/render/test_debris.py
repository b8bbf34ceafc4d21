"""Laws of crumbs."""

import numpy as np

from derrumbe.core.records import Sun
from derrumbe.render.debris import GLASS, MIRROR, SKY_RAYS, Crumbs, flash_of, splat
from derrumbe.render.light import illumination, light_at
from derrumbe.render.occlusion import Occluders
from derrumbe.render.raster import Window

BRICK = 0
SKY = Sun(direction=(0, 1, 0), rgb=(0, 0, 0), sky_rgb=(1, 1, 1), ground_rgb=(1, 1, 1), overcast=True, softness_deg=25.0)


def test_no_crumb_beside_a_wall_is_black_by_chance():
    """A wall takes half of what a crumb's rays may meet: some get more of the rest, some less, none nothing."""
    wall = np.array([[-1e3, -1e3, 0.0], [1e3, -1e3, 0.0], [1e3, 1e3, 0.0], [-1e3, 1e3, 0.0]]), np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    count = 2000
    points, normals = np.tile([0.0, 0.0, 1.0], (count, 1)), np.tile([1.0, 0.0, 0.0], (count, 1))
    light = light_at(illumination(SKY), Occluders(wall), points, normals, np.arange(count), first_ray=0, sky_rays=SKY_RAYS, lift=0.15)[:, 0]
    assert 0.4 < light.mean() < 0.7
    assert light.min() > 0.25 * light.mean()


def test_a_shard_of_glass_is_seen_through_and_a_crumb_of_brick_is_not():
    some = Crumbs(np.zeros(1, int), *(np.array([[4.5, 4.5]]),) * 2, np.array([5.0]), np.array([1.0]), np.zeros((1, 3)))
    wall, black = np.full((9, 9), 10.0, np.float32), np.zeros((1, 3), np.float32)
    hidden = [
        splat(Window(0, 0, 9, 9), some, np.array([stuff], np.uint8), black, np.zeros(1), wall, np.zeros(2))[4, 4, 3]
        for stuff in (BRICK, GLASS)
    ]
    assert hidden[0] > 0.9
    assert hidden[1] < 0.3


def test_glass_dazzles_in_the_sun_alone():
    """A pane mirrors a small part of what is before it: of a white sky that is grey, of the sun more than white."""
    bright = SKY.model_copy(update={"rgb": (20.0, 20.0, 20.0), "overcast": False})
    assert flash_of(illumination(SKY)) < 0.3
    assert flash_of(illumination(bright)) > 0.9 * MIRROR
