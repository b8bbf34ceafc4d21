"""How much dust lets through, and what colour it is."""

import numpy as np
import pytest

from derrumbe.core.records import Located
from derrumbe.media.volumes import write_volume
from derrumbe.render.dust_light import (
    RUST,
    light_cloud,
    powder,
    reflectance,
    reflectances,
    sky_transmittance,
    sun_transmittance,
)
from derrumbe.render.dust_scattering import MEAN_COSINE, albedo_of, reflectance_of
from tests.render import dust_slab


def around(count=400):
    return np.random.default_rng(1).uniform((-14, -1, -18), (14, 16, 8), (count, 3))


def up(count):
    return np.tile(np.array([0.0, 1.0, 0.0]), (count, 1))


@pytest.mark.parametrize("through", [sun_transmittance, sky_transmittance])
def test_transmittance_is_a_share(through):
    share = through(dust_slab.lumps(), around(), up(400))
    assert share.min() >= 0
    assert share.max() <= 1
    assert share.min() < 0.5 < share.max()


def test_more_density_lets_less_through():
    thin, thick = (sun_transmittance(dust_slab.lumps(density=d), around(), up(400)) for d in (0.5, 2.0))
    assert (thick <= thin + 1e-6).all()
    assert thick.sum() < thin.sum()


def test_the_sun_through_even_dust_is_beer_lambert_less_what_goes_forward():
    lit = dust_slab.slab(0.3)
    below = np.array([[0.0, 2.0, -3.0]])
    length = min(10.0 / 0.64, 3.0 / 0.6, 8.0 / 0.48)
    assert sun_transmittance(lit, below, up(1))[0] == pytest.approx(np.exp(-(1 - MEAN_COSINE) * 0.3 * length), rel=0.05)


def test_air_above_the_dust_is_clear_and_ground_beyond_its_shadow_too():
    lit = dust_slab.lumps()
    assert sun_transmittance(lit, np.array([[0.0, 30.0, -8.0], [60.0, 0.0, 40.0]]), up(2)) == pytest.approx(1)
    assert sky_transmittance(lit, np.array([[0.0, 30.0, -8.0]]), up(1))[0] == pytest.approx(1)


def test_clear_air_gives_no_cloud(tmp_path):
    half = (4, 4, 4)
    write_volume(
        tmp_path / "dust" / "dust.1.npz", np.zeros((8, 8, 8), np.float32), ride=np.zeros((2, 3, *half)), ride_offset=np.zeros((2, 3)),
        ride_weight=np.zeros(2), solid=np.zeros(half),
    )  # fmt: skip
    cloud = Located(dust_slab.record((8, 8, 8)), tmp_path)
    assert light_cloud(cloud, 1, dust_slab.DAY, color="auto", density=1.0, facade_rgb=(0.3, 0.2, 0.1)) is None


def test_auto_leans_to_the_facade_and_a_colour_is_taken_at_its_word():
    red, grey = (reflectance("auto", rgb, dust_slab.DAY) for rgb in ((0.3, 0.12, 0.08), (0.2, 0.2, 0.2)))
    assert red[0] / red[2] > 1.12 * grey[0] / grey[2]
    assert grey.max() - grey.min() < 0.08
    np.testing.assert_allclose(reflectance("#808080", (1, 0, 0), dust_slab.DAY), 0.216, atol=0.01)


def test_dust_is_never_green_or_blue_by_itself():
    for facade in ((0.1, 0.2, 0.1), (0.1, 0.12, 0.2), (0.2, 0.2, 0.05), (0.3, 0.1, 0.1)):
        red, green, blue = reflectance("auto", facade, dust_slab.DAY)
        assert red >= green >= blue
        assert red < 1.5 * blue


def test_dust_is_never_pink():
    for facade in ((0.3, 0.2, 0.2), (0.4, 0.3, 0.31), (0.3, 0.12, 0.1)):
        red, green, blue = np.log(reflectance("auto", facade, dust_slab.DAY))
        assert green - blue > 0.7 * RUST * (red - green)


def test_dust_is_paler_than_its_rock_and_grains_are_not():
    for facade in ((0.1, 0.09, 0.08), (0.3, 0.25, 0.2), (0.6, 0.58, 0.5)):
        fine, grains = reflectances("auto", facade, dust_slab.DAY)
        assert (grains < 0.7 * fine).all()
        # the same hue, less of it
        assert grains[0] / grains[2] >= fine[0] / fine[2] >= 1
    stone = np.array([0.1, 0.3, 0.6, 0.9])
    assert (powder(stone) > stone).all()
    assert (np.diff(powder(stone)) > 0).all()


def test_a_dark_facade_gives_darker_dust():
    dark, pale = (reflectance("auto", (level,) * 3, dust_slab.DAY).mean() for level in (0.08, 0.5))
    assert dark < 0.85 * pale


