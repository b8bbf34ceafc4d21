"""Laws of sharpening dust on its grid: flanks get steeper, and no dust is made or lost at large."""

from dataclasses import replace

import numpy as np
import pytest

from derrumbe.render.dust_light import light_volume
from derrumbe.render.dust_noise import halved, sharpened, softened
from tests.render import dust_slab


def smear():
    rng = np.random.default_rng(3)
    coarse = rng.random((10, 8, 10)).astype(np.float32) ** 2
    return softened(softened(coarse.repeat(4, 0).repeat(4, 1).repeat(4, 2)))


def at(power):
    """The same power everywhere."""
    return np.full((1, 1, 1), power, np.float32)


def test_flanks_get_steeper_and_the_whole_stays():
    smooth = smear()
    sharp = sharpened(smooth, halved(halved(smooth)), at(1))
    steep, before = (np.abs(np.diff(each, axis=0)).max() for each in (sharp, smooth))
    assert steep > 1.3 * before
    assert 0.85 < sharp.sum() / smooth.sum() <= 1.0


def test_even_dust_and_no_dust_stay_as_they_are():
    even = np.full((16, 16, 16), 0.2, np.float32)
    np.testing.assert_allclose(sharpened(even, halved(halved(even)), at(1)), even, rtol=1e-5)
    none = np.zeros((8, 8, 8), np.float32)
    assert not sharpened(none, halved(halved(none)), at(1)).any()
    smooth = smear()
    np.testing.assert_allclose(sharpened(smooth, halved(halved(smooth)), at(0)), smooth, rtol=0.3, atol=0.02)
    assert sharpened(smooth, halved(halved(smooth)), at(1)).sum() == pytest.approx(float(smooth.sum()), rel=0.15)


def test_a_front_touches_the_ground_in_places_and_dust_aloft_has_no_such_holes():
    cloud = dust_slab.volume(np.full((32, 16, 32), 0.4))
    fine = light_volume(cloud, dust_slab.record(cloud.shape), dust_slab.DAY, np.full(3, 0.95), 1.0).fine[4:-4, :, 4:-4]
    low, high = fine[:, 0], fine[:, 16]
    assert 0.02 < (low < 0.2 * np.median(high)).mean() < 0.4
    assert not (high < 0.2 * np.median(high)).any()


def test_dust_does_not_end_at_the_box_that_it_is_kept_in():
    """Billows carry it beyond what isn't empty: cropped to that, it is the same."""
    whole = np.zeros((40, 40, 40))
    whole[14:24, 14:24, 14:24] = 0.4
    cloud = dust_slab.volume(whole)
    cropped = replace(cloud, density=cloud.density[14:24, 14:24, 14:24], start=(14, 14, 14))
    lit, small = (light_volume(each, dust_slab.record(each.shape), dust_slab.DAY, np.full(3, 0.95), 1.0) for each in (cloud, cropped))
    low = np.rint(lit.factor * (small.origin - lit.origin) / lit.voxel).astype(int)
    part = tuple(slice(a, a + n) for a, n in zip(low, small.fine.shape, strict=True))
    np.testing.assert_allclose(small.fine, lit.fine[part], atol=1e-5)
    assert small.fine.sum() == pytest.approx(float(lit.fine.sum()), rel=1e-4)
    beyond = lit.fine.copy()
    beyond[28:48, 28:48, 28:48] = 0
    assert beyond.any()


def test_thin_dust_has_fainter_billows():
    uneven = []
    for thick in (0.02, 0.8):
        cloud = dust_slab.volume(np.full((32, 16, 32), thick))
        fine = light_volume(cloud, dust_slab.record(cloud.shape), dust_slab.DAY, np.full(3, 0.95), 1.0).fine[6:-6, 8:, 6:-6]
        uneven.append(fine.std() / fine.mean())
    assert 0.1 < uneven[0] < 0.6 * uneven[1]
