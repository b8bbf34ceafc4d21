"""Cameras and points of a moving camera, a keyframe at a time (Schönberger & Frahm, "Structure-from-motion revisited", 2016, cut down to a
video: one lens, features that are followed, not matched)."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from derrumbe.geom.bundle import Freedom, Scene, Sightings, adjusted, errors
from derrumbe.survey.matchmove.belief import straightened
from derrumbe.survey.matchmove.nodal import sightings_of
from derrumbe.survey.matchmove.tracks import Tracks

SOFT, SHARPEST = 1.0, 0.1
WRONG = 4.0
"""A sighting further off than this, pixels of a picture 1280 wide, isn't of the point."""
FEWEST = 16
FLAT = np.radians(0.3)
"""Points seen under less parallax than this are only directions: they are set far away."""
FAR_AWAY = 200.0
PAIR_ANGLE = np.radians(4.0)
"""More parallax than this makes no better first pair."""


@dataclass
class Structure:
    """A growing scene: poses by frame index, points by track index. World: the first camera's axes, the first pair's distance is 1."""

    tracks: Tracks
    focal: float
    radial: float = 0.0
    poses: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    points: dict[int, np.ndarray] = field(default_factory=dict)

    @property
    def middle(self) -> np.ndarray:
        return np.asarray(self.tracks.size) / 2

    @property
    def wrong(self) -> float:
        return WRONG * self.unit

    @property
    def unit(self) -> float:
        """Pixels of the plate for one of a picture 1280 wide."""
        return max(1.0, max(self.tracks.size) / 1280)

    def rays(self, frame: int, names: np.ndarray) -> np.ndarray:
        """Return (n, 2) x/z, y/z of tracks in a frame, undistorted."""
        return straightened((self.tracks.positions[frame, names] - self.middle) / self.focal, self.radial)

    def frozen(self) -> tuple[Scene, Sightings, np.ndarray, np.ndarray]:
        """Return scene, sightings, frames (c,) and tracks (p,) as arrays."""
        frames, names = np.array(sorted(self.poses)), np.array(sorted(self.points))
        scene = Scene(
            np.stack([self.poses[f][0] for f in frames]),
            np.stack([self.poses[f][1] for f in frames]),
            np.stack([self.points[n] for n in names]),
            self.focal,
            self.radial,
        )
        return scene, sightings_of(self.tracks, frames, names), frames, names

    def take(self, scene: Scene, frames: np.ndarray, names: np.ndarray) -> None:
        """Take over an adjusted scene."""
        self.focal, self.radial = scene.focal, scene.radial
        self.poses = {int(f): (r, t) for f, r, t in zip(frames, scene.rotation, scene.translation, strict=True)}
        self.points = {int(n): p for n, p in zip(names, scene.points, strict=True)}


def from_pair(tracks: Tracks, focal: float, first: int, second: int, radial: float = 0.0) -> Structure | None:
    """Return the structure of two frames by the essential matrix (Nistér 2004), or None."""
    names = np.flatnonzero(tracks.seen[first] & tracks.seen[second])
    if len(names) < FEWEST:
        return None
    out = Structure(tracks, focal, radial)
    a, b = out.rays(first, names), out.rays(second, names)
    cv2.setRNGSeed(7)
    essential, inside = cv2.findEssentialMat(a, b, np.eye(3), cv2.RANSAC, 0.9999, 1.5 / focal)
    if essential is None or essential.shape != (3, 3):
        return None
    _, rotation, shift, inside = cv2.recoverPose(essential, a, b, np.eye(3), mask=inside)
    kept = inside.ravel() > 0
    if np.count_nonzero(kept) < FEWEST:
        return None
    out.poses = {first: (np.eye(3), np.zeros(3)), second: (rotation, shift.ravel())}
    triangulate(out, names[kept])
    return out if len(out.points) >= FEWEST else None


def pair_worth(tracks: Tracks, focal: float, first: int, second: int, radial: float = 0.0) -> float:
    """Return how good a first pair two frames are: features that agree, times parallax up to PAIR_ANGLE."""
    found = from_pair(tracks, focal, first, second, radial)
    if found is None:
        return 0.0
    angle = parallax(found, np.array(sorted(found.points)))
    return float(len(angle) * min(np.median(angle), PAIR_ANGLE))


def parallax(found: Structure, names: np.ndarray) -> np.ndarray:
    """Return the widest angle (n,) under which the cameras that see a point see it."""
    frames = np.array(sorted(found.poses))
    eyes = np.stack([-found.poses[f][0].T @ found.poses[f][1] for f in frames])
    out = np.zeros(len(names))
    seen = found.tracks.seen[frames]
    for i, name in enumerate(names):
        ways = found.points[name] - eyes[seen[:, name]]
        ways /= np.maximum(np.linalg.norm(ways, axis=1, keepdims=True), 1e-12)
        out[i] = np.arccos(np.clip((ways @ ways[0]).min(), -1, 1)) if len(ways) > 1 else 0.0
    return out


