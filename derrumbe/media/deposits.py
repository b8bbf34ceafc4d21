"""Dust that has come down, seen from above: kg of it on every square metre, one small file per frame (`DustCloud.settled`).

    mass (nx,nz) float32    kg/m² on the columns of the dust's grid: column (i, k) has its centre at origin + voxel * (i + .5, k + .5), x and z
    low (2,) float64        x and z of the corner of column (0, 0)
    cell (1,) float64       m, edge of a column
    coarse (nx,nz) float32  kg/m² of coarse, dark grains under it; left out where there are none

A column's dust lies on whatever is on top there and looks up: ground, pile, a roof. It only ever grows. Outside the grid there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from derrumbe.core.files import load_arrays, save_arrays
from derrumbe.core.records import DustCloud, Located

COVER = 7.5
"""m²/kg: what a kilogram of fine dust (grains of 80 µm) hides when it lies one grain thick."""
COARSE_COVER = 1.2
"""The same of grains of half a millimetre."""


@dataclass(frozen=True)
class Deposit:
    """Settled dust at one frame: mass (nx,nz) float32 kg/m², low (2,) corner x and z, cell in metres; coarse (nx,nz) float32 kg/m² of dark grains
    under it, or None."""

    mass: np.ndarray
    low: np.ndarray
    cell: float
    coarse: np.ndarray | None = None

    def grains(self) -> Deposit | None:
        """Return the coarse grains as a deposit of their own."""
        return None if self.coarse is None else Deposit(self.coarse, self.low, self.cell)

    def at(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return kg/m² (float32) of dust under world positions x, z (any equal shape), bilinear between columns, 0 outside."""
        a, b = (np.asarray(x) - self.low[0]) / self.cell + 0.5, (np.asarray(z) - self.low[1]) / self.cell + 0.5
        rim = np.pad(self.mass, 1)
        a, b = np.clip(a, 0, rim.shape[0] - 1), np.clip(b, 0, rim.shape[1] - 1)
        i, k = np.minimum(a.astype(np.int64), rim.shape[0] - 2), np.minimum(b.astype(np.int64), rim.shape[1] - 2)
        u, v = (a - i).astype(np.float32), (b - k).astype(np.float32)
        near = rim[i, k] * (1 - v) + rim[i, k + 1] * v
        return near * (1 - u) + (rim[i + 1, k] * (1 - v) + rim[i + 1, k + 1] * v) * u


def coverage(mass: np.ndarray, cover: float = COVER) -> np.ndarray:
    """Return the share (0..1) of a level surface that dust of so many kg/m² hides: grains fall at random (Poisson)."""
    return -np.expm1(-cover * mass)


def write_deposit(path: Path, deposit: Deposit) -> None:
    """Write a frame's deposit whole. Same arrays, same bytes."""
    arrays: dict[str, np.ndarray] = {
        "mass": np.asarray(deposit.mass, np.float32),
        "low": np.asarray(deposit.low, np.float64),
        "cell": np.array([deposit.cell]),
    }
    if deposit.coarse is not None:
        arrays["coarse"] = np.asarray(deposit.coarse, np.float32)
    save_arrays(path, **arrays)


def read_deposit(cloud: Located[DustCloud], frame: int) -> Deposit | None:
    """Read what has settled by `frame`; None when the cloud was made without."""
    if cloud.record.settled is None:
        return None
    arrays = load_arrays(cloud.path(cloud.record.settled, frame))
    return Deposit(arrays["mass"], arrays["low"], float(arrays["cell"][0]), arrays.get("coarse"))
