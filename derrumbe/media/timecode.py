"""Timecode (SMPTE ST 12-1): frame labels, not seconds; drop-frame leaves out labels, never frames."""

from __future__ import annotations

import re
from fractions import Fraction

PATTERN = re.compile(r"(\d+)[:;.](\d+)[:;.](\d+)[:;.](\d+)")


def timecode_at(start: str | None, offset: int, rate: Fraction) -> str:
    """Return the timecode `offset` frames after `start` ("HH:MM:SS:FF", ";" before FF for drop-frame; None: from zero)."""
    nominal = max(1, round(rate))
    drop = bool(start and ";" in start)
    return label(count(start, nominal, drop) + offset, nominal, drop)


def advanced(timecode: str | None, frames: int, rate: Fraction) -> str | None:
    """Return `timecode` moved on by `frames`; None, or the text itself, when it isn't one."""
    return timecode_at(timecode, frames, rate) if timecode and PATTERN.fullmatch(timecode) else timecode


def count(start: str | None, nominal: int, drop: bool) -> int:
    """Return the frame number that a timecode stands for, 0 when it can't be read."""
    parts = PATTERN.fullmatch(start or "")
    if not parts:
        return 0
    hours, minutes, seconds, frames = (int(part) for part in parts.groups())
    total = ((hours * 60 + minutes) * 60 + seconds) * nominal + frames
    minutes += hours * 60
    return total - dropped(nominal) * (minutes - minutes // 10) if drop else total


def label(number: int, nominal: int, drop: bool) -> str:
    """Return the timecode of a frame number, wrapping at 24 hours."""
    skip = dropped(nominal) if drop else 0
    if skip:
        ten = nominal * 600 - 9 * skip
        tens, rest = divmod(number, ten)
        number += 9 * skip * tens + (skip * ((rest - skip) // (nominal * 60 - skip)) if rest >= skip else 0)
    seconds, frames = divmod(number, nominal)
    mark = ";" if drop else ":"
    return f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{frames:02d}"


def dropped(nominal: int) -> int:
    """Return how many labels a minute drops: 2 at 29.97, 4 at 59.94."""
    return round(nominal * 0.066666) if nominal % 30 == 0 else 0
