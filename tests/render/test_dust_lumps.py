"""Laws of detail finer than the grid: it changes neither the mean nor what is bare, it rides along, and speed blurs it."""

from dataclasses import replace

import numpy as np
import pytest

from derrumbe.core.records import FAR
from derrumbe.render.dust_lumps import Detail
from derrumbe.render.dust_march import march
from tests.render import dust_slab


def shown(lit, detail):
    view = dust_slab.view()
    far = np.full((view.height, view.width), FAR, np.float32)
    return march(lit, view, far, far, scale=1.0, step=0.5, seed=1, detail=detail)[0]


@pytest.fixture(scope="module")
def lit():
    return dust_slab.lumps()


@pytest.fixture(scope="module")
def plain(lit):
    return shown(lit, None)


def roughness(picture):
    return float(np.abs(np.diff(picture[16:48, 30:66, 1], axis=1)).mean())


def test_detail_is_seen_and_keeps_the_mean(lit, plain):
    detailed = shown(lit, Detail(1.0, 0.0))
    assert roughness(detailed) > 1.1 * roughness(plain)
    assert detailed[..., 3].mean() == pytest.approx(plain[..., 3].mean(), rel=0.08)
    radiance, plain_radiance = (each[..., :3].mean() / each[..., 3].mean() for each in (detailed, plain))
    assert radiance == pytest.approx(plain_radiance, rel=0.04)
    assert not detailed[plain[..., 3] == 0].any()


def test_detail_rides_along(lit):
    """Texture coordinates and offsets that cancel show the same."""
    ride = lit.ride
    moved = replace(ride, offset=ride.offset + np.float32(3), eased=ride.eased - np.array([3, 3, 3, 0], np.float32))
    once, twice = shown(lit, Detail(1.0, 0.0)), shown(replace(lit, ride=moved), Detail(1.0, 0.0))
    np.testing.assert_allclose(once, twice, atol=2e-3)


def test_what_moves_is_drawn_out_along_its_way(lit):
    """Moving upwards, detail is lost from row to row more than from column to column."""

    def shares(way):
        moving = replace(lit, drift=np.full((*lit.ride.eased.shape[1:4], 3), 12.0, np.float32) * np.float32(way))
        picture = shown(moving, Detail(1.0, 0.04))[16:48, 30:66, 1]
        return np.abs(np.diff(picture, axis=0)).mean() / np.abs(np.diff(picture, axis=1)).mean()

    assert shares((0, 1, 0)) < shares((1, 0, 0))


def test_speed_blurs_along_the_way_it_goes(lit):
    still, fast = (replace(lit, drift=np.full((*lit.ride.eased.shape[1:4], 3), v, np.float32) * (1, 0, 0)) for v in (0.0, 40.0))
    fast, still = replace(fast, drift=fast.drift.astype(np.float32)), replace(still, drift=still.drift.astype(np.float32))
    assert roughness(shown(fast, Detail(1.0, 0.04))) < 0.9 * roughness(shown(still, Detail(1.0, 0.04)))


def in_shade(side):
    """Return lumps from which solids keep a sun that stands on one side, -1 or 1."""
    lit = dust_slab.lumps(dust_slab.DAY.model_copy(update={"direction": (0.8 * side, 0.6, 0.0)}))
    light = lit.around.light.copy()
    light[..., 3] = light[..., 5] = 0
    return replace(lit, around=replace(lit.around, light=light))


def test_in_the_shade_lumps_do_not_know_where_the_sun_stands(lit):
    """They are lit by the sky, on their tops: no side of them is darker because a sun that nothing of reaches them stands on the other."""
    left, right = (shown(in_shade(side), Detail(1.0, 0.0)) for side in (-1, 1))
    np.testing.assert_allclose(left, right, atol=0.01)


def test_light_from_all_around_gets_into_the_folds():
    """Lumps are less rough, beside their own light, in the shade than in the sun."""
    sunny = dust_slab.lumps(dust_slab.DAY.model_copy(update={"direction": (0.8, 0.6, 0.0)}))
    shares = []
    for lit in (sunny, in_shade(1)):
        detailed, plain = shown(lit, Detail(1.0, 0.0)), shown(lit, None)
        thick = plain[..., 3] > 0.9
        light = detailed[thick, 1] / np.maximum(plain[thick, 1], 1e-6)
        shares.append(float(np.std(light)))
    assert shares[1] < 0.85 * shares[0]


def test_no_lump_of_thin_dust_hides_what_eight_times_as_much_would():
    """It would be a disc."""
    thin = dust_slab.slab(0.4, shape=(32, 24, 4))
    lumpy, even = (shown(thin, detail)[16:48, 30:66, 3] for detail in (Detail(1.0, 0.0), None))
    usual = float(np.median(even))
    assert 0.3 < usual < 0.7
    assert lumpy.max() < 1 - (1 - usual) ** 8


def test_dust_too_thin_for_lumps_is_as_bright_with_them_as_without():
    """They are made up for by what lies between their tops: where there are none there is nothing to make up for."""
    thin = dust_slab.slab(0.01)
    detailed, plain = (shown(thin, detail)[16:48, 30:66, :3].mean() for detail in (Detail(1.0, 0.0), None))
    assert detailed == pytest.approx(plain, rel=0.02)
