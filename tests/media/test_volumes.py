"""Volumes come back within their quantisation, cropped, and equal arrays are equal bytes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derrumbe.media.volumes import RATIO, SPEED_UNIT, quantise, read_volume, restore, write_volume


def write(path, density, ride=None):
    half = tuple(n // 2 for n in density.shape)
    write_volume(
        path, density, ride=np.zeros((2, 3, *half), np.float32) if ride is None else ride, ride_offset=np.ones((2, 3)),
        ride_weight=np.array([0.25, 0.75]), solid=np.full(half, 0.5, np.float32),
    )  # fmt: skip


@pytest.fixture
def cloud():
    rng = np.random.default_rng(1)
    density = np.zeros((24, 16, 20), np.float32)
    density[5:15, 0:7, 4:13] = 10 ** rng.uniform(-3.5, 1, (10, 7, 9))
    return density


def test_density_comes_back_within_a_step(cloud, tmp_path):
    write(tmp_path / "a.npz", cloud)
    volume = read_volume(tmp_path / "a.npz")
    assert volume.shape == cloud.shape
    assert volume.start == (5, 0, 4)
    back = np.zeros_like(cloud)
    back[5:15, 0:7, 4:13] = volume.density
    there = cloud > 0
    assert (back[~there] == 0).all()
    assert (np.abs(np.log(back[there] / cloud[there])) <= 0.5001 * np.log(RATIO) + 1e-6).all()


def test_riding_displacements_come_back_where_dust_is(cloud, tmp_path):
    ride = np.random.default_rng(2).normal(0, 3, (2, 3, 12, 8, 10)).astype(np.float32)
    write(tmp_path / "a.npz", cloud, ride)
    volume = read_volume(tmp_path / "a.npz")
    assert volume.ride_start == (2, 0, 2)
    np.testing.assert_allclose(volume.ride, ride[:, :, 2:8, 0:4, 2:7], atol=1 / 127)
    np.testing.assert_allclose(volume.solid, 0.5, atol=1 / 500)
    np.testing.assert_array_equal(volume.ride_weight, np.float32([0.25, 0.75]))


def test_equal_clouds_are_equal_bytes(cloud, tmp_path):
    write(tmp_path / "a.npz", cloud)
    write(tmp_path / "b.npz", cloud.copy())
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_clear_air_is_empty_and_small(tmp_path):
    write(tmp_path / "a.npz", np.zeros((24, 16, 20), np.float32))
    assert read_volume(tmp_path / "a.npz").empty
    assert (tmp_path / "a.npz").stat().st_size < 3000


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1e4, width=32), min_size=1, max_size=40))
def test_codes_keep_order_and_nothing_grows_from_nothing(values):
    density = np.array(values, np.float32)
    code, peak = quantise(density)
    back = restore(code, float(peak))
    assert (back[density == 0] == 0).all()
    assert (np.diff(back[np.argsort(density)]) >= 0).all()
    assert back.max() <= density.max() * 1.0001


def test_speed_comes_back_when_it_was_told(cloud, tmp_path):
    half = tuple(n // 2 for n in cloud.shape)
    rest = {"ride": np.zeros((2, 3, *half), np.float32), "ride_offset": np.ones((2, 3)), "ride_weight": np.ones(2), "solid": np.zeros(half)}
    speed = np.random.default_rng(2).normal(0, 8, (*half, 3)).astype(np.float32)
    write_volume(tmp_path / "told.npz", cloud, speed=speed, **rest)
    write_volume(tmp_path / "untold.npz", cloud, **rest)
    told, start = read_volume(tmp_path / "told.npz"), read_volume(tmp_path / "untold.npz").ride_start
    assert read_volume(tmp_path / "untold.npz").speed is None
    p, q, r = told.speed.shape[:3]
    crop = speed[start[0] : start[0] + p, start[1] : start[1] + q, start[2] : start[2] + r]
    assert np.abs(told.speed - crop).max() <= SPEED_UNIT / 2 + 1e-6


def test_solids_above_the_dust_are_kept_and_their_place_is_told(cloud, tmp_path):
    solid = np.zeros((12, 8, 10), np.float32)
    solid[3, 7, 5] = 1
    rest = {"ride": np.zeros((2, 3, 12, 8, 10), np.float32), "ride_offset": np.ones((2, 3)), "ride_weight": np.ones(2)}
    write_volume(tmp_path / "a.npz", cloud, solid=solid, **rest)
    volume = read_volume(tmp_path / "a.npz")
    at = tuple(np.array((3, 7, 5)) - volume.solid_start)
    assert volume.solid[at] == 1
    assert volume.solid.sum() == 1


def test_coarse_grains_are_a_second_density_in_the_same_crop(cloud, tmp_path):
    coarse = np.zeros_like(cloud)
    coarse[10:18, 2:9, 6:8] = 0.02
    rest = {"ride": np.zeros((2, 3, 12, 8, 10), np.float32), "ride_offset": np.ones((2, 3)), "ride_weight": np.ones(2)}
    write_volume(tmp_path / "a.npz", cloud, solid=np.zeros((12, 8, 10)), coarse=coarse, **rest)
    volume = read_volume(tmp_path / "a.npz")
    box = tuple(slice(a, a + n) for a, n in zip(volume.start, volume.density.shape, strict=True))
    np.testing.assert_allclose(volume.coarse, coarse[box], rtol=0.002)
    np.testing.assert_allclose(volume.density, cloud[box], rtol=0.002)
    assert volume.coarse.sum() == pytest.approx(coarse.sum(), rel=1e-3)
