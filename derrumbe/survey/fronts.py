"""The files of what stands or passes in front of the building, one matte per frame or one for a still."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from derrumbe.core.files import save_arrays
from derrumbe.core.records import Camera, Located, Plate
from derrumbe.core.work import Work
from derrumbe.media.exr import write_exr
from derrumbe.survey.foreground import FramePass, Held, Passing, Standing, Upright
from derrumbe.survey.holdout import Holdout
from derrumbe.survey.reference import Reference
from derrumbe.survey.standing import depth_of_things

PATTERN, DEPTH = "foreground/foreground.{frame}.exr", "foreground_depth/foreground_depth.{frame}.exr"
STILL, STILL_DEPTH = "foreground.exr", "foreground_depth.exr"


@dataclass(frozen=True)
class Fronts:
    """Paths in the record of mattes and depths; None both when nothing is in front."""

    matte: str | None = None
    depth: str | None = None


def write_fronts(
    work: Work,
    plate: Located[Plate],
    static: np.ndarray,
    parts: np.ndarray,
    reference: Reference,
    cameras: tuple[Camera, ...],
    wall: np.ndarray,
    holdout: str | None,
    passing: Passing | None = None,
    upright: Upright | None = None,
    crest: Upright | None = None,
    signs: Upright | None = None,
) -> Fronts:
    """Write what stands (`static` alpha in the first frame, or the artist's `holdout` mattes) or passes in front, and how far away it is.

    parts (h, w) int16: which thing of `static` is seen, as in `parts`. wall (h, w): metres to the building's surface in the first frame. passing:
    how what passes is found; without it the camera is locked and the reference serves. upright: what stands in front of a moving camera's building,
    `static` included, where its depth tells; crest: of the ground before it, which hides its foot; signs: that stand a step before its walls.
    """
    record = plate.record
    artist = Holdout(Path(holdout)) if holdout else None
    furthest = float(cameras[0].translation[2])
    still = record.held or len(record.frames) == 1
    if still and (artist is None or artist.is_still):
        alpha = static if artist is None else np.maximum(static, artist.at(record.frames.first, static.shape))
        return _write_still(work.folder, alpha, parts, reference.texture, cameras[0], furthest, wall) if alpha.any() else Fronts()
    fixed, things, shown = (work.folder / f"foreground_{name}" for name in ("static.exr", "parts.npz", "shown.exr"))
    if static.any():
        write_exr(fixed, static, ("Y",))
        save_arrays(things, parts=parts, wall=wall)
    flat = bool(static.any()) and upright is None
    if flat:
        write_exr(shown, reference.texture)
    frame_pass = FramePass(
        picture=str(plate.folder / record.picture),
        passing=passing or _held(work.folder, reference),
        standing=Standing(fixed, things, shown, cameras, furthest) if flat else None,
        cameras=cameras,
        first_frame=record.frames.first,
        furthest=furthest,
        out=str(work.folder / PATTERN),
        depth=str(work.folder / DEPTH),
        holdout=artist,
        upright=upright,
        crest=crest,
        signs=signs,
    )
    work.map_frames(frame_pass, list(record.frames), frame_pass.done, "finding what passes in front")
    return Fronts(PATTERN, DEPTH)


def _write_still(
    folder: Path, alpha: np.ndarray, parts: np.ndarray, light: np.ndarray, camera: Camera, furthest: float, wall: np.ndarray
) -> Fronts:
    write_exr(folder / STILL, alpha, ("Y",))
    write_exr(folder / STILL_DEPTH, depth_of_things(alpha, camera, furthest, parts, light, wall), ("Z",), full=True)
    return Fronts(STILL, STILL_DEPTH)


def _held(folder: Path, reference: Reference) -> Held | None:
    if reference.usual is None or reference.unrest is None:
        return None
    held = Held(folder / "usual.exr", folder / "unrest.exr")
    write_exr(held.usual, reference.usual, full=True)
    write_exr(held.unrest, reference.unrest, ("Y",), full=True)
    return held
