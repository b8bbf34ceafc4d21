"""Dust that has come down on the ground and on what still stands: a layer right over the plate, under everything that flies. Pale dust lies on coarse
grains, which show dark around it, where it is thin. What the plate shows there keeps its shape: a parked car becomes a dusty car."""

from __future__ import annotations

import cv2
import numba as nb
import numpy as np

from derrumbe.media.deposits import COARSE_COVER, COVER, Deposit, coverage
from derrumbe.media.guided import guided
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
FEET, SAYS, ALONG, UNKNOWN = 3.0, 0.03, 0.05, 1e-4
"""Metres of an upright neighbour's foot, which is ground if it looks as that does; how much its own dust says there; radius over which colours are
followed, share of the width; how much it says that there is none where nothing tells."""
AROUND, COARSE, FINE = 0.06, 480, 0.002
"""Share of the longer side that plain ground is looked for around a pixel: further than a car is long; pixels across that are enough for it;
share of the longer side below which what differs is grain."""
STANDS_OUT, BARES = (0.15, 0.6), 0.65
"""Difference from the ground around, in the log of any channel, from which something is told from it and from which it is all told; share of the
dust that it then lets fall: sides, windows and what hangs over."""
FORM, FORMED = 0.6, (0.4, 1.2)
"""How much of the form that the plate shows is seen in dust, as a power of its brightness, and the least and most of that."""
DARK = 0.6
"""Reflectance of coarse grains that lie, over that of fine dust: each in the shade of the next."""


def cover(
    deposit: Deposit, to: Receivers, stands: np.ndarray, eye: np.ndarray, codes: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the share (h,w) float32 of each receiver that settled dust hides, and that share times how bright it is beside fine dust; None when
    there is no such dust.

    stands (h,w) bool: where the building still does; eye (3,): the camera's place; codes (h,w,3) uint8: what the plate shows at the receivers.
    """
    alike = _like_ground(to, stands, codes)
    fine, grains = _hidden(deposit, COVER, to, stands, alike, eye, seed), deposit.grains()
    dark = np.zeros_like(fine) if grains is None else (1 - fine) * _hidden(grains, COARSE_COVER, to, stands, alike, eye, seed + 2)
    if not (fine + dark).any():
        return None
    return fine + dark, fine + DARK * dark


def _like_ground(to: Receivers, stands: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return how much (h,w), 0..1, what stands at receivers looks like the ground around it, at its foot: where upright neighbours begin is known
    roughly, and dust must not end at a line that the plate doesn't have."""
    ground, foot = _ground_and_feet(to, stands)
    if not foot.any() or not ground.any():
        return np.zeros(to.valid.shape, np.float32)
    weight = np.where(foot, SAYS, to.valid & ~stands).astype(np.float32)
    alike = guided(codes, ground.astype(np.float32), weight, np.zeros(foot.shape, np.float32), ALONG, UNKNOWN)
    return np.where(foot, np.clip(alike, 0, 1), 0).astype(np.float32)


def light_at_feet(light: np.ndarray, to: Receivers, stands: np.ndarray) -> np.ndarray:
    """Return the light (h,w,3) on settled dust: at the foot of what stands upright, which may be ground that goes on, that of the ground below."""
    out = light.copy()
    ground, foot = _ground_and_feet(to, stands)
    known = ground.copy()
    for row in range(len(out) - 2, -1, -1):
        taken = foot[row] & known[row + 1]
        out[row, taken] = out[row + 1, taken]
        known[row] |= taken
    return out


def _ground_and_feet(to: Receivers, stands: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which receivers (h,w) bool lie on the ground, and which at the foot of a neighbour."""
    rest = to.valid & ~stands
    ground = rest & (to.normals[..., 1] > 0.5)
    return ground, rest & ~ground & (to.points[..., 1] < FEET)


def form(shown: np.ndarray) -> np.ndarray:
    """Return what settled dust takes on of the picture (h,w,3) under it, (h,w,2) float32: how bright it is beside dust on plain ground, and the
    share of it that holds. Nothing tells cars and kerbs from ground here but their colour."""
    light = np.log(np.maximum(np.nan_to_num(shown), 1e-3)).astype(np.float32)
    light = cv2.GaussianBlur(light, (0, 0), max(0.7, FINE * max(light.shape)))
    apart = light - _usual(light)
    t = np.clip((np.abs(apart).max(-1) - STANDS_OUT[0]) / (STANDS_OUT[1] - STANDS_OUT[0]), 0, 1)
    bright = np.clip(np.exp(FORM * apart.mean(-1)), *FORMED)
    return np.stack([bright, 1 - BARES * t * t * (3 - 2 * t)], -1).astype(np.float32)


def _usual(light: np.ndarray) -> np.ndarray:
    """Return the median (h,w,3) of log light (h,w,3) far around each pixel, to a few hundredths."""
    height, width = light.shape[:2]
    scale = min(1.0, COARSE / max(light.shape))
    small = cv2.resize(light, (max(1, round(scale * width)), max(1, round(scale * height))), interpolation=cv2.INTER_AREA)
    low, high = float(small.min()), float(small.max()) + 1e-6
    codes = np.round((small - low) * (255 / (high - low))).astype(np.uint8)
    usual = cv2.medianBlur(codes, 2 * max(1, round(AROUND * max(small.shape))) + 1).astype(np.float32)
    return cv2.resize(usual * ((high - low) / 255) + low, (width, height), interpolation=cv2.INTER_LINEAR)


def _hidden(deposit: Deposit, hides: float, to: Receivers, stands: np.ndarray, alike: np.ndarray, eye: np.ndarray, seed: int) -> np.ndarray:
    """Return the share (h,w) float32 of each receiver that a deposit hides; hides: m²/kg; alike (h,w): how much each looks like the ground."""
    share = np.zeros(to.valid.shape, np.float32)
    if not deposit.mass.any():
        return share
    mass = np.where(to.valid, deposit.at(to.points[..., 0], to.points[..., 2]), 0)
    mass = mass * (STEEP + (1 - STEEP) * np.clip(to.normals[..., 1], 0, 1))
    mass = np.maximum(mass, np.where(to.valid & ~stands, _ground_behind(deposit, to.points, alike, eye), 0))
    thick = mass > LEAST
    share[thick] = coverage(mass[thick] * _patches(to.points[thick].astype(np.float64), seed), hides)
    return share


def _ground_behind(deposit: Deposit, points: np.ndarray, alike: np.ndarray, eye: np.ndarray) -> np.ndarray:
    """Return the dust (h,w) kg/m² on the ground behind what stands at points (h,w,3), less the further away that is and the less alike it looks."""
    high, fall = np.maximum(points[..., 1], 0), eye[1] - points[..., 1]
    behind = np.where(fall > high / FURTHEST, high / np.maximum(fall, 1e-6), FURTHEST)
    way = (points - eye)[..., [0, 2]] * behind[..., None]
    ground = points[..., [0, 2]] + way
    near = np.exp(-np.linalg.norm(way, axis=-1) / BEYOND)
    return deposit.at(ground[..., 0], ground[..., 1]) * np.maximum(near, alike)


@nb.njit(cache=True)
def _patches(points, seed):  # type: ignore[no-untyped-def]
    """Return a factor (n,) about 1: dust drifts into patches."""
    out = np.empty(points.shape[0])
    for i in range(points.shape[0]):
        x, z = points[i, 0] / PATCH, points[i, 2] / PATCH
        out[i] = 0.45 + 0.7 * value(x, 0.0, z, seed) + 0.4 * value(4.1 * x, 0.0, 4.1 * z, seed + 1)
    return out
