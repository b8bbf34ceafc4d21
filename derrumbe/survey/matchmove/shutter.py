"""Rolling shutter: rows are read one after the other, so a picture is skewed by how far things move meanwhile (Ringaby & Forssén, "Efficient
video rectification and stabilisation for cell-phones", 2012, with each feature's own speed for the camera's).
"""

from __future__ import annotations

import numpy as np

from derrumbe.geom.bundle import Freedom, Scene, Sightings, adjusted, errors
from derrumbe.survey.matchmove.tracks import Tracks

TRIED = (0.3, 0.6, 0.9)
"""Read-out times that are tried, as shares of the time from frame to frame."""
ROUNDS = 8


def speeds(tracks: Tracks) -> np.ndarray:
    """Return how fast features move, (frames, tracks, 2) pixels per frame: from both neighbours where they are seen there; NaN where in none."""
    steps = np.diff(tracks.positions, axis=0)
    nothing = np.full((1, *steps.shape[1:]), np.nan)
    before, after = np.concatenate([nothing, steps]), np.concatenate([steps, nothing])
    both = 0.5 * (before + after)
    return np.where(np.isfinite(both), both, np.where(np.isfinite(before), before, after))


def read_out(
    tracks: Tracks, scene: Scene, seen: Sightings, frames: np.ndarray, names: np.ndarray, soft: float
) -> tuple[float, float, float]:
    """Return the read-out time as a share of a frame, the share of the misfit that it takes away, and by how many pixels it skews frames.

    scene: cameras of `frames` (c,) and points of tracks `names` (p,), with their sightings. soft: residual at which sightings lose their say.
    The skew is that from the top row to the bottom one, at the speed that nine of ten frames stay below.
    """
    speed = speeds(tracks)[frames[seen.camera], names[seen.point]]
    known = np.isfinite(speed[:, 0])
    seen, speed = seen.only(known), speed[known]
    rows = seen.pixel[:, 1:] / tracks.size[1]
    plain = _misfit(scene, seen, soft)
    losses = [_misfit(scene, Sightings(seen.camera, seen.point, seen.pixel - share * rows * speed), soft) for share in TRIED]
    best = int(np.argmin(losses))
    fast = [float(np.median(np.linalg.norm(speed[seen.camera == index], axis=1))) for index in np.unique(seen.camera)]
    return TRIED[best], 1 - losses[best] / plain, TRIED[best] * float(np.quantile(fast, 0.9)) if fast else 0.0


def _misfit(scene: Scene, seen: Sightings, soft: float) -> float:
    fitted, _ = adjusted(scene, seen, Freedom(scene.focal, 0.0), soft, ROUNDS)
    return float(np.log1p((errors(fitted, seen) / soft) ** 2).sum())
