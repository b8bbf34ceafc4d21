"""What stands or passes in front of the building: alpha per frame.

Static things come from the user's polygons and from plants; passers-by from the difference between each frame and the usual picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from derrumbe.core.records import Vec2
from derrumbe.media.exr import read_exr, write_exr
from derrumbe.survey.filters import filled
from derrumbe.survey.holdout import Holdout
from derrumbe.survey.matting import display_like, refined, trimap
from derrumbe.survey.passers import passing_alpha

LEAST_BAND, SLOPPY = 2.0, 0.002
"""How far a hand-drawn edge may be off: pixels, and share of the longer side."""


def drawn_alpha(codes: np.ndarray, polygons: tuple[tuple[Vec2, ...], ...]) -> np.ndarray:
    """Return the alpha (h, w) float32 of the user's polygons (plate pixels): within a pixel or two of what was drawn, along the colour
    edges of `codes` (h, w, 3) uint8."""
    height, width = codes.shape[:2]
    alpha = np.zeros((height, width), np.float32)
    if not polygons:
        return alpha
    band = max(LEAST_BAND, SLOPPY * max(height, width))
    picture = codes.astype(np.float32) / 255
    for polygon in polygons:
        mask = filled([np.asarray(polygon, np.float64)], (height, width)) > 0
        alpha = np.maximum(alpha, refined(picture, *trimap(mask, band)))
    return alpha


@dataclass(frozen=True)
class Held:
    """The background of a locked camera: the same usual picture and unrest (EXR files) for every frame."""

    usual: Path
    unrest: Path

    def at(self, frame: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the background (h, w, 3), display-like, and its unrest (h, w), as this frame's camera sees them."""
        return _still(self.usual, ("R", "G", "B")), _still(self.unrest, ("Y",))[..., 0]


class Background(Protocol):
    """What stands still, as the camera of a frame sees it. A moving camera warps its reference here."""

    def at(self, frame: int) -> tuple[np.ndarray, np.ndarray]: ...


@dataclass(frozen=True)
class FramePass:
    """Writes the foreground of one frame. A callable for `Work.map_frames`.

    static: matte of what stands in front; holdout: the artist's matte per frame (plate size, Y), as it is. Either may be absent.
    """

    picture: str
    background: Background | None
    static: Path | None
    out: str
    holdout: Holdout | None = None

    def __call__(self, frame: int) -> None:
        alpha = self._passing(frame)
        if self.static is not None:
            alpha = np.maximum(alpha, _still(self.static, ("Y",))[..., 0])
        if self.holdout is not None:
            alpha = np.maximum(alpha, self.holdout.at(frame, alpha.shape))
        write_exr(Path(self.out.format(frame=frame)), alpha, ("Y",))

    def _passing(self, frame: int) -> np.ndarray:
        picture = read_exr(Path(self.picture.format(frame=frame)), ("R", "G", "B"))
        if self.background is None:
            return np.zeros(picture.shape[:2], np.float32)
        return passing_alpha(display_like(picture), *self.background.at(frame))

    def done(self, frame: int) -> bool:
        return Path(self.out.format(frame=frame)).exists()


@lru_cache(maxsize=4)
def _still(path: Path, channels: tuple[str, ...]) -> np.ndarray:
    return read_exr(path, channels)
