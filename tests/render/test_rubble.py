"""Small rubble: none before anything lies, no more than there is stuff for, no steeper than it stands, in the gaps between what came down."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from derrumbe.render.apron import FOOT, LIFT, apron
from derrumbe.render.rubble import FILL, REPOSE, _heights, _slumped, a_frame_later, bed_of, with_rubble
from derrumbe.render.scene import PILED, burials, load
from derrumbe.render.shutter import pose, posed
from derrumbe.render.strewn import on_pieces

from . import scenes
from .conftest import rendered


def fall(time: float, far: float, turn: float = 0.0):
    """Drop by up to `far` metres and come to rest, ending 2 m in front of the façade."""
    down = min(0.5 * 9.81 * time**2, far)
    return (0.0, -down, 2.0 * down / far), scenes.UPRIGHT


MOVES = {piece: (lambda t, far=far: fall(t, far)) for piece, far in ((2, 2.0), (3, 2.0), (4, 3.6), (5, 3.6))}
SHOT = scenes.Shot(moves=MOVES, frames=60)
"""The two upper rows come down before the lowest, which stands."""


@pytest.fixture(scope="module")
def staged(tmp_path_factory):
    inputs = scenes.stage(tmp_path_factory.mktemp("rubble"), SHOT)
    return inputs, load(inputs)


def test_there_is_none_before_anything_lies(staged):
    inputs, scene = staged
    assert with_rubble(inputs, scene, 5.0) is scene
    still = replace(scene, landed=np.full_like(scene.landed, np.inf))
    assert with_rubble(inputs, still, 200.0) is still


def test_it_is_no_more_than_bulked_stuff_that_lies_there(staged):
    inputs, scene = staged
    bed = bed_of(inputs)
    heights = _heights(scene, bed, 239.0)
    assert heights.max() > 0.3
    assert heights.sum() * bed.cell**2 < FILL * 4 * (scenes.WIDTH / 2 * 2.0 * scenes.DEPTH)
    steps = np.abs(np.diff(heights, axis=0)).max(), np.abs(np.diff(heights, axis=1)).max()
    assert max(steps) <= REPOSE * bed.cell + 1e-9


def test_it_grows_and_then_stays(staged):
    inputs, scene = staged
    bed = bed_of(inputs)
    volume = [_heights(scene, bed, sample).sum() for sample in (40.0, 60.0, 100.0, 200.0, 236.0)]
    assert np.all(np.diff(volume) > -1e-6 * max(volume))
    assert volume[-1] == pytest.approx(volume[-2], rel=0.08)


def test_rubble_is_new_pieces_after_all_others_and_leaves_those_as_they_are(staged):
    inputs, scene = staged
    whole = with_rubble(inputs, scene, 239.0)
    count = len(scene.triangles)
    assert np.array_equal(whole.triangles[:count], scene.triangles)
    assert np.array_equal(whole.rest[: len(scene.rest)], scene.rest)
    assert whole.piece[count:].min() == len(scene.centre)
    assert (whole.normal[count:, 1][whole.piece[count:] == len(scene.centre)] > 0).all()
    assert np.isfinite(whole.rest).all()


def test_rubble_that_moves_says_so(staged):
    """A point of the bed or of a block goes where the next frame's scene has it: up while the pile grows, nowhere in the end."""
    inputs, scene = staged
    for sample, most in ((100.0, 0.5), (232.0, 0.01)):
        now, then = (with_rubble(inputs, scene, sample + k * scene.samples_per_frame) for k in (0, 1))
        count = len(scene.centre)
        assert now.lain[1:] + now.drift[1:] == pytest.approx(then.lain[1:], abs=0.5)
        assert now.rise[len(scene.rest) :].max() < most
        bed = np.flatnonzero(now.piece == count)[:50]
        points = now.rest[now.triangles[bed, 0]]
        later = a_frame_later(now, points, bed, pose(now, sample))
        assert later == pytest.approx(then.rest[now.triangles[bed, 0]], abs=1e-9)


def test_a_spire_slumps_to_the_angle_of_repose():
    heights = np.zeros((41, 41))
    heights[15:26, 15:26] = 50.0
    slumped = _slumped(heights, 0.5)
    assert slumped.max() == pytest.approx(0.5 * 6)
    assert (slumped <= heights).all()


def test_it_is_drawn_where_the_pile_lies(tmp_path):
    """Beside the blocks that lie before the façade, which are 4 m wide, rubble covers ground."""
    shot = rendered(tmp_path, scenes.Shot(moves=MOVES, frames=24))
    last = shot.layer(1024, "id")
    assert (last == 7).any()
    assert shot.layer(1024, "pieces")[..., 3][last >= 7].mean() > 0.6
    assert not (shot.layer(1003, "id") >= 7).any()


