"""What a few rigid contacts don't show: rubble settles, and nothing outruns its own fall."""

from __future__ import annotations

import numpy as np

from derrumbe.simulate.bonds import GRAVITY
from derrumbe.simulate.structure import Structure
from derrumbe.simulate.world import ANGULAR_DAMPING, THROW, States, World

SETTLING = ((2.0, 1.0), (1.0, 3.0), (0.4, 10.0))
"""m/s (and twice as many rad/s) under which supported rubble that gains no speed settles, and 1/s of linear and angular damping that
does it: rubble loses speed in many small contacts."""
TUMBLING = 0.35
"""Angular damping as a share of that."""
RUBBLE, GRINDS, FREE = 2.0, (0.2, 1.0), 0.5
"""m of fall after which a part is rubble: unless it falls freely (with FREE g or more) it grinds on other rubble, with linear and angular
damping in 1/s. Real blocks lose their corners and stop; the convex ones of a simulation would roll on. The linear one takes what a part is faster
than the rubble around it: what comes down with all around it grinds on nothing."""
LODGED = (1.0, 3.0)
"""The same for what is inside other rubble."""
AROUND = 2.0
"""m: width of the cells in which rubble is taken to be around."""
GAIN = 0.015
"""m/s a sample that settling rubble may gain; a wall that tips over gains more."""
SPILL = 0.7
"""Share of the speed of a fall from the roof that anything may have sideways."""
REBOUND, ASIDE = 0.1, 0.27
"""Shares of the speed of its own fall so far with which a blow may throw a part up, and aside: masonry doesn't bounce, and what falls from a
building lands within a third of its height."""
ROLLS, ON_GROUND = 0.45, 1.5
"""Share of g by which what rolls or slides on the ground beside the pile is slowed, and m/s up or down from which on it doesn't lie on it: blocks have
corners, which dig in (rockfall on grass and gravel has 0.4 to 0.7; Ritchie 1963, Pfeiffer and Bowen 1989)."""
GIVES = 4.0
"""m/s² by which a part may gain speed upwards and aside without a blow: it tips, or is pushed by the load above."""
SPIN = 12.0
"""rad/s at most."""
LEAP = 0.4
"""m further than it was fast that a loose piece may get between two looks. What is caught between blocks may be parted from them by metres at
once, though its speed afterwards is small."""
KICK = 0.1
"""m/s that any piece may sink faster than its own free fall."""


