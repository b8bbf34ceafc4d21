"""How strong the light is: what level ground shows, whatever the façade is painted and whether it stands in the sun."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derrumbe.core.knobs import Light
from derrumbe.core.records import Sun
from derrumbe.survey.light import ALBEDO, DARK_GROUND, GROUND_ALBEDO, LUMA, PAINT, PALE_GROUND, PAVING, SUN_TINT, estimate
from derrumbe.survey.sun_place import SunPlace

FACING = np.array([0.0, 0.0, 1.0])
WALLS, GROUND, SKY = slice(40, 80), slice(80, 120), slice(0, 40)


def street(wall: float, paving: float, paint: float, sky: float, blue: bool = True, place: SunPlace | None = None) -> Sun:
    """Return the light of a street of flat greys; one pixel in forty below the sky is `paint`. place: where the sun stands, if that is known."""
    picture = np.zeros((120, 100, 3), np.float32)
    picture[SKY] = np.array([0.6, 1.0, 1.5] if blue else [1.0, 1.0, 1.0]) * sky
    picture[WALLS], picture[GROUND] = wall, paving
    picture[WALLS, ::40] = paint
    heaven, walls, ground = np.zeros((120, 100), np.float32), np.zeros((120, 100), bool), np.zeros((120, 100), bool)
    heaven[SKY], walls[WALLS, 20:80], ground[GROUND] = 1, True, True
    return estimate(picture, heaven, walls, ground, FACING, "concrete", Light(), *([place] if place else []))


def level(sun: Sun) -> float:
    """Return the luminance of white level ground."""
    return float((np.array(sun.sky_rgb) + np.array(sun.rgb) * max(0.0, sun.direction[1])) @ LUMA)


@given(st.floats(0.05, 1.0), st.floats(0.05, 1.0), st.floats(0.3, 1.0), st.booleans())
def test_white_ground_is_never_brighter_than_the_palest_paint_allows(wall, paving, paint, blue):
    brightest = 1.001 * max(wall, paving, paint)
    assert level(street(wall, paving, paint, 0.5, blue)) <= brightest / PAINT * (1 if blue else 1.25)


@pytest.mark.parametrize("blue", [True, False])
def test_a_facade_in_the_shade_does_not_turn_the_light_off(blue):
    lit, shaded = (level(street(wall, 0.9 * PAVING, 0.7, 0.5, blue)) for wall in (0.4, 0.04))
    assert shaded > 0.3 * lit
    assert shaded > 0.25


@given(st.floats(0.1, 4.0))
def test_light_scales_with_the_picture(gain):
    one, other = street(0.3, 0.2, 0.7, 0.5), street(0.3 * gain, 0.2 * gain, 0.7 * gain, 0.5 * gain)
    assert level(other) == pytest.approx(gain * level(one), rel=1e-4)


@pytest.mark.parametrize("wall", [0.1, 0.15, 0.2, 0.25])
def test_a_facade_in_its_own_shade_tells_the_sky_and_the_ground_tells_the_sun(wall):
    """The sun stands behind the building, and no shadow tells how strong it is: walls show as they do in the plate, and the paler they are beside the
    ground, the weaker the sun."""
    behind = SunPlace(azimuth=330.0, elevation=40.0, spread_deg=40.0)
    sun = street(wall, 0.2, 0.7, 0.5, place=behind)
    assert np.array(sun.direction) @ FACING < 0
    shown = ALBEDO["concrete"] * 0.5 * float((np.array(sun.sky_rgb) + np.array(sun.ground_rgb)) @ LUMA)
    assert shown == pytest.approx(wall, rel=0.25)
    paler = street(1.2 * wall, 0.2, 0.7, 0.5, place=behind)
    assert np.divide(paler.rgb, paler.sky_rgb)[1] <= np.divide(sun.rgb, sun.sky_rgb)[1]


def test_the_sun_is_never_bluer_than_daylight_where_a_shadow_tells_it():
    """Ground that is hardly bluer in the shadow than beside it: the sky is not why, and the sun is not blue to make up for it."""
    picture = np.full((120, 100, 3), 0.2, np.float32)
    picture[SKY] = (0.2, 0.3, 0.5)
    heaven, walls, ground = np.zeros((120, 100), np.float32), np.zeros((120, 100), bool), np.zeros((120, 100), bool)
    heaven[SKY], walls[WALLS], ground[GROUND] = 1, True, True
    cast = SunPlace(azimuth=300.0, elevation=50.0, spread_deg=5.0, shadow=np.array([5.0, 4.9, 4.7]))
    sun = estimate(picture, heaven, walls, ground, FACING, "concrete", Light(), cast)
    red, _, blue = sun.rgb
    assert 1.0 < red / blue < 1.4
    assert sun.sky_rgb[2] / sun.sky_rgb[0] < 1.3


@pytest.mark.parametrize("shadow", [(3.0, 2.6, 2.0), (3.0, 2.2, 2.2), (2.0, 2.5, 2.0)])
@pytest.mark.parametrize("elevation", [12.0, 45.0])
def test_a_sun_told_by_a_shadow_has_a_hue_that_sunlight_has(shadow, elevation):
    """Neither orange at noon, nor pink, nor green, whatever the difference of shade and lit ground leaves."""
    picture = np.full((120, 100, 3), 0.2, np.float32)
    walls, ground = np.zeros((120, 100), bool), np.zeros((120, 100), bool)
    walls[WALLS], ground[GROUND] = True, True
    cast = SunPlace(azimuth=300.0, elevation=elevation, spread_deg=5.0, shadow=np.array(shadow))
    red, green, blue = np.log(estimate(picture, np.zeros((120, 100), np.float32), walls, ground, FACING, "concrete", Light(), cast).rgb)
    assert red - blue <= np.log(SUN_TINT[0] / SUN_TINT[2]) / np.sin(np.radians(elevation)) + 1e-6
    assert green - blue == pytest.approx(np.log(SUN_TINT[1] / SUN_TINT[2]) / np.log(SUN_TINT[0] / SUN_TINT[1]) * (red - green), abs=0.03)


@given(st.floats(5.0, 85.0), st.floats(0.0, 360.0), st.floats(0.3, 1.0))
def test_no_white_wall_in_the_sun_is_brighter_than_the_palest_paint_allows(elevation, azimuth, paint):
    """Walls that face a sun behind the camera are in the picture, and so are those that stand sideways to any other; a low one lights them more than the
    ground."""
    picture = np.full((120, 100, 3), 0.3, np.float32)
    picture[SKY], picture[WALLS, ::40] = (0.3, 0.5, 0.8), paint
    heaven, walls, ground = np.zeros((120, 100), np.float32), np.zeros((120, 100), bool), np.zeros((120, 100), bool)
    heaven[SKY], walls[WALLS, 20:80], ground[GROUND] = 1, True, True
    sun = estimate(picture, heaven, walls, ground, FACING, "concrete", Light(), SunPlace(azimuth, elevation, 5.0))
    across = np.hypot(sun.direction[0], max(0.0, sun.direction[2]))
    white = (np.array(sun.rgb) * across + 0.5 * (np.array(sun.sky_rgb) + np.array(sun.ground_rgb))) @ LUMA
    assert white <= 1.001 * max(paint, 0.3) / PAINT


@pytest.mark.parametrize(("elevation", "most"), [(12.0, 6.0), (30.0, 7.2), (60.0, 7.0)])
def test_however_dark_a_shadow_the_sun_is_no_stronger_than_under_a_clear_sky(elevation, most):
    """Under a car hardly any sky is seen, so its shadow says too much of the sun. IES: 46 klx of sun and 7.9 of sky at 12 degrees, 84 and 11.8 at 30,
    100 and 15.2 at 60."""
    picture = np.full((120, 100, 3), 0.2, np.float32)
    walls, ground = np.zeros((120, 100), bool), np.zeros((120, 100), bool)
    walls[WALLS], ground[GROUND] = True, True
    cast = SunPlace(azimuth=300.0, elevation=elevation, spread_deg=5.0, shadow=np.full(3, 12.0))
    sun = estimate(picture, np.zeros((120, 100), np.float32), walls, ground, FACING, "concrete", Light(), cast)
    assert 0.5 * most < (np.array(sun.rgb) @ LUMA) / (np.array(sun.sky_rgb) @ LUMA) < most


@pytest.mark.parametrize("blue", [True, False])
@given(paving=st.floats(0.06, 0.5))
def test_the_ground_sends_back_what_the_plate_shows_of_it(paving, blue):
    """White gravel lights what stands over it, asphalt hardly does, as long as it is a ground that there is."""
    sun = street(0.3, paving, 0.7, 0.5, blue)
    sent_back = float(np.array(sun.ground_rgb) @ LUMA)
    assert sent_back == pytest.approx(np.clip(paving, DARK_GROUND * level(sun), PALE_GROUND * level(sun)), rel=0.02)


def test_ground_that_is_not_seen_sends_back_as_most_does():
    picture, walls = np.full((120, 100, 3), 0.3, np.float32), np.zeros((120, 100), bool)
    walls[WALLS], picture[SKY] = True, 0.8
    sun = estimate(picture, np.zeros((120, 100), np.float32), walls, np.zeros((120, 100), bool), FACING, "concrete", Light())
    assert float(np.array(sun.ground_rgb) @ LUMA) == pytest.approx(GROUND_ALBEDO * level(sun), rel=0.1)
