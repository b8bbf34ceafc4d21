"""A level far side (lake and shore, sea, plain) behind the building: it goes on straight from where it ends at the left to where it begins again at
the right.

Patches of it would bring other shores, bridges and boats along. So its light goes on by itself: rows beside the hole, over the light of the sky, are
matched by their skylines and waterlines, and go across along straight lines. Fine texture is noise with the spectrum of what lies beside (Galerne,
Gousseau and Morel, "Random Phase Textures", 2011). What is far is told from what stands near by haze, which leaves nothing far dark (dark channel: He,
Sun and Tang, "Single Image Haze Removal Using Dark Channel Prior", 2009).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.signal import fftconvolve

from derrumbe.survey.cleanplate import diffused
from derrumbe.survey.far_shore import far_shore
from derrumbe.survey.filters import around, connected_to, filled, masked_mean, opened, shrunk, widened

HAZE, WINDOW = 0.12, 0.003
"""Far is where the darkest colour within a share of the longer side has this much of the sky's light."""
REACH = 0.1
"""What lies within this share of the longer side of the hole goes on behind it."""
FEWEST, LEAST_ROW, ENOUGH, GAP = 0.06, 4, 0.25, 0.015
"""Far pixels of a row, over that reach and at least, that are needed for it to count as far, and over it to tell its light; most
rows, over the height, that lack them."""
SHOWN = 0.02
"""The skyline is where the light (log) leaves the sky's by as much."""
LOWER, HIGHER = 0.05, 0.15
"""It is looked for from so much of the height over the level of the plate's skyline; all that is far reaches at least the second below it."""
EDGE, CLEARLY, STEP, SHARP = 0.1, 0.5, 0.01, 0.03
"""A waterline is the lowest place that changes the light (log) by this, and by this share of the most, within a share of the height; it is sharpest
within the fourth, and lies as much over what is lowest, whose light isn't taken."""
CRISP = 0.5
"""How much of what lies between a waterline and calm water is taken for calm water."""
WIDE, ODD, LEAST = 0.016, 2.5, 0.05
"""What strays (log) from what is within a share of the longer side by so many times its usual stray, and by the least, is odd: a boat, a bridge."""
OTHER = 0.25
"""Light (log) that strays this much from the rows that go on is of something else: islands."""
BROAD, FLAT, STIFF = 0.025, 0.012, 6.0
"""Light coarser than these shares of the longer side, along the shore and across it, goes on smoothly from the rim, so much more along it."""
CONTRAST = 0.13
"""Fine texture strays by no more than this share of how far the light (log) is from the sky's: haze takes both."""
CLEAR = 2
"""Pixels from what is near, whose light is mixed in, within which no texture is taken."""
TINTED = 0.3
"""How much of a texture's colours its noise has: spots of leaf and roof are more colourful than what they make up."""
MOST, UNRULY, SMOOTH, SOME = 0.5, 1.3, 2, 0.1
"""Fine texture strays by no more than the first (log), by no more than the second times what it does in most rows, and as rows do within the third to
either side; what shows less of it than this share of what
the other side shows gets the other's."""
LOOSE, SEEN, ALIKE = 0.012, 0.05, 0.2
"""An outline is loose by no more than a share of the longer side; share of what is so near that must be seen past it, and how much its light (log) and
that within the outline may differ."""
DARKEST = 1e-3


@dataclass(frozen=True, eq=False)
class Side:
    """What is far beside the hole: light (h, 3) of its rows over the sky's (log), and the rows of skyline, waterline and its lowest part."""

    light: np.ndarray
    skyline: int
    water: int
    lowest: int


