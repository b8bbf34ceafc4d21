"""Outlines, drawn by hand on enlarged frames, of what passes or stands (`NAME.json`; first frames: `standing/NAME.json`) in front in real plates."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

FINER = 8
RIM = 0.5
"""Pixels to both sides of an outline in which it and a matte may differ for want of resolution."""
CORE = 2.0
"""What lies further inside an outline than this many pixels is no rim, whatever the lens and the codec have blurred."""
AROUND, ROUNDER = 7, 0.03
"""Surroundings of an outline that count: pixels, and share of the picture's width if that is more."""


def truths(name: str, kind: str = "moving") -> dict[int, list[np.ndarray]]:
    """Return polygons (n, 2) by plate frame number, pixel centres at +0.5, of a kind: what is `moving` or `standing`, what is left out of account (`unsure`;
    for what stands `unsure_standing`), and what else is in front `beside` what moves."""
    data = json.loads((Path(__file__).parent / f"{name}.json").read_text())
    return {int(frame): [np.array(polygon) for polygon in polygons] for frame, polygons in data.get(kind, {}).items()}


def tuned_on(name: str) -> set[int]:
    """Return the frames on which constants were chosen; the others are held out."""
    return set(json.loads((Path(__file__).parent / f"{name}.json").read_text())["tuned_on"])


@dataclass(frozen=True)
class Standing:
    """Polygons (n, 2) of static things in a plate's first frame, by name, in pixels of a picture `size` (w, h).

    porous: rough regions of things with holes; ignore: what may count either way; tuned: constants were chosen on it. media, outline: of
    another picture and building than the plate's own, or None.
    """

    size: tuple[int, int]
    solid: dict[str, np.ndarray]
    porous: dict[str, np.ndarray]
    ignore: list[np.ndarray]
    tuned: bool
    media: str | None
    outline: np.ndarray | None


def standing_names() -> list[str]:
    """Return the names of plates whose static things were outlined."""
    return sorted(path.stem for path in (Path(__file__).parent / "standing").glob("*.json"))


def standing(name: str) -> Standing:
    """Return what stands in front in a plate."""
    data = json.loads((Path(__file__).parent / "standing" / f"{name}.json").read_text())
    solid, porous = ({key: np.array(polygon, float) for key, polygon in data[kind].items()} for kind in ("solid", "porous"))
    outline = np.array(data["building_polygon"], float) if "building_polygon" in data else None
    ignore = [np.array(polygon, float) for polygon in data["ignore"]]
    return Standing(tuple(data["size"]), solid, porous, ignore, data["tuned_on"], data.get("media"), outline)


def mask_of(polygons: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """Return which pixels (h, w) bool polygons cover by more than half."""
    finer = FINER if shape[1] <= 1000 else 2
    mask = np.zeros((shape[0] * finer, shape[1] * finer), np.uint8)
    for polygon in polygons:
        cv2.fillPoly(mask, [np.round(polygon * finer - 0.5).astype(np.int32)], 255)
    return cv2.resize(mask, (shape[1], shape[0]), interpolation=cv2.INTER_AREA) > 127


def left_out(name: str, frame: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return what is left out of account (h, w) bool for what moves: what is unsure, and what else is in front, where that is outside the outlines. A matte
    holds all that is in front: it isn't wrong there."""
    unsure, beside, moving = (mask_of(truths(name, kind).get(frame, []), shape) for kind in ("unsure", "beside", "moving"))
    return unsure | (beside & ~moving)


def rim_of(polygons: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """Return the pixels (h, w) bool whose centres lie within RIM of a polygon's outline."""
    finer = FINER if shape[1] <= 1000 else 2
    lines = np.full((shape[0] * finer, shape[1] * finer), 255, np.uint8)
    for polygon in polygons:
        cv2.polylines(lines, [np.round(polygon * finer - 0.5).astype(np.int32)], True, 0)
    away = cv2.distanceTransform(lines, cv2.DIST_L2, 5)
    return away[finer // 2 :: finer, finer // 2 :: finer] <= RIM * finer


def core_of(polygons: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """Return the pixels (h, w) bool that lie further than CORE inside the polygons."""
    return cv2.distanceTransform(mask_of(polygons, shape).astype(np.uint8), cv2.DIST_L2, 5) > CORE


def which(polygon: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the surroundings of a polygon (h, w) bool."""
    reach = max(AROUND, round(ROUNDER * shape[1])) if shape[1] > 1000 else AROUND
    mask = mask_of([polygon], shape)
    return cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5) <= reach


def overlap_of(alpha: np.ndarray, polygons: list[np.ndarray], where: np.ndarray | None = None) -> float:
    """Return intersection over union of alpha above a half and the polygons, `where` (h, w) bool: near any polygon when not given."""
    truth = mask_of(polygons, alpha.shape)
    if where is None:
        where = np.logical_or.reduce([which(polygon, alpha.shape) for polygon in polygons])
    found = (alpha > 0.5) & where
    truth &= where
    return float(np.count_nonzero(found & truth) / np.count_nonzero(found | truth))
