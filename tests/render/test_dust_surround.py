"""Light that dust takes from all around: even light, light that is turned, and where it comes from."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derrumbe.render import dust_surround
from derrumbe.render.dust_depths import depths
from derrumbe.render.dust_light import light_volume
from derrumbe.render.dust_noise import halved
from derrumbe.render.dust_source import sources
from derrumbe.render.dust_surround import LOWER, UPPER, light_from, part_of, shaded_ground, wandered, ways
from derrumbe.survey.environment import directions
from tests.render import dust_slab

SHARE = np.repeat([0.5 / UPPER, 0.5 / LOWER], [UPPER, LOWER])
NIGHT = dust_slab.FURNACE.model_copy(update={"sky_rgb": (0.0, 0.0, 0.0), "ground_rgb": (0.0, 0.0, 0.0)})


def ball(around, albedo=0.97, turns=0):
    """A ball of dust beside a smaller one, lit by a map, turned by quarters about the vertical."""
    where = np.stack(np.meshgrid(*[np.arange(24) + 0.5] * 3, indexing="ij"), -1)
    cloud = np.zeros((24, 24, 24))
    for centre, radius in (((10, 12, 12), 7), ((18, 6, 9), 4)):
        cloud[np.linalg.norm(where - centre, axis=-1) < radius] = 0.8
    cloud = np.ascontiguousarray(np.rot90(cloud, turns, (0, 2)))
    record = dust_slab.record(cloud.shape)
    return light_volume(dust_slab.volume(cloud), record, NIGHT, np.full(3, albedo), 1.0, bite=0.0, fine=False, around=around)


def one_bright_side(bright=1.0, dim=0.1):
    """Bright all over the sky's half towards +X, dim elsewhere."""
    return np.where((directions()[..., :1] > 0) & (directions()[..., 1:2] > 0), bright, dim) * np.ones(3)


def test_each_part_holds_its_own_middle():
    np.testing.assert_array_equal(part_of(ways()), np.arange(UPPER + LOWER))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([(2, 1), (16, 32), (32, 64)]))
def test_parts_keep_all_the_light_of_a_map(seed, shape):
    around = np.random.default_rng(seed).random((*shape, 3))
    edges = np.sin(np.linspace(np.pi / 2, -np.pi / 2, shape[0] + 1))
    area = (edges[:-1] - edges[1:])[:, None, None] / 2 / shape[1]
    np.testing.assert_allclose(SHARE @ light_from(around), (area * around).sum((0, 1)), rtol=0.02)


