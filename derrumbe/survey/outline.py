"""The building outline as the user drew it: is it usable, and where does it touch the frame?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from derrumbe.core.errors import BadOutline
from derrumbe.core.records import Vec2
from derrumbe.geom.polygons import first_crossing, signed_area, without_repeats

OVERSHOOT = 0.03
"""Share of the picture's longer side by which a point may lie outside and still be clipped to the edge."""
SMALLEST_AREA = 300.0
SMALLEST_SIDE = 8.0


def validate(points: Sequence[Vec2], width: int, height: int) -> None:
    """Raise BadOutline unless `points` (pixels of a width x height picture) outline a building that can be surveyed."""
    clipped(points, width, height)


def clipped(points: Sequence[Vec2], width: int, height: int) -> np.ndarray:
    """Return the outline (n, 2) float64, clipped to the picture, repeats left out. Raises BadOutline as `validate` does."""
    array = _as_array(points)
    _check_inside(array, width, height)
    crossing = first_crossing(without_repeats(array))
    if crossing:
        raise BadOutline(f"building outline: edges {crossing[0] + 1} and {crossing[1] + 1} cross; list the points once around the building")
    array = without_repeats(np.clip(array, 0.0, (width, height)))
    _check_size(array)
    return array


def scaled(points: Sequence[Vec2], source: tuple[int, int], size: tuple[int, int]) -> tuple[Vec2, ...]:
    """Return source-pixel points in pixels of a picture of another size."""
    sx, sy = size[0] / source[0], size[1] / source[1]
    return tuple((x * sx, y * sy) for x, y in points)


def _as_array(points: Sequence[Vec2]) -> np.ndarray:
    if len(points) < 3:
        raise BadOutline(f"building outline: {len(points)} points; give at least 3, in plate pixels around the building")
    array = np.asarray(points, np.float64).reshape(len(points), 2)
    if not np.isfinite(array).all():
        raise BadOutline("building outline: a coordinate is not a number; give x,y in plate pixels")
    if len(without_repeats(array)) < 3:
        raise BadOutline("building outline: fewer than 3 different points; list the corners of the building")
    return array


def _check_inside(array: np.ndarray, width: int, height: int) -> None:
    slack = OVERSHOOT * max(width, height)
    outside = np.any((array < -slack) | (array > np.array([width, height]) + slack), axis=1)
    if outside.any():
        index = int(np.argmax(outside))
        x, y = array[index]
        raise BadOutline(
            f"building outline: point {index + 1} ({x:g},{y:g}) lies outside the {width}x{height} picture; "
            "give pixels of the plate at its first frame"
        )


def _check_size(array: np.ndarray) -> None:
    if len(array) < 3:
        raise BadOutline("building outline: nothing of it lies inside the picture; give pixels of the plate at its first frame")
    area, sides = abs(signed_area(array)), np.ptp(array, axis=0)
    if area < SMALLEST_AREA or sides.min() < SMALLEST_SIDE:
        raise BadOutline(
            f"building outline: only {area:.0f} square pixels, {sides[0]:.0f} by {sides[1]:.0f}; outline a larger building, or use a larger plate"
        )
