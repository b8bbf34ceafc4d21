"""What a moving camera sees all around the building: depth maps of a few frames, the relief that they make, the shadows there and the ground.

Those that tell what stands in front look from infinity to close by; these spend all their planes on where solved points lie, and compare
frames further apart: heights come out several times as exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from derrumbe.core.records import FAR, Camera, Located, Plate
from derrumbe.core.work import Work
from derrumbe.geom.camera import eye, resized, rotation_matrix
from derrumbe.geom.depth import plane_depth
from derrumbe.survey.ahead import SURE, confirmed, points_of
from derrumbe.survey.depths import Depths
from derrumbe.survey.filters import filled
from derrumbe.survey.geometry import Geometry
from derrumbe.survey.matchmove.match import Match
from derrumbe.survey.relief import Relief, relief_of
from derrumbe.survey.shadows_around import ShadowsAround, Sight, shadows_around
from derrumbe.survey.stillness import stillness_of
from derrumbe.survey.wanderers import Wanderers

FILES = "around/depth.{frame}.npz"
LINES, PLANES, FRAMES = 270, 64, 5
SPAN, BEYOND = (1, 99), (0.7, 1.3)
"""Percentiles of the solved points' nearness, and how far beyond them depth is looked for."""
FURTHEST = 1.02
"""What is hardly nearer than the furthest plane may as well be sky."""
REACH = 1.0
"""What stands further from the building than this, in distances to it, is left out."""
OVERHEAD = 0.02
"""Share of solved points above the camera from which too much is seen from below: then what stands hides what it throws its shadow on, and only
fronts are known of it."""
KNOWN, ON_BUILDING = 0.3, 50
"""How sure points of the relief are; pixels that show the building at least."""
LYING, EVEN = 1.2, 5
"""Metres above the ground up to which something lies on it, as kerbs, shrubs and the foot of a fence do; pixels of a depth map over which that is
taken: single ones stray."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """shadows: what shadows around the building say; ground (h, w) bool: where the first frame shows the ground and what lies on it. None each where
    nothing is known of them."""

    shadows: ShadowsAround | None = None
    ground: np.ndarray | None = None


def look_around(
    plate: Located[Plate], found: Match, wanderers: Wanderers | None, geometry: Geometry, drawn: np.ndarray, work: Work
) -> Surroundings:
    """Return what lies around the outlined building (`drawn` (n, 2) pixels of the first frame): nothing where the camera doesn't travel above
    it all."""
    level = rotation_matrix(geometry.camera)
    if found.kind != "moving" or np.mean(found.points @ level[:, 1] > 0) > OVERHEAD:
        return Surroundings()
    size, frames = (plate.record.width, plate.record.height), range(plate.record.frames.first, plate.record.frames.last + 1)
    still = stillness_of(found, size)
    near = still.nearness[still.nearness > 0]
    if not len(near):
        return Surroundings()
    span = tuple(float(np.percentile(near, share) * factor) for share, factor in zip(SPAN, BEYOND, strict=True))
    depths = Depths(
        str(plate.folder / plate.record.picture), still, frames, wanderers, 0.0, str(work.folder / FILES),
        span=(span[0], span[1]), lines=LINES, planes=PLANES, most=FRAMES,
    )  # fmt: skip
    keys = depths.keyframes()
    work.map_frames(depths, keys, depths.done, "looking for depth all around")
    views = [_points(depths, key, level) for key in keys]
    relief = _relief(views, filled([drawn * depths.shape[1] / size[0]], depths.shape) > 0)
    if relief is None:
        return Surroundings()
    sights = tuple(_sight(depths, keys[place], *views[place]) for place in sorted({0, len(keys) // 2, len(keys) - 1}))
    return Surroundings(shadows_around(sights, relief), _ground(depths, geometry.camera, size) if keys[0] == frames.start else None)


def _ground(depths: Depths, camera: Camera, size: tuple[int, int]) -> np.ndarray:
    """Return where the first frame, a picture of a size (width, height), shows the ground and what lies on it."""
    nearness = depths.at(depths.frames.start).nearness
    low = ground_in(nearness, resized(camera, *nearness.shape[::-1]))
    return cv2.resize(low.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0


def ground_in(nearness: np.ndarray, camera: Camera) -> np.ndarray:
    """Return where (h, w) bool a depth map (h, w) of nearness, in any unit, of a `camera` over the ground shows that and what lies on it: most of
    what is seen from above is ground."""
    beside_plane = nearness * plane_depth(camera)
    seen = (nearness > 0) & (plane_depth(camera) < FAR)
    if not seen.any():
        return seen
    height = eye(camera)[1] * (1 - commonest(beside_plane[seen]) / np.where(seen, beside_plane, 1))
    return seen & (cv2.blur(cv2.medianBlur(height.astype(np.float32), EVEN), (EVEN, EVEN)) < LYING)


def commonest(values: np.ndarray) -> float:
    """Return the mode of values (n,): the half of them that lies closest together, again and again (Robertson and Cryer 1974)."""
    part = np.sort(values)
    while len(part) > 2:
        half = (len(part) + 1) // 2
        first = int(np.argmin(part[half - 1 :] - part[: len(part) - half + 1]))
        part = part[first : first + half]
    return float(part.mean())


def _points(depths: Depths, key: int, level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return points (h, w, 3) in the first camera's place but with y up, and how sure they are (h, w), 0..1."""
    found = depths.at(key)
    points = points_of(depths.posed(key - depths.frames.start), found.nearness)
    furthest = FURTHEST * (depths.span or (0.0, 0.0))[0]
    sure = np.clip(found.sureness.astype(np.float32) / SURE, 0, 1) * (found.seen & (found.nearness > furthest))
    return points @ level, sure * confirmed(depths, key, points)


def _relief(views: list[tuple[np.ndarray, np.ndarray]], building: np.ndarray) -> Relief | None:
    """Return the relief around the building, which the first view shows at `building` (h, w) bool."""
    points, known = views[0]
    own = points[building & (known > KNOWN)]
    if len(own) < ON_BUILDING:
        return None
    middle = np.median(own, axis=0)
    every = np.concatenate([points[known > KNOWN] for points, known in views])
    return relief_of(every, middle, REACH * float(np.linalg.norm(middle)))


def _sight(depths: Depths, key: int, points: np.ndarray, known: np.ndarray) -> Sight:
    """Return a keyframe at half its size: every other point, but light from all."""
    codes = depths.shown(key - depths.frames.start).codes
    light = np.power(codes.astype(np.float32) / 255, 2.2)
    points, known = points[::2, ::2], known[::2, ::2]
    return Sight(cv2.resize(light, known.shape[::-1], interpolation=cv2.INTER_AREA), points, known)
