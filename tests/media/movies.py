"""Movies of known truth: planes written sample by sample, compressed without loss where the codec can."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

LOSSLESS = {"qp": "0", "preset": "ultrafast", "threads": "1"}


def write_planes(
    path: Path,
    frames: list[list[np.ndarray]],
    *,
    pix_fmt: str = "yuv420p",
    codec: str = "libx264",
    rate: Fraction = Fraction(24),
    options: dict[str, str] | None = None,
    tags: tuple[int, int, int, int] = (1, 1, 1, 1),
    stamps: list[int] | None = None,
    tick: Fraction | None = None,
    faststart: bool = True,
) -> Path:
    """Write frames of [Y, Cb, Cr] (or G, B, R) planes. `tags`: matrix, range (1 limited, 2 full), primaries, transfer, as in H.273."""
    with av.open(str(path), "w", options={"movflags": "+faststart"} if faststart else {}) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width = frames[0][0].shape
        stream.pix_fmt = pix_fmt
        stream.options = LOSSLESS if options is None and codec == "libx264" else (options or {})
        stream.time_base = stream.codec_context.time_base = tick or 1 / rate
        context = stream.codec_context
        context.colorspace, context.color_range, context.color_primaries, context.color_trc = tags
        for index, planes in enumerate(frames):
            frame = _frame(planes, pix_fmt)
            frame.pts, frame.time_base = (stamps[index] if stamps else index), tick or 1 / rate
            frame.colorspace, frame.color_range = tags[:2]
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def _frame(planes: list[np.ndarray], pix_fmt: str) -> av.VideoFrame:
    height, width = planes[0].shape
    frame = av.VideoFrame(width, height, pix_fmt)
    for plane, samples in zip(frame.planes, planes, strict=True):
        lines = np.frombuffer(plane, samples.dtype).reshape(plane.height, -1)
        lines[:, : plane.width] = samples
    return frame


def noise_planes(rng: np.random.Generator, height: int, width: int, bits: int = 8, chroma: tuple[int, int] = (2, 2)) -> list[np.ndarray]:
    """Return random [Y, Cb, Cr] planes over all codes; `chroma`: how many luma samples one chroma sample serves (y, x)."""
    kind = np.uint8 if bits == 8 else np.uint16
    small = (height // chroma[0], width // chroma[1])
    return [rng.integers(0, 2**bits, size).astype(kind) for size in ((height, width), small, small)]


def grey_movie(path: Path, count: int, size: tuple[int, int] = (48, 64), **how: object) -> Path:
    """Write `count` flat pictures; picture k has luma code 40 + k."""
    height, width = size
    chroma = np.full((height // 2, width // 2), 128, np.uint8)
    frames = [[np.full((height, width), 40 + index, np.uint8), chroma, chroma] for index in range(count)]
    return write_planes(path, frames, **how)  # type: ignore[arg-type]


def set_display_matrix(path: Path, matrix: tuple[int, int, int, int]) -> None:
    """Write (a, b, c, d) of the display matrix into a movie's track header, where cameras note how they were held."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = (value * 0x10000 for value in matrix)
    data[at : at + 36] = np.array([a, b, 0, c, d, 0, 0, 0, 0x40000000], ">i4").tobytes()
    path.write_bytes(data)
