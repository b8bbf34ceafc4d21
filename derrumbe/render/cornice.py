"""The top of a wall that runs out of the picture: it ends with the ledge that is best seen on it, lit and shaded as the plate shows that.

The ledge is the path across the wall below which it darkens most, found by dynamic programming as seams are (Avidan and Shamir, Seam carving for
content-aware image resizing, 2007): where a wall turns a corner, courses are not level in the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np

from derrumbe.core.records import Camera
from derrumbe.geom.camera import eye, project, rays
from derrumbe.geom.lens import pixel_of
from derrumbe.render.raster import Window

HALF = 0.3
"""Metres over and under a ledge's lower edge that are compared."""
STRONGEST = 0.5
"""Log of tone over tone that a step counts for at most: a window's head is darker below than any ledge, but doesn't go on."""
FAINTEST, THROUGHOUT = 0.1, 0.95
"""Least step that counts, and share of the columns that must show one along a ledge: heads of windows leave gaps between them."""
UPPER = 0.7
"""Share of what is seen of the wall's height in which a ledge is looked for, from above: below, things stand before it."""
OVER, UNDER, FADE = 0.55, 0.45, 0.3
"""Metres from a ledge's lower edge to the wall's top, and down to where what it is put on shows again, and over which that comes in."""
TURN = 0.1
"""What a step to the next row off the level costs: heads of windows leap up and down."""
ROUNDS = 3
PLACES, LEVEL = 16, 0.15
"""Places along a wall at which its top is looked at, and how far below the highest the usual one of a level wall lies, metres."""
FEWEST = 16
"""Columns that the wall must be cut off in."""
UPPER_EDGE = 2
"""Code of it in `way`."""


@dataclass(frozen=True, eq=False)
class Cornice:
    """top: height of the wall's top, metres, infinite where that is broken off; ledge (w,): height of the ledge's lower edge at columns of the window,
    empty when there is none."""

    top: float
    ledge: np.ndarray


def cornice_of(camera: Camera, texture: np.ndarray, depth: np.ndarray, way: np.ndarray, window: Window, above: np.ndarray) -> Cornice:
    """Return the cornice of a wall that goes on above the picture. above (n,2): columns and heights of what lies there, pixels and metres.

    texture (h,w,3), depth (h,w): of the building in `window`, 0 where it isn't seen; way (h,w): see worn.py.
    """
    none = Cornice(_level_top(above), np.zeros(0))
    columns = _cut_off(depth, way, window)
    if len(columns) < FEWEST or not len(above):
        return none
    part = slice(int(columns[0]), int(columns[-1]) + 1)
    rows = slice(0, round(UPPER * np.flatnonzero((depth[:, part] > 0).any(1))[-1]))
    darker = _darkening(texture[rows, part], depth[rows, part], camera)
    along = np.arange(darker.shape[1])
    if not np.isfinite(darker).any():
        return none
    path = _level_path(np.nan_to_num(darker), _slope(camera, depth[rows, part], window.x0 + part.start, window.y0))
    if (darker[path, along] > FAINTEST).mean() < THROUGHOUT:
        return none
    on = np.isfinite(darker[path, along])
    path, along = path[on], along[on] + part.start
    pixels = np.stack([along + window.x0 + 0.5, path + float(window.y0)], 1)
    heights = (eye(camera) + rays(camera, pixels) * depth[path, along][:, None])[:, 1]
    return Cornice(none.top, np.interp(np.arange(depth.shape[1]), along, heights))


def _level_top(above: np.ndarray) -> float:
    """Return the height up to which a wall goes level, infinite where it is broken; above (n,2): columns and heights."""
    if not len(above):
        return np.inf
    column, height = above.T
    place = np.floor((column - column.min()) / max(np.ptp(column), 1e-9) * (PLACES - 1e-6)).astype(int)
    tops = np.full(PLACES, -np.inf)
    np.maximum.at(tops, place, height)
    top = float(height.max())
    return top if np.median(top - tops[np.isfinite(tops)]) < LEVEL else np.inf


def over_ledge(cornice: Cornice, camera: Camera, depth: np.ndarray, window: Window) -> np.ndarray | None:
    """Return what (h,w) bool of the wall lies over the cornice's ledge where that is seen, None without one; depth (h,w): see `cornice_of`."""
    if not len(cornice.ledge):
        return None
    y, x = np.indices(depth.shape)
    pixels = np.stack([x + window.x0 + 0.5, y + window.y0 + 0.5], -1)
    heights = eye(camera)[1] + rays(camera, pixels)[..., 1] * depth
    return np.asarray((heights > cornice.ledge) & (depth > 0))


