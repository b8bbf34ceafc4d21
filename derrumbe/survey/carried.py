"""What stands still, as each frame of a moving camera sees it: neighbouring frames carried over by the set's depth, and their median.

What the depth gets wrong is made up for by a smooth optical flow (Kroeger et al. 2016, dense inverse search), too stiff to follow a
passer-by. Where the picture is steep, a wrong pixel or so is no passer-by either: unrest grows with the slope.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from derrumbe.core.files import load_arrays
from derrumbe.core.records import Camera
from derrumbe.geom.camera import resized
from derrumbe.geom.depth import mesh_depth
from derrumbe.media.exr import read_exr
from derrumbe.survey.matting import display_like
from derrumbe.survey.moving import seen_from, set_depth_at

OFFSETS = (-16, -10, -6, -3, 3, 6, 10, 16)
"""Neighbours, frames away; at the shot's ends those of the other side go further."""
FEWEST = 3
COARSE = 4
"""Depth and flow are found on pictures so many times smaller."""
STIFF = 0.04
"""The flow is even over this share of the picture's longer side."""
FURTHEST = 0.006
"""The flow goes no further than this share of the longer side."""
SLIP = 0.7
"""Pixels by which the neighbours may still be off."""
SIGMA_OF_MAD = 1.4826
UNKNOWN = 1e3


@dataclass(frozen=True)
class Carried:
    """The background of a moving camera. `folder` holds building.npz and proxies.npz; `reach`: metres of ground."""

    folder: Path
    plate: str
    cameras: tuple[Camera, ...]
    first_frame: int
    reach: float

    def at(self, frame: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the background (h, w, 3), display-like, and its unrest (h, w), as this frame's camera sees them."""
        cv2.setNumThreads(1)
        picture = self._picture(frame)
        depth = self._depth(frame)
        stack = np.stack([self._carried(frame, other, depth, picture) for other in self._neighbours(frame)])
        known = np.isfinite(stack[..., 0]).sum(axis=0)
        with np.errstate(invalid="ignore", all="ignore"):
            background = np.where(known[..., None] >= FEWEST, _median(stack), picture)
            unrest = SIGMA_OF_MAD * _median(np.abs(stack - background).max(axis=-1, keepdims=True))[..., 0]
        slope = np.sqrt(sum(cv2.Sobel(background.astype(np.float32), cv2.CV_32F, x, 1 - x, scale=1 / 8) ** 2 for x in (0, 1))).max(axis=-1)
        unrest = np.where(known >= FEWEST, np.nan_to_num(unrest) + SLIP * slope, UNKNOWN)
        return background.astype(np.float32), unrest.astype(np.float32)

    def _neighbours(self, frame: int) -> list[int]:
        last = self.first_frame + len(self.cameras) - 1
        inside = [frame + offset for offset in OFFSETS if self.first_frame <= frame + offset <= last]
        more = [frame - 2 * offset for offset in OFFSETS if not self.first_frame <= frame + offset <= last]
        return sorted({*inside, *(other for other in more if self.first_frame <= other <= last)})

    def _depth(self, frame: int) -> np.ndarray:
        camera = self.cameras[frame - self.first_frame]
        small = resized(camera, max(2, camera.width // COARSE), max(2, camera.height // COARSE))
        solid = _arrays(self.folder / "building.npz")
        return np.minimum(set_depth_at(self.folder, small, self.reach), mesh_depth(small, solid["vertices"], solid["triangles"]))

    def _carried(self, frame: int, other: int, depth: np.ndarray, picture: np.ndarray) -> np.ndarray:
        """Return another frame's picture as this frame's camera sees it, NaN outside it."""
        here, there = (self.cameras[number - self.first_frame] for number in (frame, other))
        small = resized(here, depth.shape[1], depth.shape[0])
        places = (
            cv2.resize(seen_from(small, there, depth).astype(np.float32), (here.width, here.height), interpolation=cv2.INTER_LINEAR) - 0.5
        )
        source = self._picture(other)
        first = cv2.remap(source, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        places = _shifted(places, _stiff_flow(picture, first))
        moved = cv2.remap(source, places[..., 0], places[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        outside = (places < 0).any(axis=-1) | (places[..., 0] > here.width - 1) | (places[..., 1] > here.height - 1)
        moved[outside] = np.nan
        return moved

    def _picture(self, frame: int) -> np.ndarray:
        return _display(Path(self.plate.format(frame=frame)))


def _stiff_flow(picture: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return where in `other` each pixel of `picture` lies, relative (h, w, 2): even over large patches."""
    height, width = picture.shape[:2]
    size = (max(16, width // COARSE), max(16, height // COARSE))
    small = [
        cv2.resize(np.clip(255 * part.mean(axis=-1), 0, 255).astype(np.uint8), size, interpolation=cv2.INTER_AREA)
        for part in (picture, other)
    ]
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST).calc(small[0], small[1], np.zeros((*size[::-1], 2), np.float32))
    radius = max(2, round(STIFF * max(size) / 2))
    # A median of a median-filtered tenth: passers-by smaller than the patch leave no trace in it.
    tenth = cv2.resize(flow, (max(2, size[0] // 5), max(2, size[1] // 5)), interpolation=cv2.INTER_AREA)
    even = np.dstack([cv2.medianBlur(np.ascontiguousarray(tenth[..., axis]), 5) for axis in (0, 1)])
    flow = cv2.GaussianBlur(cv2.resize(even, size, interpolation=cv2.INTER_LINEAR), (0, 0), radius / 2)
    most = FURTHEST * max(size)
    return cv2.resize(np.clip(flow, -most, most), (width, height), interpolation=cv2.INTER_LINEAR) * (width / size[0])


def _shifted(places: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Return `places` (h, w, 2) read `flow` (h, w, 2) further."""
    y, x = np.mgrid[0 : flow.shape[0], 0 : flow.shape[1]].astype(np.float32)
    return cv2.remap(places, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _median(stack: np.ndarray) -> np.ndarray:
    """Return the median over the first axis, leaving out NaN; NaN where there is nothing else."""
    ordered = np.sort(stack, axis=0)  # NaN last
    count = np.isfinite(ordered).sum(axis=0)
    low, high = (np.take_along_axis(ordered, np.maximum(index, 0)[None], axis=0)[0] for index in ((count - 1) // 2, count // 2))
    return np.where(count > 0, 0.5 * (low + np.where(np.isfinite(high), high, low)), np.nan)


@lru_cache(maxsize=24)
def _display(path: Path) -> np.ndarray:
    return display_like(read_exr(path, ("R", "G", "B")))


@lru_cache(maxsize=4)
def _arrays(path: Path) -> dict[str, np.ndarray]:
    return load_arrays(path)
