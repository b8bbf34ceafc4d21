"""The clean plate: what the building hides. Sky is carried on smoothly, the rest is filled with patches of its surroundings.

Patches: Barnes et al., "PatchMatch" (2009) and Wexler et al. (2007), by the library pypatchmatch.
"""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.survey.filters import disc, masked_mean

SKY_SIDE = 480
PATCH_SIDE = 1400
"""Sky is carried on, and patches are matched, in pictures no larger than this; full size keeps its own pixels outside the hole."""
PATCH_RADIUS = 4
FEATHER = 0.003
CLOUDY = 0.012
"""Skies whose colour strays from a smooth gradient by more than this (display-like codes) have clouds worth carrying on."""


def fill_sky(texture: np.ndarray, sky: np.ndarray, hole: np.ndarray, seed: int) -> np.ndarray:
    """Return a full picture (h, w, 3) of sky: the plate's where it shows, carried on elsewhere. Grain-free."""
    scale = min(1.0, SKY_SIDE / max(sky.shape))
    size = (max(2, round(sky.shape[1] * scale)), max(2, round(sky.shape[0] * scale)))
    weight = ((sky > 0.995) & ~hole).astype(np.float32)
    weight = cv2.erode(weight, disc(max(1, round(1.0 / scale))))
    cover = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    if cover.max() < 0.5:
        return np.broadcast_to(np.percentile(texture.reshape(-1, 3), 95, axis=0).astype(np.float32), texture.shape).copy()
    small = cv2.resize(texture * weight[..., None], size, interpolation=cv2.INTER_AREA) / np.maximum(cover, 1e-6)[..., None]
    known = cover > 0.5
    smooth = _gradient(small, known)
    whole = smooth + _diffused(small - smooth, known)
    if _cloudiness(small, smooth, known) > CLOUDY:
        whole = _with_clouds(whole, small, known, seed)
    return np.maximum(cv2.resize(whole, sky.shape[::-1], interpolation=cv2.INTER_CUBIC), 0)


