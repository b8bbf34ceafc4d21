"""How much of the dust that a collapse makes is in the air at a time: never more than hides the building to a given depth.

Dust that is already thick falls in clusters as fast as more of it rises, and what is ground later is buried under what lands on it. So what is seen
is bounded by the size of what falls, and not by its height, its mass, or the number of pieces that it is cut into.
"""

from __future__ import annotations

import numpy as np
from numba import njit

DEPTH = 15.0
"""Mean optical depth of all dust in the air at most, were it spread over the walls as they are seen from the side. It lies low, and as much behind
and beside them as before them: the foot is hidden, and what is above a quarter of the height is seen."""
CLEARS = 2.5
"""Seconds in which two thirds of it make room for more."""


def most(perimeter: float, height: float, extinction: float) -> float:
    """Return the kg of dust in the air at most, for walls of a `perimeter` and `height`, m, and dust of an extinction, m²/kg.

    A convex outline is seen a perimeter / π wide, averaged over all sides (Cauchy).
    """
    return DEPTH * perimeter * height / (np.pi * extinction)


def rising(time: np.ndarray, mass: np.ndarray, limit: float) -> np.ndarray:
    """Return how much (K,) kg of the dust of events gets into the air, with never more than `limit` kg there; time (K,) s, in order."""
    return _rising(np.asarray(time, np.float64), np.asarray(mass, np.float64), float(limit))


@njit(cache=True)
def _rising(time, mass, limit):
    out, air, last = np.zeros_like(mass), 0.0, -np.inf
    for k in range(len(mass)):
        air *= np.exp(-(time[k] - last) / CLEARS)
        out[k] = -(limit - air) * np.expm1(-mass[k] / limit) if limit > 0 else 0.0
        air, last = air + out[k], time[k]
    return out
