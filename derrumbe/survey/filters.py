"""Picture filters that survey's mattes and plates share: masked means and soft edges from two sides' colours. float32."""

from __future__ import annotations

import cv2
import numpy as np

PAD = 2
"""Columns beside a picture in which polygons are filled, too."""


def masked_mean(picture: np.ndarray, weight: np.ndarray, radius: int, level: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean of `picture` (h, w, c) over a box, counting pixels by `weight` (h, w), and the box's mean weight (h, w). The box reaches `radius`
    pixels to all sides, or `level` up and down."""
    size = (2 * radius + 1, 2 * (radius if level is None else level) + 1)
    cover = cv2.blur(weight.astype(np.float32), size, borderType=cv2.BORDER_REFLECT)
    total = cv2.blur(picture * weight[..., None].astype(np.float32), size, borderType=cv2.BORDER_REFLECT)
    return total / np.maximum(cover, 1e-6)[..., None], cover


def soft_edge(picture: np.ndarray, mask: np.ndarray, band: int) -> np.ndarray:
    """Return the alpha (h, w) of a hard mask: within `band` pixels of its edge, how far each colour lies between the two sides'.

    Both sides' colours are means of pixels safely inside them. Where the sides look alike the mask's own edge, blurred by a pixel, stays.
    """
    hard = mask.astype(np.uint8)
    sure_in, sure_out = shrunk(mask, band), ~widened(mask, band)
    inner, inner_cover = masked_mean(picture, sure_in, 3 * band)
    outer, outer_cover = masked_mean(picture, sure_out, 3 * band)
    way = inner - outer
    apart = (way * way).sum(axis=-1)
    share = ((picture - outer) * way).sum(axis=-1) / np.maximum(apart, 1e-8)
    plain = cv2.GaussianBlur(hard.astype(np.float32), (0, 0), 0.6)
    usable = (inner_cover > 1e-4) & (outer_cover > 1e-4) & (apart > 0.01)
    alpha = np.where(usable, np.clip(share * 1.1 - 0.05, 0, 1), plain)
    return np.where(sure_in, 1.0, np.where(sure_out, 0.0, alpha)).astype(np.float32)


def widened(mask: np.ndarray, radius: float) -> np.ndarray:
    """Return what lies within `radius` pixels of a mask (h, w), bool. Costs what the surroundings of the mask do."""
    mask = mask > 0
    if mask.any():
        box = around(mask, np.ceil(radius) + 1)
        mask[box] = cv2.distanceTransform((~mask[box]).astype(np.uint8), cv2.DIST_L2, 5) <= radius
    return mask


def shrunk(mask: np.ndarray, radius: float) -> np.ndarray:
    """Return what lies in a mask (h, w) further than `radius` pixels from its edge, bool. The picture's border is no edge."""
    return cv2.distanceTransform((mask > 0).astype(np.uint8), cv2.DIST_L2, 5) > radius if not (mask > 0).all() else mask > 0


def connected_to(mask: np.ndarray, seed: np.ndarray, connectivity: int = 8) -> np.ndarray:
    """Return those connected parts of a mask (h, w) bool that hold some of a seed (h, w) bool."""
    labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=connectivity)[1]
    return np.isin(labels, np.unique(labels[mask & seed]))


def largest(mask: np.ndarray, connectivity: int = 8) -> np.ndarray:
    """Return the largest connected part of a mask (h, w) bool, which may be empty."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=connectivity)
    return mask if count < 2 else np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))


def opened(mask: np.ndarray, radius: float) -> np.ndarray:
    """Return what of a mask (h, w), bool or uint8, a disc of about `radius` pixels fits into, bool."""
    return cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disc(radius)) > 0


def disc(radius: float) -> np.ndarray:
    """Return a round structuring element of about `radius` pixels."""
    size = 2 * max(1, round(radius)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))


def filled(polygons: list[np.ndarray], shape: tuple[int, int], smooth: bool = False) -> np.ndarray:
    """Return a mask (h, w) uint8 0/255 of all polygons together in pixels (centres at +0.5); `smooth` gives soft edges of one pixel."""
    # OpenCV fills the last column with what lies beyond it
    height, width = shape
    mask = np.zeros((height, width + 2 * PAD), np.uint8)
    for polygon in polygons:  # one by one: filled at once, where two overlap would be a hole
        codes = np.round((polygon - 0.5 + (PAD, 0)) * 16).astype(np.int32)
        cv2.fillPoly(mask, [codes], 255, lineType=cv2.LINE_AA if smooth else cv2.LINE_8, shift=4)
    return np.ascontiguousarray(mask[:, PAD : PAD + width])


def around(hole: np.ndarray, margin: float = 0) -> tuple[slice, slice]:
    """Return the rows and columns of a picture that hold a hole (h, w) bool and `margin` pixels around it."""
    pad = round(margin)
    sides = zip((np.flatnonzero(hole.any(axis=1 - side)) for side in range(2)), hole.shape, strict=True)
    rows, columns = (slice(max(0, int(at[0]) - pad), min(int(at[-1]) + pad + 1, size)) for at, size in sides)
    return rows, columns
