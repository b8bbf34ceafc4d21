"""Features that survey tracked: where they were seen, and how far from there the solve puts them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from derrumbe.core.files import load_arrays
from derrumbe.deliver.matchmove.board import Board, Colour

FILE = "tracks.npz"
NAMES = ("frame", "track", "x", "y", "residual")
TAIL = 12
"""Frames of a track's past that are drawn."""
GOOD, FAIR = 0.7, 1.5
"""Pixels of residual up to which a point is green, and yellow; above it is red."""
COLOURS: dict[str, Colour] = {"good": (70, 220, 90), "fair": (250, 210, 40), "poor": (250, 70, 50), "unused": (150, 150, 150)}


@dataclass(frozen=True)
class Tracks:
    """Sightings, all (n,), sorted by track and frame. Residuals are NaN where the solve didn't use them."""

    frame: np.ndarray
    track: np.ndarray
    x: np.ndarray
    y: np.ndarray
    residual: np.ndarray

    @property
    def used(self) -> np.ndarray:
        return self.residual[np.isfinite(self.residual)]


def read_tracks(folder: Path) -> Tracks | None:
    """Return the tracks beside a set's record; None when there are none."""
    path = folder / FILE
    if not path.is_file():
        return None
    arrays = load_arrays(path)
    if not set(NAMES) <= arrays.keys() or not len(arrays["frame"]):
        return None
    order = np.lexsort((arrays["frame"], arrays["track"]))
    return Tracks(*(arrays[name][order] for name in NAMES))


def draw_tracks(board: Board, tracks: Tracks, frame: int) -> None:
    """Draw where features were in a frame, coloured by residual, with their way there."""
    recent = (tracks.frame <= frame) & (tracks.frame > frame - TAIL)
    here = np.flatnonzero(tracks.frame == frame)
    for index in here:
        same = np.flatnonzero(recent & (tracks.track == tracks.track[index]))
        colour = COLOURS[grade(float(tracks.residual[index]))]
        if len(same) > 1:
            board.line(np.stack([tracks.x[same], tracks.y[same]], 1), colour)
        board.dot(np.array([tracks.x[index], tracks.y[index]]), colour)


def grade(residual: float) -> str:
    """Return how a residual in pixels is called."""
    if not np.isfinite(residual):
        return "unused"
    return "good" if residual <= GOOD else "fair" if residual <= FAIR else "poor"


def residuals_by_frame(tracks: Tracks, frames: list[int]) -> np.ndarray:
    """Return median and 90th percentile of the used residuals of each frame (f, 2), NaN where there are none."""
    found = np.full((len(frames), 2), np.nan)
    for row, frame in enumerate(frames):
        here = tracks.residual[(tracks.frame == frame) & np.isfinite(tracks.residual)]
        if len(here):
            found[row] = np.percentile(here, (50, 90))
    return found
