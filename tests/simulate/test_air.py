"""Laws of the air that is pressed out of a storey."""

from types import SimpleNamespace

import numpy as np
import pytest

from derrumbe.core.records import Building, Facade, Opening
from derrumbe.simulate.air import DUSTINESS, FAINTEST, RISES, jets, room_shares, sunk
from derrumbe.simulate.outlets import STRIP, outlets
from derrumbe.simulate.structure import Cells
from derrumbe.simulate.track import Track

WIDE, DEEP, STOREY, BAYS = 24.0, 8.0, 3.0, 4
SLABS = 3
"""Of a bay and storey, all alike."""
FOOTPRINT = np.array([[-WIDE / 2, 0.0], [WIDE / 2, 0.0], [WIDE / 2, -DEEP], [-WIDE / 2, -DEEP]])
CELLS = Cells(low=(-WIDE / 2, -DEEP), high=(WIDE / 2, 0.0), storeys=2, nx=BAYS, nz=1)


def structure():
    x = np.tile(np.repeat(CELLS.centre_x(), SLABS), 2)
    y = np.repeat([STOREY, 2 * STOREY], BAYS * SLABS)
    count = len(x)
    half = np.array([WIDE / BAYS / 2, STOREY, DEEP / 2])
    centre = np.stack([x, y, np.full(count, -DEEP / 2)], 1)
    return SimpleNamespace(
        low=centre - half, high=centre + half,
        cells=CELLS, footprint=FOOTPRINT, upright=np.zeros(count, bool), cell=np.repeat(np.arange(CELLS.count), SLABS), mass=np.ones(count),
        centre=centre, storey_tops=np.array([STOREY, 2 * STOREY]),
        storey_bottoms=np.array([0.0, STOREY]), height=2 * STOREY,
    )  # fmt: skip


def building():
    openings = tuple(Opening(left=x, right=x + 1.5, bottom=1.0, top=2.4) for x in (3.0, 10.0, 17.0))
    facade = Facade(origin=(-WIDE / 2, 0, 0), along=(1, 0, 0), normal=(0, 0, 1), width=WIDE, height=2 * STOREY, openings=openings)
    return Building(
        outline_px=((0, 0), (1, 0), (1, 1)), facades=(facade,), footprint=tuple((float(x), float(z)) for x, z in FOOTPRINT),
        storey_tops=(STOREY, 2 * STOREY), height=2 * STOREY, material="brick",
    )  # fmt: skip


def track(rock, bays, samples=20, seconds=0.02):
    """Both floors over `bays` sink as one from the third sample on, half a metre each sample; the ground floor closes."""
    position = np.repeat(rock.centre[None], samples, 0)
    falls = np.isin(rock.cell % BAYS, bays)
    drop = np.clip(0.5 * (np.arange(samples) - 2), 0, STOREY - 0.5)
    position[:, falls, 1] -= drop[:, None]
    return Track(position, None, None, None, seconds, 2)


def blown(bays):
    rock = structure()
    return jets(rock, track(rock, bays), outlets(rock, building()))


def volume(events, seconds=0.02):
    return np.pi * events.radius**2 * np.linalg.norm(events.velocity, axis=1) * seconds


def test_a_lost_corner_lowers_no_ceiling():
    rock = structure()
    moved = track(rock, [])
    moved.position[5:, 0, 1] -= 2.0
    assert sunk(rock, moved).max() == 0
    moved.position[5:, 1, 1] -= 2.0
    assert sunk(rock, moved)[-1, 0] == pytest.approx(2.0)


def test_dust_is_that_of_the_air_in_the_rooms_that_close():
    """Air is dusty from the first on, the last most of all: all together it is the average over what closes."""
    events = blown(range(BAYS))
    closed = (STOREY - 0.5) / STOREY
    expected = DUSTINESS * closed * (RISES[0] + 0.5 * (RISES[1] - RISES[0]) * closed) * WIDE * DEEP * STOREY
    assert events.mass.sum() == pytest.approx(expected, rel=0.05)


def test_air_is_dusty_from_the_first_and_gets_dustier():
    events = blown(range(BAYS))
    dusty = events.mass / volume(events)
    first, last = events.time == events.time.min(), events.time == events.time.max()
    assert 0.2 < np.median(dusty[first]) / np.median(dusty[last]) < 0.6


def test_windows_speak_first_and_then_all_of_the_wall():
    events = blown(range(BAYS))
    front = np.abs(events.position[:, 2]) < 0.01
    at = events.position[front, 0]
    early = events.time[front] < events.time.min() + 0.01
    reaches = np.abs(at[:, None] - np.array([-8.25, -1.25, 5.75])).min(1) < 0.01
    share = volume(events)[front]
    by_windows = [share[when & reaches].sum() / share[when].sum() for when in (early, ~early)]
    assert by_windows[0] > 2 * by_windows[1]
    assert np.diff(np.sort(at[~reaches])).max() < 1.5
    assert by_windows[1] < 0.5


def test_air_leaves_near_where_rooms_close():
    events = blown([0])
    assert (events.velocity**2).sum() > 0
    left = events.position[:, 0] < 0
    assert volume(events)[left].sum() > 4 * volume(events)[~left].sum()


def test_jets_point_away_from_the_rooms_and_spread_at_corners():
    events = blown(range(BAYS))
    speed = np.linalg.norm(events.velocity, axis=1)
    assert speed.min() > FAINTEST * 0.99
    front = np.abs(events.position[:, 2]) < 0.01
    assert (events.velocity[front, 2] > 0).all()
    side = events.velocity[front, 0] / speed[front] * np.sign(events.position[front, 0])
    corner = np.abs(events.position[front, 0]) > 0.4 * WIDE
    assert side[corner].mean() > side[~corner].mean() + 0.2


def test_a_storey_that_stands_back_blows_from_its_own_walls():
    """No jet starts in the open air beside a tower that is narrower than what it stands on."""
    rock = structure()
    upper = rock.cell // BAYS == 1
    keep = ~upper | np.isin(rock.cell % BAYS, [1, 2])
    for name in ("low", "high", "cell", "mass", "centre", "upright"):
        setattr(rock, name, getattr(rock, name)[keep])
    rock.low[:, 1] = np.where(upper[keep], STOREY, 0.0)
    rock.high[:, 1] = rock.low[:, 1] + STOREY
    vents = outlets(rock, building())
    above = vents.storey == 1
    assert np.abs(vents.position[above, 0]).max() <= WIDE / BAYS + 0.5 * STRIP
    assert np.abs(vents.position[~above, 0]).max() == pytest.approx(WIDE / 2)


def test_a_bay_that_only_an_eave_reaches_into_is_hardly_a_room():
    rock = structure()
    eave = (rock.cell // BAYS == 1) & (rock.cell % BAYS == 0)
    rock.mass[eave] = 0.05
    share = room_shares(rock)
    assert share[1, 0] == pytest.approx(0.1)
    assert (np.delete(share.ravel(), BAYS) == 1).all()


def test_nothing_blows_where_nothing_falls():
    assert len(blown([]).time) == 0
