"""Which thing each pixel of a matte belongs to, where several stand before each other: a lamp before cars touches them in the picture only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SOLID = 0.5
"""Alpha from which a thing hides what is behind it."""
FAINT = 0.02


def parts_of(alphas: Sequence[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """Return the number (h, w) int16 of the thing that is seen in each pixel, from 1 on, 0 where there is none. alphas: (h, w) each, one a thing.

    What comes lowest in the picture stands nearest, and hides the rest where it is solid.
    """
    best, out = np.full(shape, FAINT, np.float32), np.zeros(shape, np.int16)
    for number, alpha in sorted(enumerate(alphas, 1), key=lambda one: -_foot(one[1])):
        seen = np.minimum(alpha, SOLID)
        mine = seen > best
        best[mine], out[mine] = seen[mine], number
    return out


def _foot(alpha: np.ndarray) -> int:
    """Return the lowest row in which a matte (h, w) is solid, or nearly as solid as anywhere; -1 without any."""
    most = alpha.max(axis=1)
    rows = np.flatnonzero(most > 0.9 * min(SOLID, float(most.max())))
    return int(rows[-1]) if rows.size else -1
