"""What a plate's source is, and its pictures one by one, whether a movie, a sequence or a still."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Literal

from derrumbe.core.errors import BadPlate
from derrumbe.core.records import FIRST_FRAME, STILL_FRAMES, Caution, FrameRange
from derrumbe.media.codes import Raw
from derrumbe.media.colour import space_name
from derrumbe.media.sequence import Sequence, find_sequence
from derrumbe.media.still import StillInfo, inspect_still, read_still

BLOCK = 1 << 22

Load = Callable[[], Raw]


@dataclass(frozen=True)
class Probe:
    """What a source is. Size is that of the upright picture; `frame_count` and `rate` are None where the source has none (a still)."""

    kind: Literal["movie", "sequence", "still"]
    width: int
    height: int
    rate: Fraction | None
    frame_count: int | None
    bits: int | None
    colourspace: str
    timecode: str | None
    focal_px: float | None
    pixel_aspect: Fraction
    notes: tuple[Caution, ...]
    chroma_px: int = 1

    def range(self, frames: tuple[int, int] | None, held_count: int | None = None) -> FrameRange:
        """Return the frames that a plate of this source has."""
        count = self.frame_count or held_count or STILL_FRAMES
        first, last = frames or (FIRST_FRAME, FIRST_FRAME + count - 1)
        return FrameRange(first=first, last=last)


def digest_source(source: str | Path) -> str:
    """Return the content digest of a movie or picture, or of all files of a sequence. Raises BadPlate."""
    digest = hashlib.blake2b(digest_size=16)
    for path in _files(Path(source)):
        try:
            with path.open("rb") as file:
                while block := file.read(BLOCK):
                    digest.update(block)
        except OSError as fault:
            raise BadPlate(f"{path}: can't be read ({fault.strerror}); give a file that can") from fault
        digest.update(b"\0next file\0")
    return digest.hexdigest()


def probe(source: str | Path, frames: tuple[int, int] | None = None, colourspace: str | None = None) -> Probe:
    """Look at a source without decoding it, and check that `frames` (all when None) can be read from it.

    Raises BadPlate: no such file, not a picture or movie, one channel, frames out of range, gaps, a movie that was cut off, an
    unknown colour space. The text offers the frames that are good.
    """
    if colourspace is not None:
        space_name(colourspace)
    found = find_sequence(_existing(Path(source)))
    if isinstance(found, Sequence):
        return _probe_sequence(found, frames)
    if isinstance(found, Path):
        _check_range(found.name, frames, None)
        return _of_still("still", inspect_still(found), None)
    return _probe_movie(Path(source), frames)


def pictures(source: str | Path, frames: FrameRange) -> Iterator[tuple[int, Load]]:
    """Yield frame numbers and, for each, a function that gives its picture. A still is the same picture for every frame."""
    path = Path(source)
    found = find_sequence(path)
    if isinstance(found, Sequence):
        files = {FIRST_FRAME + number - found.first: file for number, file in found.files}
        info = inspect_still(files[frames.first])
        yield from ((frame, partial(read_still, files[frame], info)) for frame in frames)
    elif isinstance(found, Path):
        load = partial(read_still, found)
        yield from ((frame, load) for frame in frames)
    else:
        from derrumbe.media.movie import read_movie

        yield from zip(frames, read_movie(path, frames.first - FIRST_FRAME, len(frames)), strict=False)


def cut_off(name: str, good: int, total: int) -> BadPlate:
    """Return the fault for a movie of which only the first `good` frames can be read."""
    if good == 0:
        return BadPlate(f"{name}: none of its {total} frames can be read; copy or export it again")
    return BadPlate(
        f"{name}: only {good} of {total} frames can be read; copy it again, or use --frames {FIRST_FRAME}-{FIRST_FRAME + good - 1}"
    )


def _existing(source: Path) -> Path:
    if not source.exists() and not source.parent.is_dir():
        raise BadPlate(f"{source}: no such file; check the path")
    return source


def _files(source: Path) -> list[Path]:
    found = find_sequence(_existing(source))
    if isinstance(found, Sequence):
        return [path for _, path in found.files]
    return [found or source]


def _probe_movie(path: Path, frames: tuple[int, int] | None) -> Probe:
    from derrumbe.media.movie import count_good_frames, inspect_movie

    info = inspect_movie(path)
    total = max(info.frame_count, info.promised) if info.damaged else info.frame_count
    _check_range(path.name, frames, total)
    needed = frames[1] - FIRST_FRAME + 1 if frames else total
    if info.damaged and (good := count_good_frames(path)) < needed:
        raise cut_off(str(path), good, total)
    return Probe(
        "movie", info.width, info.height, info.rate, total, info.bits, info.colourspace, info.timecode, None, info.pixel_aspect, info.notes,
        info.chroma_px,
    )  # fmt: skip


def _probe_sequence(found: Sequence, frames: tuple[int, int] | None) -> Probe:
    folder = found.files[0][1].parent
    _check_range(str(folder), frames, found.span)
    first, last = frames or (FIRST_FRAME, FIRST_FRAME + found.span - 1)
    files = {FIRST_FRAME + number - found.first: path for number, path in found.files}
    gaps = [frame for frame in range(first, last + 1) if frame not in files]
    if gaps:
        raise _gap(folder, found, gaps, first)
    info = inspect_still(files[first])
    for frame in range(first + 1, last + 1):
        other = inspect_still(files[frame])
        if (other.width, other.height, other.bits) != (info.width, info.height, info.bits):
            raise BadPlate(
                f"{files[frame]}: {other.width}x{other.height}, but {files[first].name} is {info.width}x{info.height}, or has other bits; "
                "give frames of one kind"
            )
    return _of_still("sequence", info, found.span)


def _gap(folder: Path, found: Sequence, gaps: list[int], first: int) -> BadPlate:
    """Name missing files by their own numbers; offer the frames before the gap."""
    own = [frame - FIRST_FRAME + found.first for frame in gaps]
    told = ", ".join(str(number) for number in own[:5]) + (" …" if len(own) > 5 else "")
    offer = f", or use --frames {first}-{gaps[0] - 1}" if gaps[0] > first else ""
    return BadPlate(f"{folder}: {len(gaps)} files of the sequence are missing ({told}); render them{offer}")


def _of_still(kind: Literal["sequence", "still"], info: StillInfo, count: int | None) -> Probe:
    return Probe(
        kind,
        info.width,
        info.height,
        info.rate,
        count,
        info.bits,
        info.colourspace,
        info.timecode,
        info.focal_px,
        info.pixel_aspect,
        info.notes,
    )


def _check_range(name: str, frames: tuple[int, int] | None, count: int | None) -> None:
    if frames is None:
        return
    first, last = frames
    if first < FIRST_FRAME or last < first:
        raise BadPlate(f"--frames {first}-{last}: frames count upwards from {FIRST_FRAME}; give first-last, as in 1001-1120")
    if count is not None and last > FIRST_FRAME + count - 1:
        end = FIRST_FRAME + count - 1
        raise BadPlate(f"--frames {first}-{last}: {name} ends at frame {end}; give a range within {FIRST_FRAME}-{end}")
