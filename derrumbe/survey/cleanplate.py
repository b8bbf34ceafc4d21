"""The clean plate: what the building hides. Sky is carried on smoothly, the rest is filled with patches of its surroundings.

Patches: Barnes et al., "PatchMatch" (2009) and Wexler et al. (2007), by the library pypatchmatch.
"""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.survey import clouds
from derrumbe.survey.filters import around, disc, masked_mean, opened, shrunk, widened
from derrumbe.survey.painted_sky import painted_sky
from derrumbe.survey.vegetation import plant_odds

SKY_SIDE = 480
PATCH_SIDE = 1400
"""Sky is carried on, and patches are matched, in pictures no larger than this; full size keeps its own pixels outside the hole."""
PATCH_RADIUS, BROAD_RADIUS = 5, 5
"""Radius of patches; the broad ones where little is repeated often, and broken things would show."""
FEATHER = 0.003
STREAK = (4.0, 60.0)
"""Least and most by which a sky is taken to be smoother along the horizon than across it."""
ENOUGH = 0.12
"""Patches of what stands are taken from what stands when there is at least this share of what is wanted."""
ROUNDS = 4
DARK = 0.5
"""What is darker than this share of the sky's gradient in blue isn't sky, whatever the matte says."""
HAZY = (0.93, 1.0, 1.09)
"""Colour of a sky that no frame shows: between haze and blue."""
ENOUGH_SKYLINE = 0.15
"""Columns with a skyline of their own over those that the building hides, from which on patches of real skylines do: fewer repeat as combs."""
SEAM = 0.022
"""Half height of the band in which the skyline behind the building is made of real skylines, share of the longer side."""
FURTHEST = 0.6
"""How far below a real skyline its patches may lie, in half heights of that band."""
TAINTED = (0.003, 0.010)
"""Sky this near to anything else (share of the longer side) is tainted by lens blur, sharpening and chroma, and isn't carried on.
The first for clouds, which hide it and change faster."""
CROWN, LEAF, LEAFY = 0.012, 0.9, 0.6
"""A crown is wider than twice this share of the longer side; alpha from which its pixels are leaves alone, and the share of such pixels around a
gap that shows its far side: bare trees have fewer."""
PAST = 0.04
"""How far from the hole, share of the longer side, things are taken out that other frames see past."""
CLOUDY = 0.03
"""Skies that stray from a smooth gradient by more than this (display-like codes) have clouds with shapes worth copying."""


def fill_sky(
    texture: np.ndarray,
    sky: np.ndarray,
    hole: np.ndarray,
    seed: int,
    elsewhere: np.ndarray | None = None,
    horizon: float = np.inf,
    focal: float = 1000.0,
) -> np.ndarray:
    """Return a full picture (h, w, 3) of sky: the plate's where it shows, carried on elsewhere. Grain-free.

    elsewhere (3,): its light in other frames, where this one shows none. Without either it is as bright as what is palest, and hazy; it is painted
    then, over its horizon (row), through a lens of some focal length (pixels).
    """
    scale = min(1.0, SKY_SIDE / max(sky.shape))
    size = (max(2, round(sky.shape[1] * scale)), max(2, round(sky.shape[0] * scale)))
    open_sky = (sky > 0.995) & ~hole
    small, known = _clear_of(texture, open_sky, TAINTED[1], size)
    if not known.any():
        tone = np.percentile(texture.mean(axis=-1), 95) * np.asarray(HAZY) if elsewhere is None else elsewhere
        return painted_sky(tone.astype(np.float32), sky.shape, horizon, focal, seed)
    smooth, streak = _gradient(small, known), _streakiness(small, known)
    if _cloudiness(small, smooth, known) > CLOUDY:
        hidden = cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
        whole = _with_clouds(*_clear_of(texture, open_sky, TAINTED[0], size), hidden, smooth, streak)
    else:
        whole = smooth + diffused(small - smooth, known, streak)
    return np.maximum(cv2.resize(whole, sky.shape[::-1], interpolation=cv2.INTER_CUBIC), 0)


