"""Laws of the dust's hue: it is the walls' stone that counts, in the light that falls on them."""

from types import SimpleNamespace

import numpy as np

from derrumbe.render.masonry import masonry

SUN, SKY = np.array([1.0, 0.9, 0.7]), np.array([0.5, 0.55, 0.6])
STONE, SLATE = np.array([0.45, 0.38, 0.28]), np.array([0.2, 0.24, 0.32])


def scene(to_sun):
    wall = SimpleNamespace(width=10.0, height=8.0, normal=(0.0, 0.0, 1.0))
    sun = SimpleNamespace(rgb=tuple(SUN), sky_rgb=tuple(SKY), direction=to_sun)
    return SimpleNamespace(sun=sun, building=SimpleNamespace(facades=(wall,)), facade_rgb=(0.3, 0.3, 0.3))


def hue(rgb):
    return np.asarray(rgb) / np.mean(rgb)


def test_stone_in_shade_and_in_the_sun_is_the_same_stone():
    shown = []
    for to_sun, light in (((0, 0.6, -0.8), SKY), ((0, 0.6, 0.8), SKY + 0.8 * SUN)):
        pixels = np.concatenate([np.tile(STONE * light, (40, 1)), np.tile(SLATE * light, (60, 1))])
        shown.append(np.asarray(masonry(pixels, scene(to_sun))))
    np.testing.assert_allclose(hue(shown[0]), hue(shown[1]), rtol=1e-5)
    np.testing.assert_allclose(hue(shown[0] / (0.5 * SUN + 0.6 * SKY)), hue(STONE), rtol=1e-5)


def test_a_building_of_glass_and_slate_keeps_the_facades_colour():
    assert masonry(np.tile(SLATE * SKY, (50, 1)), scene((0, 0.6, -0.8))) == (0.3, 0.3, 0.3)
    assert masonry(np.zeros((0, 3)), scene((0, 0.6, -0.8))) == (0.3, 0.3, 0.3)
