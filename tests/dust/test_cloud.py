"""Laws of a cloud in still air, wind and between walls."""

from dataclasses import replace

import numpy as np
import pytest

from derrumbe.dust import cloud, settling
from derrumbe.dust.domain import Domain
from derrumbe.dust.flow import AIR, HEAVIER
from derrumbe.dust.pressure import divergence
from derrumbe.dust.solids import Poses, Rubble
from derrumbe.dust.sources import sources
from derrumbe.dust.state import still
from derrumbe.dust.step import Scene, advance
from derrumbe.dust.turbulence import curl_tile
from derrumbe.dust.wind import profile

BOX = Domain((-8.0, 0.0, -8.0), 0.5, (32, 20, 32))
NO_EVENTS = {
    "time": np.zeros(0), "position": np.zeros((0, 3)), "velocity": np.zeros((0, 3)), "mass": np.zeros(0), "radius": np.zeros(0),
    "kind": np.zeros(0, np.uint8),
}  # fmt: skip
NO_RUBBLE = Rubble(np.zeros((0, 3), np.float32), np.zeros(0, np.int64), np.zeros(0, np.float32))
NO_POSES = Poses(np.zeros((1, 0, 3), np.float32), np.zeros((1, 0, 4), np.float32), 24.0)


def all_out(events):
    return np.ones(len(events["time"]))


def scene(events=NO_EVENTS, wind=0.0, neighbours=None, linger=1e9, air=0.0):
    neighbours = np.zeros(BOX.cells, np.float32) if neighbours is None else neighbours
    blow = profile(BOX.heights(), wind, np.array([1.0, 0, 0]))
    return Scene(BOX, sources(events, all_out(events), 1.0, 0.0, air), NO_RUBBLE, NO_POSES, neighbours, blow, linger, curl_tile(1), 1)


def ball(place, centre, radius=2.0, thick=0.3):
    state = still(0, BOX, place.wind)
    where = np.stack(np.meshgrid(*(np.arange(n) + 0.5 for n in BOX.shape), indexing="ij"), -1) * BOX.voxel + BOX.origin
    state.density[np.linalg.norm(where - centre, axis=-1) < radius] = thick
    return fresh(state)


def fresh(state):
    """The same with all its coarse grains."""
    mass = float(state.density.sum(dtype=float)) * BOX.voxel**3
    return replace(state, ledger=replace(state.ledger, fresh=mass))


def run(place, state, frames=12):
    for n in range(frames):
        state = advance(place, state, n / 24, (n + 1) / 24)
    return state


def middle(density):
    lines = [(np.arange(n) + 0.5) * BOX.voxel + o for n, o in zip(density.shape, BOX.origin, strict=True)]
    total = density.sum()
    return np.array([(density.sum(tuple(a for a in range(3) if a != axis)) * line).sum() / total for axis, line in enumerate(lines)])


def width(density):
    x = (np.arange(density.shape[0]) + 0.5) * BOX.voxel + BOX.origin[0]
    share = density.sum((1, 2)) / density.sum()
    return np.sqrt((share * x**2).sum() - (share * x).sum() ** 2)


def test_dust_falls_and_spreads_over_the_ground():
    place = scene()
    begin = ball(place, (0, 2.4, 0))
    end = run(place, begin, 40)
    assert middle(end.density)[1] < middle(begin.density)[1] - 0.8
    assert width(end.density) > 1.2 * width(begin.density)


def test_its_fall_starts_no_faster_than_gravity():
    place = scene()
    end = run(place, ball(place, (0, 8.0, 0), thick=0.45), 6)
    assert end.v.min() > -9.81 * 6 / 24
    assert end.v.min() < -0.1


def release(thick, radius=3.0, height=3.0):
    """A cylinder of fresh dust on the ground, let go in still air; reduced gravity."""
    place = scene()
    state = still(0, BOX, place.wind)
    x, y, z = np.meshgrid(*((np.arange(n) + 0.5) * BOX.voxel + o for n, o in zip(BOX.shape, BOX.origin, strict=True)), indexing="ij")
    state.density[(np.hypot(x, z) < radius) & (y < height)] = thick
    return place, fresh(state), 9.81 * HEAVIER * thick / (AIR + HEAVIER * thick)


def reach(density, thick):
    """Radius of a disc as large as the ground over which a column holds a thirtieth of what the highest did at first."""
    columns = density.sum(1) * BOX.voxel
    return float(np.sqrt((columns > 0.1 * thick).sum() * BOX.voxel**2 / np.pi))


@pytest.mark.parametrize("thick", [0.1, 0.4])
def test_a_current_runs_as_fast_as_its_weight_drives_it(thick, monkeypatch):
    """Froude number of the front, by the height that the cloud's volume has over the ground that it covers: 0.5 to 1.2 (Huppert and Simpson
    1980) once it runs, as long as next to nothing falls out of it."""
    monkeypatch.setattr(settling, "FALL", settling.HANGS)
    place, state, gravity = release(thick)
    state = replace(state, ledger=replace(state.ledger, fresh=1e9))
    wave = np.sqrt(gravity * 3.0)
    began, later = round(24 * 2.5 / wave), round(24 * 6.0 / wave)
    reached = []
    for n in range(later):
        state = advance(place, state, n / 24, (n + 1) / 24)
        if n + 1 in (began, later):
            reached.append(reach(state.density, thick))
    speed = (reached[1] - reached[0]) * 24 / (later - began)
    height = 3.0 * (3.0 / np.mean(reached)) ** 2
    assert 0.5 < speed / np.sqrt(gravity * height) < 1.2


