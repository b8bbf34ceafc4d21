"""Small labelled plots and pictures, drawn with OpenCV on dark grey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from derrumbe.media.picture import write_png

BACK, INK, DIM = (30, 30, 32), (225, 225, 225), (95, 95, 100)
LINE_COLOURS = ((240, 160, 60), (90, 170, 250), (120, 210, 120), (220, 120, 220), (230, 220, 90))
FAINT = (48, 48, 50)
LIMIT = (235, 80, 70)
WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 66, 16, 34, 40
FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True)
class Line:
    """x and y of a curve, or of bars."""

    x: Sequence[float] | np.ndarray
    y: Sequence[float] | np.ndarray
    name: str = ""
    bars: bool = False


@dataclass(frozen=True)
class Plot:
    """Curves with a title, axis labels, and levels drawn across (value → name)."""

    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    levels: dict[float, str] = field(default_factory=dict)
    marks: dict[float, str] = field(default_factory=dict)
    """Vertical lines: x → name."""


def write_plot(path: Path, plot: Plot) -> None:
    """Draw `plot` as a PNG."""
    canvas = np.full((HEIGHT, WIDTH, 3), BACK, np.uint8)
    x_range = _range([line.x for line in plot.lines] + [list(plot.marks)], grow=0)
    y_range = _range([line.y for line in plot.lines] + [list(plot.levels)], grow=0.06)
    _axes(canvas, plot, x_range, y_range)
    for value, name in plot.levels.items():
        y = int(_place(value, y_range, HEIGHT - BOTTOM, TOP))
        cv2.line(canvas, (LEFT, y), (WIDTH - RIGHT, y), LIMIT, 1, cv2.LINE_AA)
        _text(canvas, name, (WIDTH - RIGHT - 7 * len(name), y - 4), LIMIT)
    for value, name in plot.marks.items():
        x = int(_place(value, x_range, LEFT, WIDTH - RIGHT))
        cv2.line(canvas, (x, TOP), (x, HEIGHT - BOTTOM), DIM, 1)
        _text(canvas, name, (min(x + 3, WIDTH - 8 * len(name)), TOP + 10), DIM)
    for line, colour in zip(plot.lines, LINE_COLOURS, strict=False):
        _curve(canvas, line, colour, x_range, y_range)
    _legend(canvas, plot.lines)
    write_png(path, canvas)


def write_pictures(path: Path, pictures: Sequence[tuple[str, np.ndarray]], side: int = 420) -> None:
    """Write labelled pictures (h, w, 3) uint8 beside each other, each at most `side` pixels wide and at least twice enlarged when tiny."""
    tiles = [_labelled(name, _fitted(picture, side)) for name, picture in pictures]
    height = max(tile.shape[0] for tile in tiles)
    tiles = [np.pad(tile, ((0, height - tile.shape[0]), (0, 6), (0, 0)), constant_values=BACK[0]) for tile in tiles]
    write_png(path, np.ascontiguousarray(np.concatenate(tiles, 1)))


def crop_around(picture: np.ndarray, x: int, y: int, size: int = 160) -> np.ndarray:
    """Return at most `size` pixels square of a picture around a point."""
    top, left = (int(np.clip(at - size // 2, 0, max(0, length - size))) for at, length in ((y, picture.shape[0]), (x, picture.shape[1])))
    return picture[top : top + size, left : left + size]


def _fitted(picture: np.ndarray, side: int) -> np.ndarray:
    height, width = picture.shape[:2]
    scale = side / width
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    return cv2.resize(np.ascontiguousarray(picture), (side, max(1, round(height * scale))), interpolation=method)


def _labelled(name: str, picture: np.ndarray) -> np.ndarray:
    band = np.full((22, picture.shape[1], 3), BACK, np.uint8)
    _text(band, name, (4, 15), INK)
    return np.concatenate([band, picture])


def _range(values: list, grow: float) -> tuple[float, float]:
    flat = np.concatenate([np.asarray(list(v), np.float64).ravel() for v in values] or [np.zeros(1)])
    flat = flat[np.isfinite(flat)]
    low, high = (float(flat.min()), float(flat.max())) if len(flat) else (0.0, 1.0)
    if grow:
        low = min(low, 0.0)
    span = high - low if high > low else max(abs(high), 1.0)
    return low - (grow * span if low < 0 else 0), low + span * (1 + grow)


def _place(value: float, extent: tuple[float, float], start: int, end: int) -> float:
    part = (np.clip(value, *extent) - extent[0]) / (extent[1] - extent[0])
    return float(start + part * (end - start))


def _axes(canvas: np.ndarray, plot: Plot, x_range: tuple[float, float], y_range: tuple[float, float]) -> None:
    cv2.rectangle(canvas, (LEFT, TOP), (WIDTH - RIGHT, HEIGHT - BOTTOM), DIM, 1)
    _text(canvas, plot.title, (8, 18), INK)
    _text(canvas, plot.x_label, (WIDTH // 2 - 4 * len(plot.x_label), HEIGHT - 8), INK)
    _text(canvas, plot.y_label, (LEFT + 4, TOP + 12), INK)
    for value in _ticks(y_range):
        y = round(_place(value, y_range, HEIGHT - BOTTOM, TOP))
        cv2.line(canvas, (LEFT, y), (WIDTH - RIGHT, y), FAINT, 1)
        _text(canvas, f"{value:g}", (8, y + 4), DIM)
    for value in _ticks(x_range):
        x = round(_place(value, x_range, LEFT, WIDTH - RIGHT))
        cv2.line(canvas, (x, HEIGHT - BOTTOM), (x, HEIGHT - BOTTOM - 4), DIM, 1)
        _text(canvas, f"{value:g}", (x - 4 * len(f"{value:g}"), HEIGHT - BOTTOM + 15), DIM)


def _ticks(extent: tuple[float, float]) -> list[float]:
    """Return round numbers inside an extent, about five."""
    rough = (extent[1] - extent[0]) / 5
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * min((1, 2, 5, 10), key=lambda unit: abs(unit * power - rough))
    first = int(np.ceil(extent[0] / step - 1e-9))
    return [float(f"{index * step:.6g}") for index in range(first, int(np.floor(extent[1] / step + 1e-9)) + 1)]


def _legend(canvas: np.ndarray, lines: tuple[Line, ...]) -> None:
    right = WIDTH - RIGHT
    for line, colour in reversed(list(zip(lines, LINE_COLOURS, strict=False))):
        if line.name:
            right -= 8 * len(line.name) + 14
            _text(canvas, line.name, (right, 18), colour)


def _curve(
    canvas: np.ndarray, line: Line, colour: tuple[int, int, int], x_range: tuple[float, float], y_range: tuple[float, float]
) -> None:
    points = [
        (round(_place(float(x), x_range, LEFT, WIDTH - RIGHT)), round(_place(float(y), y_range, HEIGHT - BOTTOM, TOP)))
        for x, y in zip(line.x, line.y, strict=True)
        if np.isfinite(x) and np.isfinite(y)
    ]
    if line.bars:
        zero = round(_place(0.0, y_range, HEIGHT - BOTTOM, TOP))
        for x, y in points:
            cv2.line(canvas, (x, zero), (x, y), colour, 2)
    elif points:
        cv2.polylines(canvas, [np.asarray(points, np.int32)], False, colour, 1, cv2.LINE_AA)
        if len(points) < 40:
            for point in points:
                cv2.circle(canvas, point, 3, colour, -1, cv2.LINE_AA)


def _text(canvas: np.ndarray, text: str, at: tuple[int, int], colour: tuple[int, int, int]) -> None:
    cv2.putText(canvas, text, at, FONT, 0.4, colour, 1, cv2.LINE_AA)
