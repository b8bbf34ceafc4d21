"""Façades in metres: how large the building is, its storeys, its openings."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from derrumbe.core.records import Caution, Facade, Opening, Vec3
from derrumbe.survey.frame import Wall
from derrumbe.survey.openings import Row, storey_rows
from derrumbe.survey.settings import Bulk

COLUMNS = 41
EYE_LEVEL = 1.65
"""Height of the camera over the ground when nothing else gives the scale, metres."""
LOWEST_GUESS, UNKNOWN_HEIGHT = 6.0, 12.0
"""A building that would be lower than this from eye level is seen from above: it is taken as so high, metres."""
SANE_HEIGHT = (2.5, 400.0)
SANE_CAMERA = (0.3, 150.0)
SILL_SHARE = 0.35
"""A floor lies this far up from the head of one row of openings to the sill of the next."""


@dataclass(frozen=True)
class Storeys:
    """Heights of storey tops, the last is the eaves; in the same unit as the rows they come from. `counted`: seen, not guessed."""

    tops: tuple[float, ...]
    counted: bool


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
        return Storeys(_evenly(knob, eaves), True)
    if len(rows) < 2:
        return Storeys(_evenly(max(1, len(rows)), eaves), False)
    gap = float(np.median(np.diff(middles)))
    count = _count(middles, gap, eaves)
    if count != len(rows) or np.ptp(np.diff(middles)) > 0.5 * gap:
        return Storeys(_evenly(count, eaves), True)
    floors = [below.top + SILL_SHARE * (above.bottom - below.top) for below, above in itertools.pairwise(rows)]
    return Storeys((*floors, eaves), True)


def _count(middles: list[float], gap: float, eaves: float) -> int:
    """Return how many storeys: rows, and the storeys between, under and over them that show none (trees, shops, blank walls)."""
    between = sum(max(1, round((above - below) / gap)) for below, above in itertools.pairwise(middles))
    return max(0, round(middles[0] / gap - 0.5)) + between + 1 + max(0, round((eaves - middles[-1]) / gap - 0.6))


def _evenly(count: int, eaves: float) -> tuple[float, ...]:
    return tuple(float(eaves * (index + 1) / count) for index in range(count))


def metres_per_unit(bulk: Bulk, storeys: Storeys, top: float) -> tuple[float, list[Caution]]:
    """Return metres per unit of camera height, and what there is to say about it. `top` is the highest roof point in units."""
    if bulk.height:
        return bulk.height / top, []
    if storeys.counted:
        return _sane(bulk.storey_height * len(storeys.tops) / storeys.tops[-1], top)
    scale, cautions = _sane(EYE_LEVEL if EYE_LEVEL * top > LOWEST_GUESS else UNKNOWN_HEIGHT / top, top)
    says = Caution(
        what=f"no rows of openings found on the façade: the scale is guessed, the building is {scale * top:.1f} m high",
        remedy="set building.height or building.storeys",
    )
    return scale, [says, *cautions]


def _sane(scale: float, top: float) -> tuple[float, list[Caution]]:
    low = max(SANE_HEIGHT[0] / top, SANE_CAMERA[0])
    high = max(low, min(SANE_HEIGHT[1] / top, SANE_CAMERA[1]))
    kept = float(np.clip(scale, low, high))
    if kept == scale:
        return scale, []
    return kept, [
        Caution(
            what=f"the building would be {scale * top:.1f} m high seen from {scale:.1f} m over the ground: taken as {kept * top:.1f} m",
            remedy="set building.height",
        )
    ]


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