def test_stones_that_have_rolled_off_the_pile_lie_on_the_ground(staged):
    """Piles don't end in a line: stones have come from the bed, and lie around it when all has come down."""
    inputs, scene = staged
    bed = bed_of(inputs)
    rolled = np.any(bed.blocks.place != bed.blocks.source, axis=1) & (bed.blocks.rides < 0)
    assert rolled.sum() > 20
    assert (bed.at(bed.final, bed.blocks.source[rolled][:, [0, 2]]) > 0.5 * FOOT).all()
    lain = with_rubble(inputs, scene, 239.0).lain[1:][rolled]
    assert np.abs(lain[:, [0, 2]] - bed.blocks.place[rolled][:, [0, 2]]).max() < 0.1
    assert (lain[:, 1] < FOOT + 0.1).all()


def test_they_get_fewer_with_their_distance(staged):
    scene = replace(staged[1], neighbour_triangles=np.zeros((0, 3), np.int32))
    final = np.zeros((120, 120))
    final[50:70, 50:70] = 8.0
    stones = apron(scene, np.zeros(2), 0.25, final, np.eye(8)[0], np.random.default_rng(1))
    away = np.linalg.norm(stones.place - stones.source, axis=1)
    ring = np.histogram(away, np.linspace(0, 12, 5))[0] / np.diff((5 + np.linspace(0, 12, 5)) ** 2)
    assert len(away) > 200
    assert (ring[1:] < 0.7 * ring[:-1]).all()


def test_no_stone_on_open_ground_shows_what_is_sunk_in(staged):
    inputs, scene = staged
    bed = bed_of(inputs)
    stones = apron(scene, bed.origin, bed.cell, bed.final, np.eye(8)[0], np.random.default_rng(1))
    low, high = stones.corners[..., 1].min(1), stones.corners[..., 1].max(1)
    assert (low >= 0).all()
    assert (low < 0.05 * high).mean() > 0.9, "they rest on the ground"
    assert (high > 0).all()


def test_no_stone_lies_inside_a_neighbour(staged):
    inputs, scene = staged
    bed = bed_of(inputs)
    wall = np.array([[x, y, 1.5] for x in (-50.0, 50.0) for y in (-1.0, 9.0)], np.float32)
    walled = replace(scene, neighbour_vertices=wall, neighbour_triangles=np.array([[0, 1, 2], [2, 1, 3]], np.int32))
    stones = apron(walled, bed.origin, bed.cell, bed.final, np.eye(8)[0], np.random.default_rng(1))
    assert len(stones.place)
    assert (stones.place[:, 2] > 1.5 - LIFT).all()


def test_what_came_down_last_is_bare_and_what_came_first_is_buried():
    rng = np.random.default_rng(4)
    place, volume = rng.uniform(0, 3, (40, 3)), rng.uniform(0.1, 1, 40)
    landed = rng.permutation(40).astype(np.float32)
    landed[7] = np.inf
    share = burials(place, landed, volume)
    assert share[7] == 0
    assert share[np.argmax(np.where(np.isfinite(landed), landed, -1))] == 0
    assert share[np.argmin(landed)] > 0.8
    assert np.all((share >= 0) & (share <= 1))


def test_a_pile_apart_does_not_bury_another():
    place = np.concatenate([np.zeros((PILED, 3)), np.full((PILED, 3), 100.0)])
    landed = np.r_[np.full(PILED, 5.0), np.full(PILED, 9.0)].astype(np.float32)
    assert not burials(place, landed, np.ones(2 * PILED)).any()


def test_fewer_blocks_lie_on_what_nothing_fell_on(staged):
    """The front face leans back by half a right angle and more, so that the camera sees it and stones stay on it."""
    _, scene = staged
    lain = pose(scene, len(scene.position) - 1.0)
    back = np.array([[1.0, 0, 0], [0, 0.5, 0.866], [0, -0.866, 0.5]])
    lain = replace(lain, rotation=np.broadcast_to(back, lain.rotation.shape).copy())
    stuff = np.eye(8)[0]

    def count(buried):
        some = replace(scene, buried=np.full_like(scene.buried, buried))
        return len(on_pieces(some, lain, posed(some, lain), 0.8, 3500, stuff, np.random.default_rng(1)).place)

    assert count(0.0) == 0
    assert 0 < count(0.3) < count(0.9)
