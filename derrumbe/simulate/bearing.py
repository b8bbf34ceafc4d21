"""How a failing storey holds back what stands on it, and where: strongly at first, as columns buckle, and off the middle.

Where the base of a part went first nothing holds it any more; what still resists stands on the other side. So the part turns to where it leads,
with no push of ours: the force is upwards, on what goes down.
"""

from __future__ import annotations

import numpy as np

from derrumbe.simulate.schedule import Plan
from derrumbe.simulate.structure import Structure
from derrumbe.simulate.world import States, World

BLOCK = 12
"""Blocks and loose fragments from which a cluster is large enough for crushing to hold it back."""
HEAVY = 0.04
"""Share of the falling mass from which a block is fully held back."""
BUCKLES, BUCKLING = 0.6, 0.12
"""Share of g that buckling columns take at first, and s in which that falls to a third: their strength goes as they bend."""
ASIDE = 0.65
"""How far off the middle it acts, as a share of half the part's size: the outer part of the half that still stands."""
TILTED = 0.14
"""rad of tilt at which rubble under the leading edge bears as much as what still stands behind; beyond, more."""


class Bearing:
    """Holds large bodies back; times in s after the trigger."""

    def __init__(self, structure: Structure, world: World, plan: Plan) -> None:
        self.structure, self.world, self.plan = structure, world, plan
        self.since: dict[int, float] = {}
        self.borne: set[int] = set()
        self.all_mass = float(structure.mass[plan.falls].sum())
        self.uprights = np.bincount(structure.column, structure.mass * structure.upright) / structure.cells.storeys
        """(bays,) kg of uprights in a storey of every bay, on average."""

    def divided(self, born: list[tuple[int, int]], now: float) -> None:
        """Remember since when new bodies fall: with what they were part of. born: (parent, child), parent -1 for what stood."""
        for parent, child in born:
            self.since[child] = self.since.get(parent, now)
            if parent in self.borne and self.world.bodies[parent].units < BLOCK:
                self._leave(parent)

    def look(self, states: States, now: float) -> None:
        """Bear every large body that is awake by what resists below it; called at every sample."""
        for row in np.flatnonzero(states.awake):
            number = int(states.number[row])
            share = self._share(number, now)
            if share > 0:
                self.world.bear(number, share, states.centre[row] + self._aside(number, states.turn[row]))
                self.borne.add(number)
            elif number in self.borne:
                self._leave(number)

    def _leave(self, number: int) -> None:
        self.world.let_go(number)
        self.borne.discard(number)

    def _share(self, number: int, now: float) -> float:
        """Return the share of a body's weight that is borne: none on its hinge, none of a few loose pieces."""
        body = self.world.bodies[number]
        if body.units < BLOCK or (self.plan.hinge and now < self.plan.hinge.seconds):
            return 0.0
        resists = float(np.average(self.plan.resist[self.structure.column[body.pieces]], weights=self.structure.mass[body.pieces]))
        resists += (BUCKLES - resists) * float(np.exp(-(now - self.since.get(number, now)) / BUCKLING))
        # what is light beside the rest rides on it, and must not be left behind in the air
        return resists * min(1.0, body.mass / (HEAVY * self.all_mass)) * self._stands(body.pieces)

    def _stands(self, pieces: np.ndarray) -> float:
        """Return how far what is crushed can bear a body, 0 to 1: through its own uprights, and fully if those would make up a storey. A roof that
        has lost its walls lies on what is below it and on nothing else."""
        own = self.structure.mass[pieces][self.structure.upright[pieces]].sum()
        storey = self.uprights[np.unique(self.structure.column[pieces])].sum()
        return float(min(1.0, own / storey)) if storey > 0 else 0.0

    def _aside(self, number: int, turn: np.ndarray) -> np.ndarray:
        """Return how far off a body's middle it is borne, (3,) m: away from where it leans, until it has tilted so far."""
        pieces = self.world.bodies[number].pieces
        lean = np.average(self.plan.lean[self.structure.column[pieces]], axis=0, weights=self.structure.mass[pieces])
        half = 0.5 * np.ptp(self.structure.centre[pieces], axis=0)
        tilt = 2 * float(turn[1] * lean[1] - turn[3] * lean[0]) * np.sign(turn[0])
        return ASIDE * np.clip(tilt / TILTED - 1, -1.0, 1.0) * np.array([lean[0] * half[0], 0.0, lean[1] * half[2]])
