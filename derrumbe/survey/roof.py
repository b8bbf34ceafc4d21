"""A pitched roof over a wall that is seen square-on: told by its colour and by its hips, it leans back from the eaves to the ridge.

A hipped roof is as steep in front as at its ends, and its ends are the picture's outline: the pitch under which outline and slope agree is found by
repetition, since a slope that leans back further is wider in the world for the same picture. Where a gable, a drum or an attic storey might
as well stand over the eaves, there is no roof, and the wall goes on upright.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from derrumbe.geom.camera import eye
from derrumbe.geom.solids import Shape, grown, shape
from derrumbe.survey.facades import top_profile
from derrumbe.survey.filters import filled
from derrumbe.survey.footprint import FACING
from derrumbe.survey.frame import Frame, Wall
from derrumbe.survey.on_walls import band, wall_region
from derrumbe.survey.rectify import Elevation, elevation

PITCHES = (30.0, 70.0)
"""Degrees between which hips tell a roof: flatter ends are gables or strays, steeper ones walls."""
HIPS_AGREE = 15.0
"""Degrees by which the hips at both ends may differ."""
RISE = 0.15
"""A roof rises by this share of the height of its eaves, at least."""
SLIM = 0.06
"""What is narrower than this share of the wall is a chimney or a finial, no roof."""
RIDGE = 0.8
"""Share of its columns that a roof's ridge is no lower than: single peaks rise over it."""
FOOT, HEAD, LEVELS = 0.15, 0.8, 9
"""Shares of a roof's rise between which its hips are measured, and at how many heights."""
COVERS = 0.75
"""A roof is so wide at its foot, share of the wall; what is narrower is a tower or a dome on something flat."""
ROOF_ROWS, WALL_ROWS = (0.1, 0.6), (0.6, 0.9)
"""Shares of the roof's rise, and of the eaves' height, between which colours of both are compared."""
COLUMNS, FEWEST = 41, 12
TOLD = 1.2
"""How far apart roof and wall are in colour, in strays of both."""
THINNEST = 0.5
"""Metres of a ridge from front to rear, at least."""
ROUNDS, SETTLED = 30, 1e-3
UPRIGHT = 90.0


@dataclass(frozen=True)
class Roof:
    """lean: metres back for every metre up between `eaves` and `ridge`, metres; what rises over the ridge (chimneys, finials) stands upright there."""

    eaves: float
    ridge: float
    lean: float

    @property
    def run(self) -> float:
        """How far the ridge lies behind the wall, metres."""
        return self.lean * (self.ridge - self.eaves)

    @property
    def depth(self) -> float:
        """How deep a building is at least under it and its like at the rear, metres."""
        return 2 * self.run + THINNEST

    def on_ridge(self, height: float, place: np.ndarray) -> float:
        """Return how high over the ridge the sight line from `place` (3,) is that meets the wall, z = 0, at `height`."""
        return float(place[1] + (height - place[1]) * (1 + self.run / place[2]))

    def on_wall(self, height: float, place: np.ndarray) -> float:
        """Return where the sight line from `place` (3,) to a height over the ridge meets the wall."""
        return float(place[1] + (height - place[1]) / (1 + self.run / place[2]))

    def scaled(self, by: float) -> Roof:
        """Return the roof in another unit."""
        return Roof(self.eaves * by, self.ridge * by, self.lean)


def roof_of(codes: np.ndarray, drawn: np.ndarray, frame: Frame, eaves: float, pitch: float | None) -> Roof | None:
    """Return the roof over the one wall of a frame; None for more walls, or where none is told. codes (h, w, 3) uint8; drawn: outline (n, 2) pixels;
    eaves: height in the frame's unit; pitch: degrees, if the artist says it."""
    wall = frame.walls[0]
    if len(frame.walls) > 1 or wall.normal[2] <= FACING or pitch == UPRIGHT:
        return None
    seen = shape([drawn])
    if pitch is not None:
        lean = 1 / np.tan(np.radians(pitch))
        ridge = _ridge(_massive(frame, wall.leaning(eaves, lean), seen), eaves)
        return Roof(eaves, ridge, float(lean)) if ridge > eaves else None
    found = _hipped(frame, wall, seen, eaves)
    return found if found and _told_by_colour(codes, drawn, frame, found) else None


