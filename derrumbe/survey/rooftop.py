"""What stands on a building's roof and was left outside its outline: dormers, chimney stacks, lift houses.

An outline along the eaves leaves them in the air when the walls have gone. They are what isn't sky right over the outline, rests on it, and is its
own thing: what goes on to the left or right of the building over much of its height is the house next door or a hill, and crowns of trees stand
behind.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage

from derrumbe.survey.filters import disc
from derrumbe.survey.vegetation import plant_odds

SOLID = 0.5
"""Sky matte below which something stands before the sky."""
RESTS, SEAM = 0.5, 2
"""Share of its columns in which it stands on the outline, within so many pixels."""
ASIDE = 0.35
"""It goes on over one end of the outline in no more rows than this share of the columns that rest."""
TALLEST, LARGEST = 0.6, 0.3
"""Largest share of the building's height and of its area."""
SMALLEST = 2e-4
"""Share of the picture below which it is left to the matte."""
THIN, SOUND = 0.004, 0.7
"""Half the width of twigs, share of the longer side, and the share that is left of a thing without what is as thin."""
PLANT, LEAFY = -4.0, 0.35
"""Log odds from which a pixel may show plants (bare twigs before the sky: -2; dormers: -10), and the share of such pixels from which it is a tree."""


def on_roof(codes: np.ndarray, region: np.ndarray, sky: np.ndarray) -> np.ndarray:
    """Return what stands on the roof (h, w) bool of a building's region (h, w) bool. codes (h, w, 3) uint8; sky (h, w): alpha."""
    none = np.zeros(region.shape, bool)
    columns = np.flatnonzero(region.any(axis=0))
    if not len(columns) or not (sky > SOLID).any():
        return none
    top = np.where(region.any(axis=0), region.argmax(axis=0), 0)
    over = (sky < SOLID) & ~region & (np.arange(len(region))[:, None] < top)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(over.astype(np.uint8), connectivity=8)
    things = [n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] > SMALLEST * region.size]
    things = [n for n in things if _stands(labels == n, region, top, columns)]
    if not things:
        return none
    leafy = plant_odds(codes) > PLANT
    standing = np.isin(labels, [n for n in things if np.mean(leafy[labels == n]) < LEAFY])
    # a pale pane is no sky where roof is all around it
    return ndimage.binary_fill_holes(region | standing) & ~region if standing.any() else none


def _stands(thing: np.ndarray, region: np.ndarray, top: np.ndarray, columns: np.ndarray) -> bool:
    """Does a thing (h, w) bool rest on the region, whose upper edge is at rows `top` (w,) in `columns`, on nothing beside it, and isn't it twigs?"""
    broad = cv2.morphologyEx(thing.astype(np.uint8), cv2.MORPH_OPEN, disc(max(1.5, THIN * max(thing.shape))))
    low = len(thing) - thing[::-1].argmax(axis=0)
    own = thing.any(axis=0)
    rests = np.count_nonzero(own & (low >= top - SEAM))
    ends = [end for end, border in ((columns[0], 0), (columns[-1], thing.shape[1] - 1)) if end != border]
    aside = [int(np.count_nonzero(thing[:, end])) for end in ends]
    tall = (top - thing.argmax(axis=0))[own].max()
    high = np.ptp(np.flatnonzero(region.any(axis=1)))
    return bool(
        np.count_nonzero(broad) > SOUND * np.count_nonzero(thing)
        and rests > RESTS * np.count_nonzero(own)
        and sum(aside) <= ASIDE * rests
        and np.count_nonzero(aside) < 2
        and tall < TALLEST * high
        and np.count_nonzero(thing) < LARGEST * np.count_nonzero(region)
    )
