"""Exact frame rates out of time stamps."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

STANDARD = tuple(
    Fraction(rate)
    for rate in ("10", "12", "12.5", "15", "24000/1001", "24", "25", "30000/1001", "30", "48000/1001", "48", "50", "60000/1001", "60",
                 "90", "100", "120000/1001", "120", "240000/1001", "240")
)  # fmt: skip
SAME_RATE = 2.5e-4
"""Relative difference below which a rate is a sloppy way to write a standard one: 23.98 is, 24 for 23.976 isn't."""
LOOSE = 0.01
"""The same for movies whose frames aren't evenly spaced."""


@dataclass(frozen=True)
class Timing:
    """`uneven`: how many steps between frames differ from the usual one, which is `rate`'s."""

    rate: Fraction
    uneven: int


def timing(stamps: list[int], tick: Fraction, fallback: Fraction) -> Timing:
    """Return the rate of frames with presentation time `stamps`, in units of `tick` seconds; `fallback` when there are under two."""
    steps: np.ndarray = np.diff(np.sort(np.asarray(stamps, np.int64)))
    if not len(steps) or not steps.any():
        return Timing(fallback, 0)
    usual = float(np.median(steps))
    # Stamps are rounded to whole ticks, so that even frames may be a tick off.
    even = steps[np.abs(steps - usual) <= max(1.0, 0.02 * usual)]
    uneven = len(steps) - len(even)
    chosen = steps if len(even) < len(steps) / 2 else even
    rate = Fraction(len(chosen)) / (int(chosen.sum()) * tick)
    tolerance = LOOSE if uneven else max(SAME_RATE, 2.0 / float(chosen.sum()))
    return Timing(nearest_standard(rate, tolerance), uneven)


def nearest_standard(rate: Fraction, tolerance: float = SAME_RATE) -> Fraction:
    """Return the standard rate that `rate` stands for, or `rate` itself with a denominator of at most 1001."""
    near = min(STANDARD, key=lambda one: abs(one - rate))
    return near if abs(near - rate) <= tolerance * rate else rate.limit_denominator(1001)
