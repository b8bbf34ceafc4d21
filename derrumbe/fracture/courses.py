"""How a wall or a roof is divided before it breaks: courses of two storeys, and strips of two bays in them.

Strips of one course don't stand on those of the course below but on two of them, as bricks do: a crack up a wall has teeth, and never runs
straight from the ground to the top. Above the eaves, where the silhouette narrows (domes, spires, hipped roofs), strips are the segments of
a shell between meridians: they narrow upwards as it does, and look as wide as equal turns about its axis do.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from manifold3d import Manifold

from derrumbe.core.records import Opening
from derrumbe.fracture.cracks import plane_at
from derrumbe.fracture.layout import CLOSE
from derrumbe.fracture.plan import BAY, Plan
from derrumbe.fracture.walls import SPECK
from derrumbe.geom.carving import UP, Facet, between, corner_points

STAGGER = 0.25
"""How far the joint between two storeys strays from the floor, metres."""
SEGMENT = 6.0
"""Width of a segment of a dome at its foot, metres."""
MOST_SEGMENTS = 8
NARROWS = 0.9
"""Share of its width at its foot that a dome has left at the top of a course, or less."""
UPRIGHT = 0.1
"""A facet whose normal rises or falls less is upright enough for joints that stray, and for meridians."""

Heights = tuple[float, ...]


def strips(
    chunk: Manifold, facet: Facet, openings: tuple[Opening, ...], plan: Plan, rng: np.random.Generator
) -> Iterator[tuple[int, Manifold]]:
    """Yield (level, part) of a wall or a roof, which together are the whole of it: one part per strip and storey."""
    flat = _course_joints(plan, rng)
    eaves = plan.storeys - 1
    heights = {level: plan.tops[level] if level == eaves else _joint(facet, openings, plan.tops[level], rng) for level in flat}
    edges = (-1e6, *heights.values(), 1e6)
    for number, (low, high) in enumerate(pairwise(edges)):
        course = between(chunk, UP, low, high)
        first = (-1, *flat)[number] + 1
        for strip in _upright_strips(course, facet, plan, number, first):
            yield from _storeys(strip, facet, openings, plan, heights, rng)


def _course_joints(plan: Plan, rng: np.random.Generator) -> list[int]:
    """Return the levels on top of which courses end: every second one, and the eaves."""
    last, eaves = len(plan.tops) - 1, plan.storeys - 1
    return sorted({*range(int(rng.integers(2)), last, 2), *({eaves} if eaves < last else ())})


def _joint(facet: Facet, openings: tuple[Opening, ...], top: float, rng: np.random.Generator) -> float:
    """Return the height of a joint near a floor, through no opening."""
    moved = top + STAGGER * rng.uniform(-1, 1)
    base = facet.frame.origin[1]
    free = abs(facet.normal[1]) < UPRIGHT and all(moved < base + o.bottom - CLOSE or moved > base + o.top + CLOSE for o in openings)
    return float(moved if free else top)


def _storeys(
    strip: Manifold, facet: Facet, openings: tuple[Opening, ...], plan: Plan, courses: dict[int, float], rng: np.random.Generator
) -> Iterator[tuple[int, Manifold]]:
    box = np.asarray(strip.bounding_box()).reshape(2, 3)
    spread = facet.frame.local(box)[:, 0]
    mine = tuple(o for o in openings if o.left < spread.max() and o.right > spread.min())
    inner = [courses[level] if level in courses else _joint(facet, mine, top, rng) for level, top in enumerate(plan.tops[:-1])]
    yield from bands(strip, tuple(inner))


def bands(chunk: Manifold, joints: Heights) -> Iterator[tuple[int, Manifold]]:
    """Yield what lies in each level, cut at the heights `joints`; nothing of the chunk is left out."""
    for level, (floor, top) in enumerate(pairwise((-1e6, *joints, 1e6))):
        band = between(chunk, UP, floor, top)
        if band.volume() > SPECK:
            yield level, band


def _upright_strips(course: Manifold, facet: Facet, plan: Plan, number: int, level: int) -> Iterator[Manifold]:
    """Yield the strips of a course that begins at a level."""
    if level >= plan.storeys and abs(facet.normal[1]) < UPRIGHT:
        for lump in course.decompose():
            if lump.volume() > SPECK:
                yield from _segments(lump, facet, plan, number)
    else:
        yield from _bays(course, facet, bay_joints(facet, plan)[number % 2 :: 2])


def _bays(course: Manifold, facet: Facet, joints: tuple[float, ...]) -> Iterator[Manifold]:
    base = float(facet.frame.origin @ facet.frame.axes[0])
    for left, right in pairwise((-1e4, *joints, 1e4)):
        strip = between(course, facet.frame.axes[0], base + left, base + right)
        if strip.volume() > SPECK:
            yield strip


def bay_joints(facet: Facet, plan: Plan) -> tuple[float, ...]:
    """Return where the bay lines meet a facet, along its u, metres."""
    axis, lines = (0, plan.lines_x) if abs(facet.frame.axes[0, 0]) > 0.7 else (2, plan.lines_z)
    along = facet.frame.axes[0, axis]
    return tuple(sorted((line - facet.frame.origin[axis]) / along for line in lines))


def _segments(lump: Manifold, facet: Facet, plan: Plan, number: int) -> Iterator[Manifold]:
    """Yield the segments of a part above the eaves, between meridians where it narrows upwards."""
    local = facet.frame.local(corner_points(lump))[:, :2]
    foot, top = (_span(local, share) for share in ((0.0, 0.25), (0.75, 1.0)))
    wide = foot[1] - foot[0]
    if wide < BAY[1] or top[1] - top[0] > NARROWS * wide:  # a drum, a tower: a bay each, half a bay on in every second course
        lines = bay_joints(facet, plan)
        yield from _bays(lump, facet, lines if number % 2 else tuple((a + b) / 2 for a, b in pairwise(lines)))
        return
    low, high = local[:, 1].min(), local[:, 1].max()
    rest = lump
    for share in meridians(wide, number):
        at_foot, at_top = (float(span[0] + share * (span[1] - span[0])) for span in (foot, top))
        normal, through = np.array([high - low, at_foot - at_top, 0.0]), np.array([at_foot, low, 0.0])
        rest, segment = rest.split_by_plane(*plane_at(normal, through, facet.frame))
        if segment.volume() > SPECK:
            yield segment
    if rest.volume() > SPECK:
        yield rest


def meridians(wide: float, number: int) -> np.ndarray:
    """Return where a dome `wide` m across is divided in course `number`, (n,) shares of its width: equal turns, half a turn on in every
    second course."""
    count = int(np.clip(round(0.5 * np.pi * wide / SEGMENT), 2, MOST_SEGMENTS))
    turn = np.pi * (np.arange(1, count + number % 2) - 0.5 * (number % 2)) / count
    return np.asarray(0.5 - 0.5 * np.cos(turn))


def _span(points: np.ndarray, shares: tuple[float, float]) -> tuple[float, float]:
    """Return the least and the largest u of points (n, 2) in a part of their height; of all where there are none."""
    v = (points[:, 1] - points[:, 1].min()) / max(float(np.ptp(points[:, 1])), 1e-9)
    u = points[(v >= shares[0]) & (v <= shares[1]), 0]
    return float(u.min()), float(u.max())
