"""A camera that turns and zooms on the spot: a rotation and a focal length for each frame, from features taken as infinitely far.

The first frame's focal length is the one that is believed: a zoom with little turning does not tell it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.geom.bundle import Sightings, turn
from derrumbe.survey.matchmove.belief import straightened
from derrumbe.survey.matchmove.nodal import sightings_of
from derrumbe.survey.matchmove.tracks import Tracks

FEWEST = 12
ROUNDS, PASSES = 12, 4
LOOSE = 3.0
LIMIT = 0.4
"""Largest step of a rotation (radians) and of log focal length at a time."""


@dataclass(frozen=True, eq=False)
class Zoom:
    """rotation (n, 3, 3), focal (n,) pixels, points (p, 3) unit directions in the first frame's axes, their sightings and errors (s,) in pixels."""

    rotation: np.ndarray
    focal: np.ndarray
    points: np.ndarray
    seen: Sightings
    errors: np.ndarray

    @property
    def reach(self) -> float:
        """The longest focal length over the shortest."""
        return float(self.focal.max() / self.focal.min())


def zooming(tracks: Tracks, frames: np.ndarray, focal: float, radial: float = 0.0) -> Zoom:
    """Return the camera of `frames` (indices) of which the first has the focal length `focal`. radial: the lens's k1, at every focal length."""
    seen, middle = tracks.seen[frames], np.asarray(tracks.size) / 2
    used = np.flatnonzero(seen.sum(axis=0) >= 2)
    pixels, seen = tracks.positions[np.ix_(frames, used)] - middle, seen[:, used]
    rotation, lens = [np.eye(3)], [focal]
    points = np.full((len(used), 3), np.nan)
    _look(points, seen[0], pixels[0], rotation[0], focal, radial)
    for index in range(1, len(frames)):
        pose = _fitted(points, pixels[index], seen[index], rotation[-1], lens[-1], radial)
        rotation.append(pose[0])
        lens.append(pose[1])
        _look(points, seen[index] & np.isnan(points[:, 0]), pixels[index], *pose, radial)
    for _ in range(PASSES):
        points = _mean_ways(pixels, seen, rotation, lens, radial)
        for index in range(1, len(frames)):
            rotation[index], lens[index] = _fitted(points, pixels[index], seen[index], rotation[index], lens[index], radial)
    turns, focals = np.stack(rotation), np.array(lens)
    sightings = sightings_of(tracks, frames, used)
    local = np.einsum("sij,sj->si", turns[sightings.camera], points[sightings.point])
    flat = local[:, :2] / local[:, 2:]
    gain = focals[sightings.camera, None] * (1 + radial * (flat**2).sum(1, keepdims=True))
    off = np.linalg.norm(gain * flat - sightings.pixel, axis=1)
    return Zoom(turns, focals, points, sightings, off)


def _look(points: np.ndarray, which: np.ndarray, pixels: np.ndarray, rotation: np.ndarray, focal: float, radial: float) -> None:
    """Set the directions of features (p,) bool from where a frame sees them."""
    points[which] = _ways(pixels[which], focal, radial) @ rotation


def _ways(pixels: np.ndarray, focal: float, radial: float) -> np.ndarray:
    ways = np.concatenate([straightened(pixels / focal, radial), np.ones((len(pixels), 1))], 1)
    return ways / np.linalg.norm(ways, axis=1, keepdims=True)


def _mean_ways(pixels: np.ndarray, seen: np.ndarray, rotation: list[np.ndarray], focal: list[float], radial: float) -> np.ndarray:
    total = np.zeros((pixels.shape[1], 3))
    for place, has, turned, lens in zip(pixels, seen, rotation, focal, strict=True):
        total[has] += _ways(place[has], lens, radial) @ turned
    return total / np.linalg.norm(total, axis=1, keepdims=True)


def _fitted(
    points: np.ndarray, pixels: np.ndarray, seen: np.ndarray, rotation: np.ndarray, focal: float, radial: float
) -> tuple[np.ndarray, float]:
    """Return rotation and focal length that see known directions where they were seen (Gauss-Newton, Cauchy weights)."""
    known = seen & np.isfinite(points[:, 0])
    if np.count_nonzero(known) < FEWEST:
        return rotation, focal
    ways, wanted = points[known], pixels[known]
    for _ in range(ROUNDS):
        x, y, z = (ways @ rotation.T).T
        u, v = x / z, y / z
        gain = focal * (1 + radial * (u * u + v * v))
        off = gain[:, None] * np.stack([u, v], 1) - wanted
        soft = max(LOOSE * float(np.median(np.linalg.norm(off, axis=1))), 0.1)
        weight = 1 / (1 + (off**2).sum(1) / soft**2)
        # Columns: turns about x, y and z, and the logarithm of the focal length.
        by = gain[:, None, None] * np.stack([np.stack([-u * v, 1 + u * u, -v, u], 1), np.stack([-(1 + v * v), u * v, u, v], 1)], 1)
        system = np.einsum("nki,n,nkj->ij", by, weight, by)
        step = -np.linalg.solve(system + 1e-9 * np.trace(system) * np.eye(4), np.einsum("nki,n,nk->i", by, weight, off))
        step = np.clip(step, -LIMIT, LIMIT)
        rotation, focal = turn(step[:3]) @ rotation, focal * float(np.exp(step[3]))
        if np.abs(step).max() < 1e-7:
            break
    return rotation, focal
