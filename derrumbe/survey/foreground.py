"""What stands or passes in front of the building: alpha per frame.

Static things come from the user's polygons and from plants; passers-by from the difference between each frame and the usual picture, or, before
a moving camera, from their own motion.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from derrumbe.core.files import load_arrays, save_arrays
from derrumbe.core.records import FAR, Camera
from derrumbe.media.exr import read_exr, write_exr
from derrumbe.survey.before_walls import Walls
from derrumbe.survey.holdout import Holdout
from derrumbe.survey.matting import display_like
from derrumbe.survey.parts import joined
from derrumbe.survey.passers import passing_alpha
from derrumbe.survey.rigid import DOUBTERS, Shown, steadied
from derrumbe.survey.standing import carried, depth_of_things, things
from derrumbe.survey.tight_edges import cut_out
from derrumbe.survey.wanderers import STANDS, Wanderers, stored

LOOSE = 0.0095
"""How far masks of what moves by itself, found in small pictures, may reach beyond the thing's edge, share of the longer side."""

SURELY = 2.2
"""Times the usual evidence that rules out what only few frames claim."""


class Passing(Protocol):
    """What passes in front of a plate."""

    def at(self, frame: int, picture: np.ndarray) -> np.ndarray:
        """Return the alpha (h, w) float32 of what passes in a frame's display-like `picture` (h, w, 3)."""


@dataclass(frozen=True)
class Held:
    """What passes before a locked camera: what differs from the usual picture by more than its unrest (EXR files)."""

    usual: Path
    unrest: Path

    def at(self, frame: int, picture: np.ndarray) -> np.ndarray:
        return passing_alpha(picture, _still(self.usual, ("R", "G", "B")), _still(self.unrest, ("Y",))[..., 0])


@dataclass(frozen=True)
class Following:
    """What passes before a moving camera: what moves by itself, from a mask at working size to alpha along the picture's edges, and before the
    building and street what hangs together with it and is neither. What is rigid has the shape that its neighbours in time agree on.

    A callable for `Work.map_frames` that writes masks before they agree, (h, w) bool at working size (npz); out: pattern.
    """

    wanderers: Wanderers
    out: str
    walls: Walls | None = None

    def done(self, frame: int) -> bool:
        return Path(self.out.format(frame=frame)).exists()

    def __call__(self, frame: int) -> None:
        cv2.setNumThreads(1)
        save_arrays(Path(self.out.format(frame=frame)), mask=self._found(frame))

    def at(self, frame: int, picture: np.ndarray) -> np.ndarray:
        mask = self._mask(frame)
        if not mask.any():
            return np.zeros(picture.shape[:2], np.float32)
        mask, unsure = steadied(mask, self.wanderers.codes(frame), self._shown(frame, -1), self._shown(frame, 1))
        # where frames differ, what standing still explains is none of it; a plain roof is nearly explained, too
        evidence = self.wanderers.evidence_at(frame)
        mask, unsure = mask & ~(unsure & (evidence < STANDS)), unsure & (mask | (evidence >= SURELY * STANDS))
        large, open_ = (
            cv2.resize(part.astype(np.float32), picture.shape[1::-1], interpolation=cv2.INTER_LINEAR) > 0.5 for part in (mask, unsure)
        )
        return cut_out(picture, large, LOOSE, open_)

    def _shown(self, frame: int, way: int) -> list[Shown]:
        """Return masks and codes of the frames before a frame (`way` -1) or after it (1), the nearest first."""
        others = takewhile(self.wanderers.done, (frame + way * step for step in range(1, DOUBTERS + 1)))
        return [(self._mask(other), self.wanderers.codes(other)) for other in others]

    def _mask(self, frame: int) -> np.ndarray:
        return stored(self.out.format(frame=frame))["mask"] if self.done(frame) else self._found(frame)

    def _found(self, frame: int) -> np.ndarray:
        mask = self.wanderers.at(frame)
        return self.walls.passing(frame) if mask.any() and self.walls is not None else mask


