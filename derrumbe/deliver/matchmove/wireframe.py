"""The set as lines: façades with storeys and openings, the footprint, a ground grid, and the building's silhouette."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.core.files import load_arrays
from derrumbe.core.records import Facade, Located, Set
from derrumbe.deliver.matchmove.board import Board, Colour

GROUND, STOREY, OPENING, FACADE, OUTLINE = (0, 190, 190), (255, 150, 200), (255, 225, 0), (255, 70, 190), (60, 220, 90)
GRID, MOST = (5.0, 10.0, 20.0, 50.0, 100.0), 24
"""Metres between the lines on the ground: the first that gives no more than so many lines each way."""
REACH = 1.2
"""The grid reaches this many building widths to each side."""
STEPS = 65
"""Points of a line, so that it can bend in the lens and end at the camera."""


@dataclass(frozen=True)
class Line:
    points: np.ndarray
    colour: Colour
    width: int = 1


@dataclass(frozen=True)
class Wireframe:
    """Lines in the world, and the building's solid: vertices (n, 3), triangles (m, 3)."""

    lines: tuple[Line, ...]
    vertices: np.ndarray
    triangles: np.ndarray

    def draw(self, board: Board, bold: int = 1) -> None:
        """Draw over a board; `bold` times as thick."""
        points = np.array([line.points for line in self.lines])
        board.world_lines(points, [(line.colour, line.width * bold) for line in self.lines])
        board.silhouette(self.vertices, self.triangles, OUTLINE, bold)


def wireframe_of(film_set: Located[Set]) -> Wireframe:
    """Return everything that should stick to the plate."""
    building = film_set.record.building
    solid = load_arrays(film_set.path(building.solid))
    corners = np.array([(x, 0.0, z) for x, z in building.footprint])
    lines = [*grid_lines(corners), *ring(corners, FACADE)]
    for facade in building.facades:
        lines += facade_lines(facade, building.storey_tops)
    return Wireframe(tuple(lines), solid["vertices"], solid["triangles"])


def grid_lines(corners: np.ndarray) -> list[Line]:
    """Return a ground grid about the footprint's corners (n, 3)."""
    low, high = corners.min(0), corners.max(0)
    reach = REACH * max(*(high - low)[[0, 2]], GRID[0])
    step = next((one for one in GRID if ((high - low)[[0, 2]] + 2 * reach).max() <= MOST * one), GRID[-1])
    across, along = (np.arange(np.floor((low[i] - reach) / step), np.ceil((high[i] + reach) / step) + 1) * step for i in (0, 2))
    lines = [straight((x, 0, along[0]), (x, 0, along[-1]), GROUND) for x in across]
    return lines + [straight((across[0], 0, z), (across[-1], 0, z), GROUND) for z in along]


def facade_lines(facade: Facade, tops: tuple[float, ...]) -> list[Line]:
    """Return a façade's frame, the tops of its storeys and its openings."""

    def at(x: float, y: float) -> np.ndarray:
        return np.asarray(facade.origin) + x * np.asarray(facade.along) + np.array([0, y, 0])

    def box(left: float, bottom: float, right: float, top: float, colour: Colour, width: int) -> list[Line]:
        corners = np.array([at(left, bottom), at(right, bottom), at(right, top), at(left, top)])
        return ring(corners, colour, width)

    storeys = [straight(at(0, top), at(facade.width, top), STOREY) for top in tops if top < facade.height - 0.1]
    openings = [line for o in facade.openings for line in box(o.left, o.bottom, o.right, o.top, OPENING, 1)]
    return [*openings, *storeys, *box(0, 0, facade.width, facade.height, FACADE, 2)]


def ring(corners: np.ndarray, colour: Colour, width: int = 1) -> list[Line]:
    return [straight(a, b, colour, width) for a, b in zip(corners, np.roll(corners, -1, 0), strict=True)]


def straight(a: object, b: object, colour: Colour, width: int = 1) -> Line:
    first, last = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return Line(first + (last - first) * np.linspace(0, 1, STEPS)[:, None], colour, width)
