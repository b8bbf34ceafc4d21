"""Buildings of known truth, drawn by projecting textured walls with a known camera."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from derrumbe.core.records import Camera, NoiseModel
from derrumbe.geom.camera import project

FINER = 4
SKY, GROUND, WALL, SIDE, WINDOW, ROOF = (175, 205, 235), (96, 100, 92), (186, 160, 132), (150, 128, 104), (52, 58, 66), (120, 90, 80)
QUIET = NoiseModel(levels=(0.0, 1.0), variance_at=((1e-6, 1e-6),) * 3, spatial=((1.0,),), channel=((1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0)))


@dataclass(frozen=True)
class Scene:
    """codes (h, w, 3) uint8; outline (n, 2) pixels; camera: the truth in the world of the records (origin at the main wall's foot)."""

    codes: np.ndarray
    outline: np.ndarray
    camera: Camera
    size: tuple[float, float, float]
    """Width, eaves height, depth of the building, metres."""


def building(
    focal: float = 900.0,
    picture: tuple[int, int] = (960, 640),
    eye: tuple[float, float, float] = (2.0, 1.7, 30.0),
    aim: tuple[float, float, float] = (0.0, 5.0, 0.0),
    roll: float = 0.0,
    size: tuple[float, float, float] = (16.0, 9.9, 12.0),
    storeys: int = 3,
    columns: int = 6,
    gable: float = 0.0,
    hips: tuple[float, float] | None = None,
    roof: tuple[int, int, int] = ROOF,
) -> Scene:
    """Draw a box with rows of windows, with a gable over the main wall when `gable` (metres) is above 0; or under slopes all round, level on top.

    hips: pitch (degrees) and rise (metres) of such slopes; roof: its colour.
    """
    camera = look(focal, picture, eye, aim, roll)
    width, height, depth = size
    canvas = _backdrop(camera)
    right = eye[0] > width / 2
    left = eye[0] < -width / 2
    polygons = []
    if gable:
        ridge_front, ridge_back = (0.0, height + gable, 0.0), (0.0, height + gable, -depth)
        for sign in (-1, 1):
            corner = (sign * width / 2, height, 0.0), (sign * width / 2, height, -depth)
            polygons.append(_paint(canvas, camera, np.array([corner[0], ridge_front, ridge_back, corner[1]]), ROOF))
    if hips:
        run = hips[1] / np.tan(np.radians(hips[0]))
        foot = np.array([[-width / 2, height, 0.0], [width / 2, height, 0.0], [width / 2, height, -depth], [-width / 2, height, -depth]])
        top = foot + np.array([[run, hips[1], -run], [-run, hips[1], -run], [-run, hips[1], run], [run, hips[1], run]])
        for a, b in ((2, 3), (3, 0), (1, 2), (0, 1)):
            polygons.append(_paint(canvas, camera, np.array([foot[a], foot[b], top[b], top[a]]), roof))
    for visible, x, sign in ((right, width / 2, 1), (left, -width / 2, -1)):
        if visible:
            start = np.array([x, 0.0, 0.0 if sign > 0 else -depth])
            along = np.array([0.0, 0.0, -float(sign)])
            polygons.append(_wall(canvas, camera, start, along, depth, height, storeys, max(2, columns - 2), SIDE, 0.0))
    polygons.append(
        _wall(canvas, camera, np.array([-width / 2, 0.0, 0.0]), np.array([1.0, 0, 0]), width, height, storeys, columns, WALL, gable)
    )
    codes = cv2.resize(canvas, picture, interpolation=cv2.INTER_AREA)
    return Scene(codes, _outline_of(polygons, picture), camera, size)


def look(focal: float, picture: tuple[int, int], eye: tuple[float, ...], aim: tuple[float, ...], roll: float) -> Camera:
    """Return the camera at `eye` that looks at `aim`, rolled by `roll` radians."""
    forward = np.subtract(aim, eye)
    forward = forward / np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    turn = np.array([[np.cos(roll), np.sin(roll), 0], [-np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    rotation = turn @ np.stack([right, down, forward])
    return Camera(
        width=picture[0],
        height=picture[1],
        focal_px=focal,
        cx=picture[0] / 2,
        cy=picture[1] / 2,
        rotation=tuple(map(tuple, rotation.tolist())),
        translation=tuple((-rotation @ np.asarray(eye)).tolist()),
    )


def angle_between(first: Camera, second: Camera) -> float:
    """Return the angle, degrees, between two cameras' rotations."""
    turn = np.asarray(first.rotation) @ np.asarray(second.rotation).T
    return float(np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1))))


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    """Return intersection over union of two masks."""
    return float(np.count_nonzero(first & second) / np.count_nonzero(first | second))


def _backdrop(camera: Camera) -> np.ndarray:
    canvas = np.empty((camera.height * FINER, camera.width * FINER, 3), np.uint8)
    rows, columns = np.mgrid[0 : canvas.shape[0], 0 : canvas.shape[1]]
    x = ((columns + 0.5) / FINER - camera.cx) / camera.focal_px
    y = ((rows + 0.5) / FINER - camera.cy) / camera.focal_px
    up = np.asarray(camera.rotation)[:, 1]
    canvas[:] = np.where((x * up[0] + y * up[1] + up[2] > 0)[..., None], SKY, GROUND)
    return canvas


def _wall(
    canvas: np.ndarray,
    camera: Camera,
    start: np.ndarray,
    along: np.ndarray,
    width: float,
    height: float,
    storeys: int,
    columns: int,
    colour: tuple[int, int, int],
    gable: float,
) -> np.ndarray:
    top = [(width, height), (width / 2, height + gable), (0, height)] if gable else [(width, height), (0, height)]
    polygon = _paint(canvas, camera, _points(start, along, [(0, 0), (width, 0), *top]), colour)
    storey, bay = height / storeys, width / columns
    for level in range(storeys):
        for column in range(columns):
            left, bottom = (column + 0.28) * bay, (level + 0.3) * storey
            right, head = left + 0.44 * bay, bottom + 0.45 * storey
            _paint(canvas, camera, _points(start, along, [(left, bottom), (right, bottom), (right, head), (left, head)]), WINDOW)
    return polygon


def _points(start: np.ndarray, along: np.ndarray, corners: list[tuple[float, float]]) -> np.ndarray:
    return np.array([start + a * along + np.array([0.0, h, 0.0]) for a, h in corners])


def _paint(canvas: np.ndarray, camera: Camera, world: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    pixels = project(camera, np.asarray(world, np.float64))[0]
    cv2.fillPoly(canvas, [np.round((pixels * FINER - 0.5) * 16).astype(np.int32)], colour, shift=4)
    return pixels


def _outline_of(polygons: list[np.ndarray], picture: tuple[int, int]) -> np.ndarray:
    mask = np.zeros((picture[1] * 8, picture[0] * 8), np.uint8)
    for polygon in polygons:
        cv2.fillPoly(mask, [np.round((polygon * 8 - 0.5) * 16).astype(np.int32)], 255, shift=4)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    longest = cv2.approxPolyDP(max(contours, key=cv2.contourArea), 3.0, True)[:, 0]
    return np.clip((longest + 0.5) / 8, 0, picture).astype(np.float64)
