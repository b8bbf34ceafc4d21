"""Dust that has come down on the ground and on what still stands: a pale layer right over the plate, under everything that flies."""

from __future__ import annotations

import numba as nb
import numpy as np

from derrumbe.core.records import DustCloud, Located
from derrumbe.media.deposits import Deposit, coverage, read_deposit
from derrumbe.render.noise import value
from derrumbe.render.receivers import Receivers

STEEP = 0.07
"""Share of the dust that sticks to a wall."""
BEYOND = 8.0
"""Metres within which ground that may go on behind an upright neighbour fades out: only the pixels of its foot tell where one is."""
FURTHEST = 1e3
"""Ground behind is looked for up to so many times as far as what stands before it."""
PATCH = 1.3
"""Metres from patch to patch."""
LEAST = 1e-3


def cover(cloud: Located[DustCloud], frame: int, to: Receivers, stands: np.ndarray, eye: np.ndarray, seed: int) -> np.ndarray | None:
    """Return the share (h,w) float32 of each receiver that settled dust hides by `frame`; None when there is no such dust.

    stands (h,w) bool: where the building still does; eye (3,): the camera's place.
    """
    deposit = read_deposit(cloud, frame)
    if deposit is None or not deposit.mass.any():
        return None
    mass = np.where(to.valid, deposit.at(to.points[..., 0], to.points[..., 2]), 0)
    mass = mass * (STEEP + (1 - STEEP) * np.clip(to.normals[..., 1], 0, 1))
    mass = np.maximum(mass, np.where(to.valid & ~stands, _ground_behind(deposit, to.points, eye), 0))
    thick = mass > LEAST
    if not thick.any():
        return None
    share = np.zeros(mass.shape, np.float32)
    share[thick] = coverage(mass[thick] * _patches(to.points[thick].astype(np.float64), seed))
    return share


def _ground_behind(deposit: Deposit, points: np.ndarray, eye: np.ndarray) -> np.ndarray:
    """Return the dust (h,w) kg/m² on the ground behind what stands at points (h,w,3), less the further away that is."""
    high, fall = np.maximum(points[..., 1], 0), eye[1] - points[..., 1]
    behind = np.where(fall > high / FURTHEST, high / np.maximum(fall, 1e-6), FURTHEST)
    way = (points - eye)[..., [0, 2]] * behind[..., None]
    ground = points[..., [0, 2]] + way
    return deposit.at(ground[..., 0], ground[..., 1]) * np.exp(-np.linalg.norm(way, axis=-1) / BEYOND)


@nb.njit(cache=True)
def _patches(points, seed):  # type: ignore[no-untyped-def]
    """Return a factor (n,) about 1: dust drifts into patches."""
    out = np.empty(points.shape[0])
    for i in range(points.shape[0]):
        x, z = points[i, 0] / PATCH, points[i, 2] / PATCH
        out[i] = 0.45 + 0.7 * value(x, 0.0, z, seed) + 0.4 * value(4.1 * x, 0.0, 4.1 * z, seed + 1)
    return out
