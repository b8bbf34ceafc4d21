"""How large is it? Several cues, each with what it says, how sharply, and how far it is to be trusted, weighed on a grid of scales.

A scale is metres per unit, the unit being the camera's height over the ground; all is in logarithms. A cue that is wrong is outvoted and
not averaged in: its likelihood has a floor (a mixture with "this cue tells nothing").
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from derrumbe.core.records import Caution
from derrumbe.survey.facades import Storeys
from derrumbe.survey.openings import Row
from derrumbe.survey.settings import Bulk

EYE_LEVEL, EYE_SPREAD, EYE_TRUST = 1.65, 0.22, 0.3
"""Height of a camera held by hand over the ground, metres; its spread (log), since ground is seldom level; how often it is held by hand."""
LEVEL_FAULT = 0.012
"""Radians by which lines miss the horizon."""
DRONE, DRONE_SPREAD, DRONE_TRUST = 50.0, 0.5, 0.6
"""Height of a camera that looks down on roofs over the ground, metres: drones fly at 25 to 120; some of them stand on a hill or a tower."""
FROM_ABOVE = 0.8
"""A building lower than this in heights of the camera is seen from above."""
BLURRED, CLEAR = 4.0, 10.0
"""Storeys of fewer pixels than the first are none, those of more than the second are seen as well as any."""
HIDDEN_FOOT = 1.0
"""Spread (log) of a camera height when the building's foot lies above the horizon that lines give: on a rise, or cropped."""
USUAL_HEIGHT = (14.0, 1.0)
"""Buildings' heights: metres, spread (log)."""
STOREY_SPREAD, NAMED_SPREAD = 0.14, 0.08
"""Spread (log) of storey heights, 2.8 to 4.5 m; and of one that the artist names."""
NOBLE, NOBLE_SPREAD = 4.5, 0.28
"""Storeys of stone buildings with towers or domes high above their eaves, metres."""
ARENA, ARENA_SPREAD = 6.5, 0.45
"""Storeys of round buildings around a court, amphitheatres and stadiums: 4 to 10 m."""
ARENA_WIDTH, ARENA_WIDTH_SPREAD, ARENA_WIDTH_TRUST = 150.0, 0.4, 0.7
"""Outer diameters of arenas, the mean of both, metres: amphitheatres 117 (Nîmes) to 172 (Rome), bullrings 80 to 100, stadiums 180 to 260."""
ARENA_DRONE = 90.0
"""What takes in an arena flies higher."""
HIGH_ROOF = 1.4
DOOR = (2.3, 0.22, 0.35)
"""Doors: metres, spread (log), and how far a door-like opening is to be trusted."""
WALKER, WALKER_SPREAD = 1.72, 0.15
"""People: metres, and spread (log) of that and of the rows that their mattes cover."""
HEIGHTS, CAMERAS = (2.5, 400.0), (0.3, 400.0)
"""Bounds of the building's and the camera's height, metres."""
STEPS = 800
AGREES = 0.25
DOUBTFUL = 0.18
"""A height that is open by more than this (log, one sigma) needs the artist's eye."""
DEFAULT_STOREY = 3.3


Kind = Literal["usual", "stone", "arena"]


@dataclass(frozen=True)
class Cue:
    """metres per unit, its spread (log), the chance that it is not misleading, and what it is, in words."""

    what: str
    metres: float
    spread: float
    trust: float


@dataclass(frozen=True)
class Sizing:
    """metres per unit, open by `spread` (log); how it was found, in words."""

    metres: float
    spread: float
    how: str


def sized(cues: list[Cue], top: float) -> Sizing:
    """Return the Sizing that cues and usual sizes of buildings agree on. top: the building's height in units."""
    lowest, highest = np.log(_bounds(top))
    grid = np.linspace(lowest, highest, STEPS)
    log_p = -0.5 * ((grid + np.log(top / USUAL_HEIGHT[0])) / USUAL_HEIGHT[1]) ** 2
    for cue in cues:
        peak = np.exp(-0.5 * ((grid - np.log(cue.metres)) / cue.spread) ** 2) / (cue.spread * np.sqrt(2 * np.pi))
        log_p += np.log(cue.trust * peak + (1 - cue.trust) / np.log(1000.0))
    share = np.cumsum(np.exp(log_p - log_p.max()))
    low, middle, high = np.interp(np.array([0.16, 0.5, 0.84]) * share[-1], share, grid)
    agreeing = [cue.what for cue in cues if abs(np.log(cue.metres) - middle) < max(AGREES, cue.spread)]
    how = " and ".join(agreeing) if agreeing else _at_odds(cues)
    return Sizing(float(np.exp(middle)), float(0.5 * (high - low)), how)


