"""Pictures of what survey found, for the report and for the artist to check."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from derrumbe.core.records import Camera, Facade
from derrumbe.geom.camera import project
from derrumbe.geom.lens import filmed
from derrumbe.media.picture import write_png
from derrumbe.survey.mattes import Mattes

LARGEST = 1280
FIGURE = 1.75
"""Height of the people drawn for scale, metres."""
PERSON = np.array(
    [
        (-0.1, 0),
        (-0.14, 0.48),
        (-0.16, 0.8),
        (-0.05, 0.86),
        (-0.06, 0.97),
        (0, 1),
        (0.06, 0.97),
        (0.05, 0.86),
        (0.16, 0.8),
        (0.14, 0.48),
        (0.1, 0),
    ]
)
"""Outline of a standing person of height 1."""
AXIS_COLOURS = {0: (230, 60, 60), 1: (60, 200, 90), 2: (60, 140, 250), -1: (130, 130, 130)}


class Board:
    """A picture at most LARGEST wide to draw on, in plate pixels."""

    def __init__(self, codes: np.ndarray) -> None:
        self.scale = min(1.0, LARGEST / max(codes.shape))
        self.codes = cv2.resize(codes, None, fx=self.scale, fy=self.scale, interpolation=cv2.INTER_AREA) if self.scale < 1 else codes.copy()

    def line(self, points: np.ndarray, colour: tuple[int, int, int], closed: bool = False, width: int = 1) -> None:
        points = np.clip(np.nan_to_num(points) * self.scale - 0.5, -2e4, 2e4)
        cv2.polylines(self.codes, [np.round(points * 16).astype(np.int32)], closed, colour, width, cv2.LINE_AA, 4)

    def fill(self, points: np.ndarray, colour: tuple[int, int, int]) -> None:
        points = np.clip(np.nan_to_num(points) * self.scale - 0.5, -2e4, 2e4)
        cv2.fillPoly(self.codes, [np.round(points * 16).astype(np.int32)], colour, cv2.LINE_AA, 4)

    def text(self, words: str, at: np.ndarray) -> None:
        x, y = (int(v) for v in np.clip(np.nan_to_num(at) * self.scale, -2e4, 2e4))
        for width, colour in ((3, (0, 0, 0)), (1, (255, 255, 255))):
            cv2.putText(self.codes, words, (x + 4, y + 4), cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, width, cv2.LINE_AA)

    def tint(self, mask: np.ndarray, colour: tuple[int, int, int], strength: float = 0.45) -> None:
        alpha = strength * cv2.resize(mask.astype(np.float32), self.codes.shape[1::-1], interpolation=cv2.INTER_AREA)[..., None]
        self.codes = np.clip(self.codes + (np.array(colour) - self.codes) * alpha, 0, 255).astype(np.uint8)

    def save(self, path: Path) -> None:
        write_png(path, np.ascontiguousarray(self.codes))


def lines_board(codes: np.ndarray, segments: np.ndarray, support: np.ndarray, camera: Camera) -> Board:
    """Draw segments in their axis's colour (red up, green along, blue across) and the horizon."""
    board = Board(codes)
    for segment, axis in zip(segments, support, strict=True):
        board.line(segment.reshape(2, 2), AXIS_COLOURS[int(axis)])
    up = np.asarray(camera.rotation)[:, 1]
    columns = np.linspace(0.0, camera.width, 65 if any(camera.distortion) else 2)
    rows = camera.cy - ((columns - camera.cx) * up[0] + camera.focal_px * up[2]) / up[1]
    board.line(filmed(camera, np.stack([columns, rows], 1)), (255, 220, 0))
    return board


