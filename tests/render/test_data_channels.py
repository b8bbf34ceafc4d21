"""Depth, normal, motion and id against arithmetic."""

import numpy as np

from derrumbe.core.records import FAR

from . import scenes
from .conftest import rendered, steady


def test_depth_is_the_distance_along_the_axis(tmp_path):
    shot = rendered(tmp_path, scenes.Shot(moves={5: steady(0.0, 0.0, 2.0)}, frames=2))
    depth = shot.layer(1002, "depth")
    # 2 m nearer: 10 m away, 24 pixels a metre
    face = (slice(4, 30), slice(100, 140))
    assert np.abs(depth[face] - 10).max() < 1e-4
    assert depth[140, 5] == np.float32(FAR)


def test_normal_and_id_are_the_pieces(shifted):
    there = (slice(2, 20), slice(138, 174))
    assert (shifted.layer(1002, "id")[there] == 6).all()
    assert np.allclose(shifted.layer(1002, "normal")[there], (0, 0, 1), atol=1e-3)


def test_motion_is_the_projected_displacement(sliding):
    inner = (slice(4, 37), slice(108, 134))
    assert np.allclose(sliding.layer(1003, "motion")[inner], (4, 0), atol=0.01)


def test_standing_pieces_have_no_data(shifted):
    assert not shifted.layer(1002, "id")[60:120, 60:130].any()
