"""Is every frame of a plate a picture of its own? A few rows of each frame tell."""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.core.errors import BadPlate
from derrumbe.core.records import Caution, Located, Plate
from derrumbe.media.exr import read_exr
from derrumbe.media.exr_rows import ExrRows

BANDS, ROWS = (0.2, 0.5, 0.8), 16
DARK, DARKEST = 1e-4, 1.2e-3
"""A black frame's mean and brightest light (99th percentile), scene-linear: three and twelve of 255 codes."""
COLUMNS, ALIKE, PLAIN = 32, 0.5, 1e-3
"""Broad tones of one shot correlate by this much from frame to frame, whatever passes; rows plainer than the last tell nothing."""
RUNS = 4
"""So many runs of frames are named, then the rest is counted."""


def checked(plate: Located[Plate]) -> tuple[Caution, ...]:
    """Return cautions about frames that repeat others, or that there is only one. Raises BadPlate when frames are black."""
    record = plate.record
    if record.held:
        return ()
    if len(record.frames) < 2:
        return (_single(),)
    black, same, last = [], [], None
    for frame in record.frames:
        rows = _rows(plate, frame)
        if rows.mean() < DARK and np.percentile(rows, 99) < DARKEST:
            black.append(frame)
        elif last is not None and np.array_equal(rows, last) and _is_copy(plate, frame):
            same.append(frame)
        last = rows
    if black:
        several = len(black) > 1
        raise BadPlate(
            f"plate: frame{'s' * several} {runs(black)} {'are' if several else 'is'} black; leave out what is black with --frames"
        )
    # Synthetic plates and stills turned into movies repeat themselves all the time: what stands still there is no fault.
    return (_frozen(same),) if same and len(same) < len(record.frames) - 1 else ()


def check_uncut(plate: Located[Plate]) -> None:
    """Raise BadPlate where a frame of a camera that stands still shows something else than the one before it."""
    last: np.ndarray | None = None
    for frame in plate.record.frames:
        small = _broad(_rows(plate, frame))
        if last is not None and _likeness(last, small) < ALIKE:
            before = f"{plate.record.frames.first}-{frame - 1}"
            raise BadPlate(f"plate: a cut at frame {frame}; give one shot, such as --frames {before}")
        last = small


def _broad(rows: np.ndarray) -> np.ndarray:
    """Return the broad tones of a few rows (h, w, 3) of a frame, as numbers that rise evenly to the eye."""
    light = cv2.resize(rows.mean(axis=2), (COLUMNS, len(BANDS)), interpolation=cv2.INTER_AREA)
    return np.asarray(np.cbrt(np.maximum(light, 0)))


def _likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Return the correlation of broad tones; 1 where there are none."""
    a, b = one - one.mean(), other - other.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / size if size > PLAIN else 1.0


def runs(frames: list[int]) -> str:
    """Return frames in words: "1003, 1007-1012"."""
    found: list[list[int]] = []
    for frame in frames:
        if found and frame == found[-1][1] + 1:
            found[-1][1] = frame
        else:
            found.append([frame, frame])
    named = ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in found[:RUNS])
    return named if len(found) <= RUNS else f"{named} and {len(found) - RUNS} more places"


def _rows(plate: Located[Plate], frame: int) -> np.ndarray:
    with ExrRows(plate.path(plate.record.picture, frame), ("R", "G", "B")) as source:
        tops = [min(int(at * source.height), max(source.height - ROWS, 0)) for at in BANDS]
        return np.nan_to_num(np.concatenate([source.read(top, min(top + ROWS, source.height)) for top in tops]))


def _is_copy(plate: Located[Plate], frame: int) -> bool:
    one, other = (read_exr(plate.path(plate.record.picture, number), ("R", "G", "B")) for number in (frame - 1, frame))
    return bool(np.array_equal(one, other))


def _single() -> Caution:
    return Caution(
        what="the plate has one frame only: nothing tells what the camera does, and it is taken as locked off",
        remedy="give a still picture to have it held, or more frames",
    )


def _frozen(frames: list[int]) -> Caution:
    return Caution(
        what=f"frames {runs(frames)} repeat the frame before bit for bit: the plate freezes there",
        remedy="take repeated frames out, or choose frames without them with --frames: grain and passers-by stand still there",
    )