def solid_board(codes: np.ndarray, camera: Camera, vertices: np.ndarray, triangles: np.ndarray, facades: tuple[Facade, ...]) -> Board:
    """Draw the solid's wireframe, façades and openings, and a ground grid of 5 metres."""
    board = Board(codes)
    pixels, depth = project(camera, vertices)
    for triangle in triangles:
        if (depth[triangle] > 0).all():
            board.line(pixels[triangle], (90, 160, 255), True)
    for facade in facades:
        _draw_facade(board, camera, facade)
    span = np.arange(-30.0, 31.0, 5.0)
    for x in span:
        _world_line(board, camera, np.array([[x, 0, -10.0], [x, 0, 40.0]]), (0, 200, 200))
        _world_line(board, camera, np.array([[-30.0, 0, x + 20], [30.0, 0, x + 20]]), (0, 200, 200))
    return board


def scale_board(codes: np.ndarray, camera: Camera, facades: tuple[Facade, ...], storey_tops: tuple[float, ...], height: float) -> Board:
    """Draw what shows whether the scale is right: people of FIGURE metres before the walls, a staff in metres, floors and openings."""
    board = Board(codes)
    for facade in facades:
        _draw_facade(board, camera, facade)
        for top in storey_tops:
            board.line(_on(camera, facade, np.array([[0.0, top], [facade.width, top]])), (255, 90, 200))
    main = facades[0]
    for share in (0.2, 0.5, 0.8):
        board.fill(_on(camera, main, PERSON * FIGURE + (share * main.width, 0.0)), (255, 60, 40))
    step = next((step for step in (1.0, 2.0, 5.0, 10.0, 20.0, 50.0) if height / step <= 8), 100.0)
    for metres in np.arange(0.0, height + 0.01, step):
        end = _on(camera, main, np.array([[0.0, metres], [0.02 * main.width, metres]]))
        board.line(end, (255, 255, 255), width=2)
        board.text(f"{metres:.0f} m", end[1])
    return board


def _on(camera: Camera, facade: Facade, points: np.ndarray) -> np.ndarray:
    """Return pixels (n, 2) of points (n, 2) on a façade: metres along and up."""
    world = np.asarray(facade.origin) + points[:, :1] * np.asarray(facade.along) + points[:, 1:] * np.array([0, 1.0, 0])
    return project(camera, world)[0]


def _draw_facade(board: Board, camera: Camera, facade: Facade) -> None:
    boxes = [(0.0, 0.0, facade.width, facade.height), *((o.left, o.bottom, o.right, o.top) for o in facade.openings)]
    for index, (left, bottom, right, top) in enumerate(boxes):
        corners = np.array([[left, bottom], [right, bottom], [right, top], [left, top]])
        world = np.asarray(facade.origin) + corners[:, :1] * np.asarray(facade.along) + corners[:, 1:] * np.array([0, 1.0, 0])
        board.line(project(camera, world)[0], (255, 230, 0) if index else (255, 90, 200), True, 1 if index else 2)


def _world_line(board: Board, camera: Camera, ends: np.ndarray, colour: tuple[int, int, int]) -> None:
    world = ends[0] + (ends[1] - ends[0]) * np.linspace(0, 1, 25)[:, None]
    pixels, depth = project(camera, world)
    shown = (depth > 0.5) & (np.abs(pixels) < 1e4).all(axis=1)
    if np.count_nonzero(shown) > 1:
        board.line(pixels[shown], colour)


def mattes_board(codes: np.ndarray, mattes: Mattes, outline: np.ndarray, sureness: float) -> Board:
    """Tint building green, sky blue, what was drawn in front red, plants and posts that nobody drew magenta, those that
    were not sure enough orange; the user's outline in yellow."""
    board = Board(codes)
    board.tint(mattes.sky, (40, 90, 255))
    board.tint(mattes.building, (40, 220, 60))
    for one in mattes.proposals:
        if one.sure < sureness:
            board.tint(one.mask, (255, 150, 0), 0.6)
    board.tint(mattes.front, (235, 30, 200), 0.7)
    board.tint(mattes.front * mattes.drawn_front, (255, 30, 30), 0.7)
    board.line(outline, (255, 230, 0), True)
    return board
