"""What stands up from the roof: chimneys, pinnacles, finials, told by the outline's narrow upward parts.

The solid of a building fills its outline, so what juts out of that upwards, and is narrow, is a part of its own: opening the outline
(Serra 1982) with a square as wide as the widest chimney takes just these away.
"""

from __future__ import annotations

import numpy as np
from manifold3d import CrossSection, FillRule, JoinType, Manifold

from derrumbe.core.records import Building, Camera
from derrumbe.geom.camera import eye, project, rays

WIDEST = 2.5
"""What is narrower than this above the eaves is a chimney, a pinnacle or a finial, metres."""
TALL, SLENDER, FULL = 0.7, 0.9, 0.45
"""It stands out by more than this, metres, is that many times as tall as wide, and fills that share of its box: what is narrow along a slope
is no chimney."""
SLIVER = 0.25
"""What is narrower than this is the outline's own inaccuracy, metres."""
FAR = 300.0
"""How far behind the façade the cone of sight through one reaches, metres."""


def stacks(body: Manifold, building: Building, camera: Camera, most: int) -> list[Manifold]:
    """Return what stands up narrowly above the eaves, the largest first, at most so many."""
    metre = camera.focal_px / _depth(building, camera)
    eaves = float(project(camera, _eaves(building))[0][0, 1])
    outline = CrossSection([np.asarray(building.outline_px, np.float64)], FillRule.NonZero)
    outline = outline if outline.area() > 0 else CrossSection([np.asarray(building.outline_px, np.float64)[::-1]], FillRule.NonZero)
    narrow = _opened(outline - _opened(outline, WIDEST * metre), SLIVER * metre)
    found = [part for part in narrow.decompose() if _stands_up(part, eaves, metre)]
    found.sort(key=lambda part: -part.area())
    cut = (body ^ _sight(part, camera) for part in found[:most])
    return [stack for stack in cut if stack.volume() > 0]


def _opened(shape: CrossSection, wide: float) -> CrossSection:
    """Return a shape without what is narrower than `wide`."""
    return shape.offset(-wide / 2, JoinType.Miter, 2.0).offset(wide / 2, JoinType.Miter, 2.0)


def _eaves(building: Building) -> np.ndarray:
    """Return the middle of the eaves of the first façade, (1, 3) m."""
    facade = building.facades[0]
    middle = np.asarray(facade.origin) + 0.5 * facade.width * np.asarray(facade.along)
    return np.array([[middle[0], building.storey_tops[-1], middle[2]]])


def _depth(building: Building, camera: Camera) -> float:
    return max(float((_eaves(building) @ np.asarray(camera.rotation).T + camera.translation)[0, 2]), 1.0)


def _stands_up(part: CrossSection, eaves: float, metre: float) -> bool:
    """Whether a part of the outline, in pixels, is a chimney. eaves: row of the eaves; metre: in pixels."""
    left, top, right, foot = part.bounds()
    wide, tall = right - left, foot - top
    return foot < eaves + TALL * metre and tall > max(TALL * metre, SLENDER * wide) and part.area() > FULL * wide * tall


def _sight(part: CrossSection, camera: Camera) -> Manifold:
    """Return the cone of sight through the box of a part of the outline, which ends above it."""
    left, top, right, foot = part.bounds()
    above = top - (foot - top)
    corners = np.array([(left, above), (right, above), (right, foot), (left, foot)])
    start = eye(camera)
    return Manifold.hull_points(np.concatenate([start[None], start + FAR * rays(camera, corners)]))
