"""The horizon as a plate shows it: a far shore or plain, level over much of the picture and pale with haze.

Lines of a building tell the horizon within degrees at best, and those of an eight-sided one may tell another: a lake is taken for a wall then, as high
as the camera, behind the building. What ends at one height over many columns, and hardly stands out from the sky, lies kilometres away.
"""

from __future__ import annotations

import numpy as np

from derrumbe.survey.skyline import own_rows

LEVEL, WIDE = 0.012, 0.2
"""Half the height of the band in which such a skyline stays, share of the picture's height; share of the picture's columns in which it does."""
BAND, CLEAR = 0.02, 0.004
"""Height of the bands above and below it that are compared, and how far from it they begin; shares of the height."""
HAZY = 0.35
"""Largest difference of their logarithms of light: walls and woods nearby differ from the sky by more than twice that."""
DARKEST = 1e-3


def far_shore(texture: np.ndarray, sky: np.ndarray, hole: np.ndarray) -> np.ndarray | None:
    """Return points (n, 2), pixels, of the horizon that a plate (h, w, 3), scene-linear, shows beside its building; None where it shows none.

    sky (h, w): alpha; hole (h, w) bool: what the building hides.
    """
    height, width = sky.shape
    rows = np.where(hole.any(axis=0), 0, own_rows(sky))
    columns = np.flatnonzero((rows > BAND * height) & (rows < (1 - 2 * BAND) * height))
    if len(columns) < WIDE * width:
        return None
    near = np.abs(rows[columns][:, None] - rows[columns][None]) <= LEVEL * height
    level = near[int(near.sum(axis=1).argmax())]
    if np.count_nonzero(level) < WIDE * width:
        return None
    light = np.log(np.maximum(texture.mean(axis=-1), DARKEST))
    columns, ends = columns[level], rows[columns[level]].astype(int)
    above, below = (_band(light, ends, columns, way) for way in (-1, 1))
    return np.stack([columns + 0.5, rows[columns]], 1) if np.median(np.abs(above - below)) < HAZY else None


def _band(light: np.ndarray, ends: np.ndarray, columns: np.ndarray, way: int) -> np.ndarray:
    """Return the mean (n,) of light (h, w) in a band above (way -1) or below (1) rows `ends` (n,) of columns (n,)."""
    first, last = max(1, round(CLEAR * len(light))), max(3, round((CLEAR + BAND) * len(light)))
    steps = ends[None] + way * np.arange(first, last)[:, None]
    return np.asarray(light[np.clip(steps, 0, len(light) - 1), columns[None]].mean(axis=0))
