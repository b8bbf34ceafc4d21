"""What is broken so far: bonds, foundations and cells, and what a failing cell takes with it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from derrumbe.simulate.bonds import capacity, overloaded, weight_above
from derrumbe.simulate.schedule import NEVER, Plan
from derrumbe.simulate.structure import Structure

EARLIER_FALL = 0.35
"""What comes down on a storey that fails t seconds after the trigger is taken to have fallen freely for this share of t already."""


@dataclass
class Failure:
    """The state of the bonds; times in seconds after the trigger."""

    structure: Structure
    plan: Plan
    rng: np.random.Generator
    alive: np.ndarray = field(init=False)
    anchored: np.ndarray = field(init=False)
    failed: np.ndarray = field(init=False)
    broken_at: np.ndarray = field(init=False)
    """(B,) when each bond broke, NEVER while whole."""

    def __post_init__(self) -> None:
        count = len(self.structure.bonds)
        self.alive = np.ones(count, bool)
        self.anchored = self.structure.grounded | ~self.plan.falls
        self.failed = np.zeros(self.structure.cells.count, bool)
        self.broken_at = np.full(count, NEVER)
        self.due_at = self.plan.cut_time.copy()
        self.anchor_due = self.plan.unfounded_at.copy()
        self.anchor_lag = 0.15 * self.rng.random(self.structure.count)
        self.cell_due = self.plan.cell_time.copy()
        self.failed_at = np.full(self.structure.cells.count, NEVER)
        self.crushed_at = np.full(self.structure.count, NEVER)
        self.capacity = capacity(self.structure)
        self.squeeze = _squeeze(self.structure)
        self.breakable = self.plan.falls[self.structure.bonds].any(1)
        self._cell = self.structure.cell[self.structure.bonds]
        self._column = self.structure.column[self.structure.bonds]
        self._storey = self.structure.storey[self.structure.bonds]

    def due_cells(self, now: float) -> np.ndarray:
        """Return cells whose time has come, cell numbers."""
        return np.flatnonzero(~self.failed & (self.cell_due <= now))

    def fail(self, cells: np.ndarray, now: float, sudden: bool = False) -> None:
        """Crush cells: set when their bonds and foundations go. A sudden failure breaks what it breaks at once."""
        cells = cells[~self.failed[cells] & np.isfinite(self.plan.cell_time[cells])]
        if len(cells) == 0:
            return
        self.failed[cells] = True
        self.failed_at[cells] = now
        mask = np.zeros(len(self.failed), bool)
        mask[cells] = True
        crushed = mask[self._cell].any(1)
        self.due_at[crushed] = np.minimum(self.due_at[crushed], now + _hurried(self.plan.crush_lag[crushed], sudden))
        self._crack(cells, now)
        within = mask[self.structure.cell] & self.plan.falls
        # floors of the storey that gives way would wedge a block on its hinge
        wedge = (self.structure.storey == self.plan.origin) & (self.plan.hinge is not None)
        self.crushed_at[within & (self.structure.upright | wedge)] = now
        founded = within & self.structure.grounded
        self.anchor_due[founded] = np.minimum(self.anchor_due[founded], now + _hurried(self.anchor_lag[founded], sudden))

    def _crack(self, cells: np.ndarray, now: float) -> None:
        """Start the cracks along the borders of the bays above."""
        bays = self.structure.cells.nx * self.structure.cells.nz
        lowest = np.full(bays, self.structure.cells.storeys)
        np.minimum.at(lowest, cells % bays, cells // bays)
        above = (self._storey >= lowest[self._column]).any(1)
        self.due_at[above] = np.minimum(self.due_at[above], now + self.plan.crack_lag[above])

    def armed(self, now: float) -> np.ndarray:
        """Return the bonds that blows can break, (B,) bool."""
        return (self.plan.armed_at[self._cell] <= now).all(1)

    def break_due(self, now: float) -> bool:
        """Break what is due. Return whether anything broke."""
        bonds = np.flatnonzero(self.alive & (self.due_at <= now))
        founded = self.anchored & (self.anchor_due <= now)
        self.anchored[founded] = False
        self.break_bonds(bonds, now)
        return len(bonds) > 0 or bool(founded.any())

    def break_bonds(self, bonds: np.ndarray, now: float) -> None:
        self.alive[bonds] = False
        self.broken_at[bonds] = now

    def shattered_blocks(self) -> np.ndarray:
        """Return the numbers of blocks in which a bond between fragments has broken."""
        broken = self.structure.inner & ~self.alive
        return np.unique(self.structure.block[self.structure.bonds[broken, 0]])

    def bonds_within(self, blocks: np.ndarray, now: float) -> np.ndarray:
        """Return the bonds that go when blocks, by number, shatter."""
        within = self.structure.inner & np.isin(self.structure.block[self.structure.bonds[:, 0]], blocks)
        return np.flatnonzero(within & self.alive & ~self.plan.tough & self.armed(now))

    def grind(self, pieces: np.ndarray, now: float) -> None:
        """Crush single pieces: a roof has no storey that could fail."""
        self.crushed_at[pieces] = np.minimum(self.crushed_at[pieces], now)
        self.break_bonds(np.flatnonzero(self.alive & np.isin(self.structure.bonds, pieces).any(1)), now)

    def shake(self, pieces: np.ndarray, now: float) -> None:
        """Break half of the bonds within some pieces: they should have fallen."""
        own = np.isin(self.structure.bonds, pieces).all(1) & self.alive
        due = np.flatnonzero(own)[self.rng.random(int(own.sum())) < 0.5]
        self.due_at[due] = np.minimum(self.due_at[due], now)

    def overload(self, standing: np.ndarray, now: float) -> None:
        """Cells that now carry too much fail within half a second."""
        weight = weight_above(self.structure, standing)
        failed = self.failed.reshape(weight.shape)
        cells = np.flatnonzero(
            overloaded(weight, failed, self.capacity).ravel() & np.isfinite(self.plan.cell_time) & (self.plan.armed_at <= now)
        )
        soon = now + 0.2 + 0.5 * self.rng.random(len(cells))
        self.cell_due[cells] = np.minimum(self.cell_due[cells], soon)

    def crushed_pieces(self) -> np.ndarray:
        """Return the uprights of failed cells, (N,) bool."""
        return self.failed[self.structure.cell] & self.structure.upright & self.plan.falls

    def ghosts(self, now: float, gravity: float) -> np.ndarray:
        """Return the crushed pieces that make way at this time, (N,) bool: while what stood on them falls past, or leans on its hinge."""
        since = np.where(np.isfinite(self.crushed_at), self.crushed_at, 0.0)
        fallen = EARLIER_FALL * since
        passing = np.sqrt(fallen**2 + 2 * self.structure.storey_height / gravity) - fallen
        hinge = self.plan.hinge.seconds if self.plan.hinge else 0.0
        return np.isfinite(self.crushed_at) & (now < np.maximum(since, hinge) + passing)


def _hurried(lag: np.ndarray, sudden: bool) -> np.ndarray:
    """Lags shrink to nothing in a sudden failure; what never goes still doesn't."""
    return np.where(np.isfinite(lag), 0.0, NEVER) if sudden else lag


def _squeeze(structure: Structure) -> np.ndarray:
    """Return how hard each cell's uprights are pressed, (C,): 1 where at least their own weight stands on them, 0.45 where nothing does."""
    weight = weight_above(structure, np.ones(structure.count, bool))
    own = weight - np.concatenate([weight[1:], np.zeros_like(weight[:1])])
    above = np.maximum(weight - own, 0.0)
    return np.clip(np.sqrt(above / np.maximum(own, 1e-9)), 0.45, 1.0).ravel()
