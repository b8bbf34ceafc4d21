"""The files of what stands or passes in front of the building, one matte per frame or one for a still."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from derrumbe.core.records import Located, Plate
from derrumbe.core.work import Work
from derrumbe.media.exr import write_exr
from derrumbe.survey.foreground import Background, FramePass, Held
from derrumbe.survey.holdout import Holdout
from derrumbe.survey.reference import Reference

PATTERN = "foreground/foreground.{frame}.exr"
STILL = "foreground.exr"


def write_fronts(
    work: Work, plate: Located[Plate], static: np.ndarray, reference: Reference, holdout: str | None, background: Background | None = None
) -> str | None:
    """Write what stands (`static` alpha, or the artist's `holdout` mattes) or passes in front; return its path, None for nothing.

    background: what stands still as each frame's camera sees it; without it the camera is locked and the reference serves.
    """
    record = plate.record
    artist = Holdout(Path(holdout)) if holdout else None
    still = record.held or len(record.frames) == 1
    if still and (artist is None or artist.is_still):
        alpha = static if artist is None else np.maximum(static, artist.at(record.frames.first, static.shape))
        if not alpha.any():
            return None
        write_exr(work.folder / STILL, alpha, ("Y",))
        return STILL
    fixed = work.folder / "foreground_static.exr" if static.any() else None
    if fixed:
        write_exr(fixed, static, ("Y",))
    frame_pass = FramePass(
        picture=str(plate.folder / record.picture),
        background=background or _held(work.folder, reference),
        static=fixed,
        out=str(work.folder / PATTERN),
        holdout=artist,
    )
    work.map_frames(frame_pass, list(record.frames), frame_pass.done, "finding what passes in front")
    return PATTERN


def _held(folder: Path, reference: Reference) -> Held | None:
    if reference.usual is None or reference.unrest is None:
        return None
    held = Held(folder / "usual.exr", folder / "unrest.exr")
    write_exr(held.usual, reference.usual, full=True)
    write_exr(held.unrest, reference.unrest, ("Y",), full=True)
    return held
