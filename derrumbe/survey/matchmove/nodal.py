"""A camera that only turns: rotations and focal length from features taken as infinitely far (Hartley, "Self-calibration from multiple
views with a rotating camera", 1994)."""

from __future__ import annotations

import itertools

import cv2
import numpy as np

from derrumbe.geom.bundle import Freedom, Scene, Sightings, adjusted, errors
from derrumbe.survey.matchmove.belief import Belief, straightened
from derrumbe.survey.matchmove.tracks import Tracks

FEWEST = 12
SOFT = 1.0
FAR_OFF = 8.0


def turning(tracks: Tracks, frames: np.ndarray, belief: Belief) -> tuple[Scene, Sightings, np.ndarray, float]:
    """Return the scene of a camera that only turns, for `frames` (indices): scene, sightings, the tracks it uses (m,), focal spread.

    The scene's cameras are in the order of `frames`; its points lie at distance 1.
    """
    focal = belief.focal
    chained = _chained(tracks, frames, belief)
    seen = tracks.seen[frames]
    used = np.flatnonzero(seen.sum(axis=0) >= 2)
    points = _directions(tracks, frames, used, chained, belief)
    sightings = sightings_of(tracks, frames, used)
    scene = Scene(chained, np.zeros((len(frames), 3)), points, focal, belief.bend)
    scene, _ = adjusted(scene, sightings, Freedom(focal, 0.0, turns_only=True), FAR_OFF, 15)
    freedom = Freedom(focal, belief.spread, turns_only=True)
    scene, wide = adjusted(scene, sightings, freedom, SOFT, 30)
    near = errors(scene, sightings) < FAR_OFF
    return scene, sightings.only(near), used, wide


def sightings_of(tracks: Tracks, frames: np.ndarray, used: np.ndarray) -> Sightings:
    """Return sightings of tracks `used` in `frames` (indices), numbered by their place in both, relative to the picture's middle."""
    places = tracks.positions[np.ix_(frames, used)] - np.asarray(tracks.size) / 2
    camera, point = np.nonzero(np.isfinite(places[..., 0]))
    return Sightings(camera.astype(np.int32), point.astype(np.int32), places[camera, point])


def _chained(tracks: Tracks, frames: np.ndarray, belief: Belief) -> np.ndarray:
    """Return rotations (n, 3, 3) from one frame to the next, first the identity."""
    out = [np.eye(3)]
    for before, after in itertools.pairwise(frames):
        common = tracks.seen[before] & tracks.seen[after]
        out.append(_turn_between(tracks, before, after, common, belief) @ out[-1] if np.count_nonzero(common) >= 4 else out[-1])
    return np.stack(out)


def _turn_between(tracks: Tracks, before: int, after: int, common: np.ndarray, belief: Belief) -> np.ndarray:
    a, b = (_at_depth_one(tracks.positions[index, common], tracks.size, belief) for index in (before, after))
    cv2.setRNGSeed(7)
    homography, inside = cv2.findHomography(belief.focal * a, belief.focal * b, cv2.RANSAC, 3.0)
    kept = inside.ravel() > 0 if homography is not None else np.ones(len(a), bool)
    rays = [np.concatenate([part[kept], np.ones((np.count_nonzero(kept), 1))], 1) for part in (a, b)]
    rays = [part / np.linalg.norm(part, axis=1, keepdims=True) for part in rays]
    # The rotation nearest to all pairs of directions (Kabsch 1976).
    u, _, v = np.linalg.svd(rays[1].T @ rays[0])
    return u @ np.diag([1, 1, np.linalg.det(u @ v)]) @ v


def _directions(tracks: Tracks, frames: np.ndarray, used: np.ndarray, rotation: np.ndarray, belief: Belief) -> np.ndarray:
    places = _at_depth_one(tracks.positions[np.ix_(frames, used)], tracks.size, belief)
    rays = np.concatenate([places, np.ones((*places.shape[:2], 1))], -1)
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    mean = np.nanmean(np.einsum("fij,fti->ftj", rotation, rays), axis=0)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


def _at_depth_one(places: np.ndarray, size: tuple[int, int], belief: Belief) -> np.ndarray:
    """Return plate pixels (..., 2) as x/z, y/z of what a pinhole shows there."""
    return straightened((places - np.asarray(size) / 2) / belief.focal, belief.bend)
