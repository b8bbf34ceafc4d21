"""SMPTE 12M time codes, drop-frame (`;`) and not."""

from __future__ import annotations

import re
from fractions import Fraction


def advanced(timecode: str | None, frames: int, rate: Fraction) -> str | None:
    """Return `timecode` moved on by `frames`; None, or the text itself, when it isn't one."""
    match = re.fullmatch(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d+)", timecode or "")
    if not match or not frames:
        return timecode
    per_second = round(rate)
    hours, minutes, seconds, count = (int(match[group]) for group in (1, 2, 3, 5))
    dropped = round(per_second / 15) if match[4] != ":" else 0
    total = ((hours * 60 + minutes) * 60 + seconds) * per_second + count
    past = hours * 60 + minutes
    total += frames - dropped * (past - past // 10)
    return _text(_with_dropped(total, per_second, dropped), per_second, match[4])


def _with_dropped(total: int, per_second: int, dropped: int) -> int:
    """Add the numbers that drop-frame counting skips: `dropped` a minute, but not every tenth."""
    minute = 60 * per_second - dropped
    ten = 10 * minute + dropped
    tens, rest = divmod(total, ten)
    return total + dropped * (9 * tens + (max(0, rest - dropped) // minute if rest >= dropped else 0))


def _text(total: int, per_second: int, mark: str) -> str:
    seconds, count = divmod(total, per_second)
    return f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{count:02d}"
