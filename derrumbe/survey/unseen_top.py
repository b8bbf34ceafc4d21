"""The top of a building that runs out of the picture: level, a storey over the highest that is seen of it, as eaves and parapets are, or broken off.

Nothing tells what is up there. Where no ledge ends it, a level top that comes down into the picture is a ruled line across it, which no tower has; a
wall that has broken along its joints is what else falls there.
"""

from __future__ import annotations

import numpy as np

from derrumbe.geom.camera import eye, project, rays
from derrumbe.survey.footing import BEYOND_SIDE, ON_EDGE, continued
from derrumbe.survey.frame import Frame

ALONG = 96
"""Points on each edge of the outline along the picture's top: it breaks between them, and turns where walls meet."""
RAISED = 0.1
"""Share of the outline's height by which its top is first carried on, along the verticals, before it breaks."""
LEAST, BAYS, TEETH = 0.3, (4.0, 0.5), (0.7, 0.2)
"""How high the break lies at least over what is seen, in storeys; metres along a wall from bay to bay and from tooth to tooth of it, and how far
they differ in height, in storeys."""
UNEVEN = 512
"""Heights that are drawn by lot, after which a wall's break begins anew."""


def carried_on(frame: Frame, silhouette: np.ndarray, up_point: np.ndarray, storey: float, moving: bool, level: bool) -> np.ndarray:
    """Return the silhouette (n, 2) pixels carried on outside the picture (m, 2), upwards to a broken or `level` top a `storey` (metres) over the
    highest that the picture's edge shows.

    Sideways only where the camera stands: one that moves may show where the wall really ends, and made-up wall beyond that.
    """
    width, height = frame.camera.width, frame.camera.height
    near = ON_EDGE * max(width, height) + 1.0
    drawn = _sampled(silhouette, near)
    out = continued(drawn, width, height, up_point, RAISED, 0.0 if moving else BEYOND_SIDE)
    above, cut = out[:, 1] < 0.0, drawn[:, 1] <= near
    if above.any() and cut.any():
        out[above] = _topped(frame, out[above], _highest(frame, drawn[cut]), storey, level)
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


def _topped(frame: Frame, pixels: np.ndarray, highest: float, storey: float, level: bool) -> np.ndarray:
    """Return pixels (n, 2) moved along their walls' verticals to where these end, over a height (metres); those on no wall stay."""
    out = pixels.copy()
    for wall, places in zip(frame.walls, _on_walls(frame, pixels), strict=True):
        mine = np.isfinite(places[:, 0])
        along = places[mine, 0]
        over = np.ones(len(along)) if level else break_over(along)
        moved, depth = project(frame.camera, wall.to_world(np.stack([along, highest + storey * over], 1)))
        out[mine] = np.where((depth > 0)[:, None], moved, out[mine])
    return out


def break_over(along: np.ndarray) -> np.ndarray:
    """Return how high (n,) a wall breaks over what is seen of it, storeys, at metres (n,) along it: LEAST to 1."""
    lots = np.random.default_rng(UNEVEN).random((2, UNEVEN))
    bays, teeth = (
        np.interp(along / far % UNEVEN, np.arange(UNEVEN), lot) * high for lot, (far, high) in zip(lots, (BAYS, TEETH), strict=True)
    )
    return np.asarray(LEAST + bays + teeth)
