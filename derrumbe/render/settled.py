"""Dust that has come down on the ground and on what still stands: a pale layer right over the plate, under everything that flies."""

from __future__ import annotations

import numba as nb
import numpy as np

from derrumbe.core.records import DustCloud, Located
from derrumbe.media.deposits import coverage, read_deposit
from derrumbe.render.noise import value
from derrumbe.render.receivers import Receivers

STEEP = 0.07
"""Share of the dust that sticks to a wall."""
PATCH = 1.3
"""Metres from patch to patch."""
LEAST = 1e-3


def cover(cloud: Located[DustCloud], frame: int, to: Receivers, seed: int) -> np.ndarray | None:
    """Return the share (h,w) float32 of each receiver that settled dust hides by `frame`; None when there is no such dust."""
    deposit = read_deposit(cloud, frame)
    if deposit is None or not deposit.mass.any():
        return None
    mass = np.where(to.valid, deposit.at(to.points[..., 0], to.points[..., 2]), 0)
    mass = mass * (STEEP + (1 - STEEP) * np.clip(to.normals[..., 1], 0, 1))
    thick = mass > LEAST
    if not thick.any():
        return None
    share = np.zeros(mass.shape, np.float32)
    share[thick] = coverage(mass[thick] * _patches(to.points[thick].astype(np.float64), seed))
    return share


@nb.njit(cache=True)
def _patches(points, seed):  # type: ignore[no-untyped-def]
    """Return a factor (n,) about 1: dust drifts into patches."""
    out = np.empty(points.shape[0])
    for i in range(points.shape[0]):
        x, z = points[i, 0] / PATCH, points[i, 2] / PATCH
        out[i] = 0.45 + 0.7 * value(x, 0.0, z, seed) + 0.4 * value(4.1 * x, 0.0, 4.1 * z, seed + 1)
    return out
