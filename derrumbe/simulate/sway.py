"""An earthquake's sway: the standing building leans to and fro, more with the height, until parts come loose and keep where they were.

The first mode of a frame in shear; its period follows EN 1998-1, 0.05 H^(3/4), lengthened because a building that is about to fall is soft.
"""

from __future__ import annotations

import numpy as np

from derrumbe.simulate.structure import Structure
from derrumbe.simulate.track import Track

SOFT = 1.7
"""Times the period of a sound building."""
SHAPE = 1.3
"""Power of the height that the sway goes with."""
DEPTH_SHARE = 0.3
"""Sway towards and away from the camera, as a share of that along the façade."""
FADES = 1.2
"""s in which the sway of what stands fades after the shaking."""
CARRY = 0.3
"""s for which a part that comes loose is carried on."""


def apply(structure: Structure, track: Track, loose: np.ndarray, amplitude: float, shaking: float) -> None:
    """Add a sway of `amplitude` m at the roof to a track, in place; it grows for `shaking` s from the trigger on.

    loose (N,): sample at which each piece comes loose.
    """
    time = (np.arange(track.sample_count) - track.trigger_sample) * track.sample_seconds
    wave, speed = _wave(time, structure.height, shaking)
    share = amplitude * np.clip(structure.centre[:, 1] / structure.height, 0, 1) ** SHAPE
    late = np.minimum(np.arange(track.sample_count)[:, None], loose[None])
    since = np.maximum(np.arange(track.sample_count)[:, None] - loose[None], 0) * track.sample_seconds
    offset = share * (wave[late] + speed[late] * CARRY * (1 - np.exp(-since / CARRY)))
    track.position[..., 0] += offset.astype(np.float32)
    quarter = wave[np.maximum(late - _quarter(structure.height, track.sample_seconds), 0)]
    track.position[..., 2] += (DEPTH_SHARE * share * quarter).astype(np.float32)


def period(height: float) -> float:
    """Return the period of the sway of a building, s."""
    return float(SOFT * 0.05 * height**0.75)


def _quarter(height: float, step: float) -> int:
    return round(0.25 * period(height) / step)


def _wave(time: np.ndarray, height: float, shaking: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the sway of the roof (S,) for an amplitude of 1, and its rate of change per second."""
    grown = np.clip(time / max(shaking, 1e-3), 0, 1)
    swing = np.where(time > shaking, np.exp(-(time - shaking) / FADES), grown * grown * (3 - 2 * grown))
    wave = np.where(time > 0, swing * np.sin(2 * np.pi * time / period(height)), 0.0)
    return wave, np.gradient(wave, time)
