"""Quarter turns and mirrorings that files ask for: display matrices of movies, orientation of EXIF."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Turn:
    """Upright picture = transposed if `sideways`, then flipped left-right and up-down."""

    sideways: bool = False
    flip_x: bool = False
    flip_y: bool = False

    def apply(self, pixels: np.ndarray) -> np.ndarray:
        """Return (h, w, c) turned upright."""
        if self.sideways:
            pixels = pixels.transpose(1, 0, 2)
        return np.ascontiguousarray(pixels[:: -1 if self.flip_y else 1, :: -1 if self.flip_x else 1])

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return the upright width and height."""
        return (height, width) if self.sideways else (width, height)


def turn_of_matrix(matrix: np.ndarray) -> Turn:
    """Return the turn of an ISO 14496-12 display matrix (9 int32, 16.16), rounded to quarter turns.

    The matrix takes stored (x, y) to shown (a x + c y, b x + d y).
    """
    a, b, _, c, d, *_ = (float(one) for one in matrix)
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Turn(False, a < 0, d < 0)
    return Turn(True, c < 0, b < 0)


def turn_of_exif(orientation: int) -> Turn:
    """Return the turn of an EXIF or TIFF orientation, 1 to 8."""
    return {
        2: Turn(False, True, False), 3: Turn(False, True, True), 4: Turn(False, False, True), 5: Turn(True, False, False),
        6: Turn(True, True, False), 7: Turn(True, True, True), 8: Turn(True, False, True),
    }.get(orientation, Turn())  # fmt: skip
