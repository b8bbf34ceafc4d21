"""Movies, frame by frame, as the integer codes that they hold (PyAV: H.264, HEVC, ProRes, DNxHR, 8 to 12 bits)."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from derrumbe.core.errors import BadPlate
from derrumbe.core.records import Caution
from derrumbe.media import colour
from derrumbe.media.codes import Raw
from derrumbe.media.movie_writer import MovieWriter, write_movie
from derrumbe.media.notes import ALPHA_DROPPED, not_square
from derrumbe.media.timing import timing
from derrumbe.media.turn import Turn, turn_of_matrix

__all__ = ["MovieInfo", "MovieWriter", "count_good_frames", "inspect_movie", "read_movie", "write_movie"]

MATRICES = {1: "709", 4: "fcc", 5: "601", 6: "601", 7: "240", 9: "2020", 10: "2020"}
FULL_RANGE = 2
HD_WIDTH, HD_HEIGHT = 1280, 576
"""Untagged movies at least this wide, or taller, are BT.709, smaller ones BT.601, as players take them."""
UNTAGGED = Caution(
    what="the movie has no colour tags; it is read as Rec.709 camera video",
    remedy="name another with --colourspace",
)


@dataclass(frozen=True)
class MovieInfo:
    """What a movie says of itself. `width` and `height` are those of the upright picture.

    `frame_count` counts the pictures that are in the file, `promised` those that its index lists (0: it has none). `chroma_px`: pixels
    across that share one sample of hue.
    """

    width: int
    height: int
    rate: Fraction
    frame_count: int
    promised: int
    damaged: bool
    bits: int
    matrix: str
    full_range: bool
    colourspace: str
    turn: Turn
    pixel_aspect: Fraction
    timecode: str | None
    codec: str
    chroma_px: int
    notes: tuple[Caution, ...]


def inspect_movie(path: Path) -> MovieInfo:
    """Read a movie's tags and count its pictures without decoding more than the first. Raises BadPlate."""
    with _opened(path) as (container, stream):
        stamps, damaged = _packets(container, stream)
        if not stamps:
            raise BadPlate(f"{path}: a movie without a single frame; export it again")
    with _opened(path) as (container, stream):
        frame = _first_frame(path, container, stream)
        return _told(container, stream, frame, stamps, damaged)


def read_movie(path: Path, first: int = 0, count: int | None = None) -> Iterator[Callable[[], Raw]]:
    """Decode pictures `first`, `first` + 1, …; each item, when called, gives the upright picture.

    The call is the dear part (planes to R'G'B' codes) and may be made in another thread. Stops at the first picture that
    can't be decoded: see `count_good_frames`.
    """
    with _opened(path) as (container, stream):
        tags = _tags(stream)
        for index, frame in enumerate(_good_frames(container, stream)):
            if count is not None and index >= first + count:
                return
            if index >= first:
                yield functools.partial(_raw, frame, *tags)


def count_good_frames(path: Path) -> int:
    """Decode until the first fault and return how many pictures came out whole."""
    with _opened(path) as (container, stream):
        expected = sorted(_packets(container, stream)[0])
    with _opened(path) as (container, stream):
        shown = (frame.pts for frame in _good_frames(container, stream))
        return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(shown, expected, strict=False)))


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Any]]:
    import av
    from av.error import FFmpegError

    try:
        container = av.open(str(path), metadata_errors="replace")
    except (FFmpegError, OSError) as fault:
        raise BadPlate(f"{path}: {_why_not(path, fault)}") from fault
    with container:
        if not container.streams.video:
            raise BadPlate(f"{path}: has no picture track; give a movie with pictures")
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        yield container, stream


def _why_not(path: Path, fault: Exception) -> str:
    if not path.exists():
        return "no such file"
    head = path.read_bytes()[:12]
    if head[4:8] in (b"ftyp", b"mdat", b"wide", b"free"):
        return "the movie's index (moov) is missing, as when a recording or a copy was cut off; copy or export it again"
    return f"not a movie that can be read ({getattr(fault, 'strerror', None) or fault}); give MP4 or MOV, an image sequence or a picture"


def _packets(container: Any, stream: Any) -> tuple[list[int], bool]:
    """Return the time stamps of all pictures, and whether reading met a fault."""
    from av.error import FFmpegError

    stamps, damaged, found = [], False, 0
    try:
        for packet in container.demux(stream):
            damaged |= bool(packet.is_corrupt)
            found += bool(packet.size)
            if packet.size and not packet.is_discard:
                stamps.append(packet.pts if packet.pts is not None else packet.dts or 0)
    except FFmpegError:
        damaged = True
    return stamps, damaged or found < stream.frames


def _good_frames(container: Any, stream: Any) -> Iterator[Any]:
    """Yield pictures in the order they are shown, up to the first fault in the file."""
    from av.error import FFmpegError

    for packet in _good_packets(container, stream):
        try:
            frames = stream.decode(packet)
        except FFmpegError:
            # The pictures before the bad one may still wait in the decoder.
            frames = _flushed(stream)
            yield from itertools.takewhile(_whole, frames)
            return
        for frame in frames:
            if not _whole(frame):
                return
            yield frame


def _good_packets(container: Any, stream: Any) -> Iterator[Any]:
    """Yield packets up to the first fault, then None, which empties the decoder."""
    from av.error import FFmpegError

    try:
        for packet in container.demux(stream):
            if packet.is_corrupt:
                break
            if packet.size:
                yield packet
    except FFmpegError:
        pass
    yield None


def _flushed(stream: Any) -> list[Any]:
    from av.error import FFmpegError

    try:
        return list(stream.decode(None))
    except FFmpegError:
        return []


