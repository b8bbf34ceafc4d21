"""What stands beside and behind the building, as upright cards on the ground: they catch shadow and dust, and hide what is behind them.

Each column of the picture gets a base row, where what stands there meets the ground: the strongest change of colour below the skyline
that neighbouring columns agree on. Behind the building, bases are carried on from both sides.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from derrumbe.core.records import FAR, GROUND, MADE_UP, NEIGHBOUR, Camera
from derrumbe.geom.camera import eye, rays, rotation_matrix
from derrumbe.geom.lens import filmed, sights, undistorted
from derrumbe.geom.solids import mesh, upright_prism

WORKING_SIDE = 640
BLOCK = 0.0125
"""Width of a card, as a share of the picture's width."""
NEAREST, FARTHEST, USUAL = 1.0, 4.0, 1.3
"""Neighbours stand at these multiples of the building's distance."""
LIKELY = 0.3
"""What it costs to stand at twice or half the usual distance, in units of full colour contrast."""
SMOOTH = 0.35
"""How much a step of the base by a tenth of the search range costs, in units of full colour contrast."""
BEYOND = 1.05
"""What is behind the building is at least this times as far as its foot."""
THICK = 3.0
LOW = 0.02
"""What rises over the horizon by less than this share of the picture's height is far, or no higher than the camera."""


@dataclass(frozen=True)
class Cards:
    """Per picture column: `top` and `base` rows (w,) float32; a column without a card has top >= base. distance: (w,) along level forward, metres."""

    top: np.ndarray
    base: np.ndarray
    distance: np.ndarray


def find_cards(codes: np.ndarray, skyline: np.ndarray, hole: np.ndarray, camera: Camera, distance: float, rear: float) -> Cards:
    """Return cards for a picture `codes` (h, w, 3) uint8 in `camera`. `distance`: the building's foot, `rear`: its far side, metres."""
    low, high = (ground_row(camera, distance * share) for share in (FARTHEST, NEAREST))
    base = _base_rows(
        codes, hole, float(low), float(high), lambda rows: np.abs(np.log2(distance_of_row(camera, rows) / (USUAL * distance)))
    )
    hidden = hole.any(axis=0)
    base = np.where(hidden, np.minimum(base, _rear_rows(hole, camera, distance, rear)), base)
    base = cv2.GaussianBlur(base[None].astype(np.float32), (0, 0), 0.004 * len(base))[0]
    return Cards(skyline.astype(np.float32), base, distance_of_row(camera, base))


def standing(cards: Cards, hidden: np.ndarray, horizon: float, height: int) -> Cards:
    """Return the cards without those of an open view, whose top is the horizon: there the ground goes on to that, and nothing stands.

    hidden (w,) bool: columns where the building hides what stands, so that what ends below the horizon may be ground as well.
    horizon: its row; height: the picture's, rows.
    """
    over = horizon - cards.top
    low = LOW * height
    open_view = (over < low) & (hidden | (over > -low))
    return replace(cards, top=np.where(open_view, cards.base, cards.top))


def _rear_rows(hole: np.ndarray, camera: Camera, distance: float, rear: float) -> np.ndarray:
    """Return the row (w,) of the ground behind the building: beyond its rear, and beyond its foot where that runs away from the camera."""
    foot = hole.shape[0] - np.argmax(hole[::-1], axis=0).astype(np.float64)
    lowest = float(ground_row(camera, FARTHEST * rear))
    away = distance_of_row(camera, np.maximum(foot, lowest))
    return ground_row(camera, np.maximum(max(rear, BEYOND * distance), BEYOND * away))


def ground_row(camera: Camera, distance: float | np.ndarray) -> np.ndarray:
    """Return the row, in the picture's middle column, of ground at `distance` metres along level forward."""
    up, forward, height = _level(camera)
    cam = np.multiply.outer(distance, forward) - height * up
    rows = np.asarray(camera.focal_px * cam[..., 1] / np.maximum(cam[..., 2], 1e-3) + camera.cy)
    return filmed(camera, np.stack([np.full_like(rows, camera.cx), rows], -1))[..., 1]


