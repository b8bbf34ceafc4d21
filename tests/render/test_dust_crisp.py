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


def test_flanks_get_steeper_and_the_whole_stays():
    smooth = smear()
    sharp = sharpened(smooth, halved(halved(smooth)), np.float32(1))
    steep, before = (np.abs(np.diff(each, axis=0)).max() for each in (sharp, smooth))
    assert steep > 1.3 * before
    assert 0.85 < sharp.sum() / smooth.sum() <= 1.0


def test_even_dust_and_no_dust_stay_as_they_are():
    even = np.full((16, 16, 16), 0.2, np.float32)
    np.testing.assert_allclose(sharpened(even, halved(halved(even)), np.float32(1)), even, rtol=1e-5)
    none = np.zeros((8, 8, 8), np.float32)
    assert not sharpened(none, halved(halved(none)), np.float32(1)).any()
    smooth = smear()
    np.testing.assert_allclose(sharpened(smooth, halved(halved(smooth)), np.float32(0)), smooth, rtol=0.3, atol=0.02)
    assert sharpened(smooth, halved(halved(smooth)), np.float32(1)).sum() == pytest.approx(float(smooth.sum()), rel=0.15)


def test_a_front_touches_the_ground_in_places_and_dust_aloft_has_no_such_holes():
    flat = dust_slab.volume(np.full((32, 8, 32), 0.4))
    aloft = replace(flat, start=(0, 6, 0), shape=(32, 20, 32))
    low, high = (
        light_volume(volume, dust_slab.record(volume.shape), dust_slab.DAY, np.full(3, 0.95), 1.0).fine[4:-4, 0, 4:-4]
        for volume in (flat, aloft)
    )
    assert 0.02 < (low < 0.2 * np.median(high)).mean() < 0.4
    assert not (high < 0.2 * np.median(high)).any()
