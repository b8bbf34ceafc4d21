"""Outlines, drawn by hand on enlarged frames, of what passes in front in real plates."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

FINER = 8
AROUND = 7


def truths(name: str) -> dict[int, list[np.ndarray]]:
    """Return polygons (n, 2) by plate frame number; pixel centres at +0.5."""
    data = json.loads((Path(__file__).parent / f"{name}.json").read_text())
    return {int(frame): [np.array(polygon) for polygon in polygons] for frame, polygons in data["moving"].items()}


def mask_of(polygons: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """Return which pixels (h, w) bool polygons cover by more than half."""
    mask = np.zeros((shape[0] * FINER, shape[1] * FINER), np.uint8)
    for polygon in polygons:
        cv2.fillPoly(mask, [np.round(polygon * FINER - 0.5).astype(np.int32)], 255)
    return cv2.resize(mask, (shape[1], shape[0]), interpolation=cv2.INTER_AREA) > 127


def which(polygon: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the surroundings of a polygon (h, w) bool."""
    return cv2.dilate(mask_of([polygon], shape).astype(np.uint8), np.ones((2 * AROUND + 1, 2 * AROUND + 1), np.uint8)) > 0


def overlap_of(alpha: np.ndarray, polygons: list[np.ndarray], where: np.ndarray | None = None) -> float:
    """Return intersection over union of alpha above a half and the polygons, `where` (h, w) bool: near any polygon when not given."""
    truth = mask_of(polygons, alpha.shape)
    if where is None:
        where = np.logical_or.reduce([which(polygon, alpha.shape) for polygon in polygons])
    found = (alpha > 0.5) & where
    truth &= where
    return float(np.count_nonzero(found & truth) / np.count_nonzero(found | truth))