def _clear_of(texture: np.ndarray, open_sky: np.ndarray, taint: float, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the sky in a picture of `size` (h, w, 3), and where it is known (h, w) bool: further than `taint` from anything else."""
    weight = shrunk(open_sky, max(2.0, taint * max(open_sky.shape))).astype(np.float32)
    cover = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    small = cv2.resize(texture * weight[..., None], size, interpolation=cv2.INTER_AREA) / np.maximum(cover, 1e-6)[..., None]
    return small, cover > 0.5


def _gradient(picture: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the quadratic gradient (h, w, 3) nearest to most of the known pixels (a few clouds don't bend it); ridge keeps it tame where
    nothing is known."""
    height, width = known.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    basis = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1)
    seen, values = basis[known], picture[known].astype(np.float64)
    ridge = len(seen) * 1e-3 * np.diag([0, 1, 1, 3, 3, 3])
    weight = np.ones(len(seen))
    for _ in range(ROUNDS):
        factors = np.linalg.solve((seen.T * weight) @ seen + ridge, (seen.T * weight) @ values)
        stray = np.abs(seen @ factors - values).max(axis=-1)
        weight = 1 / (1 + (stray / max(1.5 * float(np.median(stray)), 1e-4)) ** 2)
    low, high = values.min(axis=0), values.max(axis=0)
    return np.clip(basis @ factors, low, high).astype(np.float32)


