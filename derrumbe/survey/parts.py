"""Which thing each pixel of a matte belongs to, where several stand before each other: a lamp before cars touches them in the picture only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from derrumbe.core.records import FAR

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


def joined(first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return alpha and depth (h, w) of two mattes together, each given with its depth: that of the nearest thing that is solid, or of what covers
    more. A man's soft rim before a car shows the car."""
    seen, other = (np.minimum(alpha, SOLID) for alpha, _ in (first, second))
    own = (seen > other) | ((seen == other) & (first[1] < second[1]))
    own = (own & (first[1] < FAR)) | (second[1] >= FAR)
    return np.maximum(first[0], second[0]), np.where(own, first[1], second[1])


def _foot(alpha: np.ndarray) -> int:
    """Return the lowest row in which a matte (h, w) is solid, or nearly as solid as anywhere; -1 without any."""
    most = alpha.max(axis=1)
    rows = np.flatnonzero(most > 0.9 * min(SOLID, float(most.max())))
    return int(rows[-1]) if rows.size else -1