class Limits:
    """Damps rubble and holds back pieces that the solver shoots out from between heavy ones."""

    def __init__(self, structure: Structure, world: World, block: int) -> None:
        self.structure, self.world, self.block = structure, world, block
        self.before: dict[int, list[float]] = {}
        self.level: dict[int, int] = {}
        self.apex = structure.centre[:, 1].copy()
        self.velocity = np.zeros((structure.count, 3))
        """(N, 3) m/s: of all pieces when they were last looked at."""
        self.position = structure.centre.copy()
        """(N, 3) m: where they were then."""
        self.tipping: set[int] = set()
        """Bodies that were given a push: they may hang in the balance, and don't settle."""

    def apply(
        self, states: States, position: np.ndarray, velocity: np.ndarray, lodged: np.ndarray, pushed: dict[int, float], seconds: float
    ) -> None:
        """Look at every moving body; called every `seconds` with where every piece is, (N, 3) m, its velocity, (N, 3) m/s,
        and whether it is inside other rubble, (N,) bool. pushed: by number, the m/s² with which loads drive bodies aside.
        """
        self.position, height = position, position[:, 1]
        self.apex = np.maximum(self.apex, height)
        limited, spin = self._gripped(states, self._limited(states, pushed, seconds), seconds), slowed(states.angular)
        limited = self._ground_down(states, limited, velocity, seconds)
        spin = self._turning(states, limited, height, -velocity[:, 1])[:, None] * spin
        for k in np.flatnonzero(states.awake & ((limited != states.linear) | (spin != states.angular)).any(1)):
            self.world.set_motion(int(states.number[k]), limited[k], spin[k])
        self.velocity = velocity + np.append(limited - states.linear, np.zeros((1, 3)), 0)[states.row]  # row -1, what stands, is the last
        self._settle(states, lodged, seconds)

    def put_back(self, states: States, position: np.ndarray, seconds: float) -> bool:
        """Put loose pieces back that have leapt since they were last looked at, `seconds` ago; position (N, 3) m: where they are.
        Return whether there were any."""
        alone = np.bincount(states.row[states.row >= 0], minlength=len(states.number)) == 1
        pieces = np.flatnonzero(np.append(alone, False)[states.row])
        way = (position - self.position)[pieces]
        length = np.linalg.norm(way, axis=1)
        most = (np.linalg.norm(self.velocity[pieces], axis=1) + GRAVITY * seconds) * seconds + LEAP
        for k in np.flatnonzero(length > most):
            self.world.move(int(states.number[states.row[pieces[k]]]), (most[k] / length[k] - 1) * way[k])
        return bool((length > most).any())

    def _turning(self, states: States, limited: np.ndarray, height: np.ndarray, sinking: np.ndarray) -> np.ndarray:
        """Return the share of its spin that every body keeps, (K,), so that none of its pieces outruns its own fall.

        The far end of a part that turns as it falls would: real parts break before they fling their ends.
        """
        loose = np.flatnonzero(states.row >= 0)
        row = states.row[loose]
        down, by_turning = -limited[row, 1], sinking[loose] + states.linear[row, 1]
        allowed = fall_speed(self.apex[loose] - height[loose])
        share = np.ones(len(states.number))
        over = down + by_turning > allowed
        np.minimum.at(share, row[over], np.clip((allowed - down)[over] / np.maximum(by_turning[over], 1e-9), 0, 1))
        return share

    def _settle(self, states: States, lodged: np.ndarray, seconds: float) -> None:
        speed, spin = np.linalg.norm(states.linear, axis=1), np.linalg.norm(states.angular, axis=1)
        before = np.array([self.before.get(int(number), (0.0, np.inf)) for number in states.number]).reshape(-1, 2)
        small = (self._units(states) < self.block) & ~np.isin(states.number, list(self.tipping))
        # what is thrown up is slow at its highest point, but it gains downward speed
        lies = small & (speed < before[:, 0] + GAIN) & (states.linear[:, 1] > before[:, 1] - 0.2)
        level = sum(lies & (speed < limit) & (spin < 2 * limit) for limit, _ in SETTLING)
        grinds = small & (self._sunk(states) > RUBBLE) & (states.linear[:, 1] > before[:, 1] - FREE * GRAVITY * seconds)
        level = np.where(grinds & (level == 0), len(SETTLING) + 1, level)
        stuck = np.zeros(len(states.number), bool)
        stuck[states.row[lodged & (states.row >= 0)]] = True
        level = np.where(small & stuck & (self._sunk(states) > RUBBLE) & (level < 2), len(SETTLING) + 2, level)
        for k in np.flatnonzero(states.awake):
            number = int(states.number[k])
            if self.level.get(number, 0) != level[k]:
                self.level[number] = int(level[k])
                self.world.set_damping(number, *_damping(int(level[k])))
        self.before = dict(zip(states.number.tolist(), np.stack([speed, states.linear[:, 1]], 1).tolist(), strict=True))

    def _ground_down(self, states: States, linear: np.ndarray, velocity: np.ndarray, seconds: float) -> np.ndarray:
        """Return velocities (K, 3) of bodies; what grinds comes nearer to what is around it, some of which may stand. velocity (N, 3): of pieces."""
        rate = np.array([_grinding(self.level.get(number, 0)) for number in states.number.tolist()])
        if not rate.any():
            return linear
        around = self._around(states, velocity)
        return np.where(rate[:, None] > 0, around + (linear - around) * np.exp(-rate * seconds)[:, None], linear)

    def _around(self, states: States, velocity: np.ndarray) -> np.ndarray:
        """Return the mean velocity of all that is where the pieces of bodies are, (K, 3) m/s."""
        everything = np.arange(self.structure.count)
        _, cell = np.unique(np.floor(self.position / AROUND).astype(int), axis=0, return_inverse=True)
        mean = self.structure.mean(cell.ravel(), everything, velocity, int(cell.max()) + 1)[cell.ravel()]
        loose = np.flatnonzero(states.row >= 0)
        return self.structure.mean(states.row[loose], loose, mean, len(states.number))

    def _gripped(self, states: States, velocity: np.ndarray, seconds: float) -> np.ndarray:
        """Return velocities (K, 3) of bodies, slowed where these roll on the ground."""
        loose = states.row >= 0
        size = np.cbrt(np.bincount(states.row[loose], self.structure.volume[loose], len(states.number)))
        on_ground = (states.centre[:, 1] < size) & (np.abs(states.linear[:, 1]) < ON_GROUND) & (self._units(states) < self.block)
        return np.where(on_ground[:, None], gripped(velocity, seconds), velocity)

    def _units(self, states: States) -> np.ndarray:
        """Return of how many blocks and loose fragments bodies are made, (K,)."""
        return np.array([self.world.bodies[number].units for number in states.number.tolist()], int)

    def _sunk(self, states: States) -> np.ndarray:
        """Return by how many metres bodies have come down from their highest place, (K,)."""
        loose = states.row >= 0
        row, mass = states.row[loose], self.structure.mass[loose]
        total = np.maximum(np.bincount(row, mass, len(states.number)), 1e-9)
        return np.asarray(np.bincount(row, mass * self.apex[loose], len(states.number)) / total - states.centre[:, 1])

    def _limited(self, states: States, pushed: dict[int, float], seconds: float) -> np.ndarray:
        """Return linear velocities (K, 3) that the fall of each body so far allows."""
        drop, loose = self._sunk(states), np.flatnonzero(states.row >= 0)
        before = self.structure.mean(states.row[loose], loose, self.velocity, len(states.number))
        gives = np.array([max(GIVES, pushed.get(int(number), 0.0)) for number in states.number])
        return self._checked(states.number, states.linear, states.centre, before, drop, gives * seconds)

    def _checked(
        self, number: np.ndarray, linear: np.ndarray, centre: np.ndarray, before: np.ndarray, drop: np.ndarray, gives: np.ndarray | float
    ) -> np.ndarray:
        """Return the velocities (K, 3) that bodies may have; what has just been given a push keeps that."""
        fallen = held_back(linear, drop, self.structure.height - centre[:, 1])
        kicked = np.isin(number, list(self.tipping)) & (np.linalg.norm(before, axis=1) < KICK)
        return np.where(kicked[:, None], fallen, unbounced(fallen, before, drop, gives))

    def after_blows(self, force: np.ndarray) -> None:
        """Hold back small bodies that were thrown in this step; force (N,) N."""
        thrown = force > self.world.unit_mass * THROW / self.world.step_seconds
        numbers = np.unique(self.world.body_of[thrown]).tolist()
        for number in numbers:
            self.world.free(number)
        numbers = [number for number in numbers if number >= 0 and self.world.bodies[number].units < self.block]
        if not numbers:
            return
        linear, angular, centre = self.world.motions(numbers)
        groups = [self.world.bodies[number].pieces for number in numbers]
        pieces, owner = np.concatenate(groups), np.repeat(np.arange(len(groups)), [len(group) for group in groups])
        high = self.structure.mean(owner, pieces, np.repeat(self.apex[:, None], 3, 1), len(groups))[:, 0]
        before, drop = self.structure.mean(owner, pieces, self.velocity, len(groups)), high - centre[:, 1]
        limited, spin = self._checked(np.array(numbers), linear, centre, before, drop, 0.0), slowed(angular)
        for k in np.flatnonzero((limited != linear).any(1) | (spin != angular).any(1)):
            self.world.set_motion(numbers[k], limited[k], spin[k])
            self.world.move(numbers[k], (limited[k] - linear[k]) * self.world.step_seconds)


