"""Rubble that has come to rest jams: angular blocks lock each other, and only a blow or the loss of what they lie on sets them free.

A solver of contacts with a few iterations carries the weight of a heap only through its lowest layers; what lies above sinks on for seconds.
So a part that has come down, has been slow for a while although gravity pulls, and lies on what doesn't move is held as the ground is, from
the ground upwards. A blow frees it, and so does whatever takes its support away.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from derrumbe.simulate.geometry import rotate
from derrumbe.simulate.structure import Structure
from derrumbe.simulate.world import States, World

SLOW = 0.6
"""m/s at the rim of a part, going along and turning, under which it may jam."""
GAIN = 0.1
"""m/s a sample that it may gain meanwhile: what tips over gains more."""
WAIT = 0.25
"""s for which it must have been slow; a free fall would have passed SLOW four times by then."""
STUCK = 3.0
"""m/s under which what is inside other rubble jams at once: it is ground up there."""
NEAR = 0.08
"""m between the boxes of parts that lie on each other."""


class Jam:
    """Keeps account of which bodies are held."""

    def __init__(self, structure: Structure, world: World, base: np.ndarray) -> None:
        """base (N,) m: height that each piece can come down to."""
        self.structure, self.world = structure, world
        self.target = np.minimum(structure.storey_height, 0.5 * np.maximum(structure.centre[:, 1] - base, 0.0))
        self.reach = np.linalg.norm(0.5 * (structure.high - structure.low), axis=1)
        self.since: dict[int, float] = {}
        self.before: dict[int, float] = {}

    def look(self, seconds: float, states: States, position: np.ndarray, rotation: np.ndarray, lodged: np.ndarray) -> None:
        """Hold what has come to rest, free what lost its support; called every `seconds` with the poses of a Sample.

        lodged (N,) bool: pieces inside other rubble.
        """
        held = np.isin(states.number, list(self.world.held))
        slow = self._slow(seconds, states, position[:, 1], lodged, held)
        may = held | slow
        if not may.any():
            return
        firm = self._founded(states, position, rotation, may)
        for number in states.number[slow & ~held & firm].tolist():
            self.world.hold(number)
        for number in states.number[held & ~firm].tolist():
            self.world.free(number)

    def _slow(self, seconds: float, states: States, height: np.ndarray, lodged: np.ndarray, held: np.ndarray) -> np.ndarray:
        """Return the bodies that have come down and been slow for long enough, (K,) bool."""
        loose = np.flatnonzero(states.row >= 0)
        row, count = states.row[loose], len(states.number)
        reach, down = np.zeros(count), np.zeros(count, bool)
        np.maximum.at(reach, row, self.reach[loose])
        came = self.structure.centre[loose, 1] - height[loose] > self.target[loose]
        down[row[came]] = True
        speed = np.linalg.norm(states.linear, axis=1) + reach * np.linalg.norm(states.angular, axis=1)
        before = np.array([self.before.get(int(number), 0.0) for number in states.number])
        quiet = down & ~held & (speed < SLOW) & (speed < before + GAIN)
        since = np.array([self.since.get(int(number), 0.0) for number in states.number])
        since = np.where(quiet, since + seconds, 0.0)
        self.since = dict(zip(states.number.tolist(), since.tolist(), strict=True))
        self.before = dict(zip(states.number.tolist(), speed.tolist(), strict=True))
        stuck = np.zeros(count, bool)
        stuck[row[lodged[loose]]] = True
        return (quiet & (since > WAIT)) | (stuck & down & ~held & (speed < STUCK))

    def _founded(self, states: States, position: np.ndarray, rotation: np.ndarray, may: np.ndarray) -> np.ndarray:
        """Return which bodies (K,) lie on the ground, on what stands, or on others that may be held and do so, (K,) bool."""
        half = 0.5 * (self.structure.high - self.structure.low)
        size = (np.abs(_matrices(rotation)) * half[:, None]).sum(2)
        middle = 0.5 * (self.structure.high + self.structure.low) - self.structure.centre
        centre = position + rotate(rotation, middle)
        low, high = centre - size - NEAR, centre + size + NEAR
        body = states.row
        still = (body < 0) | may[body]
        pieces = np.flatnonzero(still)
        order = pieces[np.argsort(low[pieces, 0], kind="stable")]
        firm = _founded(low, high, np.where(body < 0, len(states.number), body), order, len(states.number))
        return np.asarray(firm)


def _matrices(rotation: np.ndarray) -> np.ndarray:
    """Return the rotation matrices (N, 3, 3) of quaternions wxyz (N, 4)."""
    return np.stack([rotate(rotation, np.eye(3)[k]) for k in range(3)], axis=-1)


@njit(cache=True)
def _founded(low, high, body, order, count):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Spread firmness upwards from the ground and from body number `count`, which stands; return (count,) bool."""
    firm = np.zeros(count + 1, np.bool_)
    firm[count] = True
    for k in order:
        if low[k, 1] <= 0.0:
            firm[body[k]] = True
    n = len(order)
    one, other = [], []
    for a in range(n):
        i = order[a]
        for b in range(a + 1, n):
            j = order[b]
            if low[j, 0] > high[i, 0]:
                break
            if (
                body[i] != body[j]
                and low[j, 1] <= high[i, 1]
                and low[i, 1] <= high[j, 1]
                and low[j, 2] <= high[i, 2]
                and low[i, 2] <= high[j, 2]
            ):
                if low[i, 1] < low[j, 1]:
                    one.append(i)
                    other.append(j)
                else:
                    one.append(j)
                    other.append(i)
    grown = True
    while grown:
        grown = False
        for k in range(len(one)):
            if firm[body[one[k]]] and not firm[body[other[k]]]:
                firm[body[other[k]]] = True
                grown = True
    return firm[:count]
