"""The artist's own matte of what is in front: one still picture for the whole shot, or one per frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from derrumbe.core.errors import BadPlate
from derrumbe.core.records import FIRST_FRAME
from derrumbe.media.sequence import Sequence, find_sequence


@dataclass(frozen=True)
class Holdout:
    """Mattes by plate frame; a sequence's first file belongs to frame 1001, whatever its number, unless it is numbered from 1001 on."""

    source: Path

    @property
    def is_still(self) -> bool:
        """Is it one matte for every frame?"""
        return isinstance(_found(self.source), Path)

    def at(self, frame: int, shape: tuple[int, int]) -> np.ndarray:
        """Return the alpha (h, w) float32 of a frame, at the plate's size. Raises BadPlate."""
        return _matte(_file(_found(self.source), frame), shape)


def check(source: Path, frames: range, size: tuple[int, int]) -> None:
    """Raise BadPlate unless mattes of the plate's shape (width, height) can be read for all `frames`."""
    found = _found(source)
    for frame in {frames[0], frames[-1]}:
        height, width = _matte(_file(found, frame), None).shape
        if abs(width * size[1] - height * size[0]) > max(width, height):
            raise BadPlate(f"{source}: a matte of {width}x{height} for a plate of {size[0]}x{size[1]}; give one of the plate's shape")


def _found(source: Path) -> Sequence | Path:
    found = find_sequence(source)
    if found is None:
        raise BadPlate(f"{source}: neither a picture nor a sequence of pictures; give EXR, TIFF or PNG mattes, or a JSON file of polygons")
    return found


def _file(found: Sequence | Path, frame: int) -> Path:
    if isinstance(found, Path):
        return found
    files = dict(found.files)
    number = frame if found.first >= FIRST_FRAME else frame - FIRST_FRAME + found.first
    if number not in files:
        raise BadPlate(f"{found.files[0][1].parent}: no matte for frame {frame} (file number {number}); render it, or give one still matte")
    return files[number]


@lru_cache(maxsize=4)
def _matte(path: Path, shape: tuple[int, int] | None) -> np.ndarray:
    pixels = _read(path)
    if shape is None or pixels.shape == shape:
        return pixels
    return np.clip(cv2.resize(pixels, shape[::-1], interpolation=cv2.INTER_AREA), 0, 1)


def _read(path: Path) -> np.ndarray:
    """Return a file's alpha, if it has one that isn't full everywhere, else its brightest channel, 0..1 (h, w) float32."""
    import OpenImageIO as oiio

    source = oiio.ImageInput.open(str(path))
    if source is None:
        raise BadPlate(f"{path}: not a picture that can be read ({oiio.geterror().strip()}); give EXR, TIFF or PNG mattes")
    try:
        spec = source.spec()
        pixels = source.read_image("float")
    finally:
        source.close()
    if pixels is None:
        raise BadPlate(f"{path}: can't be read to its end; export it again")
    planes = np.clip(np.nan_to_num(np.asarray(pixels, np.float32).reshape(spec.height, spec.width, -1)), 0, 1)
    alpha = planes[..., spec.alpha_channel] if 0 <= spec.alpha_channel < planes.shape[2] else None
    return alpha if alpha is not None and (alpha < 1).any() else planes.max(axis=-1)
