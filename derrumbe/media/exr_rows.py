"""Reading an EXR a band of rows at a time, so that an 8K frame with thirty channels never lies in memory whole."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np

from derrumbe.core.errors import BadPlate
from derrumbe.media.exr_zip import ZipReader


class ExrRows:
    """An open EXR. Rows are (rows, w, c) float32 in the order of `channels`. Raises BadPlate."""

    def __init__(self, path: Path, channels: Sequence[str]) -> None:
        import OpenImageIO as oiio

        self.path = path
        self._quick = _quick(path, channels)
        if self._quick is not None:
            self.places: tuple[int, ...] = tuple(range(len(channels)))
            self.height, self.width, self.full = self._quick.height, self._quick.width, self._quick.full
            return
        source = oiio.ImageInput.open(str(path))
        if source is None:
            raise BadPlate(f"{path}: can't read: {oiio.geterror().strip()}")
        self._source = source
        spec = source.spec()
        names = list(spec.channelnames)
        missing = [name for name in channels if name not in names]
        if missing:
            source.close()
            raise BadPlate(f"{path}: no channel {missing[0]}; it has {', '.join(names)}")
        order = [names.index(name) for name in channels]
        self._first, self._last = min(order), max(order) + 1
        self.places = tuple(index - self._first for index in order)
        """Where each of `channels` lies in the planes of `read_halves`."""
        self.height = spec.height
        self.width = spec.width
        self.full = any(str(spec.channelformat(index)) != "half" for index in order)
        """True when a channel is stored with more than half precision."""

    def __enter__(self) -> ExrRows:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        (self._quick or self._source).close()

    def read(self, top: int, bottom: int) -> np.ndarray:
        """Return rows top..bottom (bottom excluded)."""
        pixels = self._read(top, bottom, "float")
        return pixels if self.places == tuple(range(pixels.shape[2])) else np.ascontiguousarray(pixels[..., self.places])

    def read_halves(self, top: int, bottom: int) -> np.ndarray:
        """Return rows top..bottom as half precision, the bits of it as uint16, which is quicker than floats for files of many halves.

        Planes lie in the file's own order, perhaps more than were asked for; see `places`. What half can't hold becomes infinite.
        """
        return self._read(top, bottom, "half").view(np.uint16)

    def _read(self, top: int, bottom: int, kind: str) -> np.ndarray:
        if not 0 <= top < bottom <= self.height:
            raise BadPlate(f"{self.path}: no rows {top}-{bottom - 1}; it has {self.height}")
        if self._quick is not None:
            return self._quick_rows(top, bottom, kind)
        pixels = self._source.read_scanlines(0, 0, top, bottom, 0, self._first, self._last, kind)
        if pixels is None:
            raise BadPlate(f"{self.path}: can't read rows {top}-{bottom - 1}: {self._source.geterror().strip()}")
        return np.asarray(pixels).reshape(bottom - top, self.width, self._last - self._first)

    def _quick_rows(self, top: int, bottom: int, kind: str) -> np.ndarray:
        assert self._quick is not None
        try:
            return self._quick.read(top, bottom, kind == "float")
        except (ValueError, OSError, struct.error) as error:
            raise BadPlate(f"{self.path}: can't read rows {top}-{bottom - 1}: {error}") from error


def _quick(path: Path, channels: Sequence[str]) -> ZipReader | None:
    """Return the quick reader for a file of many channels of mixed depth, as render writes; None for all others."""
    try:
        reader = ZipReader(path, channels)
    except (ValueError, LookupError, OSError, struct.error):
        return None
    if reader.mixed:
        return reader
    reader.close()
    return None
