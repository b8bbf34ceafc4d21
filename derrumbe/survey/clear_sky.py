"""What a blue sky says of the sun: its light falls off with the angle from the sun and rises towards the horizon in a known way.

Luminance of a clear sky: CIE S 011 (ISO 15469), type 12, after Perez et al., "All-weather model for sky luminance distribution" (1993); found
in a picture with unknown exposure and tone curve as in Lalonde et al., "Estimating the natural illumination conditions from a single
outdoor image" (2012).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from derrumbe.core.records import Camera
from derrumbe.geom.camera import pixel_grid, rays, resized
from derrumbe.survey.cast import towards

LUMA = np.array([0.2722287168, 0.6740817658, 0.0536895174])
SIDE = 96
FEWEST = 40
BLUE = 0.80
"""Red over blue light below this is blue sky."""
HORIZON, RISE = -1.0, -0.32
GLOW, GLOW_FALL, ROUND = 10.0, -3.0, 0.45
"""CIE clear sky, type 12: its five parameters."""
LOWEST = 0.03
"""Sine of the lowest sky that is looked at: haze and rooftops are below."""
TONE = (0.5, 1.3)
"""Exponents that a camera's tone curve puts on light."""
STRAY, INDEPENDENT, WIDE = 0.09, 12.0, 40.0 * 20.0
"""How far (log light) a clear sky strays from the model, how many independent looks at it a picture is, and degrees round times degrees up
from which it is as many."""
WHITE = 0.93
"""Above this share of the picture's white the sky is as bright as that or brighter."""


@dataclass(frozen=True, eq=False)
class ClearSky:
    """Where a picture looks into blue sky, directions (n, 3), and its log light (n,); directions (m, 3) in which it is `white` or brighter."""

    blue: np.ndarray
    light: np.ndarray
    burnt: np.ndarray
    white: float
    stray: float = 0.0
    """Mean square of what even the best direction leaves of log light."""

    def evidence(self, suns: np.ndarray) -> np.ndarray:
        """Return how likely the sky is with the sun in directions (k, 3), natural logarithm (k,), but for a constant."""
        misfit = np.array([self.misfit(one) for one in suns])
        # Clouds, and cameras that paint skies, make every direction fit badly: then the sky says less.
        return -0.5 * self.looks * (misfit - self.stray) / (STRAY**2 + self.stray)

    @property
    def looks(self) -> float:
        """Return how many independent looks at the sky the picture is: a strip of it says little."""
        round_, up = np.degrees(np.arctan2(self.blue[:, 0], -self.blue[:, 2])), np.degrees(np.arcsin(self.blue[:, 1]))
        turned = (round_ - round_[0] + 180) % 360
        return INDEPENDENT * float(min(1.0, 12 * turned.std() * up.std() / WIDE))

    def misfit(self, sun: np.ndarray) -> float:
        """Return the mean square of what the model leaves of log light, with the best exposure and tone curve."""
        model = clear_luminance(self.blue, sun)
        apart, off = model - model.mean(), self.light - self.light.mean()
        tone = np.clip((apart * off).mean() / ((apart**2).mean() + 1e-4), *TONE)
        total = float(((off - tone * apart) ** 2).sum())
        if len(self.burnt):
            above = self.light.mean() + tone * (clear_luminance(self.burnt, sun) - model.mean())
            total += float((np.maximum(self.white - above, 0) ** 2).sum())
        return total / (len(self.blue) + len(self.burnt))


def clear_luminance(ways: np.ndarray, sun: np.ndarray) -> np.ndarray:
    """Return the log luminance (n,) of a clear sky in unit directions (n, 3), but for a constant; sun: unit vector."""
    rise = np.maximum(ways[:, 1], LOWEST)
    apart = np.arccos(np.clip(ways @ sun, -1, 1))
    return np.log((1 + HORIZON * np.exp(RISE / rise)) * (1 + GLOW * np.exp(GLOW_FALL * apart) + ROUND * np.cos(apart) ** 2))


def find_clear_sky(texture: np.ndarray, sky: np.ndarray, camera: Camera) -> ClearSky | None:
    """Return the blue sky of a picture texture (h, w, 3) with sky alpha (h, w); None where next to none is seen."""
    scale = min(1.0, SIDE / max(sky.shape))
    size = (max(2, round(sky.shape[1] * scale)), max(2, round(sky.shape[0] * scale)))
    small = resized(camera, *size)
    ways = rays(small, pixel_grid(small))
    ways = ways / np.linalg.norm(ways, axis=-1, keepdims=True)
    clear = cv2.resize((sky > 0.995).astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.999
    clear &= ways[..., 1] > LOWEST
    picture = cv2.resize(texture, size, interpolation=cv2.INTER_AREA)
    white = float(np.percentile(texture[::4, ::4].max(axis=-1), 99.95))
    blue = clear & (picture[..., 0] < BLUE * picture[..., 2])
    burnt = clear & ~blue & (picture.min(axis=-1) > WHITE * white)
    if np.count_nonzero(blue) < FEWEST:
        return None
    light = np.log(np.maximum(picture @ LUMA.astype(np.float32), 1e-4)).astype(np.float64)
    found = ClearSky(ways[blue], light[blue], ways[burnt], float(np.log(white)))
    return replace(
        found, stray=min(found.misfit(towards(azimuth, elevation)) for azimuth in range(0, 360, 20) for elevation in range(10, 80, 15))
    )
