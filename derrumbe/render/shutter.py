"""When and where in the pixel a frame is sampled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.core.records import Camera
from derrumbe.geom.camera import project
from derrumbe.render.poses import Pose, carry, pose_at
from derrumbe.render.scene import Scene

LEAST_SAMPLES = 4
PIXELS_PER_SAMPLE = 2.0
STRIDE = 5


@dataclass(frozen=True)
class Shutter:
    """When the samples of a frame are taken: fractional motion samples, with an offset inside the pixel for each."""

    open: float
    middle: float
    times: tuple[float, ...]
    offsets: tuple[tuple[float, float], ...]


def offsets(count: int) -> tuple[tuple[float, float], ...]:
    """Return `count` well-spread offsets inside a pixel (R2 sequence; Roberts, 2018)."""
    return tuple(((0.5 + k * 0.7548776662466927) % 1.0, (0.5 + k * 0.5698402909980532) % 1.0) for k in range(1, count + 1))


def pose(scene: Scene, sample: float) -> Pose:
    """Return the pose of all pieces at a fractional motion sample."""
    count = scene.position.shape[1]
    at = pose_at(scene.position, scene.rotation, scene.released, scene.centre[:count], sample)
    still = len(scene.lain)
    if not still:
        return at
    # rubble lies where it is, and never stood
    turn = np.concatenate([at.rotation, np.broadcast_to(np.eye(3), (still, 3, 3))])
    return Pose(np.concatenate([at.position, scene.lain]), turn, np.r_[at.moved, np.ones(still, bool)])


def posed(scene: Scene, at: Pose) -> np.ndarray:
    """Return all vertices (V,3) float64 in a pose."""
    return carried(scene, at, scene.vertex_piece, scene.rest)


def carried(scene: Scene, at: Pose, piece: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return where points (n,3) at rest of pieces (n,) are in a pose, (n,3) float64."""
    return np.asarray(carry(points, piece, scene.centre, at.position, at.rotation, at.moved))


def shutter(scene: Scene, camera: Camera, frame: int, angle: float, most: int) -> Shutter:
    """Return the samples of a frame: as many as keep steps near PIXELS_PER_SAMPLE for 95 % of what moves, LEAST_SAMPLES to `most`."""
    start = scene.sample_of(frame)
    length = angle / 360 * scene.samples_per_frame
    a, b = pose(scene, start), pose(scene, start + length)
    streak = 0.0
    if b.moved.any():
        rest, riding = scene.rest[::STRIDE], scene.vertex_piece[::STRIDE]
        p, q = (project(camera, carried(scene, at, riding, rest)[b.moved[riding]])[0] for at in (a, b))
        streak = float(np.nanpercentile(np.linalg.norm(q - p, axis=1), 95))
    count = int(np.clip(np.ceil(streak / PIXELS_PER_SAMPLE), min(LEAST_SAMPLES, most), most))
    times = tuple(start + (k + 0.5) / count * length for k in range(count))
    return Shutter(start, start + 0.5 * length, times, offsets(count))
