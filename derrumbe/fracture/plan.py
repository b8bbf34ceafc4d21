"""The plan of the structure: levels, bay lines, thicknesses, and how much detail the piece budget allows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from derrumbe.core.knobs import BuildingKnobs
from derrumbe.core.records import Building, Facade, Opening
from derrumbe.fracture.materials import FLOORS, WALLS, Stuff

MIN_OPENING = 0.4
BAY = (3.0, 7.5)
"""Shortest and longest distance between bay lines, metres."""
STEP = 1.1
"""Height of the steps in which rooms follow a sloping roof, metres."""
LOW, THICKER, THICKEST = 15.0, 0.0375, 3.0
"""m of height up to which walls are as thick as asked for, how much thicker they get with every further metre, as a share, and the limit, m."""
STOUT = {"brick": 1.0, "stone": 1.3}
"""Masonry, and how thick its walls are beside those of brick."""
PARAPET = 1.6
"""What rises less over the eaves, metres, is no roof."""
JOISTED = 4
"""Most storeys of old houses of stone, whose floors are joists and boards; under domes and towers, higher than the walls below, there are vaults."""
TALL_ROOF = 1.6
"""A roof higher than this many storeys has levels of its own."""


@dataclass(frozen=True)
class Quota:
    """Most elements of each kind of detail, and how exact shapes are.

    slack, unseen_slack: share by which a part of the shell may be smaller than its convex hull, which takes its place;
    per_panel, leftovers: most convex parts of a panel of wall, and of all that is left between walls and roofs.
    """

    openings: int
    blind_windows: int
    columns: int
    partitions: int
    storeys_per_band: int = 1
    slack: float = 0.004
    unseen_slack: float = 0.004
    per_panel: int = 10_000
    leftovers: int = 10_000


@dataclass(frozen=True)
class Thrift:
    """How much to save: share of the details kept, storeys that are cut as one, and whether shapes may be rough."""

    details: float
    storeys_per_band: int = 1
    rough: bool = True

    def quota(self, count: int) -> Quota:
        """Share out `count` pieces."""
        most = count * self.details
        counts = (int(0.11 * most), int(0.02 * most), int(0.06 * most), int(0.05 * most), self.storeys_per_band)
        if not self.rough:
            return Quota(*counts)
        leftovers = int((0.1 + 0.1 * self.details) * count)
        return Quota(*counts, slack=0.006, unseen_slack=0.05, per_panel=4 + int(8 * self.details), leftovers=leftovers)


@dataclass(frozen=True)
class Plan:
    """Heights are of the world, metres. Level i lies between floors[i] and tops[i]; levels from `storeys` on are roof."""

    tops: tuple[float, ...]
    storeys: int
    height: float
    wall: float
    roof: float
    slab: float
    stuff: Stuff
    floor_stuff: Stuff
    lines_x: tuple[float, ...]
    lines_z: tuple[float, ...]
    facades: tuple[Facade, ...]
    quota: Quota

    def heights(self, roofs: list[float]) -> list[float]:
        """Return the heights between which rooms are hollowed: at most `STEP` apart, with the undersides of flat roofs among them."""
        under = [roof - self.roof for roof in roofs]
        edges = sorted({0.0, *self.tops, *(height for height in under if 0 < height < self.tops[-1])})
        steps = [
            np.linspace(low, high, max(2, int(np.ceil((high - low) / STEP)) + 1)) for low, high in pairwise(edges) if high - low > 1e-3
        ]
        return sorted({round(float(height), 6) for step in steps for height in step})

    @property
    def floors(self) -> tuple[float, ...]:
        return (0.0, *self.tops[:-1])

    @property
    def low_roof(self) -> bool:
        """Whether what stands above the eaves is no more than a parapet."""
        return self.height - self.tops[self.storeys - 1] < PARAPET


def make_plan(building: Building, knobs: BuildingKnobs, quota: Quota) -> Plan:
    """Return the plan of a building within a quota of details."""
    facades = _chosen(building.facades, quota.openings)
    tops = levels(building, quota.storeys_per_band)
    footprint = np.asarray(building.footprint)
    return Plan(
        tops=tops,
        storeys=sum(top <= building.storey_tops[-1] + 1e-6 for top in tops),
        height=building.height,
        wall=wall_thickness(building, knobs),
        roof=roof_thickness(building, knobs),
        slab=knobs.slab_thickness,
        stuff=WALLS[building.material],
        floor_stuff=FLOORS[floors_of(building, knobs)],
        lines_x=bay_lines(footprint[:, 0], _piers(building.facades, 0)),
        lines_z=bay_lines(footprint[:, 1], _piers(building.facades, 2)),
        facades=facades,
        quota=quota,
    )


def floors_of(building: Building, knobs: BuildingKnobs) -> str:
    """Return what a building's floors are made of: concrete or timber."""
    if knobs.floors != "auto":
        return knobs.floors
    eaves, storeys = building.storey_tops[-1], len(building.storey_tops)
    roofed = PARAPET <= building.height - eaves <= eaves and storeys <= JOISTED
    return "timber" if building.material == "timber" or (building.material == "stone" and roofed) else "concrete"


