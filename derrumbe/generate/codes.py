"""Scene-linear light to display codes that a model has learnt to read, and back.

A plate that came from a movie or a photograph gives its own codes, as any monitor shows them. A logarithmic or HDR plate holds far more than
a monitor: its lights go through a shoulder, x ↦ ½ + ½ (1 − 1 / (1 + 2 (x − ½))) above one half, which has an inverse, and then sRGB.
"""

from __future__ import annotations

import numpy as np

from derrumbe.media.colour import LINEAR_709, from_acescg, to_acescg

FILMIC = "ACES"
KNEE = 0.5
BRIGHTEST = 0.985
"""Code of light beyond which the shoulder is too flat to be undone."""


def encode(linear: np.ndarray, display: str) -> np.ndarray:
    """Return codes (h, w, 3) float32 within 0..1 of scene-linear ACEScg. `display` is `Plate.display`."""
    if display != FILMIC:
        return np.clip(from_acescg(np.nan_to_num(linear), display), 0, 1)
    light = np.maximum(from_acescg(np.nan_to_num(linear), LINEAR_709), 0)
    high = np.maximum(light - KNEE, 0) / KNEE
    return _srgb(np.where(light > KNEE, KNEE + KNEE * high / (1 + high), light)).astype(np.float32)


def decode(codes: np.ndarray, display: str) -> np.ndarray:
    """Return scene-linear ACEScg (h, w, 3) float32 of codes. The inverse of `encode` for light that it doesn't clip."""
    if display != FILMIC:
        return to_acescg(codes, display)
    light = np.minimum(_from_srgb(np.clip(codes, 0, 1)), BRIGHTEST)
    high = np.maximum(light - KNEE, 0) / KNEE
    return to_acescg(np.where(light > KNEE, KNEE + KNEE * high / (1 - high), light).astype(np.float32), LINEAR_709)


def _srgb(light: np.ndarray) -> np.ndarray:
    """IEC 61966-2-1."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)


def _from_srgb(codes: np.ndarray) -> np.ndarray:
    return np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
