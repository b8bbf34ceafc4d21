"""Laws of billows on little dust: a puff stays one puff, whatever they do to it, and a veil is torn, not clotted."""

import numpy as np
import pytest
from scipy.ndimage import label

from derrumbe.core.records import FAR
from derrumbe.render.dust_light import light_volume
from derrumbe.render.dust_lumps import Detail, lump, lumps_of
from derrumbe.render.dust_march import march
from derrumbe.render.dust_noise import body, halved, room, sharpened
from tests.render import dust_slab


def ball(radius, shape=(32, 32, 32), thick=0.6):
    where = np.stack(np.meshgrid(*(np.arange(n) + 0.5 for n in shape), indexing="ij"), -1)
    inside = 1 - (np.linalg.norm(where - np.array(shape) / 2, axis=-1) / radius) ** 2
    return (thick * np.clip(inside, 0, None)).astype(np.float32)


def placed(density, shift):
    """Dust in another part of the billows."""
    cloud = dust_slab.volume(density)
    cloud.ride_offset[:] = shift
    return light_volume(cloud, dust_slab.record(density.shape), dust_slab.DAY, np.full(3, 0.95), 1.0)


def test_a_puff_stays_one_puff():
    """What is parted from its main body is little."""
    apart = []
    for shift in range(0, 60, 5):
        fine = placed(ball(3.0), np.float32(shift)).fine
        parts, count = label(fine > 0.1 * fine.max())
        masses = np.bincount(parts.ravel(), fine.ravel())[1 : count + 1]
        apart.append(1 - masses.max() / masses.sum())
    assert np.mean(apart) < 0.05


def test_the_larger_a_cloud_the_larger_its_billows():
    some = [body(ball(radius)) for radius in (2.0, 6.0, 9.0, 15.0)]
    assert some == sorted(some)
    assert some[0] == 0
    assert some[-1] == 1
    assert body(np.zeros((8, 8, 8), np.float32)) == 0
    assert body(ball(9.0, thick=0.01)) == pytest.approx(body(ball(9.0)), abs=1e-3)


def bank_and_ball():
    """A thick bank, whose top is a third up, and a small ball above it: voxels of the ball's middle, the bank's top, and the bank's inside."""
    density = ball(3.0, (48, 48, 48), 0.15)
    density[:, :14] = 0.8
    return density, (24, 24, 24), (24, 12, 24), (24, 6, 24)


def test_what_stands_apart_has_no_room_for_large_billows_however_large_the_cloud():
    density, puff, top, inside = bank_and_ball()
    assert body(density) == 1
    rooms = room(density, 1.0).about
    small, flank, all_ = (float(rooms[tuple(n // 2 for n in place)]) for place in (puff, top, inside))
    assert small < 0.2
    assert flank > 0.8
    assert all_ == pytest.approx(1, abs=0.02)
    assert room(np.full((8, 8, 8), 0.01, np.float32), 1.0).about == pytest.approx(1)
    assert room(np.zeros((8, 8, 8), np.float32), 1.0).about.shape == (4, 4, 4)


def test_a_puff_apart_is_not_made_denser_than_it_is():
    density, puff, _, _ = bank_and_ball()
    sharp = sharpened(density, halved(halved(density)), room(density, 1.0).about)
    assert sharp[puff] == pytest.approx(float(density[puff]), rel=0.1)


def test_a_puff_apart_is_torn_and_not_cut_to_smaller_ones():
    """Nowhere in it is dust many times as thick as it is, whatever there is beside it."""
    density, puff, _, inside = bank_and_ball()
    lit = placed(density, np.float32(0))
    lumps, rng = lumps_of(lit, Detail(8.0, 0.0)), np.random.default_rng(2)
    thickest = []
    for middle in (puff, inside):
        places = rng.uniform(-1.5, 1.5, (2000, 3)) + middle + np.round((lit.origin - dust_slab.record(density.shape).origin) / -lit.voxel)
        some = [lump(lumps, *place, np.float32(0.3), np.float32(0.05), np.float32(1))[0] for place in places.astype(np.float32)]
        thickest.append(np.quantile(some, 0.99))
    assert thickest[0] < 3
    assert thickest[0] < 0.3 * thickest[1]


def test_a_veil_is_torn_and_nowhere_clotted():
    """It hides as much, some of it goes, and nothing gets many times as thick."""
    cloud = dust_slab.slab(0.2)
    lumps, rng = lumps_of(cloud, Detail(2.0, 0.0)), np.random.default_rng(1)
    places = rng.uniform(2, 10, (4000, 3)).astype(np.float32)
    thick = np.array([lump(lumps, *place, np.float32(0.1), np.float32(0.05), np.float32(1))[0] for place in places])
    assert (thick < 0.05).mean() > 0.01
    assert thick.max() < 8
    view = dust_slab.view()
    far = np.full((view.height, view.width), FAR, np.float32)
    torn, plain = (
        march(cloud, view, far, far, scale=1.0, step=0.5, seed=1, detail=each)[0][16:48, 30:66, 3] for each in (Detail(2.0, 0.0), None)
    )
    assert torn.std() > 3 * plain.std()
    assert torn.mean() == pytest.approx(plain.mean(), rel=0.1)