def test_a_wall_that_faces_the_cloud_loses_more_of_its_sky_than_one_that_turns_its_back():
    lit = dust_slab.lumps()
    beside = np.array([[0.0, 3.0, 3.0]])
    towards, away = (sky_transmittance(lit, beside, np.array([[0.0, 0.0, side]]))[0] for side in (-1.0, 1.0))
    ground = sky_transmittance(lit, beside, up(1))[0]
    assert towards < ground < away
    assert towards < 0.8


def test_brighter_dust_scatters_more_of_each_ray():
    albedo = albedo_of(np.array([0.05, 0.2, 0.5, 0.8, 0.9]))
    assert (np.diff(albedo) > 0).all()
    assert albedo[0] > 0
    assert albedo[-1] < 1


def test_albedo_and_reflectance_undo_each_other():
    reflects = np.array([0.2, 0.5, 0.62, 0.8])
    np.testing.assert_allclose(reflectance_of(albedo_of(reflects)), reflects, rtol=0.03)


def test_solids_shade_the_dust_behind_them():
    shape = (32, 24, 12)
    cloud = dust_slab.volume(np.full(shape, 0.01))
    cloud.solid[4:12, 4:8, 3:5] = 1
    from derrumbe.render.dust_light import light_volume

    lit = light_volume(cloud, dust_slab.record(shape), dust_slab.DAY, np.full(3, 0.9), 1.0, bite=0.0)
    free = lit.around.light[..., 3]
    assert free[0, 11, 5] == pytest.approx(1)
    assert free[8, 5, 2] < 0.2


def test_dust_close_to_the_camera_does_not_come_and_go_with_billows():
    """What one set of riding billows makes rich and the next one poor stays as it is near the eye, and its mean is the grid's; afar it has billows."""
    from dataclasses import replace

    from derrumbe.render.dust_light import light_volume

    shape = (64, 24, 24)
    record = dust_slab.record(shape)
    eye = np.array(record.origin) + record.voxel * np.array([4, 12, 12])
    cloud = replace(dust_slab.volume(np.full(shape, 0.05)), ride_offset=np.array([[0, 0, 0], [7, 3, 5]], np.float32))
    first, second, plain = (
        light_volume(
            replace(cloud, ride_weight=np.array(weight, np.float32)),
            record,
            dust_slab.DAY,
            np.full(3, 0.9),
            1.0,
            bite=bite,
            fine=False,
            eye=eye,
        )
        for weight, bite in (((1, 0), 0.85), ((0, 1), 0.85), ((1, 0), 0.0))
    )
    near, far = (slice(2, 7), slice(10, 14), slice(10, 14)), (slice(30, 60),)
    np.testing.assert_allclose(first.fine[near], second.fine[near], rtol=0.02)
    np.testing.assert_allclose(first.fine[near].mean(), plain.fine[near].mean(), rtol=0.05)
    assert np.abs(first.fine[far] - second.fine[far]).mean() > 0.2 * plain.fine[far].mean()


def test_what_stands_above_a_cloud_shades_it():
    """Solids need not lie in the dust's own crop."""
    from dataclasses import replace

    from derrumbe.render.dust_light import light_volume

    shape = (32, 8, 12)
    cloud = dust_slab.volume(np.full(shape, 0.01))
    roof = np.zeros((16, 20, 6), np.float32)
    roof[:, 5:9] = 1
    record = dust_slab.record(shape)
    open_, roofed = (
        light_volume(replace(cloud, solid=solid, solid_start=(0, 0, 0)), record, dust_slab.DAY, np.full(3, 0.9), 1.0, bite=0.0)
        for solid in (0 * roof, roof)
    )
    assert roofed.around.light[2:8, 2:4, 1, 3].max() < 0.2 < 0.9 < open_.around.light[2:8, 2:4, 1, 3].min()


def test_coarse_grains_hide_by_their_own_measure_and_are_darker():
    from dataclasses import replace

    from derrumbe.render.dust_light import light_volume
    from derrumbe.render.dust_source import sources

    shape = (32, 24, 12)
    fine, none = np.full(shape, 0.02, np.float32), np.zeros(shape, np.float32)
    record = dust_slab.record(shape).model_copy(update={"coarse_extinction": 0.5})
    pale = light_volume(dust_slab.volume(fine), record, dust_slab.DAY, np.full(3, 0.9), 1.0, bite=0.0)
    # four times the mass of grains that hide a quarter as much: the same depth, another colour
    coarse = replace(dust_slab.volume(none), coarse=4 * fine)
    dark = light_volume(coarse, record, dust_slab.DAY, np.full(3, 0.9), 1.0, bite=0.0, dark_albedo=np.full(3, 0.5))
    np.testing.assert_allclose(dark.fine, pale.fine, rtol=1e-5)
    eye = np.array([16.0, 12.0, 90.0])
    lit, dim = sources(pale, eye), sources(dark, eye)
    assert 0 < dim[16, 12, 6, 1] < 0.6 * lit[16, 12, 6, 1]
