"""A model's picture made worthy of the plate: full size, the plate's colours, the detail and the light that the model never saw.

What the model was shown is the physical picture through a narrow door: fewer pixels, codes that end at white. What didn't get through,
physical minus shown, is added to the model's answer wherever that still agrees with what it was shown. So a model that changes nothing
gives the physical picture back, values above 1.0 included, and one that paints dust over a wall doesn't get the wall's edges back.
Detail within the plate's noise is left out: comp gives new pixels the plate's grain.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from derrumbe.core.records import NoiseModel
from derrumbe.generate.codes import decode, encode
from derrumbe.generate.fit import Fit
from derrumbe.media.grain import variance_at

AGREE = 0.06
"""Difference in codes at which the physical detail counts a third."""
LOOK = 1.5
"""Sigma, in model pixels, of the neighbourhood that must agree."""
CORE = 1.2
"""Standard deviations of noise taken out of the detail."""


@dataclass(frozen=True)
class Restorer:
    """detail: share of the lost detail that is given back, 0..1."""

    fit: Fit
    display: str
    noise: NoiseModel
    detail: float

    def __call__(self, made: np.ndarray, physical: np.ndarray) -> np.ndarray:
        """Return the picture (h, w, 3) scene-linear at the plate's size. made: (h, w, 3) codes at the model's size, colours matched.
        physical: (h, w, 3) scene-linear, what the model was shown, at the plate's size."""
        answer = np.clip(self.fit.back(made), 0, 1)
        shown = np.clip(self.fit.back(self.fit.shown(encode(physical, self.display))), 0, 1)
        light = decode(answer, self.display)
        if self.detail == 0:
            return light
        lost = self._cored(physical - decode(shown, self.display), physical)
        return light + self.detail * self._agreement(answer, shown)[..., None] * lost

    def _agreement(self, answer: np.ndarray, shown: np.ndarray) -> np.ndarray:
        """1 where the answer, a little blurred, is what was shown; falling to 0 as they differ."""
        sigma = LOOK * self.fit.scale
        apart = np.abs(cv2.GaussianBlur(answer - shown, (0, 0), sigma)).max(-1)
        return np.exp(-((apart / AGREE) ** 2)).astype(np.float32)

    def _cored(self, lost: np.ndarray, physical: np.ndarray) -> np.ndarray:
        noise = CORE * np.sqrt(variance_at(self.noise, np.maximum(physical, 0))).astype(np.float32)
        return np.sign(lost) * np.maximum(np.abs(lost) - noise, 0)
