"""The building's solid: from the camera it fills the outline; in depth it is a guess that keeps roofs and towers in proportion.

solid = sight cone of the outline ∩ union over walls of (the outline on that wall, carried back along the wall's normal).
A part of the outline is carried back no further than it is wide, so that a spire is as deep as it is wide and not a long ridge.
"""

from __future__ import annotations

import itertools

import numpy as np

from derrumbe.core.errors import DerrumbeError
from derrumbe.geom.camera import eye, rays
from derrumbe.geom.solids import Shape, Solid, cone, grown, shape, union, upright_prism, wall_prism
from derrumbe.survey.footing import bottom_chain
from derrumbe.survey.footprint import FACING, footprint_of, hull, is_round
from derrumbe.survey.frame import Frame, Wall
from derrumbe.survey.overlooked import Overlooked, around_a_court, depth_under, is_court, slopes_of

GROWTH = 1.5
"""The outline is grown by this many pixels, so that mixed edge pixels go with the building."""
BANDS = 28
"""Height bands in which the depth of roofs and towers is measured."""
SLENDER = 1.15
"""A part above the eaves is at most this many times as deep as it is wide."""
THINNEST = 0.5
ROOM = 1.15
"""The ground plan of many walls is made so much larger, so that their solid fills the outline."""
DEEPEST = 2.0
"""Slopes under which the building would be deeper than this many times its width aren't its roof's."""
BACK = np.array([0.0, 0.0, -1.0])


def building_solid(
    frame: Frame, outline: np.ndarray, depth: float, eaves: float, growth: float = GROWTH, above: Overlooked | None = None, seed: int = 0
) -> Solid:
    """Return the closed solid, metres, its base on the ground. `outline` (n, 2) pixels may run outside the picture.

    above: what a camera that looks down on the building tells of it.
    """
    seen = grown(shape([_to_ground(frame, outline)]), growth)
    if above and is_court(frame, above):
        bulk = around_a_court(frame, above)
    else:
        slopes = _slopes(frame, above, outline, seed) if above else []
        bulk = _under(frame, seen, slopes, outline, depth, above) if slopes and above else _behind_walls(frame, seen, depth, eaves)
    reach = _reach(frame, bulk)
    solid = bulk ^ cone(frame.camera, seen, 0.05 * reach[0], 1.5 * reach[1])
    if solid.is_empty():
        raise DerrumbeError("the building's solid came out empty")
    return solid


def _slopes(frame: Frame, above: Overlooked, outline: np.ndarray, seed: int) -> list[np.ndarray]:
    """Return the planes of the roof; none where they would need a building that is too deep."""
    slopes = slopes_of(frame, above, seed)
    deepest = DEEPEST * float(np.ptp(frame.feet[:, 0]))
    return slopes if depth_under(frame, slopes, outline) < deepest else []


def _under(frame: Frame, seen: Shape, slopes: list[np.ndarray], outline: np.ndarray, depth: float, above: Overlooked) -> Solid:
    """Return what lies behind the walls and under the slopes of the roof, deep enough to fill the outline."""
    depth = max(depth, depth_under(frame, slopes, outline))
    bulk = _behind_walls(frame, seen, depth, np.inf)
    if is_round(frame):
        bulk = bulk + upright_prism(_ground(frame, depth, above), 0.0, float(np.asarray(bulk.bounding_box())[4]))
    for plane in slopes:
        bulk = bulk.trim_by_plane(tuple(-plane[:3]), float(-plane[3]))
    return bulk


def _ground(frame: Frame, depth: float, above: Overlooked | None) -> np.ndarray:
    ground = footprint_of(frame, depth)
    return hull(np.concatenate([ground, above.footprint])) if above else ground


def _behind_walls(frame: Frame, seen: Shape, depth: float, eaves: float) -> Solid:
    """Return the outline (pixels) on its walls, carried back from them."""
    parts: list[Solid] = []
    across = float(np.ptp(frame.feet[:, 0]))
    for wall in frame.walls:
        front = wall.normal[2] > FACING
        # All of the front goes back the same way, so that no gap opens behind its edges.
        way, reach = (BACK, depth) if front else (-wall.normal, across)
        parts += _carried_back(frame, wall, seen, way, reach, eaves, _limits(wall, frame))
    if not parts:
        raise DerrumbeError("no wall of the building lies behind its outline")
    bulk = union(parts)
    if len(frame.walls) < 3:
        return bulk
    # Facets cut corners: a little more room; the sight cone takes off what is too much.
    ground = footprint_of(frame, depth)
    ground = ground.mean(axis=0) + ROOM * (ground - ground.mean(axis=0))
    return bulk ^ upright_prism(ground, -1.0, 2.0 + float(np.asarray(bulk.bounding_box())[4]))


def _to_ground(frame: Frame, outline: np.ndarray) -> np.ndarray:
    """Return the outline with its bottom carried down to the foot of the walls where it ends above it."""
    chain = bottom_chain(outline)
    feet = _feet(frame, chain)
    lower = shape([np.concatenate([chain, feet[::-1]])]) if len(chain) > 1 else None
    whole = shape([outline])
    if lower is None:
        return outline
    joined = whole + grown(lower, 0.05)
    return max((polygon for polygon in joined.to_polygons()), key=lambda polygon: abs(shape([polygon]).area()))


