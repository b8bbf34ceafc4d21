"""The border of a partial collapse: what falls shears off what stands, and nothing of it stays hanging there."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from derrumbe.simulate.geometry import rotate
from derrumbe.simulate.structure import Structure
from derrumbe.simulate.world import World

TOUCHING = 0.15
"""m within which two boxes touch."""
HANGS, PATIENCE = 0.4, 0.5
"""m/s under which a piece that should have come down hangs, and s after which what it hangs on lets it go."""
CLEAR = 0.25
"""Share of a piece's box that may still be inside what stands when it meets it again."""


class Shear:
    """Keeps account of which falling pieces pass by what stands."""

    def __init__(self, structure: Structure, world: World, falls: np.ndarray, base: np.ndarray) -> None:
        """falls (N,) bool; base (N,) m: height that each piece can come down to."""
        self.structure, self.world, self.falls, self.base = structure, world, falls, base
        self.target = np.minimum(structure.storey_height, 0.5 * np.maximum(structure.centre[:, 1] - base, 0.0))
        self.passes = np.zeros(structure.count, bool)
        self.since = np.zeros(structure.count)
        self.active = bool((~falls).any())
        if self.active:
            self.standing = np.flatnonzero(~falls)
            self._let(self._border() & (base <= 0.0), True)

    def look(self, seconds: float, position: np.ndarray, rotation: np.ndarray, velocity: np.ndarray) -> None:
        """Look at all pieces, `seconds` after the last look; poses and speeds as in a Sample."""
        if not self.active:
            return
        loose = self.falls & (self.world.body_of >= 0)
        down = self.structure.centre[:, 1] - position[:, 1] > self.target
        slow = np.linalg.norm(velocity, axis=1) < HANGS
        self.since = np.where(loose & slow & ~down, self.since + seconds, 0.0)
        self._let((self.since > PATIENCE) & ~self.passes & (self.base <= 0.0), True)
        landed = np.flatnonzero(self.passes & loose & down)
        self._let_numbers(landed[~self._within(landed, position, rotation)], False)

    def _let(self, pieces: np.ndarray, passes: bool) -> None:
        self._let_numbers(np.flatnonzero(pieces), passes)

    def _let_numbers(self, pieces: np.ndarray, passes: bool) -> None:
        if len(pieces):
            self.passes[pieces] = passes
            self.world.set_shy(pieces, passes)

    def _border(self) -> np.ndarray:
        """Return the falling pieces whose boxes touch those of standing ones, (N,) bool."""
        low, high = self.structure.low - TOUCHING, self.structure.high + TOUCHING
        found = np.zeros(self.structure.count, bool)
        for piece in np.flatnonzero(self.falls):
            found[piece] = ((low[piece] < high[self.standing]) & (high[piece] > low[self.standing])).all(1).any()
        return found

    def _within(self, pieces: np.ndarray, position: np.ndarray, rotation: np.ndarray) -> np.ndarray:
        """Return which pieces (n,) still lie in the box of a standing one, (n,) bool."""
        if len(pieces) == 0:
            return np.zeros(0, bool)
        half = 0.5 * (self.structure.high - self.structure.low)[pieces]
        corners = np.array([[x, y, z] for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)]) * (1 - CLEAR)
        points = rotate(rotation[pieces][:, None], corners * half[:, None]) + position[pieces][:, None]
        low, high = self.structure.low[self.standing], self.structure.high[self.standing]
        middle, reach = 0.5 * (low + high), float(np.linalg.norm(0.5 * (high - low), axis=1).max())
        near = cKDTree(middle).query_ball_point(position[pieces], reach + np.linalg.norm(half, axis=1))
        return np.array([((at[:, None] > low[k]) & (at[:, None] < high[k])).all(2).any() for at, k in zip(points, near, strict=True)])