def _gradient(picture: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the quadratic gradient (h, w, 3) nearest to the known pixels; ridge keeps it tame where nothing is known."""
    height, width = known.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    basis = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1)
    seen, values = basis[known], picture[known].astype(np.float64)
    ridge = len(seen) * 1e-3 * np.diag([0, 1, 1, 3, 3, 3])
    factors = np.linalg.solve(seen.T @ seen + ridge, seen.T @ values)
    low, high = values.min(axis=0), values.max(axis=0)
    return np.clip(basis @ factors, low, high).astype(np.float32)


def _diffused(residual: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the residual carried into the unknown by a pyramid of means, then relaxed to a membrane (Laplace's equation)."""
    filled = _pulled(residual * known[..., None], known.astype(np.float32))
    free = ~known
    for _ in range(300):
        mean = 0.25 * (np.roll(filled, 1, 0) + np.roll(filled, -1, 0) + np.roll(filled, 1, 1) + np.roll(filled, -1, 1))
        mean[0], mean[-1], mean[:, 0], mean[:, -1] = filled[1], filled[-2], filled[:, 1], filled[:, -2]
        filled[free] = mean[free]
    return filled


def _pulled(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Fill where `weight` is 0 from ever coarser means (Gortler et al. 1996, push-pull). `values` are premultiplied."""
    here = values / np.maximum(weight, 1e-6)[..., None]
    if min(weight.shape) < 4 or weight.min() > 0.5:
        mean = values.sum(axis=(0, 1)) / max(float(weight.sum()), 1e-6)
        return np.where((weight > 0)[..., None], here, mean).astype(np.float32)
    half = (max(2, weight.shape[1] // 2), max(2, weight.shape[0] // 2))
    coarse = _pulled(cv2.resize(values, half, interpolation=cv2.INTER_AREA), cv2.resize(weight, half, interpolation=cv2.INTER_AREA))
    finer = cv2.resize(coarse, weight.shape[::-1], interpolation=cv2.INTER_LINEAR)
    share = np.minimum(weight, 1)[..., None]
    return (here * share + finer * (1 - share)).astype(np.float32)


def _cloudiness(small: np.ndarray, smooth: np.ndarray, known: np.ndarray) -> float:
    inner = cv2.erode(known.astype(np.uint8), disc(4)) > 0
    if inner.sum() < 100:
        return 0.0
    codes = np.sqrt(np.maximum(small, 0)) - np.sqrt(np.maximum(smooth, 0))
    return float(codes[inner].std())


def _with_clouds(whole: np.ndarray, small: np.ndarray, known: np.ndarray, seed: int) -> np.ndarray:
    """Return the sky with its unknown part filled by patches of the known sky, on the carried-on large shapes."""
    codes, white = encode(np.where(known[..., None], small, whole))
    filled = decode(_patched(codes, ~known, np.zeros_like(known), seed), white)
    broad = 0.02 * max(known.shape)
    detail = filled - cv2.GaussianBlur(filled, (0, 0), 6 * broad)
    base = cv2.GaussianBlur(whole, (0, 0), 6 * broad)
    inside = cv2.GaussianBlur((~known).astype(np.float32), (0, 0), 1.0)[..., None]
    return whole + ((base + detail) - whole) * inside


def fill_ground(texture: np.ndarray, hole: np.ndarray, sky: np.ndarray, skyline: np.ndarray, banned: np.ndarray, seed: int) -> np.ndarray:
    """Return a picture (h, w, 3) whose hole below the skyline is filled with patches of what isn't sky.

    `banned` (h, w) bool: things no patch may be taken from.
    """
    height, width = hole.shape
    scale = min(1.0, PATCH_SIDE / max(hole.shape))
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    small = cv2.resize(texture, size, interpolation=cv2.INTER_AREA)
    rows = np.arange(height, dtype=np.float32)[:, None] + 0.5
    wanted = hole & (rows > skyline[None] - 3)
    no_source = ((sky > 0.3) | banned | hole) & ~wanted
    small_hole = cv2.resize(wanted.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 0
    small_ban = (cv2.resize(no_source.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 0) & ~small_hole
    if not small_hole.any():
        return texture
    crop = _around(small_hole, max(size) // 3)
    codes, white = encode(small[crop])
    filled = decode(_patched(codes, small_hole[crop], small_ban[crop], seed), white)
    out = small
    out[crop] = np.where(small_hole[crop][..., None], filled, small[crop])
    large = cv2.resize(out, (width, height), interpolation=cv2.INTER_CUBIC) if scale < 1 else out
    return np.where(wanted[..., None], np.maximum(large, 0), texture)


def _around(mask: np.ndarray, margin: int) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (
        slice(max(0, rows[0] - margin), rows[-1] + margin + 1),
        slice(max(0, columns[0] - margin), columns[-1] + margin + 1),
    )


def _patched(codes: np.ndarray, hole: np.ndarray, banned: np.ndarray, seed: int) -> np.ndarray:
    """Fill `hole` of `codes` (h, w, 3) uint8 with patches from neither hole nor `banned`."""
    import patchmatch

    if not (~(hole | banned)).any():
        return codes
    patchmatch.set_random_seed(seed)
    return patchmatch.inpaint(codes, hole, global_mask=banned if banned.any() else None, patch_size=PATCH_RADIUS)


def encode(picture: np.ndarray) -> tuple[np.ndarray, float]:
    """Return display-like codes (uint8) of scene-linear light, and the light that code 255 stands for."""
    white = max(1.0, float(np.percentile(picture, 99.9)))
    return np.rint(255 * np.power(np.clip(picture / white, 0, 1), 1 / 2.2)).astype(np.uint8), white


def decode(codes: np.ndarray, white: float) -> np.ndarray:
    """Return the light of `encode`d codes."""
    return (np.power(codes.astype(np.float32) / 255, 2.2) * white).astype(np.float32)


def joined(texture: np.ndarray, heaven: np.ndarray, ground: np.ndarray, hole: np.ndarray, skyline: np.ndarray) -> np.ndarray:
    """Return the clean plate: the texture outside the hole; inside, sky above the skyline and ground below, with soft seams."""
    rows = np.arange(hole.shape[0], dtype=np.float32)[:, None] + 0.5
    below = np.clip((rows - skyline[None]) / 1.6 + 0.5, 0, 1)[..., None]
    behind = heaven + (ground - heaven) * below
    soft = max(1.0, FEATHER * max(hole.shape))
    inside = cv2.GaussianBlur(cv2.dilate(hole.astype(np.float32), disc(2 * soft)), (0, 0), soft)
    # Only against the sky may the seam lie outside the hole: patches elsewhere already meet their surroundings.
    share = np.where(hole, 1.0, inside * np.clip(1 - below[..., 0], 0, 1))
    return texture + (behind - texture) * share[..., None].astype(np.float32)


def seam_of(texture: np.ndarray, heaven: np.ndarray, hole: np.ndarray, sky: np.ndarray) -> float:
    """Return how much the carried-on sky differs from the plate's just outside the hole (root mean square, light)."""
    ring = (cv2.dilate(hole.astype(np.uint8), disc(6)) > 0) & ~hole & (sky > 0.99)
    return float(np.sqrt(np.mean((texture[ring] - heaven[ring]) ** 2))) if ring.any() else 0.0


__all__ = ["decode", "encode", "fill_ground", "fill_sky", "joined", "masked_mean", "seam_of"]
