"""What shines on the scene from all around, but for the sun: a small map of the plate's own sky, ground and what stands about.

Latitude-longitude as OpenEXR and USD have it: first row straight up, middle column +Z, +X a quarter from the left. Values are light in the units
of `Sun`: a white Lambertian shows their cosine-weighted mean. What the picture doesn't show goes on smoothly from what it does: sky after the
CIE's clear and overcast skies (ISO 15469), fitted to the sky that is seen; the rest as its mean.
"""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.core.records import Camera, Sun
from derrumbe.geom.camera import pixel_grid, rays, resized
from derrumbe.survey.clear_sky import LOWEST, clear_luminance

ROWS, COLUMNS = 32, 64
SIDE = 480
FEWEST = 4
"""Cells of sky that tell how it goes on."""
STIFF = 6.0
"""So many cells' worth of trust in the CIE's sky against the one that is seen."""
GLARE = 2.0
"""The sun and its glare are the sun's: no sky is brighter than so many times the mean."""
BLEND = 1.2
"""Cells over which what is seen goes over into what isn't."""


def find_environment(picture: np.ndarray, sky: np.ndarray, camera: Camera, sun: Sun) -> np.ndarray:
    """Return the map (ROWS, COLUMNS, 3) float32 of a picture (h, w, 3) of the set without the building, with sky alpha (h, w)."""
    ways = directions()
    mean, share, heaven = _seen(picture, sky, camera)
    blue = (share > 0) & (heaven > 0.9) & (ways[..., 1] > LOWEST)
    things = (share > 0) & (heaven < 0.1)
    up = ways[..., 1] > 0
    guess = np.where(up[..., None], _whole_sky(ways, mean, blue, sun), _mean(mean, things & ~up, np.asarray(sun.ground_rgb)))
    standing = things & up
    if standing.any():
        top = np.median(
            [ways[rows, column, 1].max() for column in np.flatnonzero(standing.any(axis=0)) if (rows := standing[:, column]).any()]
        )
        guess = np.where((up & (ways[..., 1] <= top))[..., None], _mean(mean, standing, guess[0, 0]), guess)
    out = _blended(mean, share > 0, guess)
    out = np.minimum(out, GLARE * _shown(out, up)) if blue.any() else out
    for half, wanted in ((up, sun.sky_rgb), (~up, sun.ground_rgb)):
        out[half] *= np.asarray(wanted) / np.maximum(_shown(out, half), 1e-6)
    return out.astype(np.float32)


def directions() -> np.ndarray:
    """Return the unit vectors (ROWS, COLUMNS, 3) of the cells' middles."""
    latitude = np.pi * (0.5 - (np.arange(ROWS) + 0.5) / ROWS)[:, None]
    longitude = np.pi * (1 - 2 * (np.arange(COLUMNS) + 0.5) / COLUMNS)[None]
    parts = np.broadcast_arrays(np.sin(longitude) * np.cos(latitude), np.sin(latitude), np.cos(longitude) * np.cos(latitude))
    return np.stack(parts, -1)


def _cells(ways: np.ndarray) -> np.ndarray:
    """Return the cell number (n,) of unit vectors (n, 3)."""
    row = (0.5 - np.arcsin(np.clip(ways[:, 1], -1, 1)) / np.pi) * ROWS
    column = 0.5 * (1 - np.arctan2(ways[:, 0], ways[:, 2]) / np.pi) * COLUMNS
    return np.clip(row.astype(int), 0, ROWS - 1) * COLUMNS + column.astype(int) % COLUMNS


def _seen(picture: np.ndarray, sky: np.ndarray, camera: Camera) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mean light (r, c, 3) of the picture in each cell, how many pixels show it (r, c), and how much of that is sky (r, c)."""
    scale = min(1.0, SIDE / max(sky.shape))
    small = resized(camera, max(2, round(camera.width * scale)), max(2, round(camera.height * scale)))
    size = (small.width, small.height)
    ways = rays(small, pixel_grid(small)).reshape(-1, 3)
    cell = _cells(ways / np.linalg.norm(ways, axis=-1, keepdims=True))
    light = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).reshape(-1, 3)
    heaven = cv2.resize(sky.astype(np.float32), size, interpolation=cv2.INTER_AREA).ravel()
    count, *sums = (np.bincount(cell, weights, ROWS * COLUMNS) for weights in (None, *light.T, heaven))
    mean = np.stack(sums, -1) / np.maximum(count, 1)[:, None]
    shape = (ROWS, COLUMNS)
    return mean[:, :3].reshape(*shape, 3), count.reshape(shape), mean[:, 3].reshape(shape)


def _whole_sky(ways: np.ndarray, mean: np.ndarray, blue: np.ndarray, sun: Sun) -> np.ndarray:
    """Return sky (r, c, 3) in all directions: the CIE's, fitted in each channel to what is seen where `blue` (r, c) bool."""
    flat = ways.reshape(-1, 3)
    rise = np.clip(flat[:, 1], LOWEST, 1)
    model = np.log((1 + 2 * rise) / 3) if sun.overcast else clear_luminance(flat, np.asarray(sun.direction))
    seen = blue.ravel()
    if np.count_nonzero(seen) < FEWEST:
        return (np.asarray(sun.sky_rgb) * np.exp(model - model.mean())[:, None]).reshape(ways.shape)
    light = np.log(np.maximum(mean.reshape(-1, 3)[seen], 1e-4))
    # Exposure, contrast of the model, and how the hue goes from the horizon up; the last two only as far as cells tell.
    basis = np.stack([np.ones(len(flat)), model - model[seen].mean(), rise - rise[seen].mean()], -1)
    own = basis[seen]
    stiff = np.diag([1e-6, STIFF * 0.05, STIFF * 0.05])
    factors = np.linalg.solve(own.T @ own + stiff, own.T @ light + stiff @ np.array([0.0, 0.7, 0.0])[:, None])
    factors[1] = np.clip(factors[1], 0.2, 1.2)
    low, high = light.min(axis=0) - 1.0, light.max(axis=0) + 1.0
    return np.exp(np.clip(basis @ factors, low, high)).reshape(ways.shape)


def _blended(mean: np.ndarray, seen: np.ndarray, guess: np.ndarray) -> np.ndarray:
    """Return what is seen, and around it the guess, with soft seams; columns go round."""
    pad = round(4 * BLEND)
    share = np.pad(seen.astype(np.float32), ((0, 0), (pad, pad)), mode="wrap")
    soft = np.minimum(cv2.GaussianBlur(share, (0, 0), BLEND)[:, pad:-pad] * 2 - 1, 1).clip(0) * seen
    return guess + soft[..., None] * (mean - guess)


def _mean(mean: np.ndarray, where: np.ndarray, default: np.ndarray) -> np.ndarray:
    return mean[where].mean(axis=0) if where.any() else default


def _shown(light: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Return what a white Lambertian that faces the pole of a half (r, c) bool shows of the map (r, c, 3)."""
    rise = np.abs(directions()[..., 1])
    weight = rise * np.sqrt(1 - rise**2) * half
    return (weight[..., None] * light).sum(axis=(0, 1)) / weight.sum()
