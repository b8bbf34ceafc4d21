"""Windows and doors of a wall seen square-on: dark regions with straight sides, sorted into rows (storeys)."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from derrumbe.survey.rectify import Elevation

DARKER = (0.30, 0.42, 0.20, 0.60)
"""An opening is darker than the wall around it by at least one of these in log luminance, those found first counting first: panes mirror the
sky or stand deep in shade, and what hangs together at one level is apart at another."""
SMALLEST, WIDEST, TALLEST = 0.010, 0.98, 0.30
"""Sides of an opening as shares of the wall: smallest side (of its width), widest, tallest (of its height)."""
SOLIDITY = 0.62
ROW_COVER = 0.05
"""A storey's row of openings covers at least this share of the wall's width ..."""
ROW_COUNT = 2
ROW_ALONE = 0.35
"""... with at least two openings, or one as wide as this."""
ALIKE = 0.6
"""Openings of a row share this part of their heights."""
LOW, SMALL, TINY = 0.45, 0.4, 0.2
"""A row of openings lower than this share of the strongest row's, and smaller in all than the second, is vents, panels or shadows; so is
one smaller than the third, however high."""


@dataclass(frozen=True)
class Row:
    """A row of openings: wall boxes (n, 4) left bottom right top, of one storey."""

    boxes: np.ndarray

    @property
    def bottom(self) -> float:
        return float(np.median(self.boxes[:, 1]))

    @property
    def top(self) -> float:
        return float(np.median(self.boxes[:, 3]))

    @property
    def middle(self) -> float:
        return 0.5 * (self.bottom + self.top)


def find_rows(picture: Elevation) -> list[Row]:
    """Return rows of openings from the ground up."""
    boxes = picture.boxes_to_wall(_dark_boxes(picture))
    width = picture.codes.shape[1] / picture.per_unit
    rows = [Row(_tidied(group)) for group in _aligned(boxes)]
    return _without_cellar(_spaced(_strong([row for row in rows if _is_row(row.boxes, width)])))


def storey_rows(walls: list[list[Row]]) -> list[Row]:
    """Return the rows of all walls sorted into storeys, from the ground up: rows of one height share a storey."""
    merged = [Row(group) for group in _grouped(np.vstack([row.boxes for rows in walls for row in rows]))] if any(walls) else []
    return _spaced(merged)


def completed(rows: list[Row], storeys: list[Row]) -> list[Row]:
    """Return a wall's rows with the storeys that it shows none of (trees, reflections) given the openings of its nearest row."""
    if not rows:
        return rows
    missing = [storey for storey in storeys if all(_apart(storey, row) for row in rows)]
    copies = []
    for storey in missing:
        nearest = min(rows, key=lambda row: abs(row.middle - storey.middle))
        boxes = nearest.boxes.copy()
        boxes[:, 1], boxes[:, 3] = storey.bottom, storey.top
        copies.append(Row(boxes))
    return sorted([*rows, *copies], key=lambda row: row.middle)


def _apart(first: Row, second: Row) -> bool:
    return min(first.top, second.top) - max(first.bottom, second.bottom) < 0.3 * min(first.top - first.bottom, second.top - second.bottom)


def _without_cellar(rows: list[Row]) -> list[Row]:
    """Drop a lowest row of low lights at the ground: a cellar's."""
    heights = [row.top - row.bottom for row in rows]
    return rows[1:] if len(rows) > 2 and heights[0] < 0.6 * float(np.median(heights[1:])) and rows[0].bottom < heights[0] else rows


def _dark_boxes(picture: Elevation) -> np.ndarray:
    """Return boxes (n, 4) left top right bottom of dark, upright, box-like regions, in pixels of the elevation."""
    kept: list[np.ndarray] = []
    below = _below_wall(picture)
    for darker in DARKER:
        kept += [box for box in _boxes(picture, below > darker) if not any(_share(box, other) > 0.2 for other in kept)]
    return np.array(kept, np.float64).reshape(-1, 4)


def _share(box: np.ndarray, other: np.ndarray) -> float:
    """Return how much of the smaller of two boxes lies in the other."""
    across, down = np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2])
    smaller = min((one[2] - one[0]) * (one[3] - one[1]) for one in (box, other))
    return float(max(across, 0) * max(down, 0) / smaller)


def _boxes(picture: Elevation, dark: np.ndarray) -> np.ndarray:
    """Return boxes (n, 4) of the box-like parts of a mask (h, w), joined over glazing bars."""
    rows, columns = picture.mask.shape
    bar = max(1, round(0.004 * max(rows, columns)))
    closed = cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((2 * bar + 1, 2 * bar + 1), np.uint8))
    whole = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((bar + 2, bar + 2), np.uint8))
    stats = cv2.connectedComponentsWithStats(whole, connectivity=4)[2]
    left, top, width, height, area = stats[1:].T
    smallest = max(3.0, SMALLEST * max(columns, 0.5 * rows))
    good = (width >= smallest) & (height >= smallest) & (height <= TALLEST * rows) & (width <= WIDEST * columns)
    good &= (area >= SOLIDITY * width * height) & (height <= 6 * width)
    return np.stack([left, top, left + width, top + height], 1)[good].astype(np.float64)


