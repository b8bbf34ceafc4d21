"""Dust gets out of what comes down by the shorter way: aside at a foot, up through a pile."""

import numpy as np
import pytest

from derrumbe.core.records import Located
from derrumbe.core.work import Work
from derrumbe.dust.domain import Domain
from derrumbe.dust.outlets import by_the_shorter_way
from derrumbe.dust.run import run
from derrumbe.dust.settings import Settings
from derrumbe.dust.solids import Poses, Rubble
from derrumbe.dust.sources import BREAK, BREATH, JET, Sources
from derrumbe.media.volumes import read_volume
from tests.dust import collapse

CELL = 0.5
BOX = Domain((-16.0, 0.0, -16.0), CELL, (64, 48, 64))


def solid(wide: float, high: float) -> np.ndarray:
    """Middles (N,3) of the pieces of a block in the middle of the box, one in every cell."""
    sides = [np.arange(-wide / 2, wide / 2, CELL) + CELL / 2, np.arange(0, high, CELL) + CELL / 2]
    x, y, z = (axis.ravel() for axis in np.meshgrid(sides[0], sides[1], sides[0], indexing="ij"))
    return np.stack([x, y, z], -1).astype(np.float32)


def events(places: np.ndarray, kind: int = BREAK) -> Sources:
    count = len(places)
    return Sources(
        time=np.linspace(0.1, 0.6, count), position=np.asarray(places, np.float32), velocity=np.tile(np.float32([0, -4, 0]), (count, 1)),
        mass=np.ones(count), radius=np.full(count, 0.3), kind=np.full(count, kind, np.uint8), air=np.arange(float(count)),
    )  # fmt: skip


def let_out(places: np.ndarray, points: np.ndarray, kind: int = BREAK, torn: float = 2.0, at: float = 0.0, sinks: float = 0.0) -> Sources:
    """Let dust out of rubble, 40 % solid, at `points`, whose pieces have moved apart by `torn` m, from a time `at`, s, on, and come down at `sinks` m/s."""
    count, rng = len(points), np.random.default_rng(2)
    rubble = Rubble(np.zeros((count, 3), np.float32), np.arange(count), np.full(count, 0.4 * CELL**3, np.float32))
    moved = (torn * rng.standard_normal((count, 3)) / np.sqrt(3)).astype(np.float32)
    path = [points] * round(at * 100 + 1) + [points + moved] * 200 if at > 0 else [points - moved] + [points] * 200
    path = [each - np.float32([0, sinks * (n - 60) / 100, 0]) for n, each in enumerate(path)]
    turned = np.tile(np.float32([1, 0, 0, 0]), (len(path), count, 1))
    poses = Poses(np.stack(path), turned, 100.0)
    return by_the_shorter_way(events(places, kind), rubble, poses, np.ones(count), BOX, np.random.default_rng(1))


@pytest.mark.parametrize("kind", [BREAK, BREATH])
def test_what_a_wide_pile_lets_out_wells_up_at_its_top(kind):
    out = let_out(np.tile([0.0, 1.0, 0.0], (200, 1)), solid(20.0, 3.0), kind)
    risen = out.position[:, 1] >= 3.0
    assert risen.mean() > 0.9
    assert (out.velocity[risen, 1] > 0).all()


def test_the_foot_of_a_high_wall_lets_it_out_where_it_is():
    out = let_out(np.tile([0.0, 1.0, 5.0], (200, 1)), solid(12.0, 16.0))
    assert (out.position[:, 1] >= 16.0).mean() < 0.05
    kept = out.position[:, 1] < 16.0
    assert (out.position[kept] == np.float32([0, 1, 5])).all()


def test_the_lower_a_roof_has_come_the_more_comes_through_it():
    places = np.tile([0.0, 1.0, 0.0], (400, 1))
    through = [(let_out(places, solid(12.0, high)).position[:, 1] > 1.5).mean() for high in (16.0, 8.0, 4.0)]
    assert through[0] < through[1] < through[2]


