"""What stands or passes in front of the building: alpha per frame.

Static things come from the user's polygons; passers-by from the difference between each frame and the reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from derrumbe.core.records import NoiseModel, Vec2
from derrumbe.media.exr import read_exr, write_exr
from derrumbe.survey.filters import disc, filled
from derrumbe.survey.reference import noise_variance

SIGMAS = 6.0
FLOOR = 0.012
"""Least difference of light that counts, besides the grain's."""
SMALLEST = 3e-4
"""A passer-by covers at least this share of the picture."""


def drawn_alpha(shape: tuple[int, int], polygons: tuple[tuple[Vec2, ...], ...]) -> np.ndarray:
    """Return the alpha (h, w) float32 of the user's polygons (plate pixels), as soft at their edges as a pixel."""
    mask = np.zeros(shape, np.uint8)
    for polygon in polygons:
        mask |= filled([np.asarray(polygon, np.float64)], shape, smooth=True)
    return cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), 0.5) if mask.any() else np.zeros(shape, np.float32)


@dataclass(frozen=True)
class FramePass:
    """Writes the foreground of one frame. A callable for `Work.map_frames`."""

    picture: str
    reference: Path
    static: Path | None
    noise: NoiseModel
    out: str

    def __call__(self, frame: int) -> None:
        picture = read_exr(Path(self.picture.format(frame=frame)), ("R", "G", "B"))
        reference = read_exr(self.reference, ("R", "G", "B"))
        alpha = moving_alpha(picture, reference, self.noise)
        if self.static is not None:
            alpha = np.maximum(alpha, read_exr(self.static, ("Y",))[..., 0])
        write_exr(Path(self.out.format(frame=frame)), alpha, ("Y",))

    def done(self, frame: int) -> bool:
        return Path(self.out.format(frame=frame)).exists()


def moving_alpha(picture: np.ndarray, reference: np.ndarray, noise: NoiseModel) -> np.ndarray:
    """Return the alpha (h, w) float32 of what isn't in the reference: large connected changes, soft at their edges."""
    sigma = np.sqrt(noise_variance(reference, noise)) + FLOOR / SIGMAS + 0.02 * reference
    change = (np.abs(cv2.GaussianBlur(picture - reference, (0, 0), 1.0)) / sigma).max(axis=-1)
    strong = _lasting((change > SIGMAS).astype(np.uint8), picture.shape[:2])
    if not strong.any():
        return np.zeros(picture.shape[:2], np.float32)
    # Hysteresis: weak changes count next to strong ones, so that limbs and edges come along.
    weak = ((change > 0.4 * SIGMAS) & (cv2.dilate(strong, disc(0.004 * picture.shape[1] + 2)) > 0)).astype(np.uint8)
    body = cv2.morphologyEx(strong | weak, cv2.MORPH_CLOSE, disc(0.003 * picture.shape[1] + 1))
    return cv2.GaussianBlur(body.astype(np.float32), (0, 0), 0.8)


def _lasting(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    opened = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, disc(0.003 * shape[1] + 1))
    _count, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    large = stats[:, 4] > SMALLEST * shape[0] * shape[1]
    large[0] = False
    return (large[labels] & (mask > 0)).astype(np.uint8)