def test_noise_turns_the_air_and_gives_it_no_energy():
    """What moves has come from the height that dust has lost, and from nothing else."""
    place, state, _ = release(0.1)
    end = run(place, state, 40)
    fallen = (middle(state.density)[1] - middle(end.density)[1]) * 9.81 * HEAVIER * state.density.sum(dtype=float) * BOX.voxel**3
    moving = 0.5 * AIR * BOX.cell**3 * sum((part.astype(float) ** 2).sum() for part in (end.u, end.v, end.w))
    assert 0.2 * fallen < moving < 1.3 * fallen


def test_old_dust_is_lighter_than_fresh():
    place, state, _ = release(0.1)
    old = replace(state, ledger=replace(state.ledger, fresh=0.0))
    assert np.abs(run(place, old, 12).u).max() < 0.6 * np.abs(run(place, state, 12).u).max()


def test_mass_is_kept():
    place = scene()
    begin = ball(place, (0, 5.0, 0))
    end = run(place, begin, 10)
    assert end.density.sum(dtype=float) == pytest.approx(begin.density.sum(dtype=float), rel=0.01)


def test_still_dust_thins_to_a_third_in_the_time_to_linger():
    place = scene(linger=0.5)
    begin = ball(place, (0, 5.0, 0))
    end = run(place, begin, 12)
    assert end.density.sum(dtype=float) == pytest.approx(begin.density.sum(dtype=float) / 3, rel=0.02)


def test_wind_carries_it_to_the_right():
    place = scene(wind=6.0)
    begin = ball(place, (-4, 5.0, 0), thick=0.02)
    moved = middle(run(place, begin, 12).density) - middle(begin.density)
    assert moved[0] == pytest.approx(0.5 * 6.0 * np.log1p(50) / np.log1p(100), rel=0.25)
    assert abs(moved[2]) < 0.5


def test_a_neighbour_holds_it_back_and_cuts_no_edge_into_it():
    card = np.zeros(BOX.cells, np.float32)
    card[20:26, :14, :] = 1
    places = scene(wind=5.0), scene(wind=5.0, neighbours=card)
    free, held = (run(place, ball(place, (0.0, 3.0, 0), thick=0.1), 20).density for place in places)
    assert held[52:, :28].sum() < 0.05 * free[52:, :28].sum()
    # over the card's face dust fades from voxel to voxel, it isn't cut
    line = held[:, :28].sum((1, 2))
    assert np.abs(np.diff(line[36:48])).max() < 0.4 * line.max()


def test_the_flow_has_no_divergence_once_sources_are_silent():
    place = scene(wind=2.0)
    end = run(place, ball(place, (0, 4.0, 0)), 4)
    assert np.abs(divergence(end.u, end.v, end.w)).max() < 1e-5


def test_thin_dust_never_goes_negative_or_over_what_there_was():
    place = scene(wind=4.0)
    end = run(place, ball(place, (-3, 5.0, 0), thick=0.01), 8)
    assert end.density.min() == 0
    assert end.density.max() < 0.0115


def test_an_event_gives_its_mass_and_only_its_mass():
    events = {
        "time": np.array([0.02]), "position": np.array([[0.0, 4.0, 0.0]]), "velocity": np.array([[3.0, 0, 0]]), "mass": np.array([2.0]),
        "radius": np.array([0.8]), "kind": np.array([2], np.uint8),
    }  # fmt: skip
    place = scene(events, air=20.0)
    end = run(place, still(0, BOX, place.wind), 14)
    assert end.density.sum(dtype=float) * BOX.voxel**3 == pytest.approx(2.0, rel=0.02)
    assert middle(end.density)[0] > 0.2


def test_busy_blocks_reach_one_block_around_dust():
    density = np.zeros((48, 24, 40), np.float32)
    density[20, 10, 20] = 1
    busy = cloud.busy_blocks(density)
    assert busy.shape == (6, 3, 5)
    assert busy[1:4, 0:3, 1:4].all()
    assert busy.sum() == 27


def test_what_is_as_small_as_a_voxel_is_evened_out_and_what_is_broad_stays():
    density = 0.1 + 0.05 * np.random.default_rng(3).standard_normal((32, 32, 32)).clip(-1, 1).astype(np.float32)
    wave = (0.1 + 0.05 * np.sin(2 * np.pi * np.arange(32) / 32))[:, None, None] * np.ones((1, 32, 32))
    all_busy = np.ones((4, 4, 4), bool)
    for begin, least, most in ((density, 0.0, 0.3), (wave.astype(np.float32), 0.9, 1.0)):
        end = begin
        for _ in range(20):
            end = cloud.mixed(end, all_busy, 0.1)
        assert end.sum() == pytest.approx(begin.sum(), rel=1e-4)
        assert least <= end[4:-4].std() / begin[4:-4].std() <= most
