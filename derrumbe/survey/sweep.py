"""Depth of what stands still, pixel by pixel, from a moving camera's neighbouring frames.

A plane sweep (Collins, "A space-sweep approach to true multi-image matching", 1996): for planes square to the view, uniform in nearness (one over
depth, in the solve's own units), neighbours are carried onto the frame and compared by census (Zabih & Woodfill 1994) and colour (Mei et al.,
"On building an accurate stereo matching system", 2011). What is hidden in some of them is seen in others: the better half counts (Kang,
Szeliski & Chai 2001). Costs are made to agree along eight ways through the picture (Hirschmüller, semi-global matching, 2008).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit

from derrumbe.survey.shown import Shown

PLANES = 96
CENSUS, COLOUR = 40.0, 24.0
"""Most that census and colour add to a cost."""
CENSUS_FULL, COLOUR_FULL = 12.0, 36.0
"""Differing comparisons of 24, and display codes, that are all the difference there can be."""
STEP, JUMP = 4, 100
"""Costs of a change by one plane, and of any other between neighbours of one colour."""
UNEVEN = 2
"""Codes by which a place must be brighter than the middle to be called so: less is noise."""
EDGE = 12.0
"""Codes between neighbours over which a jump costs half."""
UNSEEN, NEUTRAL = 255, 40
"""Mark of a plane that no neighbour sees, and what it then costs."""
WELL_SEEN = 0.6
"""Share of the planes in which a neighbour must see a pixel."""
BESIDE = 3
"""Planes next to the best one that don't contradict it."""


@dataclass(frozen=True, eq=False)
class Depth:
    """Pictures (h, w). nearness: one over depth along the axis, float32. sureness: by how much that plane's cost is below that of any other
    one that isn't next to it, float32. seen: does any neighbour see it?"""

    nearness: np.ndarray
    sureness: np.ndarray
    seen: np.ndarray


def swept(here: Shown, others: list[Shown], nearness: np.ndarray) -> Depth:
    """Return the Depth of a frame from other ones. nearness: (d,) planes, evenly spaced."""
    costs = _compared(here, others, nearness)
    seen = (costs < UNSEEN).mean(axis=0) > WELL_SEEN
    costs[costs == UNSEEN] = NEUTRAL
    place, sureness = _lowest(_agreed(np.ascontiguousarray(costs.transpose(1, 2, 0)), *_jumps(here.codes)))
    return Depth(np.interp(place, np.arange(len(nearness)), nearness).astype(np.float32), sureness, seen)


