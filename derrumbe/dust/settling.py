"""Where dust goes when it leaves the air: what falls or lingers out comes down in its own column, what blows out of the grid is gone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

from derrumbe.dust.cloud import load
from derrumbe.dust.domain import Domain

F = np.float32
RIM, WIDE = 0.25, 0.6
"""Shares of the grid's reach beyond the walls within which dust thins where it is seen to end, so that no cloud is cut straight: all of it; and in
patches. What drifts out of the picture needs no such end."""
RATE = 4.0
"""How fast, per second, at the very side."""
AT_CAMERA = 8.0
"""The same at a camera: a front that comes at 6 m/s would fill the picture before it has thinned."""
CLEAR, ABOUT = 0.6, 1.5
"""Share of the way from camera to building into which dust comes only thinned, but no more than so many heights of the building: seen from farther
off no cloud is as broad as the picture."""
PATCH, RAGGED = 3.5, 0.3
"""Metres of the patches in which it thins sooner or later (sigma), and by what share of the way: a limit of one distance shows as a line."""
FALL, HANGS = 0.25, 0.07
"""Speed at which fresh dust settles, m/s, by mean, and what is left of it without its coarse grains, which fall at 0.5: 30 and 90 µm
(Stokes, with drag after Schiller and Naumann)."""
COARSE = 0.42
"""Share of fresh dust that is coarse, grains of a tenth of a millimetre: it falls out in seconds, and the rest drifts with the wind."""


@dataclass(frozen=True)
class Ledger:
    """kg of dust that was made and that left the grid so far, and what settled: (x,z) float32 kg/m² on the density grid's columns.

    fresh: kg of dust that still has its coarse grains with it.
    """

    made: float
    gone: float
    settled: np.ndarray
    fresh: float = 0.0

    def gains(self, mass: float) -> Ledger:
        """Return the ledger after a step in which `mass` kg is made."""
        return replace(self, made=self.made + mass, fresh=self.fresh + mass)


def falls(fresh: float) -> float:
    """Return how fast dust settles, m/s, of which a share is fresh."""
    return HANGS + (FALL - HANGS) * fresh


def keeps_coarse(fresh: float, fallen: float) -> float:
    """Return the share of its coarse grains that dust keeps beside what it loses of all, where a share `fallen` of it comes down: they fall faster."""
    ahead = falls(1 / COARSE) / falls(fresh) - 1
    return max(1 - fallen * ahead, 0.0)


def outflow(density: np.ndarray, flow: tuple[np.ndarray, np.ndarray, np.ndarray]) -> float:
    """Rate at which dust leaves through the open borders, in density times flow cells' volume times m/s."""
    mean = load(density).astype(np.float64)
    u, v, w = flow
    through = (
        (mean[0] * np.maximum(-u[0], 0)).sum() + (mean[-1] * np.maximum(u[-1], 0)).sum() + (mean[:, -1] * np.maximum(v[:, -1], 0)).sum(),
        (mean[:, :, 0] * np.maximum(-w[:, :, 0], 0)).sum() + (mean[:, :, -1] * np.maximum(w[:, :, -1], 0)).sum(),
    )
    return float(sum(through))


def fallout(density: np.ndarray, fallen: float, left: np.ndarray) -> np.ndarray:
    """Return what comes down in each column (x,z), in density: from the lowest voxels `fallen` times theirs, of the rest 1 - `left` (x,y,z)."""
    ground = F(min(fallen, 1.0)) * density[:, 0]
    return ground + ((1 - left) * density).sum(1) - (1 - left[:, 0]) * ground


def sinks(
    domain: Domain, cameras: np.ndarray, building: tuple[np.ndarray, np.ndarray], ends: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return how fast dust thins beside lingering, (x,z) float32 per second, where it must not end at a wall of nothing: towards the columns (x,z)
    where the grid is seen to end, and near the cameras (n,3); building: corners of its box."""
    x, z = (domain.origin[a] + domain.voxel * (np.arange(domain.shape[a]) + 0.5) for a in (0, 2))
    ragged = gaussian_filter(rng.standard_normal((len(x), len(z))), PATCH / domain.voxel, mode="wrap")
    ragged = np.clip(RAGGED / max(float(ragged.std()), 1e-9) * ragged, -0.7, 0.7)
    inside = distance_transform_edt(~ends, sampling=domain.voxel) / _reach(domain, building) if ends.any() else np.full(ends.shape, np.inf)
    out = RATE * np.clip(1 - inside / RIM, 0, 1) ** 2 + 0.3 * RATE * np.clip(1 - (1 + ragged) * inside / WIDE, 0, 1) ** 2
    for eye in cameras:
        beside = np.maximum(np.maximum(building[0] - eye, eye - building[1]), 0)[[0, 2]]
        room = max(min(CLEAR * float(np.hypot(*beside)), ABOUT * float(building[1][1])), domain.voxel)
        away = np.hypot(x[:, None] - eye[0], z[None, :] - eye[2]) / room
        out = np.maximum(out, AT_CAMERA * np.clip(1 - (1 + ragged) * away, 0, 1))
    return out.astype(F)


def _reach(domain: Domain, building: tuple[np.ndarray, np.ndarray]) -> float:
    """How far the grid reaches beyond the box around the building, metres: the median of its sides, since one may go on behind a camera."""
    low = building[0] - domain.origin
    high = np.asarray(domain.origin) + domain.voxel * np.asarray(domain.shape) - building[1]
    return max(float(np.median([low[[0, 2]], high[[0, 2]]])), domain.voxel)


def booked(ledger: Ledger, before: float, after: float, gone: float, down: np.ndarray, voxel: float, coarse: float = 1.0) -> Ledger:
    """Return the ledger after a step; before, after, gone: sums of density over voxels, down (x,z): see fallout; coarse: see keeps_coarse.

    What the scheme didn't carry exactly is shared out as `down` is: nothing is lost.
    """
    total, cube = float(down.sum(dtype=np.float64)), voxel**3
    settled = max(before - after - gone, 0.0) if total > 0 else 0.0
    blown = before - after - settled
    share = down * F(settled / total * voxel) if total > 0 else down
    left = after / before if before > 0 else 1.0
    return replace(ledger, gone=ledger.gone + cube * blown, settled=ledger.settled + share, fresh=ledger.fresh * left * coarse)