def distance_of_row(camera: Camera, rows: np.ndarray) -> np.ndarray:
    """Return the distance along level forward (n,) float32, metres, of ground that the picture's middle column shows in rows (n,)."""
    up, forward, height = _level(camera)
    pixels = undistorted(camera, np.stack([np.full(len(rows), camera.cx), rows], 1))
    cam = np.concatenate([(pixels - (camera.cx, camera.cy)) / camera.focal_px, np.ones((len(rows), 1))], 1)
    return (height * (cam @ forward) / np.maximum(-(cam @ up), 1e-3)).astype(np.float32)


def _level(camera: Camera) -> tuple[np.ndarray, np.ndarray, float]:
    """Return camera-space up and level forward, and the camera's height over the ground."""
    up = rotation_matrix(camera)[:, 1]
    forward = np.array([0.0, 0.0, 1.0]) - up[2] * up
    return up, forward / np.linalg.norm(forward), max(float(eye(camera)[1]), 1e-3)


def _base_rows(codes: np.ndarray, hole: np.ndarray, low: float, high: float, oddness: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the base row (w,) of every column between rows `low` and `high`, by dynamic programming over column blocks."""
    height, width = hole.shape
    low, high = max(2.0, float(low)), min(height - 2.0, float(high))
    if high - low < 3:
        return np.full(width, 0.5 * (low + high))
    contrast, columns = _contrast(codes, hole, low, high)
    path = _best_path(contrast - LIKELY * oddness(np.linspace(low, high, len(contrast)))[:, None])
    rows = low + (high - low) * path / max(contrast.shape[0] - 1, 1)
    seen = contrast.max(axis=0) > 0
    if not seen.any():
        return np.full(width, 0.5 * (low + high))
    return np.interp(np.arange(width) + 0.5, columns[seen], rows[seen])


def _contrast(codes: np.ndarray, hole: np.ndarray, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Return colour change across each candidate row (steps, blocks), 0 where the building hides it, and the blocks' middle columns."""
    height, width = hole.shape
    blocks = max(8, round(1 / BLOCK))
    steps = int(np.clip(high - low, 8, 120))
    reach = max(2, round(0.012 * height))
    open_ = (~hole).astype(np.float32)
    narrow = cv2.resize(codes.astype(np.float32) / 255 * open_[..., None], (blocks, height), interpolation=cv2.INTER_AREA)
    cover = cv2.resize(open_, (blocks, height), interpolation=cv2.INTER_AREA)
    total, count = np.cumsum(narrow, axis=0), np.cumsum(cover, axis=0)
    rows = np.clip(np.rint(np.linspace(low, high, steps)).astype(int), reach + 1, height - reach - 1)
    above = _mean(total, count, rows - reach - 1, rows - 1)
    below = _mean(total, count, rows, rows + reach)
    seen = (count[rows + reach] - count[rows - reach]) > 1.2 * reach
    return np.where(seen, np.abs(above - below).max(axis=-1), 0.0), (np.arange(blocks) + 0.5) * width / blocks


def _mean(total: np.ndarray, count: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    return (total[end] - total[start]) / np.maximum(count[end] - count[start], 1e-3)[..., None]


def _best_path(contrast: np.ndarray) -> np.ndarray:
    """Return the row index per block that has most contrast for the least ups and downs (Viterbi)."""
    steps, blocks = contrast.shape
    index = np.arange(steps)
    toll = SMOOTH * 10 * np.minimum(np.abs(index[:, None] - index) / steps, 0.15)
    score, back = contrast[:, 0], np.zeros((blocks, steps), int)
    for block in range(1, blocks):
        ways = score[None] - toll
        back[block] = ways.argmax(axis=1)
        score = ways.max(axis=1) + contrast[:, block]
    path = np.empty(blocks, int)
    path[-1] = int(score.argmax())
    for block in range(blocks - 1, 0, -1):
        path[block - 1] = back[block, path[block]]
    return path


def set_depth(cards: Cards, camera: Camera, sky: np.ndarray) -> np.ndarray:
    """Return depth (h, w) float32 along the axis of ground and cards, FAR for sky."""
    up, forward, height = _level(camera)
    rows, columns = camera.height, camera.width
    x = ((np.arange(columns) + 0.5 - camera.cx) / camera.focal_px).astype(np.float32)
    out = np.empty((rows, columns), np.float32)
    for row in range(rows):
        y: float | np.ndarray = (row + 0.5 - camera.cy) / camera.focal_px
        if any(camera.distortion):
            x, y = np.moveaxis(sights(camera, (1, columns), (0.5, row + 0.5))[0].astype(np.float32), -1, 0)
        sink = -(x * up[0] + y * up[1] + up[2])
        ahead = x * forward[0] + y * forward[1] + forward[2]
        ground = np.where(sink > 1e-5, height / np.maximum(sink, 1e-5), FAR)
        card = np.where((row + 0.5 >= cards.top) & (ahead > 1e-3), cards.distance / np.maximum(ahead, 1e-3), FAR)
        out[row] = np.minimum(np.minimum(ground, card), FAR)
    out[(sky > 0.5) & (np.arange(rows)[:, None] < np.maximum(cards.base, cards.top)[None])] = FAR
    return out


def proxy_mesh(cards: Cards, camera: Camera, reach: float, hidden: np.ndarray) -> dict[str, np.ndarray]:
    """Return arrays for proxies.npz: a ground plane that reaches `reach` metres, and a box per block of cards.

    hidden (w,) bool: columns whose cards are made up, since the building hides what stands there: light and dust meet them, bodies don't.
    """
    ground = np.array([[-reach, 0, -reach], [reach, 0, -reach], [reach, 0, reach], [-reach, 0, reach]], np.float64)
    parts = [(ground, np.array([[0, 2, 1], [0, 3, 2]], np.int32), GROUND)]
    for columns, kind in ((~hidden, NEIGHBOUR), (hidden, MADE_UP)):
        if found := boxes(replace(cards, top=np.where(columns, cards.top, cards.base)), camera, reach):
            parts.append((*found, kind))
    starts = np.cumsum([0, *(len(vertices) for vertices, _, _ in parts)])
    return {
        "vertices": np.concatenate([vertices for vertices, _, _ in parts]),
        "triangles": np.concatenate([part[1] + start for part, start in zip(parts, starts[:-1], strict=True)]).astype(np.int32),
        "kind": np.concatenate([np.full(len(triangles), kind, np.uint8) for _, triangles, kind in parts]),
    }


def boxes(cards: Cards, camera: Camera, reach: float) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the boxes of all blocks of cards up to `reach` metres, vertices (n, 3) and triangles (m, 3); None where nothing stands."""
    vertices, triangles, count = [], [], 0
    for footprint, height in _boxes(cards, camera, reach):
        points, faces = mesh(upright_prism(footprint, 0.0, height))
        vertices.append(points)
        triangles.append(faces + count)
        count += len(points)
    return (np.concatenate(vertices), np.concatenate(triangles).astype(np.int32)) if vertices else None


def _boxes(cards: Cards, camera: Camera, reach: float) -> list[tuple[np.ndarray, float]]:
    """Return footprints (4, 2) of (x, z) and heights of the boxes behind blocks of columns."""
    origin = eye(camera)
    rotation = rotation_matrix(camera)
    _, forward, _ = _level(camera)
    level = forward @ rotation
    edges = np.unique(np.linspace(0, camera.width, round(1 / BLOCK) + 1).astype(int))
    boxes = []
    for left, right in itertools.pairwise(edges):
        top, base, distance = (float(np.median(plane[left:right])) for plane in (cards.top, cards.base, cards.distance))
        if base - top < 2 or distance > 0.8 * reach:
            continue
        corners = rays(camera, np.array([[left, base], [right, base], [0.5 * (left + right), top]], np.float64))
        hits = origin + corners * (distance / np.maximum(corners @ level, 1e-3))[:, None]
        away = np.array([level[0], level[2]]) * THICK
        front = hits[:2][:, [0, 2]]
        if hits[2, 1] > 0.3:
            boxes.append((np.concatenate([front, front[::-1] + away]), float(hits[2, 1])))
    return boxes