def _feet(frame: Frame, chain: np.ndarray) -> np.ndarray:
    """Return the pixel of the wall's foot under each point of the bottom chain; points already lower stay."""
    from derrumbe.geom.camera import project

    feet = chain.copy()
    origin, directions = eye(frame.camera), rays(frame.camera, chain)
    for wall in frame.walls[::-1]:
        points = wall.from_rays(origin, directions)
        mine = np.isfinite(points[:, 0]) & (points[:, 0] > -0.01 * wall.width) & (points[:, 0] < 1.01 * wall.width)
        ground = points.copy()
        ground[:, 1] = 0.0
        pixels = project(frame.camera, wall.to_world(np.nan_to_num(ground)))[0]
        feet[mine] = np.where((pixels[:, 1] > chain[:, 1])[:, None], pixels, chain)[mine]
    return feet


def _carried_back(
    frame: Frame, wall: Wall, seen: Shape, way: np.ndarray, depth: float, eaves: float, limits: tuple[float, float]
) -> list[Solid]:
    """Return the wall's share of the outline carried back along `way`: whole depth up to the eaves, above it as deep as it is wide."""
    region = wall_region(frame, wall, seen, limits)
    if region.is_empty():
        return []
    low, left, high, right = (region.bounds()[i] for i in (1, 0, 3, 2))
    span = (left - 1.0, right + 1.0)
    parts = [_back(wall, region ^ _band(span, low - 1.0, min(eaves, high + 1.0)), way, depth)]
    if eaves >= high:
        return [part for part in parts if not part.is_empty()]
    edges = np.linspace(eaves, max(high, eaves + 1e-3), BANDS + 1)
    for bottom, top in itertools.pairwise(edges):
        for part in (region ^ _band(span, bottom, top)).decompose():
            bounds = part.bounds()
            parts.append(_back(wall, part, way, float(np.clip(SLENDER * (bounds[2] - bounds[0]), THINNEST, depth))))
    return [part for part in parts if not part.is_empty()]


def wall_region(frame: Frame, wall: Wall, seen: Shape, limits: tuple[float, float]) -> Shape:
    """Return the part of a picture region that falls on a wall, in wall metres (along, up), above the ground and within `limits` along."""
    origin = eye(frame.camera)
    polygons = []
    for polygon in seen.to_polygons():
        points = wall.from_rays(origin, rays(frame.camera, np.asarray(polygon)))
        if np.isfinite(points).all():
            polygons.append(points)
        else:
            polygons.append(_clipped_to_front(frame, wall, np.asarray(polygon)))
    return shape([polygon for polygon in polygons if len(polygon) > 2]) ^ _band(limits, 0.0, 1e4)


def _clipped_to_front(frame: Frame, wall: Wall, polygon: np.ndarray) -> np.ndarray:
    """Return the wall points of the part of a pixel polygon whose sight lines reach the wall well before its horizon."""
    camera = frame.camera
    rotation = np.asarray(camera.rotation)
    facing = rotation @ wall.normal
    # rays·normal = (pixel - centre)/focal · facing_xy + facing_z; keep where it is below a small negative number.
    slope = np.array([facing[0], facing[1]]) / camera.focal_px
    level = facing[2] - slope @ (camera.cx, camera.cy) + 0.03
    kept = []
    for start, end in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        a, b = slope @ start + level, slope @ end + level
        if a <= 0:
            kept.append(start)
        if a * b < 0:
            kept.append(start + (end - start) * (a / (a - b)))
    return wall.from_rays(eye(camera), rays(camera, np.array(kept))) if len(kept) > 2 else np.zeros((0, 2))


def _limits(wall: Wall, frame: Frame) -> tuple[float, float]:
    """Return how far along the wall the outline may reach: a wall ends at the edges it shares, and nowhere else; but a part of the front that
    stands back goes on behind what hides its corner."""
    left = -1e4 if wall.free_left else min(0.0, *_corners_before(wall, frame, wall.origin, left=True))
    right = 1e4 if wall.free_right else max(wall.width, *_corners_before(wall, frame, wall.end, left=False))
    return left, right


def _corners_before(wall: Wall, frame: Frame, end: np.ndarray, left: bool) -> tuple[float, ...]:
    """Return where along a front wall, past its end, the nearest front wall before it begins; where it ends when there is none."""
    own = float((end - wall.origin) @ wall.along)
    if wall.normal[2] <= FACING:
        return (own,)
    fronts = [other for other in frame.walls if other is not wall and other.normal[2] > FACING]
    corners = [other.end if left else other.origin for other in fronts]
    beside = [
        corner for corner in corners if corner[2] > end[2] and (corner[0] < end[0]) == left and abs(corner[0] - end[0]) < corner[2] - end[2]
    ]
    return (own, *(own + float((corner[0] - end[0]) / wall.along[0]) for corner in beside))


def _band(span: tuple[float, float], low: float, high: float) -> Shape:
    return Shape.square([span[1] - span[0], max(high - low, 1e-6)]).translate([span[0], low])


def _back(wall: Wall, region: Shape, way: np.ndarray, depth: float) -> Solid:
    return wall_prism(region, wall.origin, wall.along, way, depth) if not region.is_empty() else Solid()


def _reach(frame: Frame, bulk: Solid) -> tuple[float, float]:
    """Return the least and greatest depth of a solid's bounding box along the camera's axis."""
    box = np.asarray(bulk.bounding_box()).reshape(2, 3)
    corners = np.array([[box[i, 0], box[j, 1], box[k, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    depths = corners @ np.asarray(frame.camera.rotation)[2] + frame.camera.translation[2]
    return max(float(depths.min()), 1e-3), max(float(depths.max()), 1e-2)
