"""The room that rubble takes, against heaps whose room is known."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from derrumbe.simulate.pile import bulking


def heap(gap: float, layers: int = 3, side: int = 12):
    """Return cubes of 1 m, `gap` m apart in layers that touch, as a structure and a track in which they have all fallen."""
    x, y, z = np.meshgrid(np.arange(side) * (1 + gap), np.arange(layers) + 0.5, np.arange(side) * (1 + gap), indexing="ij")
    ends = np.stack([x, y, z], -1).reshape(-1, 3)
    count = len(ends)
    structure = SimpleNamespace(volume=np.ones(count), low=ends - 0.5, high=ends + 0.5)
    position = np.stack([ends + np.array([0, 20, 0]), ends])
    rotation = np.tile((1.0, 0, 0, 0), (2, count, 1))
    return structure, SimpleNamespace(position=position, rotation=rotation)


@pytest.mark.parametrize("gap", [0.0, 0.1, 0.2, 0.3])
def test_gaps_between_cubes_are_room_taken(gap):
    assert bulking(*heap(gap)) == pytest.approx((1 + gap) ** 2, rel=0.16)


def test_nothing_fallen_makes_no_pile():
    structure, track = heap(0.1)
    track.position[1] = track.position[0]
    assert bulking(structure, track) is None


def test_looser_heaps_take_more_room():
    loose = [bulking(*heap(gap)) for gap in (0.0, 0.1, 0.2, 0.3)]
    assert loose == sorted(loose)


def test_a_collapsed_office_takes_more_room_than_its_stuff_but_not_its_rooms(collapse_of):
    fall = collapse_of(storeys=2, bays=2, frames=120, mode="pancake")
    solid = fall.pieces["volume"].sum()
    assert 1.0 < fall.motion.bulking < 0.7 * 8 * 7 * 7 / solid