def wall_thickness(building: Building, knobs: BuildingKnobs) -> float:
    """Return the thickness of outer walls, metres: masonry above LOW takes 10 cm more for every further 7.6 m, as old building codes ask of
    bearing walls (New York 1916), and dressed stone is thicker than brick; frames of concrete and timber carry the load themselves."""
    masonry = building.material in STOUT
    grown = 1 + THICKER * max(building.height - LOW, 0.0) if masonry else 1.0
    return min(knobs.wall_thickness * grown * STOUT.get(building.material, 1.0), THICKEST)


def roof_thickness(building: Building, knobs: BuildingKnobs) -> float:
    """Return the upright thickness of roofs, metres."""
    return max(0.2, knobs.slab_thickness, wall_thickness(building, knobs) / 3)


def levels(building: Building, per_band: int = 1) -> tuple[float, ...]:
    """Return the tops of all levels: storeys (every `per_band`-th), then one or more levels of roof up to the height."""
    storeys = building.storey_tops
    tops = list(storeys[per_band - 1 :: per_band])
    if tops[-1:] != [storeys[-1]]:
        tops.append(storeys[-1])
    storey = per_band * storeys[-1] / len(storeys)
    above = building.height - tops[-1]
    if above > 0.3:
        count = max(1, round(above / (1.3 * storey))) if above > TALL_ROOF * storey else 1
        tops += [tops[-1] + above * (k + 1) / count for k in range(count)]
    return tuple(tops)


def _chosen(facades: tuple[Facade, ...], most: int) -> tuple[Facade, ...]:
    """Keep the `most` largest openings."""
    every = [(f, o) for f, facade in enumerate(facades) for o in facade.openings if is_opening(o)]
    every.sort(key=lambda item: (-_area(item[1]), item[0], item[1].left, item[1].bottom))
    kept = every[:most]
    return tuple(facade.model_copy(update={"openings": tuple(o for g, o in kept if g == f)}) for f, facade in enumerate(facades))


def is_opening(opening: Opening) -> bool:
    """Whether an opening is large enough to be cut out of the wall."""
    return opening.right - opening.left >= MIN_OPENING and opening.top - opening.bottom >= MIN_OPENING


def _area(opening: Opening) -> float:
    return (opening.right - opening.left) * (opening.top - opening.bottom)


def _piers(facades: tuple[Facade, ...], axis: int) -> list[float]:
    """Return where piers between openings stand along a world axis, from the façade that runs most along it."""
    best = max(facades, key=lambda facade: abs(facade.along[axis]) * facade.width, default=None)
    if best is None or abs(best.along[axis]) < 0.8:
        return []
    spans = _merged(sorted((o.left, o.right) for o in best.openings if is_opening(o)))
    gaps = [(a[1] + b[0]) / 2 for a, b in pairwise(spans)]
    return sorted(best.origin[axis] + best.along[axis] * gap for gap in gaps)


def _merged(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the union of sorted intervals."""
    out: list[tuple[float, float]] = []
    for left, right in spans:
        if out and left <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], right))
        else:
            out.append((left, right))
    return out


def bay_lines(extent: np.ndarray, piers: list[float]) -> tuple[float, ...]:
    """Return bay lines inside `extent`: at piers where their distance suits, at regular distances elsewhere."""
    low, high = float(np.min(extent)), float(np.max(extent))
    lines = [low]
    for pier in [*piers, high]:
        if pier - lines[-1] < BAY[0] or (pier != high and high - pier < BAY[0]):
            continue
        bays = int(np.ceil((pier - lines[-1]) / BAY[1]))
        start = lines[-1]
        lines += [start + (pier - start) * (k + 1) / bays for k in range(bays)]
    return tuple(line for line in lines[1:] if line < high - 0.5)