def _compared(here: Shown, others: list[Shown], nearness: np.ndarray) -> np.ndarray:
    """Return the mean cost (d, h, w) uint8 over the better half of the `others`; UNSEEN where none sees the pixel there."""
    height, width = here.moving.shape
    out = np.empty((len(nearness), height, width), np.uint8)
    grey, colour = _tones(here.codes)
    bits = np.zeros((height, width), np.int32)
    _census(grey, bits)
    turns = [other.rotation @ here.rotation.T for other in others]
    shifts = [other.translation - turn @ here.translation for other, turn in zip(others, turns, strict=True)]
    sources = [_source(other) for other in others]
    back = np.linalg.inv(here.lens)
    theirs = np.zeros_like(bits)
    planes = cv2.split(colour)
    for index, near in enumerate(nearness):
        lowest = [np.full((height, width), UNSEEN, np.uint8) for _ in range((len(others) + 1) // 2)]
        for other, source, turn, shift in zip(others, sources, turns, shifts, strict=True):
            plane = other.lens @ (turn + near * np.outer(shift, [0, 0, 1.0])) @ back
            moved = cv2.warpPerspective(source, plane, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
            shade, *tints = cv2.split(moved)
            _census(shade, theirs)
            _keep_lowest(cost_of(bits ^ theirs, planes, tints, shade), lowest)
        _mean_of_seen(np.stack(lowest), out[index])
    return out


def _tones(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return grey (h, w) uint8 and the codes, averaged a little, as colours to compare (h, w, 3) uint8."""
    return cv2.cvtColor(codes, cv2.COLOR_RGB2GRAY), cv2.GaussianBlur(codes, (0, 0), 0.8)


def _source(other: Shown) -> np.ndarray:
    """Return grey and colours (h, w, 4) uint8; grey is 0 where something moves by itself, and nowhere else."""
    grey, colour = _tones(other.codes)
    return np.dstack([np.where(other.moving, 0, np.maximum(grey, 1)).astype(np.uint8), colour])


def cost_of(off: np.ndarray, own: Sequence[np.ndarray], theirs: Sequence[np.ndarray], shade: np.ndarray) -> np.ndarray:
    """Return what a moved neighbour costs at each pixel (h, w) uint8, UNSEEN where its `shade` shows nothing. off: bits that differ; own and
    theirs: colours, each three of (h, w)."""
    differing = np.minimum(np.bitwise_count(off), np.uint8(CENSUS_FULL))
    apart = [cv2.absdiff(a, b) for a, b in zip(own, theirs, strict=True)]
    most = np.minimum(cv2.max(cv2.max(apart[0], apart[1]), apart[2]), np.uint8(COLOUR_FULL))
    cost = cv2.addWeighted(differing, CENSUS / CENSUS_FULL, most, COLOUR / COLOUR_FULL, 0)
    return np.where(shade == 0, np.uint8(UNSEEN), cost)


def _keep_lowest(cost: np.ndarray, lowest: list[np.ndarray]) -> None:
    """Sort costs (h, w) into the `lowest` so far."""
    for index, held in enumerate(lowest):
        lowest[index], cost = cv2.min(held, cost), cv2.max(held, cost)


@njit(cache=True, fastmath=False)
def _census(grey, bits):  # type: ignore[no-untyped-def]
    """Set bits (h, w) int32: which of 24 places, every other one of 7 x 7, are brighter than the middle."""
    height, width = grey.shape
    bits[:] = 0
    limit = np.zeros(width, np.uint8)
    for y in range(3, height - 3):
        for x in range(width):
            limit[x] = min(grey[y, x] + UNEVEN, 255)
        bit = np.int32(1)
        row = bits[y]
        for dy in range(-3, 4):
            there = grey[y + dy]
            for dx in range(-3 + (dy + 1) % 2, 4, 2):
                if dy == 0 and dx == 0:
                    continue
                for x in range(3, width - 3):
                    row[x] += bit * np.int32(there[x + dx] > limit[x])
                bit = np.int32(bit << 1)


@njit(cache=True, fastmath=False)
def _mean_of_seen(lowest, out):  # type: ignore[no-untyped-def]
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            total, count = 0, 0
            for k in range(lowest.shape[0]):
                if lowest[k, y, x] != UNSEEN:
                    total += int(lowest[k, y, x])
                    count += 1
            out[y, x] = (total + count // 2) // count if count else UNSEEN


def _jumps(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what a jump costs between each pixel and the one to its right, and the one below it, (h, w) float32: less across edges."""
    smooth = cv2.GaussianBlur(codes, (0, 0), 0.8).astype(np.float32)
    right, down = np.zeros(codes.shape[:2], np.float32), np.zeros(codes.shape[:2], np.float32)
    right[:, :-1] = np.abs(np.diff(smooth, axis=1)).max(axis=-1)
    down[:-1] = np.abs(np.diff(smooth, axis=0)).max(axis=-1)
    return JUMP / (1 + right / EDGE), JUMP / (1 + down / EDGE)


def _agreed(costs: np.ndarray, right: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Return the costs (h, w, d) uint16 summed along eight ways."""
    total = np.zeros(costs.shape, np.uint16)
    for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1)):
        _along(costs, right, down, dy, dx, total)
    return total


@njit(cache=True, fastmath=False)
def _along(costs, right, down, dy, dx, total):  # type: ignore[no-untyped-def]
    """Add the costs carried along one way through the picture."""
    height, width, count = costs.shape
    # A plane of no use on either side of the planes spares the inner loop its borders.
    last, now = np.full((width, count + 2), 30000, np.int16), np.full((width, count + 2), 30000, np.int16)
    lows, now_lows = np.zeros(width, np.int16), np.zeros(width, np.int16)
    step = np.int16(STEP)
    for line in range(height):
        y = line if dy >= 0 else height - 1 - line
        for place in range(width):
            x = place if dx >= 0 else width - 1 - place
            py, px = y - dy, x - dx
            own, here, out = costs[y, x], now[x], total[y, x]
            if not (0 <= py < height and 0 <= px < width):
                for d in range(count):
                    here[d + 1] = own[d]
                    out[d] += own[d]
            else:
                jump = float(JUMP)
                if dx != 0:
                    jump = min(jump, right[y, min(x, px)])
                if dy != 0:
                    jump = min(jump, down[min(y, py), x])
                source, floor = (now[px], now_lows[px]) if dy == 0 else (last[px], lows[px])
                limit = np.int16(floor + np.int16(max(jump, STEP + 1.0)))
                for d in range(count):
                    best = min(min(source[d + 1], limit), np.int16(min(source[d], source[d + 2]) + step))
                    value = np.int16(np.int16(own[d]) + np.int16(best - floor))
                    here[d + 1] = value
                    out[d] += np.uint16(value)
            low = here[1]
            for d in range(2, count + 1):
                low = min(low, here[d])
            now_lows[x] = low
        if dy != 0:
            last, now = now, last
            lows, now_lows = now_lows, lows


@njit(cache=True, fastmath=False)
def _lowest(costs):  # type: ignore[no-untyped-def]
    """Return the place (h, w) along the planes where a parabola through the least cost and its neighbours has its bottom, and how far the
    least cost further than BESIDE planes away lies above it."""
    height, width, count = costs.shape
    places, sureness = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
    for y in range(height):
        for x in range(width):
            best = 0
            for d in range(1, count):
                if costs[y, x, d] < costs[y, x, best]:
                    best = d
            places[y, x] = best
            if 0 < best < count - 1:
                left, middle, after = float(costs[y, x, best - 1]), float(costs[y, x, best]), float(costs[y, x, best + 1])
                bend = left - 2 * middle + after
                if bend > 0:
                    places[y, x] += 0.5 * (left - after) / bend
            other = 1 << 20
            for d in range(count):
                if abs(d - best) > BESIDE:
                    other = min(other, int(costs[y, x, d]))
            sureness[y, x] = other - int(costs[y, x, best])
    return places, sureness
