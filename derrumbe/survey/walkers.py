"""People who walk through a locked-off plate: how tall they are in the picture tells how high the camera stands over the ground."""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.core.records import Located, Plate
from derrumbe.media.exr import read_exr
from derrumbe.survey.matting import display_like
from derrumbe.survey.passers import passing_alpha
from derrumbe.survey.siting import View

PROBES = 12
SLENDER = (1.9, 4.0)
"""Height of a walking person over the width."""
TALLEST, LEAST = 0.4, 14
"""Tallest share of the picture that a whole person takes; least rows that tell."""
LEAST_DIP = 0.25
"""A foot nearer to the horizon than this share of the person's rows tells nothing."""


def find_walkers(plate: Located[Plate], usual: np.ndarray | None, unrest: np.ndarray | None) -> np.ndarray:
    """Return boxes (n, 4) left top right bottom of upright, slender things that pass, from PROBES frames; usual: the plate's median."""
    found: list[tuple[float, float, float, float]] = []
    if usual is None or unrest is None:
        return np.zeros((0, 4))
    frames = sorted({round(float(f)) for f in np.linspace(plate.record.frames.first, plate.record.frames.last, PROBES)})
    for frame in frames:
        picture = display_like(read_exr(plate.path(plate.record.picture, frame), ("R", "G", "B")))
        found += _upright(passing_alpha(picture, usual, unrest))
    return np.array(found, np.float64).reshape(-1, 4)


def _upright(alpha: np.ndarray) -> list[tuple[float, float, float, float]]:
    rows, columns = alpha.shape
    stats = cv2.connectedComponentsWithStats((alpha > 0.5).astype(np.uint8), connectivity=8)[2]
    return [
        (float(left), float(top), float(left + width), float(top + height))
        for left, top, width, height, _area in stats[1:]
        if SLENDER[0] * width < height < SLENDER[1] * width and LEAST <= height < TALLEST * rows
        if left > 1 and top > 1 and left + width < columns - 1 and top + height < rows - 1
    ]


def camera_heights(view: View, boxes: np.ndarray) -> np.ndarray:
    """Return the height of the camera over the ground, in heights of each person (m,); those at the horizon are left out."""
    if not len(boxes):
        return np.zeros(0)
    middle = 0.5 * (boxes[:, 0] + boxes[:, 2])
    feet, heads = np.stack([middle, boxes[:, 3]], 1), np.stack([middle, boxes[:, 1]], 1)
    down, up = view.plan_rays(feet)[1], view.plan_rays(heads)[1]
    good = view.dips(feet) > LEAST_DIP * (boxes[:, 3] - boxes[:, 1])
    return down[good] / (down - up)[good]