def test_even_sky_over_even_ground_is_the_same_as_no_map():
    sky, ground = np.array(dust_slab.DAY.sky_rgb), np.array(dust_slab.DAY.ground_rgb)
    around = np.where(directions()[..., 1:2] > 0, sky, ground)
    np.testing.assert_allclose(light_from(around), light_from(np.stack([sky, ground])[:, None]), rtol=1e-12)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_scene_that_is_turned_is_lit_the_same(turns):
    around = one_bright_side() * np.array([1.0, 0.8, 0.6])
    # a quarter turn of the cells takes +X to -Z, half of the map's columns from +Z away
    turned = np.roll(around, turns * around.shape[1] // 4, 1)
    plain, other = ball(around).around.light, ball(turned, turns=turns).around.light
    np.testing.assert_allclose(np.rot90(plain, turns, (0, 2)), other, rtol=1e-4, atol=1e-5)


def test_the_side_towards_the_bright_sky_is_brighter_and_the_underside_takes_the_ground():
    lit = ball(one_bright_side()).around.light[..., 0]
    assert lit[8, 6, 6] > 1.5 * lit[2, 6, 6]
    below = np.where(directions()[..., 1:2] < 0, 1.0, 0.0) * np.array([1.0, 0.5, 0.25])
    under = ball(below).around.light
    assert under[5, 3, 6, 0] > 1.8 * under[5, 8, 6, 0]
    assert under[5, 3, 6, 0] > 1.9 * under[5, 3, 6, 1] > 3.5 * under[5, 3, 6, 2]


@pytest.mark.parametrize("albedo", [0.5, 0.9, 0.97])
def test_more_light_from_anywhere_never_takes_light_away(albedo):
    """Light adds up: half of the surroundings and the other half are both together."""
    first, second = (ball(one_bright_side(*pair), albedo).around.light[..., :3] for pair in ((1.0, 0.0), (0.0, 1.0)))
    both = ball(np.ones((32, 64, 3)), albedo).around.light[..., :3]
    np.testing.assert_allclose(first + second, both, atol=1e-5)


def test_thin_white_dust_vanishes_in_even_light():
    """A furnace: what a thin veil scatters to the eye is what it keeps from it."""
    lit = dust_slab.slab(1e-4, dust_slab.FURNACE, albedo=1.0)
    light = sources(lit, np.array([16.0, 12.0, 90.0]))[4:-4, 4:-4, 2:-2, :3]
    np.testing.assert_allclose(light, 1, atol=0.02)


def test_thin_and_thick_dust_have_one_colour():
    """Colour goes over from one scattering to many as dust gets thicker, without a step and never past the two."""
    albedo = np.array([0.97, 0.95, 0.92])
    shape = (32, 24, 12)
    reds = []
    for thick in (1e-3, 0.1, 0.3, 1.0, 3.0, 10.0):
        cloud = dust_slab.volume(np.full(shape, thick / 2.0))
        lit = light_volume(cloud, dust_slab.record(shape), dust_slab.FURNACE, albedo, 1.0, bite=0.0)
        light = sources(lit, np.array([16.0, 12.0, 90.0]))[16, 12, 10]
        reds.append(light[0] / light[2])
    steps = np.diff(np.log(reds))
    assert (steps > -0.01).all()
    assert steps.max() < 0.12
    assert reds[0] == pytest.approx(albedo[0] / albedo[2], rel=0.03)


def test_dust_with_a_brighter_sky_before_it_casts_the_darker_shade():
    from derrumbe.render.dust_light import sky_transmittance

    lit = ball(one_bright_side())
    beside = lit.origin + 0.5 * np.array([[-2.0, 3.0, 12.0]])
    towards = sky_transmittance(lit, beside, np.array([[0.0, 1.0, 0.0]]))
    even = sky_transmittance(replace(lit, shine=np.ones_like(lit.shine)), beside, np.array([[0.0, 1.0, 0.0]]))
    assert towards < even - 0.01


def test_shade_beside_lit_dust_is_lit_by_it_and_no_dust_by_more_than_the_sun():
    """A hard shadow on even dust goes over softly for light that is scattered often, and keeps its mean."""
    passed = np.zeros((24, 8, 8), np.float32)
    passed[12:] = 1
    soft = wandered(passed, np.ones_like(passed))
    across = soft[:, 4, 4]
    assert (np.diff(across) >= 0).all()
    assert 0.2 < across[11] < 0.5 < across[12] < 0.8
    assert across[0] < 0.01
    assert across[-1] > 0.99
    assert soft.mean() == pytest.approx(0.5, abs=1e-3)
    lone = np.where(np.arange(24)[:, None, None] < 12, 1.0, 1e-9).astype(np.float32) * np.ones_like(passed)
    assert wandered(passed, lone)[:10].max() < 0.01, "clear air in the sun lights no dust"


def test_light_that_strays_in_dust_is_more_even(monkeypatch):
    """Between two balls of dust under an even sky: light that is scattered often comes from the dust around, so less differs from place to place."""
    light = []
    for strays, regained in ((1e-3, 1.0), (dust_surround.STRAYS, dust_surround.REGAINED)):
        monkeypatch.setattr(dust_surround, "STRAYS", strays)
        monkeypatch.setattr(dust_surround, "REGAINED", regained)
        lit = ball(np.where(directions()[..., 1:2] > 0, 1.0, 0.2) * np.ones(3))
        light.append(lit.around.light[halved(lit.fine) > 0.4, 1])
    straight, strayed = light
    assert strayed.std() / strayed.mean() < 0.95 * straight.std() / straight.mean()


@given(st.floats(0.0, 1.0))
def test_ground_in_the_shade_of_a_wall_keeps_the_skys_share(sunny):
    """Behind a wall of cells, seen from the sun, the ground sends back what the sky gives it; beside it all."""
    solid = np.zeros((40, 12, 40), np.float32)
    solid[:, :8, 18:20] = 9.0
    way = np.array([0.0, 0.6, -0.8])
    left = shaded_ground(depths(solid, way), solid.shape, sunny)[20]
    assert left[24] == pytest.approx(1 - sunny, abs=0.02)
    assert left[[4, 36]] == pytest.approx(1, abs=0.02)


def test_dust_before_a_wall_is_lit_by_the_sunlit_ground_ahead_and_less_by_the_shade_at_its_foot():
    """The sun behind the wall; the dust just before it. Only the sun's side differs: no light of the sun's own gets to the dust in either."""
    lit = []
    for rgb in ((0.0,) * 3, (1.0,) * 3):
        sun = NIGHT.model_copy(update={"rgb": rgb, "sky_rgb": (0.2,) * 3, "ground_rgb": (0.3,) * 3, "direction": (0.0, 0.6, -0.8)})
        cloud = np.zeros((48, 40, 96))
        cloud[16:32, 2:30, 44:50] = 0.1
        volume, record = dust_slab.volume(cloud), dust_slab.record(cloud.shape)
        volume.solid[:, :16, 18:20] = 1.0
        lit.append(light_volume(volume, record, sun, np.full(3, 0.95), 1.0, bite=0.0, fine=False).around.light[12, :, 23, 0])
    left = lit[1] / lit[0]
    assert left[2] < left[13] < 1.0


def test_dust_beside_a_wall_sees_all_that_is_on_its_own_side():
    """The wall fills a third of the cells that the dust is in, and light comes from the side where the wall is not."""
    lit = []
    for share in (0.0, 0.35):
        cloud = np.zeros((48, 40, 96))
        cloud[16:32, 2:30, 40:42] = 0.02
        volume, record = dust_slab.volume(cloud), dust_slab.record(cloud.shape)
        volume.solid[:, :, 20] = share
        around = np.where(directions()[..., 2:] > 0.2, 1.0, 0.0) * np.where(directions()[..., 1:2] > 0, 1.0, 0.0) * np.ones(3)
        lit.append(
            light_volume(volume, record, NIGHT, np.full(3, 0.95), 1.0, bite=0.0, fine=False, around=around).around.light[12, 6, 20, 0]
        )
    assert lit[1] > 0.6 * lit[0]
