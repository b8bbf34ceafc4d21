"""Everything that a frame hands to the next, and its checkpoint on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from derrumbe.core.files import load_arrays, save_arrays
from derrumbe.dust.domain import Domain
from derrumbe.dust.settling import Ledger

F = np.float32


@dataclass(frozen=True)
class State:
    """Air and dust at the end of `frame`. u, v, w m/s on faces; density kg/m³; ride (2,3,x,y,z) flow cells;
    ledger: where all dust went."""

    frame: int
    u: np.ndarray
    v: np.ndarray
    w: np.ndarray
    density: np.ndarray
    ride: np.ndarray
    ledger: Ledger

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole."""
        arrays = {name: getattr(self, name) for name in ("u", "v", "w", "density", "ride")}
        book = np.array([self.ledger.made, self.ledger.gone, self.ledger.fresh])
        save_arrays(path, frame=np.array(self.frame), book=book, settled=self.ledger.settled, **arrays)


def load(path: Path) -> State:
    """Read a checkpoint."""
    arrays = load_arrays(path)
    made, gone, fresh = (float(n) for n in arrays.pop("book"))
    return State(frame=int(arrays.pop("frame")), ledger=Ledger(made, gone, arrays.pop("settled"), fresh), **arrays)


def still(frame: int, domain: Domain, wind: np.ndarray) -> State:
    """Return clean air moving with the wind."""
    nx, ny, nz = domain.cells
    u, v, w = np.zeros((nx + 1, ny, nz), F), np.zeros((nx, ny + 1, nz), F), np.zeros((nx, ny, nz + 1), F)
    u += wind[None, :, None, 0].astype(F)
    w += wind[None, :, None, 1].astype(F)
    ledger = Ledger(0.0, 0.0, np.zeros((domain.shape[0], domain.shape[2]), F))
    return State(frame, u, v, w, np.zeros(domain.shape, F), np.zeros((2, 3, *domain.cells), F), ledger)