@dataclass(frozen=True)
class Standing:
    """What stands in front all the time: its matte (EXR, Y) as the first camera sees it, carried to the others as flat upright things.

    parts: file (npz) of which thing is seen in each pixel, `parts` (h, w) int16, and how far away the building is there, `wall` (h, w) float32;
    picture: the first camera's (EXR).
    """

    matte: Path
    parts: Path
    picture: Path
    cameras: tuple[Camera, ...]
    furthest: float

    def at(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return alpha and depth (h, w) as camera `index` sees them."""
        return _standing(self, index if len(self.cameras) > 1 else 0)


@lru_cache(maxsize=2)
def _standing(still: Standing, index: int) -> tuple[np.ndarray, np.ndarray]:
    alpha, arrays = _still(still.matte, ("Y",))[..., 0], load_arrays(still.parts)
    parts = arrays["parts"]
    first, other = still.cameras[0], still.cameras[index]
    if index == 0:
        return alpha, depth_of_things(alpha, first, still.furthest, parts, read_exr(still.picture, ("R", "G", "B")), arrays["wall"])
    moved = [carried(alpha * mask, depth, first, other) for mask, depth in things(alpha, first, still.furthest, parts)]
    depths = [depth_of_things(one, other, still.furthest, one > 0) for one in moved]
    return np.maximum.reduce([np.zeros_like(alpha), *moved]), np.minimum.reduce([np.full_like(alpha, FAR), *depths])


class Upright(Protocol):
    """What stands in front of a moving camera's building, with a depth of its own."""

    def at(self, index: int, picture: np.ndarray) -> np.ndarray:
        """Return the alpha (h, w) float32 at frame `index`, along the edges of its display-like `picture` (h, w, 3)."""

    def depth(self, index: int, alpha: np.ndarray) -> np.ndarray:
        """Return its depth (h, w) float32 in metres, FAR where there is nothing."""


@dataclass(frozen=True)
class FramePass:
    """Writes matte and depth of what is in front in one frame. A callable for `Work.map_frames`.

    passing: what passes; standing: what stands in front; upright: the same before a moving camera; crest: ground that rises before the foot; signs: what stands
    a step before the walls;
    holdout: the artist's mattes, as they are. Any may be absent.
    cameras: one, or one per frame from `first_frame` on; furthest: metres, the building's own depth.
    """

    picture: str
    passing: Passing | None
    standing: Standing | None
    cameras: tuple[Camera, ...]
    first_frame: int
    furthest: float
    out: str
    depth: str
    holdout: Holdout | None = None
    upright: Upright | None = None
    crest: Upright | None = None
    signs: Upright | None = None

    def __call__(self, frame: int) -> None:
        index = frame - self.first_frame
        camera = self.cameras[index if len(self.cameras) > 1 else 0]
        picture = display_like(read_exr(Path(self.picture.format(frame=frame)), ("R", "G", "B")))
        height, width = picture.shape[:2]
        alpha = np.zeros((height, width), np.float32)
        if self.passing is not None:
            alpha = self.passing.at(frame, picture)
        if self.holdout is not None:
            alpha = np.maximum(alpha, self.holdout.at(frame, (height, width)))
        found = alpha, depth_of_things(alpha, camera, self.furthest)
        if self.standing is not None:
            found = joined(found, self.standing.at(index))
        for upright in filter(None, (self.upright, self.crest, self.signs)):
            own = upright.at(index, picture)
            found = joined(found, (own, upright.depth(index, own)))
        alpha, depth = found
        write_exr(Path(self.depth.format(frame=frame)), depth, ("Z",), full=True)
        write_exr(Path(self.out.format(frame=frame)), alpha, ("Y",))

    def done(self, frame: int) -> bool:
        return all(Path(name.format(frame=frame)).exists() for name in (self.out, self.depth))


@lru_cache(maxsize=4)
def _still(path: Path, channels: tuple[str, ...]) -> np.ndarray:
    return read_exr(path, channels)
