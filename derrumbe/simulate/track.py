"""The record of a collapse: poses and speeds of every piece at every sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.simulate.bonds import GRAVITY
from derrumbe.simulate.collapse import Sample
from derrumbe.simulate.geometry import rotate, velocity_at
from derrumbe.simulate.ground import Depth
from derrumbe.simulate.structure import Structure

MOVED = 0.002
"""m of displacement from which a piece counts as released."""
TURNED = np.radians(0.1)
"""rad of rotation from which a piece counts as released."""

TOUCHES = 1e-3
"""m under the ground that don't count."""
FASTEST, LEAST_DROP = 1.06, 0.15
"""Times free fall that a piece may sink, and the drop in metres from which that counts."""


@dataclass(frozen=True)
class Track:
    """position, velocity, spin (S, N, 3) float32; rotation (S, N, 4) float32 wxyz; seconds between samples; time 0 is the first sample."""

    position: np.ndarray
    rotation: np.ndarray
    velocity: np.ndarray
    spin: np.ndarray
    sample_seconds: float
    trigger_sample: int

    @property
    def sample_count(self) -> int:
        return len(self.position)

    def sample_at(self, time: np.ndarray) -> np.ndarray:
        """Return the last sample at or before a time, in seconds after the trigger."""
        index = np.floor(time / self.sample_seconds + 1e-6).astype(int) + self.trigger_sample
        return np.clip(index, 0, self.sample_count - 1)

    def carry(self, sample: np.ndarray, piece: np.ndarray, rest: np.ndarray, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return where points (K, 3), given at rest on pieces (K,), are at samples (K,), and how fast. centre (N, 3)."""
        arm = rotate(self.rotation[sample, piece].astype(np.float64), rest - centre[piece])
        centres = self.position[sample, piece]
        return centres + arm, velocity_at(self.velocity[sample, piece], self.spin[sample, piece], centres, centres + arm)


def at_rest(structure: Structure, samples: int, sample_seconds: float, trigger_sample: int) -> Track:
    """Return a track in which nothing has moved yet."""
    count = structure.count
    position = np.repeat(structure.centre.astype(np.float32)[None], samples, 0)
    rotation = np.zeros((samples, count, 4), np.float32)
    rotation[..., 0] = 1.0
    still = np.zeros((samples, count, 3), np.float32)
    return Track(position, rotation, still, still.copy(), sample_seconds, trigger_sample)


def record(track: Track, index: int, sample: Sample) -> None:
    """Write one sample in its place."""
    track.position[index] = sample.position
    track.rotation[index] = sample.rotation
    track.velocity[index] = sample.velocity
    track.spin[index] = sample.spin


def hold_to_gravity(track: Track) -> None:
    """Keep every piece from sinking faster than a fall from its highest place so far allows, in place.

    Where rubble is squeezed between heavy blocks the solver parts overlaps by moving pieces without a speed; a piece that is shoved down
    so comes down a little later instead.
    """
    y = track.position[..., 1]
    apex = y[0].copy()
    for k in range(track.trigger_sample + 1, track.sample_count):
        drop = np.maximum(apex - y[k - 1], LEAST_DROP)
        speed = FASTEST * (np.sqrt(2 * GRAVITY * drop) + 0.5 * GRAVITY * track.sample_seconds)
        y[k] = np.maximum(y[k], y[k - 1] - speed * track.sample_seconds)
        apex = np.maximum(apex, y[k])


def keep_above_ground(structure: Structure, track: Track) -> None:
    """Raise what is still a little under the ground at each sample after the trigger, in place."""
    depth, everything = Depth(structure), np.ones(structure.count, bool)
    for k in range(track.trigger_sample + 1, track.sample_count):
        deep = depth.of(everything, track.position[k].astype(np.float64), track.rotation[k].astype(np.float64))
        track.position[k, :, 1] += np.where(deep > TOUCHES, deep, 0.0).astype(np.float32)


def loose_from(track: Track) -> np.ndarray:
    """Return the sample from which each piece has come loose, (N,), the last one where it never does."""
    moved = np.linalg.norm(track.position - track.position[0], axis=-1) > MOVED
    return np.where(moved.any(0), moved.argmax(0), track.sample_count - 1)


def release(track: Track) -> np.ndarray:
    """Return the first sample at which each piece has left its rest pose, -1 never, (N,) int32; hold it exactly there before that."""
    rest = track.position[0]
    shift = np.linalg.norm(track.position - rest, axis=-1)
    turn = 2 * np.linalg.norm(track.rotation[..., 1:], axis=-1)
    moved = (shift > MOVED) | (turn > TURNED)
    first = np.where(moved.any(0), moved.argmax(0), -1).astype(np.int32)
    before = np.arange(track.sample_count)[:, None] < np.where(first < 0, track.sample_count, first)[None]
    track.position[before] = np.broadcast_to(rest, track.position.shape)[before]
    track.rotation[before] = (1, 0, 0, 0)
    track.velocity[before] = 0
    track.spin[before] = 0
    return first
