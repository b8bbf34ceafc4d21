"""The breath of automatic exposure: the camera closes when bright dust fills the picture and opens when it darkens. Off unless asked for,
because it changes the whole frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from derrumbe.comp.frame import FrameComp
from derrumbe.core.files import write_text
from derrumbe.core.work import Work
from derrumbe.media.colour import ACESCG_LUMA
from derrumbe.media.exr import RGB, read_exr

DELAY, LAG = 0.1, 0.6
"""Seconds before a camera notices, and that it takes to make up two thirds of a change."""
SHARE = 0.7
"""Part of a change of brightness, in stops, that it makes up in the end."""


def plan_breath(limit: float, rate: float, brightness: np.ndarray) -> tuple[float, ...]:
    """Return the stops by which every frame is brightened, never more than `limit`.

    brightness: (frames,) stops by which the effect changed the picture's mean luminance.
    """
    stops, plan = 0.0, []
    late = round(DELAY * rate)
    for seen in np.concatenate((np.zeros(late), brightness))[: len(brightness)]:
        wanted = float(np.clip(-SHARE * seen, -limit, limit))
        stops += (wanted - stops) * (1 - np.exp(-1 / (LAG * rate)))
        plan.append(stops)
    return tuple(plan)


def metered(make: FrameComp, work: Work, frames: tuple[int, ...]) -> np.ndarray:
    """Return the (frames,) stops by which the effect changes the mean luminance of each frame."""
    meter = _Meter(make, work.folder)
    work.map_frames(meter, frames, meter.is_done, "exposure")
    return np.array([float(meter.path(frame).read_text()) for frame in frames])


@dataclass(frozen=True)
class _Meter:
    make: FrameComp
    folder: Path

    def path(self, frame: int) -> Path:
        return self.folder / f"exposure.{frame:04d}.txt"

    def is_done(self, frame: int) -> bool:
        return self.path(frame).is_file()

    def __call__(self, frame: int) -> None:
        stops = 0.0
        if not self.make.is_untouched(frame):
            plate = read_exr(self.make.plate.path(self.make.plate.record.picture, frame), RGB)
            final, _ = self.make.composed(frame)
            stops = float(np.log2(_mean(final) / _mean(plate)))
        write_text(self.path(frame), f"{stops!r}\n")


def _mean(picture: np.ndarray) -> float:
    return max(float((np.nan_to_num(picture) @ ACESCG_LUMA).mean(dtype=np.float64)), 1e-6)
