"""Camera shake from the impact: a few damped oscillations of the whole frame. Off unless asked for, because it resamples the plate."""

from __future__ import annotations

import numpy as np

from derrumbe.comp.settings import Settings
from derrumbe.core.records import Plate, Set

GRAVITY = 9.81
RISE, FADE = 0.06, 0.9
"""Seconds that the shake takes to build up and to die down to a third."""
FREQUENCIES = (3.1, 5.3, 8.7, 12.9)
"""Hz; what a tripod on shaking ground does."""

Offset = tuple[float, float]


def plan_shake(settings: Settings, plate: Plate, film_set: Set) -> tuple[Offset, ...]:
    """Return the frame's offset (x, y) in pixels for every frame of the plate; empty when the knob is 0.

    It starts when the lowest storey has had time to fall after the trigger.
    """
    amplitude = settings.camera.shake
    if amplitude == 0:
        return ()
    building = film_set.building
    storey = building.storey_tops[0] if building.storey_tops else building.height
    impact = (settings.trigger_frame - plate.frames.first) / float(plate.rate) + np.sqrt(2 * storey / GRAVITY)
    time = np.arange(len(plate.frames)) / float(plate.rate) - impact
    random = np.random.default_rng((settings.seed, 0x5A4E))
    x, y = (_oscillation(time, random) for _ in range(2))
    return tuple((float(amplitude * 0.6 * a), float(amplitude * b)) for a, b in zip(x, y, strict=True))


def _oscillation(time: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return values within ±1, zero before time 0."""
    phase = random.uniform(0, 2 * np.pi, len(FREQUENCIES))
    weight = random.uniform(0.5, 1, len(FREQUENCIES)) / np.arange(1, len(FREQUENCIES) + 1)
    waves = sum(w * np.sin(2 * np.pi * f * time + p) for w, f, p in zip(weight / weight.sum(), FREQUENCIES, phase, strict=True))
    after = np.maximum(time, 0)
    return waves * np.where(time > 0, (1 - np.exp(-after / RISE)) * np.exp(-after / FADE), 0)


def shaken(picture: np.ndarray, offset: Offset) -> np.ndarray:
    """Return `picture` moved by `offset` pixels, its edges mirrored."""
    import cv2

    x, y = offset
    height, width = picture.shape[:2]
    return cv2.warpAffine(
        picture, np.array([[1, 0, x], [0, 1, y]], np.float64), (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
    )