def diffused(values: np.ndarray, known: np.ndarray, streak: float) -> np.ndarray:
    """Return `values` (h, w, 3) carried into the unknown as a membrane fixed at its rim, `streak` times stiffer along the horizon.

    Solved from coarse to fine: each size starts from the one before (full multigrid without residuals, enough for smooth skies).
    """
    if min(known.shape) < 8:
        filled = np.where(known[..., None], values, values[known].mean(axis=0) if known.any() else 0.0)
    else:
        half = (known.shape[1] // 2, known.shape[0] // 2)
        weight = known.astype(np.float32)
        cover = cv2.resize(weight, half, interpolation=cv2.INTER_AREA)
        mean = cv2.resize(values * weight[..., None], half, interpolation=cv2.INTER_AREA) / np.maximum(cover, 1e-6)[..., None]
        coarse = diffused(mean, cover > 0.4, streak)
        filled = np.where(known[..., None], values, cv2.resize(coarse, known.shape[::-1], interpolation=cv2.INTER_LINEAR))
    return _relaxed(filled.astype(np.float32), ~known, streak, 60)


def _relaxed(filled: np.ndarray, free: np.ndarray, streak: float, rounds: int) -> np.ndarray:
    for _ in range(rounds):
        padded = np.pad(filled, ((1, 1), (1, 1), (0, 0)), mode="edge")
        level, plumb = padded[1:-1, :-2] + padded[1:-1, 2:], padded[:-2, 1:-1] + padded[2:, 1:-1]
        filled[free] = ((streak * level + plumb) / (2 * streak + 2))[free]
    return filled


def _streakiness(small: np.ndarray, known: np.ndarray) -> float:
    """Return how much stiffer the sky is along the horizon than across it, from the slopes of its broad shapes."""
    light = np.sqrt(np.maximum(small.mean(axis=-1), 0))
    mean = masked_mean(np.dstack([light] * 3), known, 3)[0][..., 0]
    inner = shrunk(known, 6)
    if inner.sum() < 100:
        return STREAK[0]
    across, down = (float((cv2.Sobel(mean, cv2.CV_32F, dx, 1 - dx)[inner] ** 2).mean()) for dx in (1, 0))
    return float(np.clip(3 * down / max(across, 1e-12), *STREAK))


def _cloudiness(small: np.ndarray, smooth: np.ndarray, known: np.ndarray) -> float:
    inner = shrunk(known, 4)
    if inner.sum() < 100:
        return 0.0
    codes = np.sqrt(np.maximum(small, 0)) - np.sqrt(np.maximum(smooth, 0))
    return float(codes[inner].std())


def _with_clouds(small: np.ndarray, known: np.ndarray, hidden: np.ndarray, smooth: np.ndarray, streak: float) -> np.ndarray:
    """Return the sky with its unknown part filled, where it is `hidden` (h, w) bool by stretches of the known sky, as they stray from the whole sky's
    gradient `smooth` (h, w, 3)."""
    known = known & (small[..., 2] > DARK * smooth[..., 2])
    level = np.sqrt(np.maximum(smooth, 0))
    stray = np.where(known[..., None], np.sqrt(np.maximum(small, 0)) - level, 0)
    whole = clouds.carried_on(stray, known, hidden, lambda values, there: diffused(values, there, streak))
    return np.where(known[..., None], small, np.maximum(level + whole, 0) ** 2).astype(np.float32)


def without(texture: np.ndarray, front: np.ndarray, region: np.ndarray, seed: int, margin: float = 2.0) -> np.ndarray:
    """Return the texture with what stands before the building (`front` alpha), and `margin` pixels around it, replaced by patches of its walls."""
    wanted = widened(front > 0.02, margin) & widened(region, 3)
    walls = shrunk(region, 2)
    return patched_in(texture, wanted, ~walls & ~wanted, seed) if wanted.any() and (walls & ~wanted).any() else texture


def behind_leaves(clean: np.ndarray, texture: np.ndarray, front: np.ndarray, hole: np.ndarray, seed: int) -> np.ndarray:
    """Return the clean plate with more leaves behind the crowns that stand before the building: gaps well inside a crown show its far side.

    front: alpha (h, w) of what stands before the building. Posts are too thin to be crowns, and what hasn't a plant's looks is none.
    """
    reach = CROWN * max(front.shape)
    solid = cv2.morphologyEx((front > 0.5).astype(np.uint8), cv2.MORPH_CLOSE, disc(reach))
    around_it = cv2.blur((front >= LEAF).astype(np.float32), (2 * round(2 * reach) + 1,) * 2)
    # Between bare twigs one sees through to the other side, and statues have no leaves.
    crown = opened(solid, reach) & (around_it > LEAFY)
    if (crown & hole & (front < LEAF)).any():
        crown = _of_plants(crown, front >= LEAF, plant_odds(encode(texture)[0]))
    wanted, leaves = crown & hole & (front < LEAF), crown & (front >= LEAF)
    if not wanted.any() or np.count_nonzero(leaves) < ENOUGH * np.count_nonzero(wanted):
        return clean
    filled = patched_in(texture, wanted, ~leaves & ~wanted, seed)
    soft = cv2.GaussianBlur(shrunk(crown, 0.5 * reach).astype(np.float32), (0, 0), 0.25 * reach)
    # Right outside the hole it is the plate again: there the sky's soft seam would draw a line through the crown.
    soft *= widened(hole, 6 * FEATHER * max(hole.shape))
    return (clean + (filled - clean) * soft[..., None]).astype(np.float32)


def _of_plants(crowns: np.ndarray, solid: np.ndarray, odds: np.ndarray) -> np.ndarray:
    """Return those of the crowns (h, w) bool whose `solid` pixels (h, w) bool show plants on the whole; odds (h, w): log odds that they do."""
    count, labels = cv2.connectedComponents(crowns.astype(np.uint8), connectivity=8)
    total, green = (np.bincount(labels[where], minlength=count) for where in (solid, solid & (odds > 0)))
    return crowns & (green > 0.5 * total)[labels]


def past_things(clean: np.ndarray, front: np.ndarray, hole: np.ndarray, seed: int) -> np.ndarray:
    """Return the clean plate (h, w, 3) without what stands before the building (`front` alpha) close to its hole, where other frames of a moving
    camera see past it: the plate is carried to them as far as what is behind, and things are nearer."""
    things = widened(front > 0.02, 2)
    wanted = things & widened(hole, PAST * max(hole.shape)) & ~hole
    return patched_in(clean, wanted, things & ~wanted & ~hole, seed) if wanted.any() else clean


def without_passers(
    texture: np.ndarray, hole: np.ndarray, beside: np.ndarray, passing: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the texture (h, w, 3) with patches of all that is around where something passes beside the building, and the hole that is left: a
    passer hides fences and trees as well as ground. hole, beside, passing (h, w) bool: what isn't known, what of it a passer beside the building
    hides, and all that passes, which no patch is taken from."""
    wanted = hole & beside
    return (patched_in(texture, wanted, (hole | passing) & ~wanted, seed), hole & ~wanted) if wanted.any() else (texture, hole)


def patched_in(picture: np.ndarray, wanted: np.ndarray, no_source: np.ndarray, seed: int, radius: int = PATCH_RADIUS) -> np.ndarray:
    """Return the picture with `wanted` (h, w) filled by patches from outside it and outside `no_source`."""
    height, width = wanted.shape
    scale = min(1.0, PATCH_SIDE / max(wanted.shape))
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    small_hole = cv2.resize(wanted.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 0
    if not small_hole.any():
        return picture
    small_ban = (cv2.resize(no_source.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 0) & ~small_hole
    crop = around(small_hole, max(size) // 3)
    codes, white = encode(cv2.resize(picture, size, interpolation=cv2.INTER_AREA)[crop])
    out = np.zeros((*size[::-1], 3), np.float32)
    out[crop] = decode(_patched(codes, small_hole[crop], small_ban[crop], seed, radius), white)
    large = np.maximum(cv2.resize(out, (width, height), interpolation=cv2.INTER_CUBIC), 0) if scale < 1 else out
    return np.where(wanted[..., None], large, picture)


def _patched(codes: np.ndarray, hole: np.ndarray, banned: np.ndarray, seed: int, radius: int = PATCH_RADIUS) -> np.ndarray:
    """Fill `hole` of `codes` (h, w, 3) uint8 with patches from neither hole nor `banned`."""
    import patchmatch

    if not (~(hole | banned)).any():
        return codes
    patchmatch.set_random_seed(seed)
    return patchmatch.inpaint(codes, hole, global_mask=banned if banned.any() else None, patch_size=radius)


def encode(picture: np.ndarray) -> tuple[np.ndarray, float]:
    """Return display-like codes (uint8) of scene-linear light, and the light that code 255 stands for."""
    white = max(1.0, float(np.percentile(picture, 99.9)))
    return np.rint(255 * np.power(np.clip(picture / white, 0, 1), 1 / 2.2)).astype(np.uint8), white


def decode(codes: np.ndarray, white: float) -> np.ndarray:
    """Return the light of `encode`d codes."""
    return (np.power(codes.astype(np.float32) / 255, 2.2) * white).astype(np.float32)


def joined(
    texture: np.ndarray, heaven: np.ndarray, ground: np.ndarray, hole: np.ndarray, sky: np.ndarray, skyline: np.ndarray
) -> np.ndarray:
    """Return the clean plate: the texture outside the hole; inside, sky above the skyline and ground below, with soft seams.

    sky (h, w): alpha of the texture's own.
    """
    rows = np.arange(hole.shape[0], dtype=np.float32)[:, None] + 0.5
    below = np.clip((rows - skyline[None]) / 1.6 + 0.5, 0, 1)[..., None]
    behind = heaven + (ground - heaven) * below
    soft = max(1.0, FEATHER * max(hole.shape))
    inside = cv2.GaussianBlur(widened(hole, 2 * soft).astype(np.float32), (0, 0), soft)
    # Only against the sky may the seam lie outside the hole: patches elsewhere already meet their surroundings.
    share = np.where(hole, 1.0, inside * (sky > 0.5) * np.clip(1 - below[..., 0], 0, 1))
    return texture + (behind - texture) * share[..., None].astype(np.float32)


def stitched(
    clean: np.ndarray, heaven: np.ndarray, hole: np.ndarray, skyline: np.ndarray, base: np.ndarray, banned: np.ndarray, seed: int
) -> np.ndarray:
    """Return the clean plate with the skyline's seam inside the hole replaced by patches of real skylines of the plate, if it shows enough."""
    rows = np.arange(hole.shape[0], dtype=np.float32)[:, None] + 0.5
    hidden = hole.any(axis=0)
    shown = ~hidden & (skyline > 1) & (skyline < hole.shape[0] - 1)
    if np.count_nonzero(shown) < ENOUGH_SKYLINE * np.count_nonzero(hidden):
        return clean
    seam = hole & (np.abs(rows - skyline[None]) < SEAM * max(hole.shape))
    # what floats on the water below a far shore would hang in the sky over one that is made of it
    low = rows > np.minimum(base, skyline + FURTHEST * SEAM * max(hole.shape))[None]
    # Over the sky, so that a tree line keeps its shape and takes the tone of the sky that it is set against.
    heaven = np.maximum(heaven, 1e-3)
    filled = heaven * patched_in(np.clip(clean / heaven, 0, 2), seam, (banned | hole | low) & ~seam, seed)
    soft = cv2.GaussianBlur(shrunk(seam, 3).astype(np.float32), (0, 0), 1.5)[..., None]
    return clean + (filled - clean) * soft
