"""A sky of which only the tone is known: paler and brighter towards the horizon, with a trace of thin cloud. A flat tone is no sky."""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.survey.crowns import wavy

USUAL, FALL = 25.0, 12.0
"""Degrees over the horizon at which a sky has the tone that is known of it, and over which haze falls to 1/e."""
BRIGHTER, PALER = 0.30, 0.6
"""By how much the horizon is brighter than what lies high, and the share of its colour that it loses."""
THIN, LONG = 0.035, 5.0
"""Strength of thin cloud, and how much longer its streaks are than high."""
SIDE = 320


def painted_sky(tone: np.ndarray, shape: tuple[int, ...], horizon: float, focal: float, seed: int) -> np.ndarray:
    """Return a picture (h, w, 3) float32 of sky of a tone (3,). horizon: its row, infinite when not known; focal: pixels."""
    height, width = shape[:2]
    rows = np.arange(height)[:, None, None]
    up = np.degrees(np.arctan((horizon - rows) / focal)) if np.isfinite(horizon) else np.full(rows.shape, USUAL)
    haze = np.exp(-np.maximum(up, 0) / FALL) - np.exp(-USUAL / FALL)
    grey = float(tone.mean())
    sky = (tone + (grey - tone) * np.clip(PALER * haze, -0.2, 1)) * (1 + BRIGHTER * haze)
    return (sky * (1 + THIN * _veil((height, width), seed))[..., None]).astype(np.float32)


def _veil(shape: tuple[int, int], seed: int) -> np.ndarray:
    """Return streaks (h, w) of thin cloud, of unit spread."""
    scale = min(1.0, SIDE / max(shape))
    small = (max(8, round(shape[0] * scale)), max(8, round(shape[1] * scale)))
    rng, total = np.random.default_rng((seed, 77)), np.zeros(small, np.float32)
    for octave in range(4):
        knots = wavy((small[0], max(8, round(small[1] / LONG))), 0.12 * max(small) / 2**octave, rng)
        total += 0.55**octave * cv2.resize(knots, small[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.resize(total / float(total.std()), shape[::-1], interpolation=cv2.INTER_CUBIC))