def _hipped(frame: Frame, wall: Wall, seen: Shape, eaves: float) -> Roof | None:
    """Return the roof whose slope is as steep as its hips; None where there are none."""
    lean, hips, ridge = 0.0, np.zeros(2), eaves
    for _ in range(ROUNDS):
        massive = _massive(frame, wall.leaning(eaves, lean), seen)
        ridge = _ridge(massive, eaves)
        found = _hips(massive, eaves, ridge)
        if found is None or ridge < (1 + RISE) * eaves or _wide(massive, eaves + FOOT * (ridge - eaves)) < COVERS * wall.width:
            return None
        before, lean, hips = lean, 0.5 * (lean + float(found.mean())), found
        if abs(lean - before) < SETTLED:
            break
    pitches = 90 - np.degrees(np.arctan(hips))
    fits = PITCHES[0] <= pitches.min() and pitches.max() <= PITCHES[1] and np.ptp(pitches) <= HIPS_AGREE
    return Roof(eaves, ridge, lean) if fits else None


def _massive(frame: Frame, plane: Wall, seen: Shape) -> Shape:
    """Return the region on a plane, without what is slim."""
    slim = SLIM * plane.width
    return grown(grown(wall_region(frame, plane, seen, (-1e4, 1e4)), -slim / 2), slim / 2)


def _ridge(region: Shape, eaves: float) -> float:
    """Return the height that only few columns of a region overtop, of those that rise over the eaves; 0 where none does."""
    if region.is_empty():
        return 0.0
    polygon = max((np.asarray(one) for one in region.to_polygons()), key=lambda one: float(np.ptp(one[:, 0])))
    tops = top_profile(polygon - (polygon[:, 0].min(), 0.0), float(np.ptp(polygon[:, 0])))
    return float(np.quantile(tops[tops > eaves], RIDGE)) if (tops > eaves).any() else 0.0


def _ends(region: Shape, height: float) -> tuple[float, float] | None:
    """Return how far along a region reaches at a height."""
    row = region ^ band((-1e4, 1e4), height, height + 1e-3)
    return None if row.is_empty() else (float(row.bounds()[0]), float(row.bounds()[2]))


def _wide(region: Shape, height: float) -> float:
    ends = _ends(region, height)
    return ends[1] - ends[0] if ends else 0.0


def _hips(region: Shape, eaves: float, ridge: float) -> np.ndarray | None:
    """Return by how many metres for every metre up the left and the right end of a region go in (2,): medians of all pairs of heights."""
    if ridge <= eaves:
        return None
    heights = eaves + np.linspace(FOOT, HEAD, LEVELS) * (ridge - eaves)
    ends = [_ends(region, float(height)) for height in heights]
    if any(end is None for end in ends):
        return None
    low, high = np.triu_indices(LEVELS, 1)
    steps = (np.array(ends)[high] - np.array(ends)[low]) / (heights[high] - heights[low])[:, None]
    return np.asarray(np.median(steps, axis=0) * (1, -1))


def _told_by_colour(codes: np.ndarray, drawn: np.ndarray, frame: Frame, roof: Roof) -> bool:
    """Is what rises over the eaves of another colour than the wall below?"""
    top = roof.on_wall(roof.ridge, eye(frame.camera))
    face = elevation(codes, filled([drawn], codes.shape[:2]), frame.camera, frame.walls[0], top)
    above = _columns(face, *(roof.eaves + share * (top - roof.eaves) for share in ROOF_ROWS))
    below = _columns(face, *(roof.eaves * share for share in WALL_ROWS))
    if min(len(above), len(below)) < FEWEST:
        return False
    apart = np.median(above, axis=0) - np.median(below, axis=0)
    length = float(np.linalg.norm(apart))
    stray = np.hypot(*(1.48 * np.median(np.abs((some - np.median(some, axis=0)) @ apart)) / max(length, 1e-9) for some in (above, below)))
    return bool(length > TOLD * max(float(stray), 1.0))


def _columns(face: Elevation, low: float, high: float) -> np.ndarray:
    """Return the median colour (n, 3), Lab codes, of each column of a wall's picture between two heights, of those that the outline covers."""
    rows = slice(*(round(float(np.clip((face.top - height) * face.per_unit, 0, len(face.codes)))) for height in (high, low)))
    lab = cv2.cvtColor(face.codes[rows], cv2.COLOR_RGB2LAB).astype(np.float64) if rows.stop > rows.start else np.zeros((0, 1, 3))
    parts = np.array_split(np.arange(lab.shape[1]), COLUMNS)
    own = [lab[:, part][face.mask[rows][:, part]] for part in parts]
    return np.array([np.median(colours, axis=0) for colours in own if len(colours)])
