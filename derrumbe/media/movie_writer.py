"""H.264 review movies: yuv420p, BT.709 tags, limited range, playable in a browser, index at the front."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from derrumbe.core.errors import DerrumbeError
from derrumbe.core.files import replacing

QUALITY = 16
"""x264's constant rate factor: grain survives, a second of 1080p is about 2 MB."""


class MovieWriter:
    """Write pictures one by one; the file appears under its name when the `with` block ends well.

    Same pictures, same bytes. Odd sizes are padded by repeating the last row or column, since 4:2:0 needs even ones.
    """

    def __init__(self, path: Path, rate: Fraction, quality: int = QUALITY):
        self.path, self.rate, self.quality = path, Fraction(rate), quality
        self._container: Any = None
        self._stream: Any = None
        self._count = 0

    def __enter__(self) -> MovieWriter:
        import av

        self._whole = replacing(self.path)
        temporary = self._whole.__enter__()
        self._container = av.open(str(temporary), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"})
        return self

    def write(self, rgb8: np.ndarray) -> None:
        """Append a picture (h, w, 3) uint8, as `media.colour.to_display` gives it."""
        rgb8 = _even(rgb8)
        if self._stream is None:
            self._stream = self._open_stream(*rgb8.shape[:2])
        if rgb8.shape[:2] != (self._stream.height, self._stream.width):
            raise DerrumbeError(f"{self.path.name}: picture {self._count} is {rgb8.shape[1]}x{rgb8.shape[0]}, the ones before are not")
        frame = _video_frame(rgb8)
        frame.pts, frame.time_base = self._count, 1 / self.rate
        self._count += 1
        self._mux(self._stream.encode(frame))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                if self._stream is None:
                    raise DerrumbeError(f"{self.path.name}: a movie needs at least one picture")
                self._mux(self._stream.encode())
            self._container.close()
        except BaseException as fault:
            self._whole.__exit__(type(fault), fault, fault.__traceback__)
            raise
        self._whole.__exit__(kind, error, trace)

    def _mux(self, packets: Iterable[Any]) -> None:
        try:
            for packet in packets:
                self._container.mux(packet)
        except OSError as fault:
            raise DerrumbeError(f"{self.path}: can't write: {fault.strerror or fault}; is the disk full?") from fault

    def _open_stream(self, height: int, width: int) -> Any:
        from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

        stream = self._container.add_stream("libx264", rate=self.rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        # Equal pictures must give equal bytes. x264 decides differently with another number of threads, and its macroblock tree now and
        # then gives other bytes whatever their number; its own switch for results that don't depend on the processor ends that, at no
        # measurable cost.
        stream.options = {
            "crf": str(self.quality),
            "preset": "faster",
            "threads": "2",
            "x264-params": "keyint=24:bframes=2:cpu-independent=1",
        }
        stream.time_base = 1 / self.rate
        context = stream.codec_context
        context.color_range, context.colorspace = ColorRange.MPEG, Colorspace.ITU709
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        return stream


def write_movie(path: Path, pictures: Iterable[np.ndarray], rate: Fraction, quality: int = QUALITY) -> int:
    """Write pictures (h, w, 3) uint8 as an H.264 movie; return how many. Raises DerrumbeError."""
    with MovieWriter(path, rate, quality) as movie:
        for picture in pictures:
            movie.write(picture)
    return movie._count


def _even(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    if height % 2 == 0 and width % 2 == 0:
        return picture
    return np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _video_frame(rgb8: np.ndarray) -> Any:
    import av

    from derrumbe.media.ycbcr import Coding, planes_420

    height, width = rgb8.shape[:2]
    frame: Any = av.VideoFrame(width, height, "yuv420p")
    for plane, samples in zip(frame.planes, planes_420(rgb8, Coding("709", False, 8)), strict=True):
        lines = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
        lines[:, : plane.width] = samples
    return frame
