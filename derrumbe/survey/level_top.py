"""A building that runs out of the picture at its top ends level, a storey over the highest that is seen of it: as eaves and parapets do."""

from __future__ import annotations

import numpy as np

from derrumbe.geom.camera import eye, project, rays
from derrumbe.survey.footing import BEYOND_SIDE, ON_EDGE, continued
from derrumbe.survey.frame import Frame

ALONG = 24
"""Points on each edge of the outline along the picture's top: a level top turns where walls meet."""
RAISED = 0.1
"""Share of the outline's height by which its top is first carried on, along the verticals: what is above the picture is then made level."""


def carried_on(frame: Frame, silhouette: np.ndarray, up_point: np.ndarray, storey: float, moving: bool) -> np.ndarray:
    """Return the silhouette (n, 2) pixels carried on outside the picture (m, 2), upwards to a level top a `storey` (metres) over the highest
    that the picture's edge shows.

    Sideways only where the camera stands: one that moves may show where the wall really ends, and made-up wall beyond that.
    """
    width, height = frame.camera.width, frame.camera.height
    near = ON_EDGE * max(width, height) + 1.0
    drawn = _sampled(silhouette, near)
    out = continued(drawn, width, height, up_point, RAISED, 0.0 if moving else BEYOND_SIDE)
    above, cut = out[:, 1] < 0.0, drawn[:, 1] <= near
    if above.any() and cut.any():
        out[above] = _at_height(frame, out[above], _highest(frame, drawn[cut]) + storey)
    return out


def _sampled(outline: np.ndarray, near: float) -> np.ndarray:
    """Return the outline with more points on its edges within `near` pixels of the picture's top."""
    shares = np.linspace(0, 1, ALONG, endpoint=False)[:, None]
    pairs = zip(outline, np.roll(outline, -1, axis=0), strict=True)
    return np.concatenate([a + shares * (b - a) if max(a[1], b[1]) <= near else a[None] for a, b in pairs])


def _on_walls(frame: Frame, pixels: np.ndarray) -> list[np.ndarray]:
    """Return by wall the places (n, 2) along it and up of those pixels that it is seen at, NaN for others; no pixel is on two walls."""
    origin, directions, free = eye(frame.camera), rays(frame.camera, pixels), np.ones(len(pixels), bool)
    found = []
    for wall in frame.walls:
        places = wall.from_rays(origin, directions)
        mine = free & (wall.free_left | (places[:, 0] >= 0)) & (wall.free_right | (places[:, 0] <= wall.width)) & np.isfinite(places[:, 0])
        free &= ~mine
        found.append(np.where(mine[:, None], places, np.nan))
    return found


def _highest(frame: Frame, pixels: np.ndarray) -> float:
    """Return how high walls are at the highest of these pixels (n, 2), metres; 0 when none is on a wall."""
    return float(np.nanmax([0.0, *np.concatenate(_on_walls(frame, pixels))[:, 1]]))


def _at_height(frame: Frame, pixels: np.ndarray, height: float) -> np.ndarray:
    """Return pixels (n, 2) moved along their walls' verticals to a height; those on no wall stay."""
    out = pixels.copy()
    for wall, places in zip(frame.walls, _on_walls(frame, pixels), strict=True):
        mine = np.isfinite(places[:, 0])
        moved, depth = project(frame.camera, wall.to_world(np.stack([places[mine, 0], np.full(mine.sum(), height)], 1)))
        out[mine] = np.where((depth > 0)[:, None], moved, out[mine])
    return out
