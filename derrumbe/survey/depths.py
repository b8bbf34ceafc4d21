"""Depth maps of keyframes of a moving camera, in the solve's own units, so that a scale that disagrees with the set's does no harm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from derrumbe.core.files import load_arrays, save_arrays
from derrumbe.survey.filters import widened
from derrumbe.survey.shown import Shown
from derrumbe.survey.small import small_codes
from derrumbe.survey.stillness import Stillness
from derrumbe.survey.sweep import PLANES, Depth, swept
from derrumbe.survey.wanderers import Wanderers

LINES = 480
"""Depth is looked for in pictures with no more lines than this, and no more than twice as many columns."""
SHIFTS = (0.15, 0.4, 0.9)
"""Wanted shifts of the nearest plane in a side's neighbours, pixels over PLANES: what looks from nearby sees more, from far more sharply."""
LEAST_SHIFT = 0.06
SHARED = 0.35
"""Neighbours look at most this share of the picture's width aside."""
NEAREST, NEAR_POINTS = 1.3, 95
"""Planes reach from infinity to this much nearer than this percentage of solved points ..."""
BEFORE_WALL = (4.0, 14.0)
"""... but at least and at most to so many times the building's nearness."""
MOVING_RIM = 2.0
"""Pixels around what moves by itself that aren't looked at."""
MOST_KEYFRAMES, APART = 16, 3
"""Keyframes of a shot at most, and frames between two at least."""


