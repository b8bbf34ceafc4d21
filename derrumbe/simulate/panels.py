"""Crushed panels: the load above bulges them until they fall by themselves, and what still stands is pressed on. What comes down upright is crushed
at its foot, and has no floors left to hold it: it buckles again.
"""

from __future__ import annotations

import numpy as np

from derrumbe.simulate.bonds import GRAVITY
from derrumbe.simulate.failure import Failure
from derrumbe.simulate.geometry import rotate
from derrumbe.simulate.impact import CRUSH_LOSS
from derrumbe.simulate.structure import OUTER_WALL, WINDOW, Structure
from derrumbe.simulate.world import States, World

PANEL = 8
"""Blocks and loose fragments up to which crushed uprights are a panel that buckles whole."""
BUCKLE = 9.0
"""m/s² at most with which the load above drives the middle of a panel out: walls burst. Crushing takes more energy from that load than
this gives."""
PUSHED = 0.3
"""s for which it does, in a storey of 3.3 m."""
OUTWARD = 0.8
"""Share of panels that bulge outwards."""
PATIENCE = 0.6
"""s after its failure when what still stands is broken further and pushed again."""
INSISTENCE = 0.9
"""How many times harder than at first with every further push: a squat block has to be slid off what it stands on."""
PUSHES = 4
"""Further pushes at most: what stands then is wedged in rubble, and rubble must come to rest. From the last but one on it is also crushed
again: what it holds up grinds past it."""
STANDS_DROP, STANDS_TURN = 0.3, 0.15
"""m and rad within which a crushed part still stands."""
LEANS, PROUD, FREE = 0.5, 1.0, 2.0
"""rad up to which a part that has come down is upright, and storeys over what it can come down to from which it stands out of the heap, and free of
it: there its foot is crushed as well."""
TIPS = 0.5
"""How hard what stands in the heap is pushed, of what stands free of it: it mustn't be thrown off."""
LANDS, STOPS = 4.0, 0.5
"""m/s at which it must have come down to be crushed when it lands, and share of that up to which it has landed."""
SLOWED, BY = 0.5, 2.0
"""m/s that the foot of a stack must have lost between two looks, beside falling freely, and m/s by which what it comes down on is slower."""
STACKED, LIES = 2.0, 0.5
"""Storeys over what it can come down to from which the foot of a stack is crushed, and share of a contact's way that is upwards from which one body
lies on the other."""
LANDED, LANDINGS = 2.0, 3
"""m/s under which it stands there, and how often it is pushed for that at most."""