def _whole(frame: Any) -> bool:
    return not frame.is_corrupt


def _first_frame(path: Path, container: Any, stream: Any) -> Any:
    frame = next(_good_frames(container, stream), None)
    if frame is None:
        raise BadPlate(
            f"{path}: none of its frames can be decoded ({stream.codec_context.name}); export it again, as H.264, ProRes or DNxHR"
        )
    if len(frame.format.components) < 3:
        raise BadPlate(f"{path}: has one channel only ({frame.format.name}); give a colour movie, or save the grey one as RGB")
    return frame


def _told(container: Any, stream: Any, frame: Any, stamps: list[int], damaged: bool) -> MovieInfo:
    context = stream.codec_context
    turn, (matrix, full) = _turn(frame), _tags(stream)
    space_notes: list[Caution] = []
    clock = timing(stamps, Fraction(stream.time_base), Fraction(stream.average_rate or stream.base_rate or 24))
    space = _space(int(context.color_trc or 2), int(context.color_primaries or 2), space_notes)
    size = turn.size(frame.width, frame.height)
    aspect = Fraction(stream.sample_aspect_ratio or 1)
    notes = [*_timing_notes(clock.uneven, clock.rate), *space_notes, *_picture_notes(frame, aspect)]
    return MovieInfo(
        *size, clock.rate, len(stamps), int(stream.frames or 0), damaged, _bits(frame), matrix, full, space, turn,
        1 / aspect if turn.sideways else aspect, _timecode(container, stream), str(context.name),
        round(frame.width / frame.format.chroma_width(frame.width)), tuple(notes),
    )  # fmt: skip


def _timing_notes(uneven: int, rate: Fraction) -> list[Caution]:
    if not uneven:
        return []
    what = f"{uneven} frames are not evenly spaced in time (variable frame rate); they are taken one by one at {float(rate):.6g} fps"
    return [Caution(what=what, remedy="convert the movie to a constant rate before, if its speed looks uneven")]


def _picture_notes(frame: Any, aspect: Fraction) -> list[Caution]:
    notes = []
    if aspect != 1:
        notes.append(not_square(aspect))
    if frame.interlaced_frame:
        notes.append(Caution(what="pictures are interlaced", remedy="deinterlace the plate before"))
    if len(frame.format.components) == 4:
        notes.append(ALPHA_DROPPED)
    return notes


def _timecode(container: Any, stream: Any) -> str | None:
    told = [one.metadata.get("timecode") for one in (stream, *container.streams)] + [container.metadata.get("timecode")]
    return next((one for one in told if one), None)


def _bits(frame: Any) -> int:
    return int(frame.format.components[0].bits)


def _tags(stream: Any) -> tuple[str, bool]:
    """Return matrix and whether the range is full, from tags, else as players guess."""
    context = stream.codec_context
    guess = "709" if context.width >= HD_WIDTH or context.height > HD_HEIGHT else "601"
    full = int(context.color_range or 0) == FULL_RANGE or str(context.pix_fmt).startswith("yuvj")
    return MATRICES.get(int(context.colorspace), guess), full


def _space(transfer: int, primaries: int, notes: list[Caution]) -> str:
    """Return the colour space that H.273 codes for transfer and primaries stand for; see docs/decisions/0003-colour.md."""
    wide, p3 = primaries == 9, primaries in (11, 12)
    by_transfer = {16: "Rec.2100-PQ - Display", 18: "Rec.2100-HLG - Display", 4: "Gamma 2.2 Encoded Rec.709"}
    if transfer == 8:
        return "Linear Rec.2020" if wide else "Linear P3-D65" if p3 else colour.LINEAR_709
    if transfer in by_transfer:
        return by_transfer[transfer]
    if p3:
        return "sRGB Encoded P3-D65"
    if transfer == 13:
        return colour.SRGB
    if transfer == 2 and primaries == 2:
        notes.append(UNTAGGED)
    return colour.CAMERA_2020 if wide else colour.CAMERA_709


def _turn(frame: Any) -> Turn:
    from av.sidedata.sidedata import Type

    told = frame.side_data.get(Type.DISPLAYMATRIX)
    return turn_of_matrix(np.frombuffer(bytes(told), np.int32)) if told is not None else Turn()


def _raw(frame: Any, matrix: str, full: bool) -> Raw:
    from derrumbe.media.ycbcr import Coding, rgb_codes

    turn, bits = _turn(frame), _bits(frame)
    frame = _planar(frame)
    first, second, third = (_samples(plane, bits) for plane in frame.planes[:3])
    if frame.format.name.startswith("gbr"):
        codes = np.stack([third, first, second], -1)
    else:
        codes = rgb_codes(first, second, third, Coding(matrix, full, bits))
    return Raw(turn.apply(codes), bits)


def _planar(frame: Any) -> Any:
    """Repack interleaved layouts into planes, without touching colour."""
    name = frame.format.name
    if name.startswith(("yuv4", "yuvj4", "yuva4", "gbr")) and not name.endswith("be"):
        return frame
    bits = _bits(frame)
    deep = f"{bits}le" if bits > 8 else ""
    if frame.format.is_rgb:
        return frame.reformat(format=f"gbrp{deep}")
    across = frame.format.components[1].width
    down = frame.format.components[1].height
    pattern = "444" if across == frame.width else "422" if down == frame.height else "420"
    return frame.reformat(format=f"yuv{pattern}p{deep}")


def _samples(plane: Any, bits: int) -> np.ndarray:
    kind = np.uint8 if bits <= 8 else np.uint16
    lines = np.frombuffer(plane, kind).reshape(plane.height, -1)
    return lines[:, : plane.width]