def _cut_off(depth: np.ndarray, way: np.ndarray, window: Window) -> np.ndarray:
    """Return the columns (n,) in which the wall goes on above what is shown of it."""
    highest, every = np.argmax(depth > 0, axis=0), np.arange(depth.shape[1])
    at_edge = (highest + window.y0 < 2) | (way[np.maximum(highest - 1, 0), every] == UPPER_EDGE)
    return np.flatnonzero((depth > 0).any(0) & at_edge)


def _darkening(texture: np.ndarray, depth: np.ndarray, camera: Camera) -> np.ndarray:
    """Return by how much (h,w), log of tone, a wall is darker just below each pixel's upper edge than above, NaN where that isn't known."""
    far = float(np.median(depth[depth > 0])) if (depth > 0).any() else 1.0
    reach = max(2, round(HALF * camera.focal_px / far))
    known = (depth > 0).astype(np.float32)
    tone = np.log(np.maximum(texture.mean(-1), 1e-3)).astype(np.float32) * known
    total, count = (np.cumsum(np.pad(each, ((1, 0), (0, 0))), 0, dtype=np.float64) for each in (tone, known))
    out = np.full(depth.shape, np.nan)
    edge = np.arange(reach, len(depth) - reach)
    above, below = total[edge] - total[edge - reach], total[edge + reach] - total[edge]
    whole = count[edge + reach] - count[edge - reach] == 2 * reach
    out[edge] = np.where(whole, STRONGEST * np.tanh((above - below) / (reach * STRONGEST)), np.nan)
    return out


def _slope(camera: Camera, depth: np.ndarray, left: int, upper: int) -> float:
    """Return by how many rows a level line on the wall, half way up, falls from column to column."""
    row = len(depth) // 2
    known = np.flatnonzero(depth[row] > 0)
    if len(known) < FEWEST:
        return 0.0
    ends = known[[0, -1]]
    points = eye(camera) + rays(camera, np.stack([ends + left + 0.5, np.full(2, row + upper + 0.5)], 1)) * depth[row, ends][:, None]
    points[:, 1] = points[:, 1].mean()
    (a, b), _ = project(camera, points)
    return float((b[1] - a[1]) / (b[0] - a[0]))


def _level_path(score: np.ndarray, slope: float) -> np.ndarray:
    """Return the row (w,) by column of the best path across `score` (h,w), where lines that fall by `slope` rows a column are level."""
    height, width = score.shape
    fall = np.rint(slope * np.arange(width)).astype(int)
    fall -= fall.max()
    rows = np.arange(height - fall.min())[:, None] + fall
    sheared = np.where((rows >= 0) & (rows < height), np.take_along_axis(score, np.clip(rows, 0, height - 1), 0), 0.0)
    return np.clip(_best_path(sheared) + fall, 0, height - 1)


def _best_path(score: np.ndarray) -> np.ndarray:
    """Return the row (w,) by column of the path across `score` (h,w), at most a row up or down from column to column, with the largest sum;
    each such step costs TURN."""
    best, came = score[:, 0].copy(), np.zeros(score.shape, np.int8)
    for column in range(1, score.shape[1]):
        padded = np.pad(best, 1, constant_values=-np.inf)
        # straight on first, so that a tie doesn't climb
        choices = np.stack([padded[1:-1], padded[:-2] - TURN, padded[2:] - TURN])
        taken = choices.argmax(0)
        came[:, column] = np.array([0, -1, 1], np.int8)[taken]
        best = choices.max(0) + score[:, column]
    path = np.empty(score.shape[1], int)
    path[-1] = int(best.argmax())
    for column in range(score.shape[1] - 1, 0, -1):
        path[column - 1] = path[column] + came[path[column], column]
    return path


@nb.njit(cache=True)
def cornice_at(rest, top, ledge, rotation, translation, lens, left):  # type: ignore[no-untyped-def]
    """Return (share, u, v): how much of the ledge a point of the wall, rest (3,), wears, and at which plate pixel."""
    below = top - rest[1]
    share = min((OVER + UNDER - below) / FADE, 1.0)
    if ledge.shape[0] == 0 or share <= 0:
        return 0.0, 0.0, 0.0
    x, z, y, u, v = rest[0], rest[2], ledge[ledge.shape[0] // 2] + OVER - below, 0.0, 0.0
    for _ in range(ROUNDS):
        depth = rotation[2, 0] * x + rotation[2, 1] * y + rotation[2, 2] * z + translation[2]
        if depth < 0.05:
            return 0.0, 0.0, 0.0
        across = rotation[0, 0] * x + rotation[0, 1] * y + rotation[0, 2] * z + translation[0]
        down = rotation[1, 0] * x + rotation[1, 1] * y + rotation[1, 2] * z + translation[1]
        u, v = pixel_of(across, down, depth, lens)
        column = min(max(int(np.floor(u)) - left, 0), ledge.shape[0] - 1)
        y = ledge[column] + OVER - below
    return share, u, v