def test_what_comes_from_farther_down_is_broader_and_farther_astray():
    shallow, deep = (let_out(np.tile([0.0, y, 0.0], (400, 1)), solid(24.0, 6.0)) for y in (5.0, 1.0))
    assert deep.radius.mean() > shallow.radius.mean() + 0.5
    assert np.abs(deep.position[:, 0]).mean() > 2 * np.abs(shallow.position[:, 0]).mean()


def test_jets_and_what_breaks_in_the_open_stay():
    inside, beside = np.tile([0.0, 1.0, 0.0], (50, 1)), np.tile([14.0, 1.0, 0.0], (50, 1))
    rubble = solid(20.0, 3.0)
    assert (let_out(inside, rubble, JET).position == inside.astype(np.float32)).all()
    assert (let_out(beside, rubble).position == beside.astype(np.float32)).all()


def test_no_dust_comes_out_of_a_chimney_s_tip():
    chimney = solid(1.0, 9.0)
    out = let_out(np.tile([0.2, 1.0, 0.2], (200, 1)), np.concatenate([solid(20.0, 3.0), chimney[chimney[:, 1] > 3.0]]))
    assert (out.position[:, 1] > 1.5).mean() > 0.5
    assert out.position[:, 1].max() < 5.0


def test_a_roof_that_sinks_whole_lets_nothing_through():
    out = let_out(np.tile([0.0, 1.0, 0.0], (200, 1)), solid(20.0, 3.0), torn=0.05)
    assert (out.position == np.float32([0, 1, 0])).all()


def test_what_falls_draws_its_dust_down_with_it():
    """Left over it, dust would hang in the sky like smoke where the roof was."""
    places = np.tile([0.0, 1.0, 0.0], (400, 1))
    up = [(let_out(places, solid(20.0, 4.0), sinks=fast).position[:, 1] > 1.5).mean() for fast in (0.0, 2.0, 6.0)]
    assert up[0] > 0.9
    assert up[0] > up[1] > up[2]
    assert up[2] < 0.05


def test_dust_waits_under_a_whole_roof_until_it_tears():
    out = let_out(np.tile([0.0, 1.0, 0.0], (200, 1)), solid(20.0, 3.0), at=0.5)
    risen = out.position[:, 1] > 1.5
    assert risen.mean() > 0.8
    assert out.time[risen].min() > 0.4


def test_nothing_is_lost_and_events_are_in_order():
    places = np.random.default_rng(0).uniform((-9, 0, -9), (9, 3, 9), (500, 3))
    out = let_out(places, solid(20.0, 3.0), at=0.3)
    assert (np.diff(out.time) >= 0).all()
    assert (np.sort(out.air) == np.arange(500)).all()
    assert out.mass.sum() == 500


def test_a_pile_that_has_just_come_down_is_hidden_from_above(tmp_path):
    frames, rock = 66, collapse.pieces(tmp_path)
    moving, view = collapse.motion(tmp_path, rock, frames), collapse.film_set(tmp_path, collapse.camera())
    plate, settings = Located(collapse.plate(frames), tmp_path), Settings.model_validate({"dust": {"voxels": 64}})
    record = run(settings, Work(tmp_path, 1), plate=plate, film_set=view, pieces=rock, motion=moving)
    volume = read_volume(tmp_path / f"dust/dust.{1000 + frames}.npz")
    x, y, z = (np.asarray(record.origin)[n] + record.voxel * (np.arange(volume.density.shape[n]) + volume.start[n] + 0.5) for n in range(3))
    over = volume.density[:, y > 0.22 * collapse.HEIGHT + 1].sum(1) * record.voxel * record.extinction
    middle = (np.abs(x)[:, None] < 4) & (np.abs(z + collapse.DEPTH / 2)[None] < 3)
    assert np.median(over[middle]) > 0.5
