"""Façades in metres: how large the building is, its storeys, its openings."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from derrumbe.core.records import Facade, Opening, Vec3
from derrumbe.survey.frame import Wall
from derrumbe.survey.openings import Row, storey_rows
from derrumbe.survey.settings import Bulk

COLUMNS = 41
LEAST_TRUST, MOST_TRUST = 0.15, 0.97
"""How far rows are trusted as storeys when nothing speaks for them, and when all does."""
BELIEVED = 0.35
"""Rows trusted less than this tell something of scale, but don't make storeys."""
STRAY = 0.12
"""Gaps that stray by this much (log) are what chance makes."""
CHANCE, ENOUGH_PAIRS = 0.2, 5.0
"""Share of openings that answer each other by chance; as many pairs of openings tell."""
SILL_SHARE = 0.35
"""A floor lies this far up from the head of one row of openings to the sill of the next."""


@dataclass(frozen=True)
class Storeys:
    """Heights of storey tops, the last is the eaves; in the same unit as the rows they come from. `counted`: seen, not guessed.

    gap: from storey to storey; unevenness: how far gaps stray (log); trust: how sure it is that rows are storeys, 0..1.
    """

    tops: tuple[float, ...]
    counted: bool
    gap: float | None = None
    unevenness: float = 0.0
    trust: float = 0.0


def top_profile(wall_outline: np.ndarray, width: float) -> np.ndarray:
    """Return the height of the outline (n, 2; wall points) over COLUMNS columns of the wall; 0 where there is none."""
    columns = (np.arange(COLUMNS) + 0.5) / COLUMNS * width
    start, end = wall_outline, np.roll(wall_outline, -1, axis=0)
    low, high = np.minimum(start[:, 0], end[:, 0]), np.maximum(start[:, 0], end[:, 0])
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (columns[:, None] - start[:, 0]) / (end[:, 0] - start[:, 0])
        height = start[:, 1] + share * (end[:, 1] - start[:, 1])
    crossed = (low <= columns[:, None]) & (columns[:, None] < high) & np.isfinite(height)
    return np.where(crossed, height, 0.0).max(axis=1)


def eaves_height(profile: np.ndarray) -> float:
    """Return where walls end and the roof begins: as high as both ends of the wall when they agree, else the usual height."""
    seen = profile[profile > 0.05 * profile.max()]
    ends = [float(max(seen[0], 0.9 * seen[1])), float(max(seen[-1], 0.9 * seen[-2]))] if len(seen) > 10 else [float(np.median(seen))] * 2
    if min(ends) > 0.75 * max(ends):
        return float(np.mean(ends))
    return float(np.median(seen))


def storeys_of(walls: list[list[Row]], eaves: float, knob: int | None) -> Storeys:
    """Return storey tops up to the eaves: as many as rows of openings below it, or as the knob says."""
    rows = [row for row in storey_rows(walls) if row.middle < eaves]
    middles = [row.middle for row in rows]
    if knob:
        return Storeys(_evenly(knob, eaves), True, eaves / knob, 0.0, 1.0)
    if len(rows) < 2:
        return Storeys(_evenly(max(1, len(rows)), eaves), False)
    gaps = np.diff(middles)
    gap = float(np.median(gaps))
    trust = 1 - (1 - regularity(walls, eaves)) * (1 - evenness(gaps))
    found = gap, float(np.std(np.log(gaps)) / np.sqrt(len(gaps))), trust
    count = _count(middles, gap, eaves)
    if trust < BELIEVED:
        return Storeys(_evenly(count, eaves), False, *found)
    if count != len(rows) or np.ptp(gaps) > 0.5 * gap:
        return Storeys(_evenly(count, eaves), True, *found)
    floors = [below.top + SILL_SHARE * (above.bottom - below.top) for below, above in itertools.pairwise(rows)]
    return Storeys((*floors, eaves), True, *found)


def regularity(walls: list[list[Row]], eaves: float) -> float:
    """Return how far rows of openings look like storeys (0..1): of one size, and standing above each other.

    Vents, niches and shadows make rows as well, but seldom ones that answer each other from floor to floor.
    """
    below = [[row for row in rows if row.middle < eaves] for rows in walls]
    pairs = [_answering(lower, upper) for rows in below for lower, upper in itertools.pairwise(rows)]
    counts = [min(len(lower.boxes), len(upper.boxes)) for rows in below for lower, upper in itertools.pairwise(rows)]
    if not pairs or sum(counts) == 0:
        return LEAST_TRUST
    share = float(np.average(pairs, weights=np.asarray(counts) + 1e-6))
    enough = min(1.0, sum(counts) / ENOUGH_PAIRS)
    return float(np.clip(LEAST_TRUST + (share - CHANCE) / (1 - CHANCE) * enough, LEAST_TRUST, MOST_TRUST))


def evenness(gaps: np.ndarray) -> float:
    """Return how far gaps between rows (n,) are too even for chance (0..1): three and more that hardly stray."""
    stray = float(np.std(np.log(gaps)))
    return float(np.clip((len(gaps) - 1) / 3, 0, 1) * np.clip(1 - stray / STRAY, 0, 1))


def _answering(lower: Row, upper: Row) -> float:
    """Return the share of the shorter row's openings that have one of like width in the other row, above or below them."""
    few, many = sorted((lower.boxes, upper.boxes), key=len)
    middles, widths = 0.5 * (many[:, 0] + many[:, 2]), many[:, 2] - many[:, 0]
    hits = [
        np.any((np.abs(middles - 0.5 * (box[0] + box[2])) < 0.35 * (box[2] - box[0])) & (np.abs(np.log(widths / (box[2] - box[0]))) < 0.5))
        for box in few
    ]
    return float(np.mean(hits)) if hits else 0.0


def _count(middles: list[float], gap: float, eaves: float) -> int:
    """Return how many storeys: rows, and the storeys between, under and over them that show none (trees, shops, blank walls)."""
    between = sum(max(1, round((above - below) / gap)) for below, above in itertools.pairwise(middles))
    return max(0, round(middles[0] / gap - 0.5)) + between + 1 + max(0, round((eaves - middles[-1]) / gap - 0.6))


def _evenly(count: int, eaves: float) -> tuple[float, ...]:
    return tuple(float(eaves * (index + 1) / count) for index in range(count))


def storey_guess(top: float, storeys: Storeys, scale: float, bulk: Bulk) -> Storeys:
    """Return storeys of the usual height when none were counted."""
    if storeys.counted:
        return storeys
    eaves = storeys.tops[-1]
    return Storeys(_evenly(max(1, round(eaves * scale / bulk.storey_height)), eaves), False)


def facade_of(wall: Wall, rows: list[Row], eaves: float, scale: float) -> Facade:
    """Return the façade's record. `wall` is in metres; `rows` and `eaves` are in units of `scale` metres."""
    openings = [
        Opening(left=float(left), bottom=float(bottom), right=float(right), top=float(top))
        for row in rows
        for left, bottom, right, top in row.boxes * scale
        if right - left > 0.2 and top - bottom > 0.2
    ]
    return Facade(
        origin=_vec3(wall.origin),
        along=_vec3(wall.along),
        normal=_vec3(wall.normal),
        width=wall.width,
        height=eaves * scale,
        openings=tuple(openings),
    )


def _vec3(values: np.ndarray) -> Vec3:
    x, y, z = (float(value) for value in values)
    return x, y, z