def _at_odds(cues: list[Cue]) -> str:
    if len(cues) > 1:
        return f"{' and '.join(cue.what for cue in cues)} disagree"
    return "a guess from what buildings usually are"


def _bounds(top: float) -> np.ndarray:
    low = max(HEIGHTS[0] / top, CAMERAS[0])
    return np.array([low, max(1.01 * low, min(HEIGHTS[1] / top, CAMERAS[1]))])


def cues_of(
    bulk: Bulk,
    storeys: Storeys,
    rows: list[list[Row]],
    eaves: float,
    top: float,
    dip: float,
    focal: float,
    lifted: bool,
    kind: Kind,
    foot_seen: bool = True,
    pixels: float = np.inf,
) -> list[Cue]:
    """Return what façade and camera tell. dip: pixels of the building's foot below the horizon; lifted: the horizon had to be moved;
    foot_seen: it lies within the picture; pixels: of a unit on the main wall."""
    cues = []
    clear = float(np.clip(((storeys.gap or 0.0) * pixels - BLURRED) / (CLEAR - BLURRED), 0, 1))
    if storeys.gap and clear > 0:
        usual = "usual" if kind == "stone" and top <= HIGH_ROOF * eaves else kind
        cue = _storey_cue(bulk, storeys, storeys.gap, usual)
        cues.append(replace(cue, trust=clear * cue.trust))
    if top < FROM_ABOVE:
        cues.append(Cue("a camera at a drone's height", ARENA_DRONE if kind == "arena" else DRONE, DRONE_SPREAD, DRONE_TRUST))
    door = door_height(rows, storeys.gap) if clear == 1 and kind != "arena" else None
    if door:
        cues.append(Cue("a door", DOOR[0] / door, DOOR[1], DOOR[2]))
    if top > 1.1 and foot_seen:
        # A camera that looks down on the roof is held by nobody.
        spread = HIDDEN_FOOT if lifted else float(np.hypot(EYE_SPREAD, LEVEL_FAULT * focal / max(dip, 1.0)))
        cues.append(Cue("a camera at eye level", EYE_LEVEL, spread, EYE_TRUST))
    return cues


def _storey_cue(bulk: Bulk, storeys: Storeys, gap: float, kind: Kind) -> Cue:
    usual = {"usual": (bulk.storey_height, STOREY_SPREAD), "stone": (NOBLE, NOBLE_SPREAD), "arena": (ARENA, ARENA_SPREAD)}
    named = bulk.storey_height != DEFAULT_STOREY
    height, spread = (bulk.storey_height, NAMED_SPREAD) if named else usual[kind]
    return Cue("rows of windows", height / gap, float(np.hypot(spread, storeys.unevenness)), storeys.trust)


def arena_cue(footprint: np.ndarray) -> Cue:
    """Return what the ground plan (n, 2) of an arena, in units, tells by its two diameters."""
    return Cue("an arena's width", ARENA_WIDTH / float(np.ptp(footprint, axis=0).mean()), ARENA_WIDTH_SPREAD, ARENA_WIDTH_TRUST)


def walker_cue(heights: np.ndarray) -> Cue | None:
    """Return what people on the ground tell: heights (n,) of the camera over the ground in heights of a person, one for each sighting."""
    if len(heights) < 5:
        return None
    logs = np.log(heights)
    middle = float(np.median(logs))
    spread = 1.4826 * float(np.median(np.abs(logs - middle)))
    return (
        Cue("people who walk past", WALKER * float(np.exp(middle)), float(np.hypot(WALKER_SPREAD, spread)), 0.7) if spread < 0.3 else None
    )


def door_height(rows: list[list[Row]], gap: float | None) -> float | None:
    """Return the usual height of upright openings that reach down to the ground, in units; None where there are none."""
    if not gap:
        return None
    boxes = np.concatenate([row.boxes for wall in rows for row in wall] or [np.zeros((0, 4))])
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    doors = (boxes[:, 1] < 0.08 * gap) & (height > 1.5 * width) & (height > 0.45 * gap) & (height < 0.9 * gap)
    return float(np.median(height[doors])) if doors.any() else None


def cautions_of(sizing: Sizing, top: float, knobs: Bulk) -> list[Caution]:
    """Return what to tell the artist of a height that is open."""
    if knobs.height or knobs.storeys or sizing.spread < DOUBTFUL:
        return []
    height, factor = sizing.metres * top, float(np.exp(sizing.spread))
    return [
        Caution(
            what=f"the building's height is uncertain: {height:.0f} m as far as it is seen, and {height / factor:.0f} to {height * factor:.0f} m are as likely "
            f"({sizing.how})",
            remedy=f"set building.height: in evidence/scale.png the figure at the wall is 1.75 m tall if {height:.0f} m is right",
        )
    ]
