"""Neighbours become soft shares of cells; pieces become shares of cells that keep their volume and speed."""

import numpy as np
import pytest

from derrumbe.core.files import load_arrays
from derrumbe.dust.domain import Domain
from derrumbe.dust.solids import Poses, fill, neighbours, occupied
from tests.dust import collapse

BOX = Domain((-20.0, 0.0, -20.0), 0.5, (80, 40, 80))
FAR_AWAY = (np.array([90.0, 0, 90]), np.array([91.0, 1, 91]))


def test_a_box_without_a_floor_is_filled_to_the_ground():
    corners, triangles = collapse._corners((2.2, 0.0, 2.2), (6.3, 7.3, 9.9)), collapse.BOX[:10]
    solid = neighbours(corners, triangles, np.ones(len(triangles), np.uint8), BOX, FAR_AWAY)
    assert solid[46:51, :12, 46:58].min() > 0.9
    assert solid[30, :14, 46:58].max() == 0
    assert np.abs(np.diff(solid, axis=0)).max() < 0.7
    assert solid.sum() == pytest.approx(4.1 * 7.3 * 7.7 / 0.125, rel=0.25)


def test_ground_is_no_neighbour_and_the_building_keeps_its_place():
    corners, triangles = collapse._corners((-5.0, 0.0, -5.0), (5.0, 7.0, 5.0)), collapse.BOX
    assert not neighbours(corners, triangles, np.zeros(12, np.uint8), BOX, FAR_AWAY).any()
    inside = (np.array([-10.0, 0, -10]), np.array([10.0, 14, 10]))
    assert not neighbours(corners, triangles, np.ones(12, np.uint8), BOX, inside).any()


@pytest.fixture
def rock(tmp_path):
    return load_arrays(collapse.pieces(tmp_path).path("pieces.npz"))


def test_points_keep_every_piece_its_volume(rock):
    rubble = fill(rock, 0.25, np.random.default_rng(1))
    held = np.bincount(rubble.piece, rubble.volume, len(rock["centre"]))
    np.testing.assert_allclose(held, rock["volume"], rtol=1e-5)


def test_a_falling_building_carries_its_volume_and_momentum(rock):
    rubble = fill(rock, 0.25, np.random.default_rng(1))
    centre, count = rock["centre"].astype(np.float32), len(rock["centre"])
    still = np.tile(np.array([1, 0, 0, 0], np.float32), (2, count, 1))
    poses = Poses(np.stack([centre, centre + np.float32([0, -0.5, 0])]), still, 10.0)
    share, momentum = occupied(rubble, poses, 0.1, 0.05, BOX)
    assert share.sum() * 0.125 == pytest.approx(rock["volume"].sum(), rel=0.03)
    np.testing.assert_allclose(momentum.sum((0, 1, 2)) / share.sum(), [0, -5, 0], atol=1e-3)


def test_poses_turn_the_short_way_and_hold_at_the_ends():
    rotation = np.array([[[1, 0, 0, 0]], [[-0.9, 0, -np.sqrt(0.19), 0]]], np.float32)
    poses = Poses(np.zeros((2, 1, 3), np.float32), rotation, 1.0)
    assert poses.at(0.5)[1][0, 0] > 0.97
    np.testing.assert_array_equal(poses.at(-3)[1], rotation[0])
    np.testing.assert_allclose(poses.at(9)[1], -rotation[1], atol=1e-6)
