"""What goes with the building though it lies outside its outline: thin things that stand out of it against the sky (aerials, finials,
railings, the rim of a roof), what nothing but the building holds up (the crowns of trees whose trunks were drawn with it), and roofs next door as far as
they reach over it."""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.survey.filters import connected_to, disc, masked_mean, widened
from derrumbe.survey.foot import below_foot

THIN, FAR_OUT = 0.006, 0.04
"""Half the width of what counts as thin, and how far it may stand out; shares of the longer side."""
FAINT, RUN, GAP = 3.0, 0.01, 0.05
"""Codes by which a flagpole differs from the sky on both sides of it, the height over which that is averaged, and how far above the building it may
begin; shares of the longer side."""
SLENDER, TALL = 0.01, (0.03, 0.2)
"""How wide and how high a flagpole may be, shares of the longer side."""
RIM = 0.009
"""How far walls may reach beyond the drawn outline, share of the longer side."""
NEARER, TOLD = 0.5, 25.0
"""A rim's colour is this much nearer to the wall's than to what is around, which lie at least so many codes apart."""
TIPS = 0.007
"""How far the tips of twigs reach beyond what is told from the sky; share of the longer side."""
MOST_HANGING = 0.04
"""Largest share of the picture that hangs in the air: what is larger is a hill, or the sky was misjudged."""
REACH, THICK, STRAIGHT = 0.10, 0.04, 0.003
"""How far a roof next door may reach over the building, how thick it may be there, and how straight it is at the top; shares of the longer side."""


def remnants(codes: np.ndarray, sky: np.ndarray, hole: np.ndarray, front: np.ndarray) -> np.ndarray:
    """Return where (h, w) bool things that aren't `sky` (h, w, 0..1) go with the `hole` (h, w) bool that the building leaves; codes (h, w, 3) uint8.

    What stands on ground of its own (a tree, the house next door) stays, and so does what doesn't touch the hole. front (h, w): alpha of
    what stands before the building: it stays too, and holds up what hangs on it, as a trunk before the wall does its crown.
    """
    before = front > 0.5
    hole = hole & ~before
    side = max(sky.shape)
    solid = ((sky < 0.5) | hole).astype(np.uint8)
    broad = cv2.morphologyEx(solid, cv2.MORPH_OPEN, disc(max(2.0, THIN * side)))
    # an opening also takes the corners of broad things
    thin = (solid > 0) & ~widened(broad > 0, 2) & widened(hole, FAR_OUT * side)
    joined = connected_to(thin | (widened(hole, 3) & (solid > 0)), hole)
    out = (thin & joined) | flagpoles(codes, sky, hole, before) | hanging(sky, hole) | cantilevers(sky, hole)
    return out & ~widened(before, 2)