class Panels:
    """Pushes crushed panels; times in seconds after the trigger."""

    def __init__(self, structure: Structure, world: World, failure: Failure, rng: np.random.Generator) -> None:
        self.structure, self.world, self.failure, self.rng = structure, world, failure, rng
        self.pushed: dict[int, float] = {}
        self.pushes = np.zeros(structure.count, int)
        self.kicked = np.zeros(structure.count, bool)
        self.landings = np.zeros(structure.count, int)
        self.drive = np.zeros((structure.count, 3))
        """(N, 3) m/s²: how every piece is pushed, until `until` (N,)."""
        self.until = np.full(structure.count, -np.inf)

    def loosened(self, number: int, crushed: np.ndarray, now: float) -> None:
        """A body is new, or has lost a part: push it if it is a panel of crushed pieces (N,) bool; what breaks off a panel is pushed on with it."""
        if self.pushed.pop(number, None) is not None:
            self.world.let_go(number)
        pieces = self.world.bodies[number].pieces
        if self.world.bodies[number].units > PANEL or not crushed[pieces].all():
            return
        if not self.kicked[pieces].any():
            self.kicked[pieces] = True
            self._push(number, now, float(self.failure.squeeze[self.structure.cell[pieces[0]]]))
        elif self.until[pieces].max() > now:
            self._drive(number)

    def relax(self, now: float) -> None:
        """Panels that have buckled, or broken, fall by themselves."""
        for number in [number for number, until in self.pushed.items() if now >= until]:
            self.world.let_go(number)
            del self.pushed[number]

    def insist(self, now: float, height: np.ndarray) -> None:
        """Break and push what has been crushed for a while and still stands. height (N,) m: where pieces are."""
        for number in self._standing(now, height):
            body = self.world.bodies[number]
            self.pushes[body.pieces] += 1
            if self.pushes[body.pieces].max() >= PUSHES - 1:
                self.failure.crushed_at[body.pieces] = now
            if body.units > PANEL:
                self.failure.shake(body.pieces, now)
            else:
                self.world.wake(number)
                self._push(number, now, INSISTENCE * float(self.pushes[body.pieces].max()))

    def land(self, now: float, states: States, height: np.ndarray, before: np.ndarray) -> None:
        """A leaf of wall that nothing ties to floors any more doesn't stand on what it comes down on: its foot is crushed, so that what follows goes on,
        and if it stands it is pushed over. height (N,) m: where pieces are; before (N, 3) m/s: how fast they were at the last sample."""
        for row, high in self._leaves(states, height, PROUD):
            number, speed = int(states.number[row]), states.linear[row]
            pieces = self.world.bodies[number].pieces
            was = before[pieces].mean(0)
            if high > FREE and was[1] < -LANDS and speed[1] > STOPS * was[1]:
                self.failure.crushed_at[pieces] = now
                self.world.set_motion(number, speed + (1 - CRUSH_LOSS) * (was - speed), states.angular[row])
            elif np.linalg.norm(speed) < LANDED and number not in self.pushed and self.landings[pieces].max() < LANDINGS:
                self.landings[pieces] += 1
                self.world.free(number)
                self.world.wake(number)
                self._push(number, now, 1.0 if high > FREE else TIPS)

    def crush_feet(self, now: float, states: States, height: np.ndarray, before: np.ndarray, seconds: float) -> bool:
        """A stack of loose panels that lands is crushed at its foot, as a storey is, and what lies on that goes on: rigid panels would stop one after
        the other up to the highest, and stand as a wall in the midst of what comes down. Called every `seconds`, with the same as `land`; return
        whether anything was crushed."""
        rows = {int(number): row for row, number in enumerate(states.number)}
        loose = np.flatnonzero(states.row >= 0)
        rose = self.structure.mean(states.row[loose], loose, before, len(states.number))[:, 1]
        lost = states.linear[:, 1] - rose + GRAVITY * seconds
        going: set[int] = set()
        for row, _ in self._leaves(states, height, STACKED):
            number = int(states.number[row])
            if rose[row] < -LANDS and lost[row] > SLOWED and (load := self._load(number, rows, rose)) and self._lands(number, rows, rose):
                self.failure.crushed_at[self.world.bodies[number].pieces] = now
                going |= load
        for number in sorted(going):
            row = rows[number]
            gained = (1 - CRUSH_LOSS) * min(0.0, rose[row] - states.linear[row, 1])
            self.world.set_motion(number, states.linear[row] + (0.0, gained, 0.0), states.angular[row])
        return bool(going)

    def _lands(self, foot: int, rows: dict[int, int], rose: np.ndarray) -> bool:
        """Return whether a body comes down on something that is slower."""
        below = [rose[rows[other]] if other >= 0 else 0.0 for other, up in self.world.touching(foot) if up < -LIES]
        return any(speed > rose[rows[foot]] + BY for speed in below)

    def _load(self, foot: int, rows: dict[int, int], rose: np.ndarray) -> set[int]:
        """Return the small bodies that lie on one, or on each other, and came down as fast."""
        found, todo = {foot}, [foot]
        while todo:
            for other, up in self.world.touching(todo.pop()):
                small = other >= 0 and up > LIES and self.world.bodies[other].units <= PANEL
                if small and other not in found and rose[rows[other]] < rose[rows[foot]] + BY:
                    found.add(other)
                    todo.append(other)
        return found - {foot}

    def _leaves(self, states: States, height: np.ndarray, proud: float) -> list[tuple[int, float]]:
        """Return the rows of small bodies of uprights alone that have sunk by a storey, are upright yet, and stand out, with their storeys over what
        they can come down to."""
        loose, count = np.flatnonzero(states.row >= 0), len(states.number)
        row, mass = states.row[loose], self.structure.mass[loose]
        total = np.maximum(np.bincount(row, mass, count), 1e-9)
        sunk, high = (
            np.bincount(row, mass * far, count) / total / self.structure.storey_height
            for far in (self.structure.centre[loose, 1] - height[loose], height[loose] - self.failure.plan.base[loose])
        )
        others = np.bincount(row, ~self.structure.upright[loose], count)
        up = rotate(states.turn, np.array([0.0, 1.0, 0.0]))[:, 1]
        found = np.flatnonzero((others == 0) & (sunk > 1) & (high > proud) & (up > np.cos(LEANS)))
        return [(int(row), float(high[row])) for row in found if self.world.bodies[int(states.number[row])].units <= PANEL]

    def _standing(self, now: float, height: np.ndarray) -> list[int]:
        """Return the bodies to push again: overdue, near their rest pose, and holding uprights."""
        body, count = self.world.body_of, int(self.world.body_of.max()) + 1
        loose = body >= 0
        overdue, sunk = np.zeros(count, bool), np.zeros(count, bool)
        overdue[body[loose & (self.failure.failed_at[self.structure.cell] + PATIENCE < now)]] = True
        sunk[body[loose & ((self.structure.centre[:, 1] - height >= STANDS_DROP) | (self.pushes >= PUSHES))]] = True
        return [number for number in np.flatnonzero(overdue & ~sunk).tolist() if number not in self.pushed and self._upright(number)]

    def _upright(self, number: int) -> bool:
        _, turn = self.world.pose(number)
        turned = 2 * np.linalg.norm(turn[1:]) > STANDS_TURN
        return bool(not turned and self.structure.upright[self.world.bodies[number].pieces].any())

    def _push(self, number: int, now: float, squeeze: float) -> None:
        pieces = self.world.bodies[number].pieces
        storey = int(self.structure.storey[pieces[0]])
        rest = float(self.structure.centre[pieces, 1].mean())
        up = np.clip((rest - self.structure.storey_bottoms[storey]) / self.structure.storey_height, 0, 1)
        outer = np.isin(self.structure.kind[pieces[0]], (OUTER_WALL, WINDOW))
        heading = self.structure.outward[pieces[0]] if outer else _any_heading(self.rng)
        strength = self.rng.uniform(0.4, 1.0) * (1 if self.rng.random() < OUTWARD else -1) * (0.4 + 0.6 * np.sin(np.pi * up))
        self.drive[pieces] = BUCKLE * strength * squeeze * heading
        self.until[pieces] = now + PUSHED * np.sqrt(self.structure.storey_height / 3.3)
        self._drive(number)

    def _drive(self, number: int) -> None:
        pieces = self.world.bodies[number].pieces
        off = self.rng.normal(0, 0.12, 3) * np.cbrt(self.structure.volume[pieces].sum())
        self.world.push(number, self.drive[pieces].mean(0), self.world.positions(pieces).mean(0) + off)
        self.pushed[number] = float(self.until[pieces].max())


def _any_heading(rng: np.random.Generator) -> np.ndarray:
    angle = rng.uniform(0, 2 * np.pi)
    return np.array([np.cos(angle), 0.0, np.sin(angle)])
