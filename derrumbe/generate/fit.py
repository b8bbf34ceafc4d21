"""From the plate's size to a model's and back: made smaller where it must be, padded to a legal size, never stretched."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from derrumbe.generate.windows import WindowRules


@dataclass(frozen=True)
class Fit:
    """plate: (width, height) of the plate. inner: the plate as the model sees it. outer: inner padded on the right and below, a legal size."""

    plate: tuple[int, int]
    inner: tuple[int, int]
    outer: tuple[int, int]

    @property
    def scale(self) -> float:
        """Plate pixels per model pixel, 1 or more."""
        return max(self.plate[0] / self.inner[0], self.plate[1] / self.inner[1])

    def shown(self, picture: np.ndarray) -> np.ndarray:
        """Return a picture (h, w[, c]) of the plate's size at the model's: averaged over the pixels that fall together, edges repeated."""
        small = picture if self.inner == self.plate else cv2.resize(picture, self.inner, interpolation=cv2.INTER_AREA)
        below, right = self.outer[1] - self.inner[1], self.outer[0] - self.inner[0]
        return cv2.copyMakeBorder(
            small, 0, below, 0, right, cv2.BORDER_REFLECT_101 if min(small.shape[:2]) > max(below, right) else cv2.BORDER_REPLICATE
        )

    def back(self, picture: np.ndarray) -> np.ndarray:
        """Return a picture (h, w[, c]) of the model's size at the plate's."""
        inside = np.ascontiguousarray(self.cropped(picture))
        return inside if self.inner == self.plate else cv2.resize(inside, self.plate, interpolation=cv2.INTER_CUBIC)

    def cropped(self, picture: np.ndarray) -> np.ndarray:
        """Return a picture (…, h, w, c) or (h, w) of the model's size without its padding."""
        if picture.ndim == 2:
            return picture[: self.inner[1], : self.inner[0]]
        return picture[..., : self.inner[1], : self.inner[0], :]


def fit(width: int, height: int, rules: WindowRules) -> Fit:
    """Return how a plate fits the rules: no larger than most_pixels once padded, and never enlarged."""
    scale = 1.0
    while True:
        inner = max(1, round(width * scale)), max(1, round(height * scale))
        outer = rules.padded_size(*inner)
        if rules.most_pixels is None or outer[0] * outer[1] <= rules.most_pixels or min(outer) <= rules.size_multiple:
            return Fit((width, height), inner, outer)
        scale *= min(0.995, (rules.most_pixels / (outer[0] * outer[1])) ** 0.5)
