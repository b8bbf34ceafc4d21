"""The plate's black point: the darkest that the air between camera and building lets anything be."""

from __future__ import annotations

import numpy as np

PERCENTILE = 0.2
ENOUGH = 2_000_000
"""Pixels that tell a percentile; larger pictures are thinned out."""
HIGHEST = 0.25
"""A black point above this share of the neighbourhood's median isn't haze but a scene without anything dark."""


def black_point(plate: np.ndarray, building: np.ndarray, sky: np.ndarray | None = None) -> np.ndarray:
    """Return the black level (3,) float32 around a building.

    plate: (h, w, 3) scene-linear. building, sky: (h, w) mattes; sky pixels don't count.
    The neighbourhood is the building's box grown by half its size. Pixels are averaged 3x3, so that grain doesn't pull the level down.
    """
    import cv2

    near = _neighbourhood(building)
    calm = cv2.blur(np.nan_to_num(plate[near]), (3, 3), borderType=cv2.BORDER_REFLECT_101)
    step = max(1, int(np.sqrt(calm.shape[0] * calm.shape[1] / ENOUGH)))
    calm = calm[::step, ::step]
    pixels = calm.reshape(-1, 3) if sky is None else calm[sky[near][::step, ::step] < 0.5]
    if len(pixels) < 100:
        return np.zeros(3, np.float32)
    low = np.percentile(pixels, PERCENTILE, axis=0)
    return np.clip(low, 0, HIGHEST * np.median(pixels, axis=0).clip(0)).astype(np.float32)


def _neighbourhood(building: np.ndarray) -> tuple[slice, slice]:
    return tuple(_grown(np.flatnonzero((building > 0.5).any(axis)), building.shape[1 - axis]) for axis in (1, 0))  # type: ignore[return-value]


def _grown(inside: np.ndarray, size: int) -> slice:
    if not len(inside):
        return slice(0, size)
    grow = (inside[-1] - inside[0] + 1) // 2
    return slice(max(0, int(inside[0]) - grow), min(size, int(inside[-1]) + 1 + grow))
