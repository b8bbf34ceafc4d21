"""The light that was found: a grey ball in the set's sun and sky, an arrow from the sun, and the shadow of a pole on the ground."""

from __future__ import annotations

import math

import cv2
import numpy as np

from derrumbe.core.records import Camera, Set, Sun
from derrumbe.deliver.matchmove.board import Board
from derrumbe.geom.camera import rotation_matrix
from derrumbe.media.colour import to_display

GREY = 0.5
"""What the ball reflects."""
SIZE = 0.2
"""The ball's diameter as a share of the picture's height."""
SUNNY, SHADY = (255, 200, 30), (20, 20, 60)
POLE, LONGEST = 0.35, 3.0
"""The pole's height as a share of the building's; its shadow is drawn up to this many heights."""


def draw_light(board: Board, film_set: Set, display: str) -> None:
    """Draw ball, arrow and pole over a board of the plate."""
    draw_pole(board, film_set)
    height, width = board.codes.shape[:2]
    radius = SIZE * height / 2
    middle = np.array([width - 1.9 * radius, height - 1.9 * radius])
    codes, cover = ball(board.camera, film_set.sun, round(2 * radius), display)
    side = codes.shape[0]
    left, top = (round(float(one) - side / 2) for one in middle)
    under = board.codes[top : top + side, left : left + side]
    under[:] = np.rint(under + (codes.astype(np.float32) - under) * cover[..., None])
    if not film_set.sun.overcast:
        draw_arrow(board.codes, rotation_matrix(board.camera) @ np.asarray(film_set.sun.direction), middle, radius)


def ball(camera: Camera, sun: Sun, side: int, display: str) -> tuple[np.ndarray, np.ndarray]:
    """Return display codes (side, side, 3) and coverage (side, side) of a grey ball that sun, sky and ground light."""
    at = (np.arange(side) + 0.5) / side * 2 - 1
    x, y = np.meshgrid(at, at)
    far = x**2 + y**2
    towards = np.stack([x, y, -np.sqrt(np.clip(1 - far, 0, 1))], -1)  # camera axes: y down, the near side is at -z
    normal = towards @ rotation_matrix(camera)
    shown = shading(normal, sun)
    cover = np.clip((1 - np.sqrt(far)) * side / 2 + 0.5, 0, 1).astype(np.float32)
    return to_display((GREY * shown).astype(np.float32), display), cover


def shading(normal: np.ndarray, sun: Sun) -> np.ndarray:
    """Return what a white Lambertian facing `normal` (..., 3) shows, (..., 3)."""
    direction = np.asarray(sun.direction) / np.linalg.norm(sun.direction)
    lit = np.clip(normal @ direction, 0, 1)[..., None] * np.asarray(sun.rgb) * (not sun.overcast)
    up = 0.5 + 0.5 * normal[..., 1:2]
    return lit + up * np.asarray(sun.sky_rgb) + (1 - up) * np.asarray(sun.ground_rgb)


def draw_arrow(codes: np.ndarray, towards: np.ndarray, middle: np.ndarray, radius: float) -> None:
    """Draw an arrow that flies from the sun to the ball; `towards` the sun in camera axes. It ends on the ball's lit side."""
    flat = towards[:2]
    behind_ball = towards[2] > 0  # the sun is before the camera, so the arrow ends at the far side
    end = middle + flat * radius * (1.05 if behind_ball else 1.0)
    start = middle + flat * radius * 1.85
    line = [tuple(round(float(one)) for one in point) for point in (start, end)]
    cv2.arrowedLine(codes, line[0], line[1], SUNNY, max(2, round(radius / 18)), cv2.LINE_AA, tipLength=0.3)


def draw_pole(board: Board, film_set: Set) -> None:
    """Draw an upright pole before the main façade, and its shadow."""
    building, sun = film_set.building, np.asarray(film_set.sun.direction)
    foot = np.array([0.0, 0.0, 0.25 * building.height])
    top = foot + np.array([0, POLE * building.height, 0])
    if not film_set.sun.overcast and sun[1] > 0.02:
        fall = -sun / sun[1] * top[1]
        flat = np.array([fall[0], 0, fall[2]])
        flat *= min(1.0, LONGEST * top[1] / max(float(np.linalg.norm(flat)), 1e-6))
        board.world_line(foot + flat * np.linspace(0, 1, 17)[:, None], SHADY, 3)
    board.world_line(foot + (top - foot) * np.linspace(0, 1, 17)[:, None], SUNNY, 2)


def sun_angles(camera: Camera, sun: Sun) -> tuple[float, float]:
    """Return the sun's azimuth as knobs give it (0 away from the camera, 90 to the right) and its elevation, degrees."""
    forward, right = rotation_matrix(camera)[2], rotation_matrix(camera)[0]
    x, y, z = np.asarray(sun.direction) / np.linalg.norm(sun.direction)
    flat = np.array([x, 0, z])
    azimuth = math.degrees(math.atan2(float(flat @ right), float(flat @ (forward * (1, 0, 1))))) % 360
    return azimuth, math.degrees(math.asin(float(np.clip(y, -1, 1))))
