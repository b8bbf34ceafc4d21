"""Settled dust: what is written is read, and read between columns."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from derrumbe.core.records import DustCloud, FrameRange, Located
from derrumbe.media.deposits import Deposit, coverage, read_deposit, write_deposit


def record(settled: str | None) -> DustCloud:
    return DustCloud(
        origin=(0, 0, 0),
        voxel=1,
        shape=(4, 2, 6),
        frames=FrameRange(first=1001, last=1001),
        albedo=(1, 1, 1),
        extinction=1,
        settled=settled,
    )


def test_what_is_written_is_read(tmp_path):
    told = Deposit(np.random.default_rng(0).random((4, 6)).astype(np.float32), np.array([-2.0, 3.0]), 0.5)
    cloud = Located(record("settled.{frame}.npz"), tmp_path)
    write_deposit(cloud.path(cloud.record.settled, 1001), told)
    read = read_deposit(cloud, 1001)
    assert np.array_equal(read.mass, told.mass)
    assert np.array_equal(read.low, told.low)
    assert read.cell == told.cell


def test_coarse_grains_are_a_deposit_of_their_own(tmp_path):
    mass, coarse = np.random.default_rng(1).random((2, 4, 6)).astype(np.float32)
    cloud = Located(record("settled.{frame}.npz"), tmp_path)
    write_deposit(cloud.path(cloud.record.settled, 1001), Deposit(mass, np.array([-2.0, 3.0]), 0.5, coarse))
    read = read_deposit(cloud, 1001)
    assert np.array_equal(read.grains().mass, coarse)
    assert np.array_equal(read.mass, mass)
    assert Deposit(mass, np.array([-2.0, 3.0]), 0.5).grains() is None


def test_a_cloud_without_deposit_reads_as_none(tmp_path):
    assert read_deposit(Located(record(None), tmp_path), 1001) is None


def test_columns_are_met_at_their_centres_and_nothing_lies_outside():
    mass = np.arange(24, dtype=np.float32).reshape(4, 6) + 1
    deposit = Deposit(mass, np.array([-2.0, 3.0]), 0.5)
    x, z = np.meshgrid(-2 + 0.5 * (np.arange(4) + 0.5), 3 + 0.5 * (np.arange(6) + 0.5), indexing="ij")
    assert np.allclose(deposit.at(x, z), mass)
    assert np.allclose(deposit.at(x[:-1] + 0.25, z[:-1]), 0.5 * (mass[:-1] + mass[1:]))
    assert deposit.at(np.array([-9.0, 40.0]), np.array([4.0, 4.0])).tolist() == [0, 0]


@given(st.floats(0, 100), st.floats(0, 100))
def test_more_dust_never_hides_less(one, other):
    few, many = sorted((one, other))
    assert 0 <= coverage(np.float64(few)) <= coverage(np.float64(many)) <= 1
