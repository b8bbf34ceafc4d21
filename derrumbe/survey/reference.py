"""The plate before the trigger with its grain averaged out: what the building wears, and what clean plate and mattes are made from."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from derrumbe.core.records import Located, NoiseModel, Plate
from derrumbe.core.work import Work
from derrumbe.media.exr import read_exr
from derrumbe.survey.matting import display_like

MEMORY = 600e6
"""Bytes of frames held at once for a median (half floats)."""
MOST, FEWEST = 15, 3
ENOUGH = 7
"""The median of so many frames is quiet enough as it is."""
WINDOW = 5
BAND_ROWS = 64
SIGMA_OF_MAD = 1.4826
CHANGED = 5.0
"""What differs from the whole shot's median by this many sigmas before the trigger was somebody passing by."""


@dataclass(frozen=True)
class Reference:
    """texture (h, w, 3) float32 ACEScg: grain-free, without passers-by, before the trigger. samples: how many frames it is the median of.

    usual (h, w, 3) display-like: the median of the whole shot. unrest (h, w): its usual deviation. None both for a still.
    """

    texture: np.ndarray
    samples: int
    usual: np.ndarray | None = None
    unrest: np.ndarray | None = None


def build_reference(plate: Located[Plate], trigger_frame: int, work: Work, is_locked: bool = True) -> Reference:
    """Return the Reference of a plate: of a moving camera's first frame, which is the one that the outline is drawn on."""
    record = plate.record
    if record.held or not is_locked or len(record.frames) == 1:
        return Reference(denoised(read_exr(plate.path(record.picture, record.frames.first), ("R", "G", "B")), record.noise, 1), 1)
    before = _spread(record.frames.first, max(record.frames.first, min(trigger_frame, record.frames.last + 1) - 1), _room(record))
    always = _spread(record.frames.first, record.frames.last, _room(record))
    texture, _ = _median(plate, before, work)
    typical, unrest = _median(plate, always, work)
    passed = _passers(texture, typical, record.noise)
    texture = texture + (typical - texture) * passed[..., None]
    # A median of many frames is as sharp as each and has next to no grain left; filtering would only take detail away.
    quiet = texture if len(before) >= ENOUGH else denoised(texture, record.noise, len(before))
    return Reference(quiet, len(before), display_like(typical), unrest)


def noise_variance(picture: np.ndarray, noise: NoiseModel) -> np.ndarray:
    """Return the plate's noise variance (h, w, 3) at each signal level of `picture`."""
    levels = np.asarray(noise.levels)
    planes = [np.interp(picture[..., c], levels, noise.variance_at[c]).astype(np.float32) for c in range(3)]
    return np.stack(planes, -1)


def denoised(picture: np.ndarray, noise: NoiseModel, samples: int) -> np.ndarray:
    """Return a picture with what noise explains taken out of flat places, and edges as they were (Lee 1980, the local Wiener filter)."""
    # The median of n frames has about pi/2 of the variance of their mean.
    share = 1.0 if samples < 2 else min(1.0, 0.5 * np.pi / samples)
    out = np.empty_like(picture)
    for top in range(0, picture.shape[0], 512):
        low, high = max(0, top - WINDOW), min(picture.shape[0], top + 512 + WINDOW)
        band = picture[low:high]
        mean = cv2.blur(band, (WINDOW, WINDOW), borderType=cv2.BORDER_REFLECT)
        spread = np.maximum(cv2.blur((band - mean) ** 2, (WINDOW, WINDOW), borderType=cv2.BORDER_REFLECT), 1e-12)
        gain = np.maximum(spread - share * noise_variance(mean, noise), 0) / spread
        out[top : top + 512] = (mean + gain * (band - mean))[top - low : top - low + 512]
    return out


def _room(plate: Plate) -> int:
    return int(np.clip(MEMORY / (plate.width * plate.height * 6), FEWEST, MOST))


def _spread(first: int, last: int, count: int) -> list[int]:
    return sorted({round(frame) for frame in np.linspace(first, last, min(count, last - first + 1))})


def _median(plate: Located[Plate], frames: list[int], work: Work) -> tuple[np.ndarray, np.ndarray]:
    """Return the per-pixel median of frames (h, w, 3), and their usual deviation from it (h, w), display-like. float32."""
    stack = [
        read_exr(plate.path(plate.record.picture, frame), ("R", "G", "B")).astype(np.float16)
        for frame in work.track(frames, "averaging the plate")
    ]
    out, unrest = np.empty(stack[0].shape, np.float32), np.empty(stack[0].shape[:2], np.float32)
    for top in range(0, len(out), BAND_ROWS):
        rows = slice(top, top + BAND_ROWS)
        band = np.stack([frame[rows] for frame in stack]).astype(np.float32)
        out[rows] = np.median(band, axis=0)
        unrest[rows] = SIGMA_OF_MAD * np.median(np.abs(display_like(band) - display_like(out[rows])), axis=0).max(axis=-1)
    return out, unrest


def _passers(texture: np.ndarray, typical: np.ndarray, noise: NoiseModel) -> np.ndarray:
    """Return a soft mask (h, w) of where somebody stood before the trigger."""
    sigma = np.sqrt(noise_variance(typical, noise)) + 0.01
    changed = (np.abs(texture - typical) / sigma).max(axis=-1) > CHANGED
    solid = cv2.morphologyEx(changed.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    grown = cv2.dilate(solid, np.ones((9, 9), np.uint8))
    return cv2.GaussianBlur(grown.astype(np.float32), (0, 0), 1.5)
