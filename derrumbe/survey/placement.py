"""A solved camera in the building's world: the scale that sets the solved points on the building's walls and on the ground."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from derrumbe.core.records import FAR, Camera, Vec3
from derrumbe.geom.camera import eye, rays
from derrumbe.geom.lens import filmed
from derrumbe.survey.frame import Wall
from derrumbe.survey.matchmove.match import Match

FEWEST = 8
REACH = 2.5
"""Ground is looked at up to this many times the building's distance."""


@dataclass(frozen=True)
class Scale:
    """metres: of one unit of the solve. spread: how unevenly the points say so. off_ground: how far ground and walls disagree (log)."""

    metres: float
    spread: float
    off_ground: float | None


@dataclass(frozen=True, eq=False)
class Standing:
    """A building that stands on solved points: metres of a unit of the solve, and the depth (h, w) of its surface in the first frame."""

    metres: float
    depth: np.ndarray


def scale_of(match: Match, camera: Camera, walls: tuple[Wall, ...], outline: np.ndarray, standing: Standing | None = None) -> Scale:
    """Return the Scale. `camera`: the first frame's in the building's world; `outline` (n, 2) in its pixels."""
    ahead = match.points[:, 2] > 1e-6
    points = match.points[ahead]
    pixels = filmed(camera, match.focal[0] * points[:, :2] / points[:, 2:] + (camera.cx, camera.cy))
    contour = outline.astype(np.float32).reshape(-1, 1, 2)
    inside = np.array([cv2.pointPolygonTest(contour, (float(x), float(y)), False) > 0 for x, y in pixels], bool)
    depth = _surface_depth(standing.depth, pixels) if standing else _wall_depth(camera, walls, pixels)
    own = inside & np.isfinite(depth)
    ground = _ground_depth(camera, pixels)
    low = ~inside & (pixels[:, 1] > np.median(outline[:, 1])) & (ground < REACH * _distance(camera, walls))
    with np.errstate(divide="ignore", invalid="ignore"):
        by_wall, by_ground = np.log(depth / points[:, 2])[own], np.log(ground / points[:, 2])[low]
    wall, floor = _middle(by_wall), _middle(by_ground)
    if standing:
        return Scale(standing.metres, wall[1], float(floor[0] - np.log(standing.metres)) if np.isfinite(floor[1]) else None)
    if not np.isfinite(min(wall[1], floor[1])):
        return Scale(_distance(camera, walls) / max(float(np.median(points[:, 2])), 1e-9) if len(points) else 1.0, np.inf, None)
    # Walls may be round or stepped, ground may be hilly: what agrees best with itself gives the scale.
    best = min(wall, floor, key=lambda found: found[1])
    off = floor[0] - wall[0] if np.isfinite(max(wall[1], floor[1])) else None
    return Scale(float(np.exp(best[0])), best[1], off)


def _middle(logs: np.ndarray) -> tuple[float, float]:
    """Return the median and the robust spread of logarithms of scale; an infinite spread when there are too few."""
    if len(logs) < FEWEST:
        return 0.0, np.inf
    middle = float(np.median(logs))
    return middle, float(1.4826 * np.median(np.abs(logs - middle)))


def _distance(camera: Camera, walls: tuple[Wall, ...]) -> float:
    return float(np.linalg.norm(walls[0].origin + 0.5 * walls[0].width * walls[0].along - eye(camera)))


def _surface_depth(depth: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Return the depth (n,) of a depth picture at pixels (n, 2), NaN where nothing is."""
    height, width = depth.shape
    inside = np.asarray((pixels >= 0).all(axis=1) & (pixels < (width, height)).all(axis=1))
    column, row = np.where(inside[:, None], pixels, 0).astype(int).T
    found = depth[row, column].astype(np.float64)
    return np.where(inside & (found < FAR), found, np.nan)


def _wall_depth(camera: Camera, walls: tuple[Wall, ...], pixels: np.ndarray) -> np.ndarray:
    """Return the depth (n,) along the camera's axis of the nearest wall behind each pixel, NaN where there is none."""
    origin, ways = eye(camera), rays(camera, pixels)
    out = np.full(len(pixels), np.nan)
    for wall in walls:
        towards = ways @ wall.normal
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = ((wall.origin - origin) @ wall.normal) / towards
        across = (origin + ways * np.nan_to_num(reach)[:, None] - wall.origin) @ wall.along
        hit = (reach > 0) & (towards < -1e-6) & (across > -0.02 * wall.width) & (across < 1.02 * wall.width)
        out = np.where(hit, np.fmin(out, reach), out)
    return out


def _ground_depth(camera: Camera, pixels: np.ndarray) -> np.ndarray:
    height, ways = eye(camera)[1], rays(camera, pixels)
    return np.where(ways[:, 1] < -1e-4, height / np.maximum(-ways[:, 1], 1e-4), np.inf)


def cameras_of(match: Match, first: Camera, metres: float) -> tuple[Camera, ...]:
    """Return the camera of every frame in the building's world; the first one is `first` itself."""
    turn, shift = np.asarray(first.rotation), np.asarray(first.translation)
    out = []
    for rotation, translation, focal in zip(match.rotation, match.translation, match.focal, strict=True):
        here = rotation @ turn
        rows = tuple(_vec3(row) for row in here)
        moved = rotation @ shift + metres * translation
        out.append(first.model_copy(update={"rotation": rows, "translation": _vec3(moved), "focal_px": float(focal)}))
    return (first, *out[1:])


def _vec3(values: np.ndarray) -> Vec3:
    x, y, z = (float(value) for value in values)
    return x, y, z
