"""The building's solid: from the camera it fills the outline; in depth it is a guess that keeps roofs and towers in proportion.

solid = sight cone of the outline ∩ union over walls of (the outline on that wall, carried back along the wall's normal).
A part of the outline is carried back no further than it is wide, so that a spire is as deep as it is wide and not a long ridge. A roof that is told
from its wall leans back: there the outline is carried back from the slope, which reaches higher and wider behind the wall than on it.
"""

from __future__ import annotations

import itertools

import numpy as np

from derrumbe.core.errors import DerrumbeError
from derrumbe.geom.camera import eye, rays
from derrumbe.geom.solids import Shape, Solid, cone, grown, shape, union, upright_prism, wall_prism
from derrumbe.survey.footing import bottom_chain
from derrumbe.survey.footprint import FACING, footprint_of, hull, is_round
from derrumbe.survey.frame import UP, Frame, Wall
from derrumbe.survey.on_walls import band, wall_region
from derrumbe.survey.overlooked import Overlooked, around_a_court, depth_under, is_court, slopes_of
from derrumbe.survey.roof import Roof

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
    frame: Frame,
    outline: np.ndarray,
    depth: float,
    eaves: float,
    growth: float = GROWTH,
    above: Overlooked | None = None,
    seed: int = 0,
    roof: Roof | None = None,
) -> Solid:
    """Return the closed solid, metres, its base on the ground. `outline` (n, 2) pixels may run outside the picture.

    above: what a camera that looks down on the building tells of it; roof: what leans back over its front.
    """
    seen = grown(shape([_to_ground(frame, outline)]), growth)
    if above and is_court(frame, above):
        bulk = around_a_court(frame, above)
    else:
        slopes = _slopes(frame, above, outline, seed) if above else []
        bulk = _under(frame, seen, slopes, outline, depth, above) if slopes and above else _behind_walls(frame, seen, depth, eaves, roof)
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


def _behind_walls(frame: Frame, seen: Shape, depth: float, eaves: float, roof: Roof | None = None) -> Solid:
    """Return the outline (pixels) on its walls, and on the roof that leans back from the front, carried back from them."""
    parts: list[Solid] = []
    across = float(np.ptp(frame.feet[:, 0]))
    for wall in frame.walls:
        front = wall.normal[2] > FACING
        # All of the front goes back the same way, so that no gap opens behind its edges.
        way, reach = (BACK, depth) if front else (-wall.normal, across)
        if front and roof:
            parts += _roofed(frame, wall, seen, reach, roof, _limits(wall, frame))
        else:
            parts += _carried_back(wall, wall_region(frame, wall, seen, _limits(wall, frame)), way, reach, eaves)
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


def _roofed(frame: Frame, wall: Wall, seen: Shape, depth: float, roof: Roof, limits: tuple[float, float]) -> list[Solid]:
    """Return a front wall carried back up to its eaves, its roof from the ridge down to the rear, and what stands upright on the ridge."""
    span = (-1e4, 1e4)
    upright = wall_region(frame, wall, seen, limits) ^ band(span, -1.0, roof.eaves)
    slope, ridge = wall.leaning(roof.eaves, roof.lean), wall.set_back(roof.run)
    leaning = wall_region(frame, slope, seen, limits) ^ band(span, roof.eaves, roof.ridge)
    above = wall_region(frame, ridge, seen, limits) ^ band(span, roof.ridge, 1e4)
    back = (depth - roof.run) / (roof.ridge - roof.eaves)
    steep = float(np.hypot(1.0, back))
    rear = (BACK + back * UP) / -steep, float(depth + (BACK @ wall.origin) + back * roof.eaves) / -steep
    parts = [part.trim_by_plane(tuple(rear[0]), rear[1]) for part in _carried_back(slope, leaning, BACK, depth, roof.eaves)]
    return [
        *_carried_back(wall, upright, BACK, depth, roof.eaves),
        *parts,
        *_carried_back(ridge, above, BACK, depth - roof.run, roof.ridge),
    ]


def _carried_back(plane: Wall, region: Shape, way: np.ndarray, depth: float, eaves: float) -> list[Solid]:
    """Return a region of a wall or a slope carried back along `way`: whole depth up to the eaves, above it as deep as it is wide."""
    if region.is_empty():
        return []
    low, left, high, right = (region.bounds()[i] for i in (1, 0, 3, 2))
    span = (left - 1.0, right + 1.0)
    parts = [_back(plane, region ^ band(span, low - 1.0, min(eaves, high + 1.0)), way, depth)]
    if eaves >= high:
        return [part for part in parts if not part.is_empty()]
    edges = np.linspace(eaves, max(high, eaves + 1e-3), BANDS + 1)
    for bottom, top in itertools.pairwise(edges):
        for part in (region ^ band(span, bottom, top)).decompose():
            bounds = part.bounds()
            parts.append(_back(plane, part, way, float(np.clip(SLENDER * (bounds[2] - bounds[0]), THINNEST, depth))))
    return [part for part in parts if not part.is_empty()]


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


def _back(plane: Wall, region: Shape, way: np.ndarray, depth: float) -> Solid:
    return wall_prism(region, plane.origin, plane.along, way, depth, plane.upwards) if not region.is_empty() else Solid()


def _reach(frame: Frame, bulk: Solid) -> tuple[float, float]:
    """Return the least and greatest depth of a solid's bounding box along the camera's axis."""
    box = np.asarray(bulk.bounding_box()).reshape(2, 3)
    corners = np.array([[box[i, 0], box[j, 1], box[k, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    depths = corners @ np.asarray(frame.camera.rotation)[2] + frame.camera.translation[2]
    return max(float(depths.min()), 1e-3), max(float(depths.max()), 1e-2)
