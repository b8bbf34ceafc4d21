"""Roofs that lose their bearing: what no wall carries any more breaks off in one panel, and nothing holds it back.

Rafters and purlins span what they spanned when all stood, and overhang a little beyond. Where the walls under a part of a roof have gone down
from it, that part hangs on the rest only: it breaks off along the line where bearing ends, as a stiff panel with a ragged rim.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from derrumbe.simulate.failure import Failure
from derrumbe.simulate.structure import PARAPET, ROOF, Structure
from derrumbe.simulate.world import World

OVERHANG = (1.5, 3.0)
"""m that the frame of a roof reaches beyond what bears it, from one piece to the next: its broken rim is ragged."""
SPANNED = 1.15
"""... and at least this many times what it spanned when all stood."""
GONE = 0.06
"""m by which a bearer has sunk from what it bore when it bears that no more."""
ABOVE = 0.8
"""Share of the way between two pieces that is upwards, from which one stands on the other and goes where it goes."""
BESIDE = 1.0
"""Storeys that parts of a roof sink side by side before they meet each other."""


class Spans:
    """Looks for what bears the pieces of roofs."""

    def __init__(self, structure: Structure, world: World, failure: Failure, rng: np.random.Generator) -> None:
        self.structure, self.world, self.failure = structure, world, failure
        roof = structure.kind == ROOF
        first, second = structure.bonds.T
        top = np.isin(structure.kind, (ROOF, PARAPET))
        one, other = roof[first] & ~top[second], roof[second] & ~top[first]
        self.seat = np.concatenate([first[one], second[other]])
        self.bearer = np.concatenate([second[one], first[other]])
        way = structure.centre[first] - structure.centre[second]
        stacked = np.abs(way[:, 1]) > ABOVE * np.linalg.norm(way, axis=1)
        self.within = np.flatnonzero(roof[first] & roof[second] & ~stacked & failure.plan.falls[structure.bonds].all(1))
        self.piece, self.near = self._reached(np.flatnonzero(roof), rng)
        self.beside = roof & failure.plan.falls
        world.set_beside(np.flatnonzero(self.beside), True)

    def _reached(self, roof: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return pairs (P,) of pieces of roof and the seats, as rows of `seat`, that can carry them."""
        if not len(self.seat):
            return np.zeros(0, int), np.zeros(0, int)
        plan = self.structure.centre[:, ::2]
        tree = cKDTree(plan[self.seat])
        reach = np.maximum(rng.uniform(*OVERHANG, len(roof)), SPANNED * tree.query(plan[roof])[0])
        near = tree.query_ball_point(plan[roof], reach)
        return np.repeat(roof, [len(some) for some in near]), np.concatenate([np.asarray(some, int) for some in near])

    def look(self, position: np.ndarray, now: float) -> None:
        """Break off what has lost its bearing; called at every sample with where all pieces are, (N, 3) m."""
        drop = self.structure.centre[:, 1] - position[:, 1]
        self._let_meet(np.flatnonzero(self.beside & (drop > BESIDE * self.structure.storey_height)))
        if not len(self.seat):
            return
        apart = drop[self.bearer] - drop[self.seat]
        # what has no seat of its own rides on what it hangs together with
        borne = self._borne(apart < GONE) | ~self._borne(np.ones(len(apart), bool))
        one, other = self.structure.bonds[self.within].T
        rim = self.within[borne[one] != borne[other]]
        rim = rim[self.failure.alive[rim] & self.failure.armed(now)[rim]]
        self.failure.due_at[rim] = np.minimum(self.failure.due_at[rim], now)

    def _let_meet(self, pieces: np.ndarray) -> None:
        if len(pieces):
            self.beside[pieces] = False
            self.world.set_beside(pieces, False)

    def _borne(self, bears: np.ndarray) -> np.ndarray:
        """Return what is borne, (N,) bool, where some seats, (seats,) bool, still are: by one of its own body."""
        body = self.world.body_of
        carried = bears[self.near] & (body[self.piece] == body[self.seat[self.near]])
        out = np.zeros(self.structure.count, bool)
        out[self.piece[carried]] = True
        return out
