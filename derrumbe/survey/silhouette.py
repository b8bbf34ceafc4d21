"""The building's exact silhouette: the user's outline, moved to the sky's edge where the two nearly agree."""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.survey.filters import disc, filled, largest, shrunk, widened

REACH = 0.009
"""The outline is moved by at most this share of the picture's longer side."""
WORKING_SIDE = 2400
MIXED = 0.75
"""Pixels with less sky than this at the silhouette go with the building: what is left of them would trace it in the empty sky."""
TOPS = 5.0
"""Tops are looked for within this many reaches of the outline."""
THIN = 0.9
"""Thin things leave this much sky in their pixels and still count."""
STRAIGHTEN = 0.6
"""Contours are simplified within this many pixels of the working picture."""


def building_region(outline: np.ndarray, sky: np.ndarray) -> np.ndarray:
    """Return the building's mask (h, w) bool. Sky just inside the outline is given back; what juts out against the sky is taken in."""
    drawn = filled([outline], sky.shape) > 0
    if not (sky > 0.5).any():
        return drawn
    reach = REACH * max(sky.shape) + 1.0
    blue = sky > MIXED
    deep = shrunk(drawn, reach)
    near = widened(drawn, reach)
    # "Against the sky" is measured from thick sky, not from a gap between two chimneys.
    against = widened(shrunk(blue, 2), 2 * reach)
    region = (drawn & (~blue | deep)) | (near & ~blue & against)
    return _main_part(_with_tops(region, sky < THIN, reach))


def _with_tops(region: np.ndarray, solid: np.ndarray, reach: float) -> np.ndarray:
    """Return the region with the small things (aerials, finials, flagpoles, cupolas) that stand on it against the sky.

    What goes on further from the building is a neighbour and stays. A shaft too thin for the matte leaves a gap under its finial; it is
    bridged.
    """
    gap = 0.8 * reach
    near = widened(region, TOPS * reach)
    labels, stats = cv2.connectedComponentsWithStats((solid & near & ~region).astype(np.uint8), connectivity=8)[1:3]
    beyond = np.unique(labels[cv2.dilate((solid & ~near).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0])
    small = (stats[:, 2] < 2 * TOPS * reach) & (stats[:, 3] < 2 * TOPS * reach)
    small[beyond] = small[0] = False
    tops = small[labels]
    chained = cv2.morphologyEx((region | tops).astype(np.uint8), cv2.MORPH_CLOSE, disc(gap))
    parts = cv2.connectedComponents(chained)[1]
    standing = tops & (parts == np.bincount(parts[region]).argmax())
    nearby = widened(standing, gap)
    upright = cv2.getStructuringElement(cv2.MORPH_RECT, (1, 2 * round(gap) + 1))
    shafts = cv2.morphologyEx((region | standing).astype(np.uint8), cv2.MORPH_CLOSE, upright)
    return region | standing | (nearby & (shafts > 0))


def _main_part(region: np.ndarray) -> np.ndarray:
    """Return the largest connected part, its small holes filled."""
    contours, _ = cv2.findContours(largest(region).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros(region.shape, np.uint8)
    cv2.drawContours(whole, contours, -1, 1, cv2.FILLED)
    return whole > 0


def contour_of(region: np.ndarray) -> np.ndarray:
    """Return the region's outer contour (n, 2) in pixels, centres at +0.5, simplified within STRAIGHTEN pixels."""
    # Contours run through pixel centres: on a twice enlarged mask they come within a quarter pixel of the true edge.
    scale = 2.0 if max(region.shape) <= WORKING_SIDE else WORKING_SIDE / max(region.shape)
    mask = cv2.resize(
        region.astype(np.uint8) * 255, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR if scale > 1 else cv2.INTER_AREA
    )
    contours, _ = cv2.findContours((mask > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    longest = max(contours, key=cv2.contourArea)
    points = cv2.approxPolyDP(longest, STRAIGHTEN * scale, True)[:, 0].astype(np.float64)
    return _outset((points + 0.5) / scale, 0.5 / scale)


def _outset(points: np.ndarray, by: float) -> np.ndarray:
    """Move points outwards by half a working pixel: contours run through the outermost pixels' centres."""
    before, after = points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points
    normal = lambda edge: np.stack([edge[:, 1], -edge[:, 0]], 1) / np.maximum(np.linalg.norm(edge, axis=1, keepdims=True), 1e-9)  # noqa: E731
    x, y = points.T
    turn = 1.0 if x @ np.roll(y, -1) - y @ np.roll(x, -1) > 0 else -1.0
    return points + turn * by * 0.5 * (normal(before) + normal(after))


def building_matte(region: np.ndarray, sky: np.ndarray) -> np.ndarray:
    """Return the building's alpha (h, w) float32: soft against the sky, about a pixel soft elsewhere."""
    against = widened(sky > 0.5, 6)
    plain = cv2.GaussianBlur(region.astype(np.float32), (0, 0), 0.7)
    soft = np.where(region | (sky < 0.999), np.minimum(1.0 - sky, cv2.dilate(plain, disc(2))), 0.0)
    return np.where(against, soft, plain).astype(np.float32)