@dataclass(frozen=True, eq=False)
class Course:
    """How far rows go across. level (h, w): 0 at the skyline, 1 at the waterline, 2 at the lowest part; share (w,): of the right side in each column;
    left, right: the rows of those levels (3,) on either side."""

    level: np.ndarray
    share: np.ndarray
    left: np.ndarray
    right: np.ndarray

    def of(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Return what goes across (h, w, c) of rows left and right (h, c)."""
        sides = ((left, self.left, 1 - self.share), (right, self.right, self.share))
        return np.asarray(sum(_at(rows, np.interp(self.level, (0, 1, 2), nodes)) * part[None, :, None] for rows, nodes, part in sides))


def with_far_side(
    clean: np.ndarray, heaven: np.ndarray, texture: np.ndarray, sky: np.ndarray, hole: np.ndarray, seed: int
) -> np.ndarray | None:
    """Return the clean plate (h, w, 3) whose hole (h, w) bool shows a far side that goes on straight; None where the plate shows none.

    heaven (h, w, 3): light of the sky all over; texture (h, w, 3): the plate; sky (h, w): its alpha; all scene-linear.
    """
    shore = far_shore(texture, sky, hole)
    if shore is None:
        return None
    over = np.log(np.maximum(texture, DARKEST) / np.maximum(heaven, DARKEST)).astype(np.float32)
    known = far(texture, heaven) & ~hole
    parts = _beside(known, hole)
    found = [_side(over, part, float(np.median(shore[:, 1]))) for part in parts]
    left, right = found[0] or found[1], found[1] or found[0]
    if left is None or right is None:
        return None
    course = _course(left, right, hole)
    whole = heaven * np.exp(_carried(over, known, parts, course, course.of(left.light, right.light), seed))
    below = course.level > 0
    # leaves that patches made before it stay before it
    share = cv2.GaussianBlur((hole & below & far(clean, heaven)).astype(np.float32), (0, 0), 1.0) * hole
    clean = np.where((below & known)[..., None], texture, clean)
    return (clean + (whole - clean) * share[..., None]).astype(np.float32)


def _carried(
    over: np.ndarray, known: np.ndarray, parts: tuple[np.ndarray, np.ndarray], course: Course, along: np.ndarray, seed: int
) -> np.ndarray:
    """Return the far side's light over the sky's (h, w, 3), log, everywhere: the rows that go across, what they lack at the hole's rim, and texture.

    over (h, w, 3): that light, where it is known (h, w) bool; parts: what of that is beside the hole, left and right; along (h, w, 3): the rows.
    """
    side = max(known.shape)
    usual = known & ~_odd(over - along, known)
    broad = masked_mean(over - along, usual, max(2, round(BROAD * side)), max(2, round(FLAT * side)))[0]
    rim = diffused(np.where(usual[..., None], broad, 0), usual, STIFF)
    telling = usual & shrunk(known, CLEAR) & (np.abs(broad).max(axis=-1) < OTHER)
    fine = np.where(telling[..., None], over - along - broad, np.nan)
    return along + rim + np.clip(_texture(fine, along, parts, course, seed), -MOST, MOST)


def far(picture: np.ndarray, heaven: np.ndarray) -> np.ndarray:
    """Return where (h, w) bool a picture (h, w, 3) shows what is far, or sky; heaven (h, w, 3): light of the sky all over."""
    size = 2 * max(1, round(WINDOW * max(picture.shape))) + 1
    return cv2.erode(picture.min(axis=-1) / np.maximum(heaven.min(axis=-1), DARKEST), np.ones((size, size))) > HAZE


def past_outline(texture: np.ndarray, sky: np.ndarray, region: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """Return what (h, w) bool of a building's region (h, w) bool is far: what juts out of its outline (n, 2) before a hazy shore is shore, and what a
    loose outline takes in of a lake has that lake's light.

    texture (h, w, 3): the plate, scene-linear; sky (h, w): alpha.
    """
    clear = sky > 0.995
    if not clear.any():
        return np.zeros_like(region)
    distant = far(texture, np.broadcast_to(np.median(texture[clear], axis=0), texture.shape))
    inside = region & (filled([outline], region.shape) > 0)
    usual, cover = masked_mean(texture, distant & ~region, max(3, round(LOOSE * max(region.shape))))
    alike = inside & (cover > SEEN) & (np.abs(np.log(np.maximum(texture, DARKEST) / np.maximum(usual, DARKEST))).max(axis=-1) < ALIKE)
    beside = distant & ~region
    notches = opened(alike & distant & connected_to(alike | beside, beside), 1)
    # walls close by darken what is far, and ornaments before the sky are thin
    return (alike & widened(notches, CLEAR)) | (region & ~inside & widened(opened(region & ~inside & distant, CLEAR), 2 * CLEAR))


def _beside(known: np.ndarray, hole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what of the known (h, w) bool lies beside the hole (h, w) bool, at its left and at its right."""
    near = known & widened(hole, REACH * max(hole.shape))
    middle = float(np.median(np.nonzero(hole)[1]))
    columns = np.arange(hole.shape[1])[None]
    return near & (columns < middle), near & (columns > middle)


def _side(over: np.ndarray, part: np.ndarray, level: float) -> Side | None:
    """Return the far side in a part (h, w) bool of a picture's light over the sky's (h, w, 3), log, whose skyline is about at a row; None for none."""
    height, reach = len(part), REACH * max(part.shape)
    count, start = part.sum(axis=1), max(0, round(level - LOWER * height))
    rows = np.flatnonzero((count >= max(FEWEST * reach, LEAST_ROW)) & (np.arange(height) >= start))
    telling = np.flatnonzero(count >= ENOUGH * reach)
    if not len(rows) or not len(telling):
        return None
    gaps = np.flatnonzero(np.diff(rows) > GAP * height + 1)
    lowest = int(rows[gaps[0]] if len(gaps) else rows[-1])
    if lowest < level + HIGHER * height:
        return None
    medians = np.array([np.median(over[row, part[row]], axis=0) for row in telling])
    light = np.stack([np.interp(np.arange(height), telling, medians[:, band]) for band in range(3)], 1).astype(np.float32)
    light = np.asarray(cv2.blur(light, (1, 3)), np.float32)
    skyline = start + int(np.argmax(np.abs(light[start:]).max(axis=-1) > SHOWN))
    light[:skyline] = 0
    water, calm = _waterline(light, skyline, lowest)
    # Shores that slant a little beside the hole are smeared along their rows.
    light[water:calm] += CRISP * (light[calm] - light[water:calm])
    # leaves that stand before it are mixed into its last rows
    last = max(calm, lowest - round(SHARP * height))
    return Side(light, skyline, water, last)


def _waterline(light: np.ndarray, skyline: int, lowest: int) -> tuple[int, int]:
    """Return the row of the waterline in rows of light (h, 3), log, and that from which on what lies below is calm: the lowest change that is about as
    sharp as any. The skyline, where nothing changes sharply."""
    step, reach = (max(2, round(share * len(light))) for share in (STEP, SHARP))
    change = np.abs(light[step:] - light[:-step]).max(axis=-1)[skyline : max(lowest - reach, skyline + 1) - step]
    sharp = np.flatnonzero(change > max(EDGE, CLEARLY * change.max(initial=0)))
    if not len(sharp):
        return skyline + 1, skyline + 1
    end = skyline + int(sharp[-1]) + step
    first = max(skyline + 1, end - reach)
    steep = np.abs(light[first + 1 : end + 1] - light[first - 1 : end - 1]).sum(axis=-1)
    return first + int(steep.argmax()), end


def _course(left: Side, right: Side, hole: np.ndarray) -> Course:
    """Return how rows go across behind a hole (h, w) bool: between its edges where the shore is, and level beside them."""
    height, width = hole.shape
    nodes = [np.array([side.skyline, side.water, side.lowest], float) for side in (left, right)]
    band = hole[int(min(nodes[0][0], nodes[1][0])) : int(max(nodes[0][1], nodes[1][1])) + 1]
    hidden = np.flatnonzero(band.mean(axis=0) > 0.5)
    first, last = (float(hidden[0]), float(hidden[-1])) if len(hidden) else (0.0, width - 1.0)
    share = np.clip((np.arange(width) - first) / max(last - first, 1.0), 0, 1)
    lines = nodes[0][:, None] * (1 - share) + nodes[1][:, None] * share
    rows = np.arange(height)
    level = [np.interp(rows, (line[0] - 1, *line), (-1, 0, 1, 2)) for line in lines.T]
    return Course(np.stack(level, 1), share, *nodes)


def _at(rows: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return rows (h, c) read at fractional places (h, w): (h, w, c)."""
    return np.stack([np.interp(at, np.arange(len(rows)), band) for band in rows.T], -1).astype(np.float32)


def _odd(stray: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return where (h, w) bool something strays from what is around it by more than is usual there; stray (h, w, 3) from the rows that go on, log."""
    radius = max(2, round(WIDE * max(known.shape)))
    off = np.abs(stray - masked_mean(stray, known, radius)[0])
    usual = masked_mean(np.minimum(off, 6 * LEAST), known, 2 * radius)[0]
    return widened(known & (off > np.maximum(ODD * usual, LEAST)).any(axis=-1), max(1.0, 0.2 * radius))


def _texture(fine: np.ndarray, along: np.ndarray, parts: tuple[np.ndarray, np.ndarray], course: Course, seed: int) -> np.ndarray:
    """Return fine texture (h, w, 3), log, of land above the waterline and of what lies below it, each like that on either side of the hole.

    fine (h, w, 3): what is known of it, else nan; along (h, w, 3): broad light over the sky's, log; parts: what of the picture (h, w) bool is
    beside, left and right.
    """
    depth = np.abs(along).max(axis=-1, keepdims=True)
    out, rng = np.zeros_like(fine), np.random.default_rng((seed, 81))
    shown = np.isfinite(fine[..., 0]) & (course.level > 0)
    weights = np.sqrt(1 - course.share), np.sqrt(course.share)
    for zone in (course.level < 1, course.level >= 1):
        beside = [part & shown & zone for part in parts]
        most = max(beside, key=np.count_nonzero)
        if not most.any():
            continue
        sides = [part if np.count_nonzero(part) > SOME * np.count_nonzero(most) else most for part in beside]
        spreads = [_spread(fine, side) for side in sides]
        fields = [_noise_like(fine / spread[:, None], side, rng) for side, spread in zip(sides, spreads, strict=True)]
        mixed = np.asarray(sum(field * weight[None, :, None] for field, weight in zip(fields, weights, strict=True)))
        mixed = TINTED * mixed + (1 - TINTED) * mixed.mean(axis=-1, keepdims=True)
        out[zone] = (mixed * np.minimum(course.of(*spreads), CONTRAST * depth))[zone]
    return out


def _spread(fine: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Return how much fine texture (h, w, 3) strays in the rows of a part (h, w) bool: (h, 1), carried on where it has none."""
    off, count = np.abs(fine).mean(axis=-1), part.sum(axis=1)
    rows = np.flatnonzero(count >= min(ENOUGH * REACH * max(part.shape), count.max()))
    medians = np.array([np.median(off[row, part[row]]) for row in rows])
    medians = np.interp(np.arange(len(part)), rows, np.minimum(medians, UNRULY * np.median(medians)))
    return np.asarray(1.48 * cv2.blur(medians[:, None], (1, 2 * SMOOTH + 1)) + 1e-4)


def _noise_like(fine: np.ndarray, part: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return noise (h, w, 3) with the spectrum and colours of the fine texture (h, w, 3) in a part (h, w) bool: spots of it, thrown everywhere."""
    box = around(part)
    spot = np.where(part[..., None], fine, 0)[box]
    spot = np.where(part[box][..., None], spot - spot.sum(axis=(0, 1)) / np.count_nonzero(part), 0) / np.sqrt(np.count_nonzero(part))
    height, width = part.shape
    thrown = rng.standard_normal((height + len(spot) - 1, width + spot.shape[1] - 1))
    return np.stack([fftconvolve(thrown, spot[..., band], mode="valid") for band in range(3)], -1).astype(np.float32)
