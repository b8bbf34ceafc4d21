"""What is believed of the lens before the plate is looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ROUNDS = 6


@dataclass(frozen=True)
class Belief:
    """Focal length in plate pixels, the spread of its logarithm, and the radial term k1; None: nobody says."""

    focal: float
    spread: float
    radial: float | None = None

    @property
    def bend(self) -> float:
        """The radial term to begin with."""
        return self.radial or 0.0


def straightened(bent: np.ndarray, radial: float) -> np.ndarray:
    """Return places (..., 2) at depth 1 as a pinhole shows them, from where a lens with a radial term does (a fixed point)."""
    straight = bent
    for _ in range(ROUNDS if radial else 0):
        straight = bent / (1 + radial * (straight**2).sum(axis=-1, keepdims=True))
    return straight