@dataclass(frozen=True)
class Depths:
    """Writes a keyframe's depth. A callable for `Work.map_frames`.

    The file (npz) holds the pictures of `sweep.Depth` at working size. wall: nearness of the building as the first camera sees it; span: the
    least and the greatest nearness of what is looked for (None: from infinity to what is solved near a frame); lines, planes: of working
    pictures and of the sweep; most: keyframes at most.
    """

    plate: str
    still: Stillness
    frames: range
    wanderers: Wanderers | None
    wall: float
    out: str
    span: tuple[float, float] | None = None
    lines: int = LINES
    planes: int = PLANES
    most: int = MOST_KEYFRAMES

    def done(self, frame: int) -> bool:
        return Path(self.out.format(frame=frame)).exists()

    def __call__(self, frame: int) -> None:
        cv2.setNumThreads(1)
        index = frame - self.frames.start
        others = self.neighbours_of(index)
        if others:
            found = swept(self.shown(index), [self.shown(i) for i in others], np.linspace(*self._span(index), self.planes))
        else:
            nothing = np.zeros(self.shape, np.float32)
            found = Depth(nothing, nothing, nothing > 0)
        seen = found.seen & ~self.moving(index)
        save_arrays(Path(self.out.format(frame=frame)), nearness=found.nearness, sureness=found.sureness.astype(np.float16), seen=seen)

    def at(self, frame: int) -> Depth:
        """Return a keyframe's Depth, once it is written."""
        return Depth(**_file(self.out.format(frame=frame)))

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of working pictures."""
        width, height = self.still.size
        scale = min(1.0, self.lines / height, 2 * self.lines / width)
        return round(height * scale), round(width * scale)

    def keyframes(self) -> list[int]:
        """Return the frames whose depth is looked for, spread evenly, with the first and the last."""
        count = len(self.frames)
        wanted = max(2, min(self.most, 1 + (count - 1) // APART))
        return sorted({self.frames.start + round(float(place)) for place in np.linspace(0, count - 1, wanted)})

    def focal(self, index: int) -> float:
        return float(self.still.focal[index]) * self.shape[1] / self.still.size[0]

    def shown(self, index: int) -> Shown:
        """Return a frame as a lens without distortion shows it."""
        frame = self.frames.start + index
        codes = _codes(self.plate.format(frame=frame), self.shape)
        places = self._filmed(index)
        codes = cv2.remap(codes, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) if self.still.radial else codes
        return Shown(codes, self.moving(index), self.still.rotation[index], self.still.translation[index], self.focal(index))

    def posed(self, index: int) -> Shown:
        """Return a frame's camera alone, with an empty picture."""
        nothing = np.zeros(self.shape, bool)
        return Shown(nothing[..., None], nothing, self.still.rotation[index], self.still.translation[index], self.focal(index))

    def moving(self, index: int) -> np.ndarray:
        """Return what moves by itself and its rim (h, w) bool, as a lens without distortion shows it."""
        if self.wanderers is None:
            return np.zeros(self.shape, bool)
        mask = cv2.resize(self.wanderers.at(self.frames.start + index).astype(np.float32), self.shape[::-1], interpolation=cv2.INTER_LINEAR)
        if self.still.radial:
            mask = cv2.remap(mask, *self._filmed(index), cv2.INTER_LINEAR)
        return widened(mask > 0.5, MOVING_RIM)

    def as_filmed(self, index: int, picture: np.ndarray) -> np.ndarray:
        """Return a picture (h, w) float32 of straight pixels as the lens bends it."""
        if not self.still.radial:
            return picture
        height, width = self.shape
        y, x = np.mgrid[0:height, 0:width].astype(np.float64)
        focal, middle = self.focal(index), ((width - 1) / 2, (height - 1) / 2)
        straight = self.still.straight(np.dstack([x - middle[0], y - middle[1]]) / focal) * focal + middle
        return cv2.remap(picture, straight[..., 0].astype(np.float32), straight[..., 1].astype(np.float32), cv2.INTER_LINEAR)

    def neighbours_of(self, index: int) -> list[int]:
        """Return the frame indices, on both sides of time, that a keyframe is compared with."""
        top = self._span(index)[1]
        return self._neighbours(index, -1, top) + self._neighbours(index, 1, top)

    def _neighbours(self, index: int, side: int, top: float) -> list[int]:
        """Return frame indices on one side of time (-1, 1) from which the nearest plane, of nearness `top`, is seen SHIFTS aside."""
        eyes = -np.einsum("nji,nj->ni", self.still.rotation, self.still.translation)
        others = np.arange(index + 1, len(self.frames)) if side > 0 else np.arange(index)
        shift = np.linalg.norm(eyes[others] - eyes[index], axis=1) * self.focal(index) * top
        aside = np.arccos(np.clip(self.still.rotation[others, 2] @ self.still.rotation[index, 2], -1, 1)) * self.focal(index)
        usable = (aside < SHARED * self.shape[1]) & (shift > LEAST_SHIFT * self.planes) & (shift < 1.6 * SHIFTS[1] * self.planes)
        if not usable.any():
            return []
        others, shift = others[usable], shift[usable]
        return sorted({int(others[np.abs(np.log(shift / (share * self.planes))).argmin()]) for share in SHIFTS})

    def _span(self, index: int) -> tuple[float, float]:
        return self.span or (0.0, self._top(index))

    def _top(self, index: int) -> float:
        own = self.still.camera == index
        lowest, highest = (factor * self.wall for factor in BEFORE_WALL)
        if not own.any():
            return lowest
        spot = np.floor((self.still.place[own] + np.array(self.still.size) / 2) * self.shape[1] / self.still.size[0]).astype(int)
        moving = self.moving(index)[np.clip(spot[:, 1], 0, self.shape[0] - 1), np.clip(spot[:, 0], 0, self.shape[1] - 1)]
        near = self.still.nearness[own][~moving]
        return float(np.clip(NEAREST * np.percentile(near, NEAR_POINTS), lowest, highest)) if len(near) else lowest

    def _filmed(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return where the lens shows each straight pixel, x and y (h, w) float32 as OpenCV counts them."""
        height, width = self.shape
        y, x = np.mgrid[0:height, 0:width].astype(np.float64)
        focal, middle = self.focal(index), ((width - 1) / 2, (height - 1) / 2)
        gain = 1 + self.still.radial * (((x - middle[0]) ** 2 + (y - middle[1]) ** 2) / focal**2)
        return ((x - middle[0]) * gain + middle[0]).astype(np.float32), ((y - middle[1]) * gain + middle[1]).astype(np.float32)


@lru_cache(maxsize=48)
def _codes(path: str, shape: tuple[int, int]) -> np.ndarray:
    """Return a frame (h, w, 3) uint8 at working size, in codes near a display's."""
    return np.rint(small_codes(Path(path), shape)).astype(np.uint8)


@lru_cache(maxsize=10)
def _file(path: str) -> dict[str, np.ndarray]:
    return load_arrays(Path(path))
