"""Dust gets out where a storey closes, not where a building sinks as one."""

import numpy as np
import pytest

from derrumbe.dust.crushing import QUIET, has_openings, let_out
from derrumbe.dust.solids import Poses

STOREY, RATE, SPEED = 3.0, 96.0, 6.0


def falling(stopped):
    """A tower of ten storeys, eight pieces each; those whose number is under `stopped` lie still, the rest falls at SPEED for a second."""
    x, y, z = np.meshgrid([-3.0, 3.0], STOREY * (np.arange(10) + 0.5), [-3.0, -1.0, 1.0, 3.0], indexing="ij")
    rest = np.stack([x, y, z], -1).reshape(-1, 3)
    drop = SPEED / RATE * np.arange(97)[:, None] * (rest[:, 1] > STOREY * stopped)
    position = np.repeat(rest[None], 97, 0)
    position[..., 1] -= drop
    turn = np.tile(np.array([1, 0, 0, 0], np.float32), (97, len(rest), 1))
    return Poses(position.astype(np.float32), turn, RATE), np.full(len(rest), 900.0)


def events(heights, time=0.1, kind=2):
    count = len(heights)
    return {
        "time": np.full(count, time), "position": np.stack([np.zeros(count), np.asarray(heights), np.zeros(count)], -1),
        "kind": np.full(count, kind, np.uint8),
    }  # fmt: skip


def test_the_storey_that_closes_lets_all_out_and_what_sinks_above_it_hardly_any():
    poses, mass = falling(2)
    share = let_out(events([2.0 * STOREY, 5.5 * STOREY, 9.0 * STOREY]), poses, mass, STOREY)
    assert share == pytest.approx([1, QUIET, QUIET], abs=0.02)


def test_the_ground_stands_still():
    poses, mass = falling(0)
    assert let_out(events([0.3]), poses, mass, STOREY) == pytest.approx(1)


def test_a_building_that_stands_or_lies_still_breathes():
    poses, mass = falling(10)
    assert let_out(events([1.0, 8.0, 40.0], kind=0), poses, mass, STOREY) == pytest.approx(QUIET)


def test_landings_give_all_they_have():
    poses, mass = falling(10)
    assert let_out(events([1.0, 8.0], kind=1), poses, mass, STOREY) == pytest.approx(1)


def test_a_few_loose_pieces_do_not_make_a_storey_close():
    poses, mass = falling(10)
    loose = poses.position.copy()
    loose[:, 3, 1] -= 4.0 * np.linspace(0, 1, 97)
    share = let_out(events([loose[0, 3, 1]], kind=0), Poses(loose, poses.rotation, RATE), mass, STOREY)
    assert share[0] < 0.35


@pytest.mark.parametrize(("spin", "share"), [(0.0, QUIET), (9.0, 1.0)])
def test_what_bursts_lets_all_out_though_nothing_comes_down(spin, share):
    """Pieces of one storey fly apart sideways at 9 m/s; at 0 they stand."""
    poses, mass = falling(10)
    position = poses.position.copy()
    near = np.abs(position[0, :, 1] - 4.5) < 2
    away = np.sign(position[0, near][:, [0, 2]]) / np.sqrt(2)
    position[:, near, 0] += spin / RATE * np.arange(97)[:, None] * away[:, 0]
    position[:, near, 2] += spin / RATE * np.arange(97)[:, None] * away[:, 1]
    assert let_out(events([4.5], kind=0), Poses(position, poses.rotation, RATE), mass, STOREY) == pytest.approx(share, abs=0.02)


def test_jets_before_anything_falls_are_an_explosions():
    poses, mass = falling(2)
    late = Poses(
        np.concatenate([np.repeat(poses.position[:1], 48, 0), poses.position]), np.concatenate([poses.rotation[:48], poses.rotation]), RATE
    )
    before, after = (let_out(events([9.0 * STOREY], time=time), late, mass, STOREY)[0] for time in (0.1, 0.9))
    assert before == 1
    assert after == pytest.approx(QUIET, abs=0.02)


def test_no_jet_leaves_above_the_eaves_and_all_else_may():
    places = np.array([[0.0, 5.0, 0.0], [0.0, 13.0, 0.0], [0.0, 13.0, 0.0], [0.0, 13.0, 0.0]])
    events = {"kind": np.array([2, 2, 1, 0]), "position": places}
    np.testing.assert_array_equal(has_openings(events, 12.0), [True, False, True, True])
