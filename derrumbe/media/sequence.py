"""Numbered picture files as one plate: a folder, a pattern (`name.%04d.exr`, `name.####.exr`), or the first file."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from derrumbe.core.errors import BadPlate
from derrumbe.media.still import SUFFIXES

NUMBERED = re.compile(r"^(?P<head>.*?)(?P<number>\d+)(?P<tail>\.[A-Za-z]+)$")
PLACEHOLDER = re.compile(r"%0?\d*d|#+|@+|\$F\d*")
ALWAYS_FRAMES = (".exr", ".dpx")


@dataclass(frozen=True)
class Sequence:
    """Files by their own numbers, in order."""

    files: tuple[tuple[int, Path], ...]

    @property
    def first(self) -> int:
        return self.files[0][0]

    @property
    def span(self) -> int:
        """Frames from first to last number, gaps included."""
        return self.files[-1][0] - self.first + 1

    def missing(self) -> list[int]:
        """Return the numbers between first and last that have no file."""
        there = {number for number, _ in self.files}
        return [number for number in range(self.first, self.first + self.span) if number not in there]


def find_sequence(source: Path) -> Sequence | Path | None:
    """Return the sequence that `source` means, or the single picture it means, or None when it is neither (a movie). Raises BadPlate."""
    if source.is_dir():
        return _of_folder(source)
    if PLACEHOLDER.search(source.name) and not source.is_file():
        return _of_pattern(source)
    if source.suffix.lower() not in SUFFIXES:
        return None
    return _of_first_file(source)


def _of_folder(folder: Path) -> Sequence | Path:
    pictures = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]
    if not pictures:
        raise BadPlate(f"{folder}: a folder without pictures; give one with EXR, DPX, TIFF, PNG or JPEG files")
    if len(pictures) == 1:
        return pictures[0]
    groups: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for path in pictures:
        match = NUMBERED.match(path.name)
        groups[(match["head"], match["tail"]) if match else (path.name, "")].append(path)
    if len(groups) > 1:
        names = ", ".join(sorted(f"{head}#{tail}" if tail else head for head, tail in groups)[:4])
        raise BadPlate(f"{folder}: holds more than one sequence ({names}); give one of them, as in {folder / 'name.####.exr'}")
    return _sequence(pictures)


def _of_pattern(pattern: Path) -> Sequence | Path:
    match = PLACEHOLDER.search(pattern.name)
    assert match
    before, after = re.escape(pattern.name[: match.start()]), re.escape(pattern.name[match.end() :])
    fits = re.compile(f"^{before}-?\\d+{after}$")
    found = [path for path in sorted(pattern.parent.iterdir()) if fits.match(path.name)] if pattern.parent.is_dir() else []
    if not found:
        raise BadPlate(f"{pattern}: no file fits this pattern")
    return found[0] if len(found) == 1 else _sequence(found, match.start())


def _of_first_file(path: Path) -> Sequence | Path:
    """A camera's photographs are numbered too (IMG_0042.JPG): only `name.NUMBER.ext`, EXR and DPX are taken as frames of a sequence."""
    match = NUMBERED.match(path.name)
    if not match or not path.is_file():
        return path
    if not match["head"].endswith(".") and path.suffix.lower() not in ALWAYS_FRAMES:
        return path
    fits = re.compile(f"^{re.escape(match['head'])}\\d+{re.escape(match['tail'])}$")
    found = [one for one in sorted(path.parent.iterdir()) if fits.match(one.name)]
    later = [one for one in found if _number(one, len(match["head"])) >= int(match["number"])]
    return path if len(later) == 1 else _sequence(later, len(match["head"]))


def _sequence(paths: list[Path], start: int | None = None) -> Sequence:
    numbered = sorted((_number(path, start), path) for path in paths)
    for (number, path), (after, other) in itertools.pairwise(numbered):
        if number == after:
            raise BadPlate(f"{path.name} and {other.name} have the same frame number; keep one of them")
    return Sequence(tuple(numbered))


def _number(path: Path, start: int | None) -> int:
    if start is not None:
        match = re.compile(r"-?\d+").match(path.name, start)
    else:
        match = re.compile(r"\d+$").search(path.stem)
    assert match
    return int(match[0])