def flagpoles(codes: np.ndarray, sky: np.ndarray, hole: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return upright lines (h, w) bool of a pixel or two above the hole, which the sky's matte takes for sky; none close to what is `before` it (h, w) bool,
    which may be a bare tree. Arguments as in `remnants`."""
    side = max(sky.shape)
    open_ = (sky > 0.5) & ~hole & (np.cumsum(hole[::-1], axis=0)[::-1] > 0) & ~widened(before, FAR_OUT * side)
    grey = cv2.cvtColor(codes, cv2.COLOR_RGB2GRAY).astype(np.float32)
    found = np.any([_upright_lines(sign * grey, RUN * side) for sign in (-1, 1)], axis=0) & open_
    joined = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((2 * round(RUN * side) + 1, 1), np.uint8))
    labels, stats = cv2.connectedComponentsWithStats(joined, connectivity=8)[1:3]
    width, height = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    slender = (width <= max(4.0, SLENDER * side)) & (height >= TALL[0] * side) & (height <= TALL[1] * side)
    slender[0] = False
    near = np.unique(labels[widened(hole, GAP * side)])
    return widened(np.isin(labels, [n for n in near if slender[n]]), 1)


def _upright_lines(grey: np.ndarray, run: float) -> np.ndarray:
    """Return which pixels (h, w) bool are brighter than what is beside them on both sides, on average over a run of pixels above and below."""
    out = np.zeros(grey.shape, bool)
    for reach in (2, 3):
        beside = np.maximum(np.roll(grey, reach, axis=1), np.roll(grey, -reach, axis=1))
        out |= cv2.blur(grey - beside, (1, 2 * round(run) + 1)) > FAINT
    return out


def hanging(sky: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Return what (h, w) bool would hang in the air: connected to the picture's lower edge through the hole only."""
    side = max(sky.shape)
    apart = ((sky < 0.5) & ~hole).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(apart, connectivity=8)
    on_hole = np.unique(labels[widened(hole, 2) & (apart > 0)])
    held = np.unique(labels[-1])
    low = stats[:, cv2.CC_STAT_TOP] + stats[:, cv2.CC_STAT_HEIGHT]
    lowest = int(np.flatnonzero(hole.any(1)).max(initial=-1))
    loose = [n for n in on_hole if n and n not in held and stats[n, cv2.CC_STAT_AREA] < MOST_HANGING * sky.size and low[n] < lowest]
    found = np.isin(labels, loose)
    # the tips of twigs are more sky than wood
    return np.asarray(found | (widened(found, TIPS * side) & (apart == 0)))


def cantilevers(sky: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Return the ends (h, w) bool of roofs that reach over the hole from the left or the right: their walls went with the building.

    What goes on past both sides of the hole stands behind it, and crowns of trees reach over what they like: their tops are not straight.
    """
    side = max(sky.shape)
    apart = (sky < 0.5) & ~hole
    over = apart & (np.cumsum(hole[::-1], axis=0)[::-1] > 0)
    over &= over.sum(axis=0) <= THICK * side
    held = widened(apart & ~over, 1)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(over.astype(np.uint8), connectivity=8)
    out = np.zeros_like(over)
    for n in range(1, count):
        left, top, width, height, _area = stats[n]
        box = np.s_[top : top + height, left : left + width]
        one = labels[box] == n
        sides = [bool((one[:, column] & held[box][:, column]).any()) for column in (0, -1)]
        if sum(sides) == 1 and height < width <= REACH * side and _straight(one.argmax(axis=0), STRAIGHT * side):
            out[box] |= one
    return out


def _straight(rows: np.ndarray, most: float) -> bool:
    """Tell whether `rows` (n,) stay within `most` of a straight line."""
    columns = np.arange(len(rows))
    return bool(np.abs(np.polyval(np.polyfit(columns, rows, 1), columns) - rows).max() <= most)


def fringe(codes: np.ndarray, region: np.ndarray, sky: np.ndarray) -> np.ndarray:
    """Return the rim (h, w) bool of the building that an outline drawn a few pixels inside of it leaves: right beside the region (h, w) bool, of
    the wall's colours there and not of what is further out. What lies below its foot is ground, though it be as dark as the wall.

    codes (h, w, 3) uint8; sky (h, w): alpha. Where wall and surroundings look alike nothing is told, and nothing found.
    """
    reach = max(2.0, RIM * max(region.shape))
    ring = widened(region, reach) & ~region & (sky < 0.5) & ~below_foot(region)
    light = codes.astype(np.float32)
    inner, inner_share = masked_mean(light, region, round(1.5 * reach))
    outer, outer_share = masked_mean(light, widened(region, 3 * reach) & ~widened(region, 1.5 * reach), round(3 * reach))
    apart, within, beyond = (np.linalg.norm(one - other, axis=-1) for one, other in ((inner, outer), (light, inner), (light, outer)))
    alike = ring & (within < NEARER * beyond) & (apart > TOLD) & (np.minimum(inner_share, outer_share) > 0.02)
    return alike & connected_to(alike | region, region, connectivity=4)
