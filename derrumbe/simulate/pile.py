"""The pile: how much room rubble takes. Bulking is the volume under the pile's surface over that of the solid stuff in it.

Rubble of masonry and concrete takes 1.3 to 1.7 times its solid volume; slabs that pancake lie closer, and rooms left open take more.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import grey_closing, uniform_filter

from derrumbe.simulate.geometry import rotate
from derrumbe.simulate.structure import Structure
from derrumbe.simulate.track import Track

CELL = 0.4
"""m: cells of the pile's height field."""
FALLEN = 0.5
"""m that a piece must have been displaced to lie in the pile."""
POINTS = 9
"""Points along each edge of a piece's box."""
HOLES = 3
"""Cells across which the surface is closed: what points of large pieces miss between them."""
SCATTERED = 0.3
"""m of solid height under which stones lie scattered and make no pile."""


def bulking(structure: Structure, track: Track) -> float | None:
    """Return the bulking of the pile at the last sample, or None when nothing has fallen."""
    fallen = np.flatnonzero(np.linalg.norm(track.position[-1] - track.position[0], axis=-1) > FALLEN)
    if len(fallen) == 0:
        return None
    points, share = _filling(structure, track, fallen)
    edge = max(CELL, 0.7 * float(np.cbrt(structure.volume[fallen].mean())))
    cell = ((points[:, ::2] - points[:, ::2].min(0)) / edge).astype(int)
    shape = tuple(cell.max(0) + 1)
    top, solid = np.zeros(shape), np.zeros(shape)
    np.maximum.at(top, (cell[:, 0], cell[:, 1]), points[:, 1])
    np.add.at(solid, (cell[:, 0], cell[:, 1]), share)
    top = grey_closing(np.pad(top, HOLES), size=(HOLES, HOLES))[HOLES:-HOLES, HOLES:-HOLES]
    heap = uniform_filter(solid, HOLES) > SCATTERED * edge**2
    return float(edge**2 * top[heap].sum() / solid[heap].sum()) if heap.any() else None


def _filling(structure: Structure, track: Track, pieces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return points (n, 3) that fill pieces where they lie, and the solid volume (n,) m³ that each stands for."""
    line = (np.arange(POINTS) + 0.5) / POINTS
    unit = np.stack(np.meshgrid(line, line, line, indexing="ij"), -1).reshape(-1, 3)
    size = (structure.high - structure.low)[pieces, None]
    # a box filled evenly stands for the convex piece in it, drawn in so that it holds the piece's own volume
    shrink = np.cbrt(structure.volume[pieces] / np.maximum(size[:, 0].prod(-1), 1e-9))[:, None, None]
    local = (unit - 0.5) * size * np.minimum(shrink, 1.0)
    turn = np.repeat(track.rotation[-1, pieces].astype(np.float64), len(unit), 0)
    points = rotate(turn, local.reshape(-1, 3)) + np.repeat(track.position[-1, pieces].astype(np.float64), len(unit), 0)
    return points, np.repeat(structure.volume[pieces] / len(unit), len(unit))
