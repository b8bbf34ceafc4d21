"""How long a tilted camera's lens is, by the ground that its solve shows and the uprights that its picture shows.

A camera's move alone leaves the focal length open: walls lean as far as it is wrong, at the same misfit. But the horizon of the solved ground stays
in its place in the picture whatever the focal length, and uprights meet in their own: the two are pole and polar for one focal length only
(Hartley & Zisserman, "Multiple View Geometry", 8.8). A level camera's uprights meet nowhere, and tell nothing.
"""

from __future__ import annotations

import numpy as np

from derrumbe.geom.vanishing import directions, lengths, misfit, vanishing_point

STEEPEST = np.radians(25.0)
"""Lines that lean further than this in the picture aren't tried as uprights."""
SHORTEST, LONGEST = 0.0075, 0.04
"""Uprights are at least so long, and longer ones count no more: shares of the longer side."""
SIGMA = np.radians(0.8)
"""Spread of a good segment's direction."""
TILTS, ROLLS = np.radians(np.arange(6.0, 60.0, 0.5)), np.radians(np.arange(-4.0, 4.1, 1.0))
"""Tilts that are tried, and rolls beside the solved ground's."""
CLEAR = 1.6
"""Uprights that meet: so many times the usual tilt's lines go with the best one."""
FEWEST = 12
"""... and so many at least."""
LEAST = np.radians(10.0)
"""A camera that is tilted less, by its uprights or by its ground, tells nothing."""


def focal_by_uprights(segments: np.ndarray, size: tuple[int, int], focal: float, ground: np.ndarray) -> tuple[float, float] | None:
    """Return a focal length, pixels, and the spread of its logarithm; None where uprights leave it open.

    segments (n, 4) of a picture of `size` (width, height); ground (3,): the unit normal, pointing up in camera axes, that a solve with `focal` finds.
    """
    down, side = float(np.arcsin(np.clip(abs(ground[2]), 0, 1))), max(size)
    steep = np.abs(directions(segments)[:, 1]) > np.cos(STEEPEST)
    lines = segments[steep & (lengths(segments) > SHORTEST * side)]
    if down < LEAST or len(lines) < FEWEST:
        return None
    weight = np.minimum(lengths(lines), LONGEST * side)
    near = _near(lines, focal, ground, (size[0] / 2, size[1] / 2))
    score = (near @ weight).max(axis=1)
    best = int(score.argmax())
    tilt, usual = float(TILTS[best]), float(np.median(score))
    if tilt < LEAST or score[best] < CLEAR * usual or float(near[best].sum(axis=-1).max()) < FEWEST:
        return None
    # pole and polar: focal² is how far the uprights' meeting point lies from the centre times how far the horizon does
    found = focal * float(np.sqrt(np.tan(down) / np.tan(tilt)))
    high = TILTS[score > 0.5 * (score[best] + usual)]
    return found, max(0.02, 0.5 * float(np.ptp(np.log(np.tan(high)))) / 2)


def _near(lines: np.ndarray, focal: float, ground: np.ndarray, centre: tuple[float, float]) -> np.ndarray:
    """Return how near (tilts, rolls, n) lines point to where uprights would meet, 0..1."""
    roll = np.arctan2(ground[0], -ground[1]) + ROLLS[None, :]
    pitch = (np.sign(ground[2]) * TILTS)[:, None]
    up = np.stack(
        [np.cos(pitch) * np.sin(roll), -np.cos(pitch) * np.cos(roll), np.broadcast_to(np.sin(pitch), (len(TILTS), len(ROLLS)))], -1
    )
    return np.asarray(np.exp(-0.5 * (misfit(lines, vanishing_point(up, focal, centre)) / SIGMA) ** 2))
