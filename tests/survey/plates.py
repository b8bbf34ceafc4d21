"""Small plates on disk for survey's tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from derrumbe.core.records import FrameRange, Located, NoiseModel, Plate
from derrumbe.media.colour import from_display
from derrumbe.media.exr import write_exr
from tests.survey.scenes import QUIET


def plate_of(
    folder: Path, frames: list[np.ndarray], held: int = 0, noise: NoiseModel = QUIET, focal: float | None = None
) -> Located[Plate]:
    """Write frames (h, w, 3) uint8 as a plate in `folder`; `held` > 0 repeats the one frame."""
    height, width = frames[0].shape[:2]
    for index in range(held or len(frames)):
        write_exr(folder / f"plate/plate.{1001 + index}.exr", from_display(frames[0] if held else frames[index]))
    return Located(
        Plate(
            width=width,
            height=height,
            source_width=width,
            source_height=height,
            rate_num=24,
            rate_den=1,
            frames=FrameRange(first=1001, last=1000 + (held or len(frames))),
            held=held > 0,
            colourspace="sRGB",
            code_bits=8,
            source="scene.png",
            source_digest="none",
            noise=noise,
            focal_px=focal,
        ),
        folder,
    )