def triangulate(found: Structure, names: np.ndarray) -> None:
    """Add points for tracks that don't have one, from all solved cameras that see them; those that don't fit are left out."""
    frames = np.array(sorted(found.poses))
    total, right, count = np.zeros((len(names), 3, 3)), np.zeros((len(names), 3)), np.zeros(len(names), int)
    ways = np.full((len(frames), len(names), 3), np.nan)
    eyes = np.stack([-found.poses[f][0].T @ found.poses[f][1] for f in frames])
    for index, frame in enumerate(frames):
        has = found.tracks.seen[frame, names]
        way = np.concatenate([found.rays(frame, names[has]), np.ones((np.count_nonzero(has), 1))], 1) @ found.poses[frame][0]
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        across = np.eye(3) - way[:, :, None] * way[:, None, :]
        total[has] += across
        right[has] += across @ eyes[index]
        count[has] += 1
        ways[index, has] = way
    enough = count >= 2
    if not enough.any():
        return
    # The point nearest to all sight lines; where they are as good as parallel, far along their mean.
    total[enough] += 1e-9 * np.eye(3)
    points = np.linalg.solve(total[enough], right[enough][..., None])[..., 0]
    mean = np.nanmean(ways[:, enough], axis=0)
    mean /= np.linalg.norm(mean, axis=1, keepdims=True)
    flat = np.nanmin(np.einsum("fnk,nk->fn", ways[:, enough], mean), axis=0) > np.cos(0.5 * FLAT)
    reach = FAR_AWAY * max(1.0, float(np.ptp(eyes, axis=0).max()))
    points[flat] = (eyes.mean(axis=0) + reach * mean)[flat]
    _keep_fitting(found, names[enough], points, frames)


def _keep_fitting(found: Structure, names: np.ndarray, points: np.ndarray, frames: np.ndarray) -> None:
    scene = Scene(
        np.stack([found.poses[f][0] for f in frames]), np.stack([found.poses[f][1] for f in frames]), points, found.focal, found.radial
    )
    seen = sightings_of(found.tracks, frames, names)
    off = errors(scene, seen)
    worst = np.zeros(len(names))
    np.maximum.at(worst, seen.point, off)
    for index in np.flatnonzero(worst < found.wrong):
        found.points[int(names[index])] = points[index]


def resect(found: Structure, frame: int, guess: int) -> bool:
    """Solve a frame's camera from the points that it sees, starting from a solved neighbour. False when it can't be."""
    names = np.fromiter(found.points, int)
    names = names[found.tracks.seen[frame, names]]
    if len(names) < FEWEST:
        return False
    world = np.stack([found.points[n] for n in names])
    xy = found.rays(frame, names)
    rotation, shift = found.poses[guess]
    vector = cv2.Rodrigues(rotation)[0]
    cv2.setRNGSeed(7)
    good, vector, shift, inside = cv2.solvePnPRansac(
        world, xy, np.eye(3), None, vector, shift.reshape(3, 1).copy(), True, 200, found.wrong / found.focal, 0.999, flags=cv2.SOLVEPNP_ITERATIVE
    )  # fmt: skip
    if not good or inside is None or len(inside) < max(FEWEST, 0.4 * len(names)):
        return False
    found.poses[frame] = (cv2.Rodrigues(vector)[0], shift.ravel())
    return True


def adjust(found: Structure, freedom: Freedom, rounds: int = 15, soft: float | None = None) -> float:
    """Adjust everything, drop sightings and points that don't fit; return the spread of log focal length. soft: in pixels."""
    scene, seen, frames, names = found.frozen()
    seen = seen.only(errors(scene, seen) < 4 * found.wrong)
    scene, spread = adjusted(scene, seen, freedom, soft or SOFT * found.unit, rounds)
    found.take(scene, frames, names)
    drop_misfits(found)
    return spread


def drop_misfits(found: Structure) -> None:
    """Drop points whose usual error is too large: things that move by themselves."""
    scene, seen, _, names = found.frozen()
    off = errors(scene, seen)
    order = np.lexsort((off, seen.point))
    start = np.searchsorted(seen.point[order], np.arange(len(names) + 1))
    for index, name in enumerate(names):
        mine = off[order[start[index] : start[index + 1]]]
        # Two thirds of a point's sightings must fit.
        if not len(mine) or mine[int(0.66 * (len(mine) - 1))] > 0.5 * found.wrong:
            del found.points[int(name)]


def softness(found: Structure) -> float:
    """Return the residual in pixels at which sightings lose their say, from how well they fit now."""
    scene, seen, _, _ = found.frozen()
    return softness_of(errors(scene, seen), SOFT * found.unit)


def softness_of(off: np.ndarray, most: float) -> float:
    """Return twice the median of residuals' lengths (n,), some 2.4 standard deviations, of at most `most` pixels."""
    return float(np.clip(2 * np.median(off), SHARPEST * most, most)) if len(off) else most