def held_back(velocity: np.ndarray, drop: np.ndarray, roof_drop: np.ndarray) -> np.ndarray:
    """Return velocities (..., 3) no faster than falls allow: downward from each one's highest place, aside from the roof. Drops in m."""
    fastest = SPILL * np.sqrt(2 * GRAVITY * np.maximum(roof_drop, 0.0)) + 0.5
    aside = np.maximum(np.linalg.norm(velocity[..., ::2], axis=-1), 1e-9)
    out = velocity.copy()
    out[..., ::2] *= np.minimum(1.0, fastest / aside)[..., None]
    out[..., 1] = np.maximum(out[..., 1], -fall_speed(drop))
    return out


def unbounced(velocity: np.ndarray, before: np.ndarray, drop: np.ndarray, gives: np.ndarray | float) -> np.ndarray:
    """Return velocities (K, 3) without what no blow can have given: upwards and aside a part keeps what it had before, (K, 3), gains `gives`
    m/s, or has its share of what it gained in its fall of `drop` (K,) m."""
    gained = fall_speed(drop)
    out = velocity.copy()
    out[:, 1] = np.minimum(out[:, 1], np.maximum(before[:, 1] + gives, REBOUND * gained))
    aside = np.linalg.norm(out[:, ::2], axis=1)
    most = np.maximum(np.linalg.norm(before[:, ::2], axis=1) + gives, ASIDE * gained)
    out[:, ::2] *= np.minimum(1.0, most / np.maximum(aside, 1e-9))[:, None]
    return out


def fall_speed(drop: np.ndarray) -> np.ndarray:
    """Return how fast things may sink, m/s, that have sunk by `drop` m."""
    return np.sqrt(2 * GRAVITY * np.maximum(drop, 0.0)) + KICK


def _damping(level: int) -> tuple[float, float]:
    """Return linear and angular damping, 1/s. Panels that lean must still be able to fall over."""
    if level > len(SETTLING):
        return 0.0, _among_rubble(level)[1]
    return (SETTLING[level - 1][1], ANGULAR_DAMPING + TUMBLING * SETTLING[level - 1][1]) if level else (0.0, ANGULAR_DAMPING)


def _grinding(level: int) -> float:
    """Return how fast what grinds loses its speed beside what is around it, 1/s."""
    return _among_rubble(level)[0] if level > len(SETTLING) else 0.0


def _among_rubble(level: int) -> tuple[float, float]:
    """Return the linear and angular damping, 1/s, of what grinds on other rubble or is inside it."""
    return GRINDS if level == len(SETTLING) + 1 else LODGED


def gripped(velocity: np.ndarray, seconds: float) -> np.ndarray:
    """Return velocities (..., 3) m/s after friction on level ground for some seconds: a body stops, and never turns back."""
    aside = np.linalg.norm(velocity[..., ::2], axis=-1)
    out = velocity.copy()
    out[..., ::2] *= (np.maximum(aside - ROLLS * GRAVITY * seconds, 0) / np.maximum(aside, 1e-9))[..., None]
    return out


def slowed(angular: np.ndarray) -> np.ndarray:
    """Return angular velocities (..., 3) of at most SPIN."""
    return angular * np.minimum(1.0, SPIN / np.maximum(np.linalg.norm(angular, axis=-1, keepdims=True), 1e-9))