def _below_wall(picture: Elevation) -> np.ndarray:
    """Return how much darker (h, w), log luminance, each point is than the wall around it; 0 outside the mask."""
    rows, columns = picture.mask.shape
    light = np.log(cv2.cvtColor(picture.codes, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255 * 0.97 + 0.03)
    typical = float(np.median(light[picture.mask])) if picture.mask.any() else 0.0
    light = np.where(picture.mask, light, np.float32(typical)).astype(np.float32)
    wall = _upper_blur(light, max(7, int(0.12 * min(rows, columns)) | 1))
    return np.where(picture.mask, wall - light, 0.0).astype(np.float32)


def _upper_blur(light: np.ndarray, size: int) -> np.ndarray:
    """Return the brightness of the wall around each point: a high percentile over a wide window, smooth."""
    step = max(1, size // 16)
    small = cv2.resize(light, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    codes = np.clip((small + 3.6) * 68, 0, 255).astype(np.uint8)
    span = max(3, (2 * size // step) | 1)
    median = cv2.medianBlur(codes, min(span, 251))
    median = cv2.medianBlur(np.maximum(median, codes), min(span, 251))
    level = cv2.GaussianBlur(median.astype(np.float32) / 68 - 3.6, (0, 0), span / 6)
    return cv2.resize(level, light.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _grouped(boxes: np.ndarray) -> list[np.ndarray]:
    """Group boxes that overlap in height by more than half of the shorter one."""
    groups: list[np.ndarray] = []
    for box in boxes[np.argsort(boxes[:, 0] - boxes[:, 2], kind="stable")]:
        for index, group in enumerate(groups):
            low, high = np.median(group[:, 1]), np.median(group[:, 3])
            overlap = min(high, box[3]) - max(low, box[1])
            if overlap > 0.5 * min(high - low, box[3] - box[1]):
                groups[index] = np.vstack([group, box])
                break
        else:
            groups.append(box[None])
    return sorted(groups, key=lambda group: float(np.median(group[:, 1] + group[:, 3])))


def _aligned(boxes: np.ndarray) -> list[np.ndarray]:
    """Group boxes (n, 4) whose sills and heads nearly agree, the largest groups first served; from the ground up."""
    groups: list[np.ndarray] = []
    while len(boxes):
        like = _overlap(boxes) > ALIKE
        area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        best = like[int(np.argmax(like @ area))]
        groups.append(boxes[best])
        boxes = boxes[~best]
    return sorted(groups, key=lambda group: float(np.median(group[:, 1] + group[:, 3])))


def _overlap(boxes: np.ndarray) -> np.ndarray:
    """Return how much of the heights spanned by each two boxes (n, n) they share."""
    low, high = boxes[:, 1], boxes[:, 3]
    shared = np.minimum.outer(high, high) - np.maximum.outer(low, low)
    return shared / (np.maximum.outer(high, high) - np.minimum.outer(low, low))


def _strong(rows: list[Row]) -> list[Row]:
    """Leave out rows that are both low and small beside the strongest one."""
    if not rows:
        return rows
    best = max(rows, key=_strength)
    low, least = LOW * (best.top - best.bottom), _strength(best)
    return [row for row in rows if _strength(row) > (TINY if row.top - row.bottom > low else SMALL) * least]


def _strength(row: Row) -> float:
    """Return the area of a row's openings, none counting as wider than high: a colonnade is one dark band."""
    width, height = row.boxes[:, 2] - row.boxes[:, 0], row.boxes[:, 3] - row.boxes[:, 1]
    return float((np.minimum(width, height) * height).sum())


def _tidied(boxes: np.ndarray) -> np.ndarray:
    """Give openings of a row that nearly agree the row's sill and head; sort them; drop overlaps."""
    sill, head = np.median(boxes[:, 1]), np.median(boxes[:, 3])
    reach = 0.25 * (head - sill)
    boxes = boxes.copy()
    boxes[np.abs(boxes[:, 1] - sill) < reach, 1] = sill
    boxes[np.abs(boxes[:, 3] - head) < reach, 3] = head
    kept: list[np.ndarray] = []
    for box in boxes[np.argsort(boxes[:, 0], kind="stable")]:
        if box[3] - box[1] > 0.4 * (head - sill) and (not kept or box[0] > kept[-1][2]):
            kept.append(box)
    return np.array(kept).reshape(-1, 4)


def _is_row(boxes: np.ndarray, width: float) -> bool:
    cover = (boxes[:, 2] - boxes[:, 0]).sum() / width
    return bool((len(boxes) >= ROW_COUNT and cover > ROW_COVER) or cover > ROW_ALONE)


def _spaced(rows: list[Row]) -> list[Row]:
    """Drop the weaker of two rows that stand much nearer to each other than rows usually do: they share a storey."""
    rows = list(rows)
    while len(rows) > 1:
        gaps = np.diff([row.middle for row in rows])
        index = int(np.argmin(gaps))
        usual = float(np.median(gaps)) if len(gaps) > 2 else float(gaps.max())
        if gaps[index] > 0.55 * usual:
            return rows
        weaker = index if _area(rows[index]) < _area(rows[index + 1]) else index + 1
        del rows[weaker]
    return rows


def _area(row: Row) -> float:
    return float(((row.boxes[:, 2] - row.boxes[:, 0]) * (row.boxes[:, 3] - row.boxes[:, 1])).sum())
