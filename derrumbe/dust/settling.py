"""Where dust goes when it leaves the air: what falls or lingers out comes down in its own column, what blows out of the grid is gone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.dust.cloud import load

F = np.float32


@dataclass(frozen=True)
class Ledger:
    """kg of dust that was made and that left the grid so far, and what settled: (x,z) float32 kg/m² on the density grid's columns."""

    made: float
    gone: float
    settled: np.ndarray


def outflow(density: np.ndarray, flow: tuple[np.ndarray, np.ndarray, np.ndarray]) -> float:
    """Rate at which dust leaves through the open borders, in density times flow cells' volume times m/s."""
    mean = load(density).astype(np.float64)
    u, v, w = flow
    through = (
        (mean[0] * np.maximum(-u[0], 0)).sum() + (mean[-1] * np.maximum(u[-1], 0)).sum() + (mean[:, -1] * np.maximum(v[:, -1], 0)).sum(),
        (mean[:, :, 0] * np.maximum(-w[:, :, 0], 0)).sum() + (mean[:, :, -1] * np.maximum(w[:, :, -1], 0)).sum(),
    )
    return float(sum(through))


def fallout(density: np.ndarray, fallen: float, left: float) -> np.ndarray:
    """Return what comes down in each column (x,z), in density: from the lowest voxels `fallen` times theirs, of the rest 1 - `left`."""
    ground = F(min(fallen, 1.0)) * density[:, 0]
    return ground + F(1 - left) * np.maximum(density.sum(1) - ground, 0)


def booked(ledger: Ledger, before: float, after: float, gone: float, down: np.ndarray, voxel: float) -> Ledger:
    """Return the ledger after a step; before, after, gone: sums of density over voxels, down (x,z): see fallout.

    What the scheme didn't carry exactly is shared out as `down` is: nothing is lost.
    """
    total, cube = float(down.sum(dtype=np.float64)), voxel**3
    settled = max(before - after - gone, 0.0) if total > 0 else 0.0
    blown = before - after - settled
    share = down * F(settled / total * voxel) if total > 0 else down
    return Ledger(ledger.made, ledger.gone + cube * blown, ledger.settled + share)
