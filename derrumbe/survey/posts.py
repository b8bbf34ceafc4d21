"""Posts before the building: lamp posts, masts, poles of signs, trunks.

A post differs from what is beside it on both sides in the same way, keeps its width and colour, and its foot stands on the ground below the
building's. That last part is what tells it from columns, pilasters and downpipes, which end where the wall does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy import ndimage

from derrumbe.survey.filters import around, filled, widened
from derrumbe.survey.grabcut import grab_cut

WIDTHS = (2, 3, 4, 6, 8, 11, 15, 20)
"""Widths looked for, pixels of the picture."""
LEANS = tuple(float(np.tan(np.radians(degrees))) for degrees in range(-5, 6))
"""Columns per row by which a post may lean, as lenses held upwards show it."""
TAPER = 0.25
"""Share of its width by which a post may be thicker on a side."""
APART = 0.06
"""A post's colour differs from what is beside it by at least this much (display codes, 0..1)."""
LIKE, SAME = 0.20, 0.6
"""Colours along a post stay this near to their median, in at least this share of its rows."""
CLEAR, LONG, SHORTEST = 0.012, 0.05, 0.035
"""The outline's foot may be off by CLEAR; a post goes on over LONG below that, or to its own foot over SHORTEST, and over CLEAR above;
shares of the longer side."""
SOLID = 0.75
"""Share of these rows in which it is seen, below the foot and above."""
GAP = 0.03
"""A post ends where it isn't seen over so much, share of the longer side."""


HEAD, TALL, BESIDE = 12.0, 0.5, 0.3
"""How far around its top what a post carries is looked for, in widths, and as a share of its length; and how much wider than found a post
may be, in widths."""
FINE_LEANS, FINE_STEP = 4, 0.3
"""Leans are settled to FINE_STEP degrees, so many steps to both sides."""
UNEVEN = 0.5
"""What a difference between the halves of a bar costs, in differences from what is beside it."""
EVEN = 0.25
"""A lamp's two halves differ by less than this (display codes, 0..1)."""
GUESS = (3.0, 2.5)
"""A lamp is first thought to be a disc with its centre so many widths above the post's top, of such a radius in widths."""
COMPACT = 1.8
"""Largest area of a lamp's convex hull, over what of it was found by colour."""
PANE = 0.75
"""Half the width of a hole that counts as a pane, in widths of the post."""


@dataclass(frozen=True)
class Post:
    """A straight bar in pixels of the picture: from (x, y) `top` to `bottom`, `width` wide. seen: share of its rows in which it stands out."""

    top: tuple[float, float]
    bottom: tuple[float, float]
    width: float
    seen: float

    def polygon(self) -> np.ndarray:
        """Return its corners (4, 2)."""
        half = np.array([self.width / 2, 0.0])
        top, bottom = np.array(self.top), np.array(self.bottom)
        return np.array([top - half, top + half, bottom + half, bottom - half])

    def scaled(self, by: float) -> Post:
        """Return the same in a picture `by` times as large."""
        (x, y), (u, v) = self.top, self.bottom
        return Post((x * by, y * by), (u * by, v * by), self.width * by, self.seen)


@dataclass(frozen=True)
class _Crossing:
    """Where a bar crosses the building's foot."""

    column: int
    row: int
    wide: int
    lean: float
    force: float


def find_posts(codes: np.ndarray, foot: np.ndarray) -> tuple[Post, ...]:
    """Return the posts before a building, the clearest first.

    codes (h, w, 3) uint8, about 1000 pixels wide; foot (w,): row at which the building meets the ground, NaN where it isn't seen.
    """
    seen = np.isfinite(foot)
    if not seen.any():
        return ()
    picture = cv2.GaussianBlur(codes, (0, 0), 0.6).astype(np.float32) / 255
    side = max(codes.shape)
    low, high = int(np.nanmin(foot) - 4 * CLEAR * side), int(np.nanmax(foot) + (LONG + 2 * CLEAR) * side)
    top = max(0, low)
    band = picture[top : max(top + 1, min(len(picture), high))]
    found = [crossing for lean in LEANS for crossing in _crossings(band, np.where(seen, foot - top, -1e6), lean, side)]
    traced = [[_traced(picture, crossing, top, side) for crossing in group] for group in _groups(found)]
    best = [max(group, key=_rows_seen) for group in traced if any(post is not None for post in group)]
    return tuple(post for post in best if post is not None)


def _sheared(picture: np.ndarray, lean: float, pivot: float) -> np.ndarray:
    """Return the picture with what leans by `lean` columns a row stood upright; row `pivot` stays in place."""
    way = np.array([[1, lean, -lean * pivot], [0, 1, 0]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(picture, way, picture.shape[1::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _crossings(band: np.ndarray, foot: np.ndarray, lean: float, side: int) -> list[_Crossing]:
    """Return where bars of a lean cross the foot (w,), rows of the band."""
    height, width = band.shape[:2]
    pivot = float(np.median(foot[foot > -1e5]))
    upright = _sheared(band, lean, pivot)
    clear, at = round(CLEAR * side), np.arange(width)
    rows = foot.astype(int)
    up, start = np.clip(rows - 2 * clear, 0, height), np.clip(rows + clear, 0, height)
    stop = np.clip(rows + clear + round(LONG * side), 0, height)
    fits = (rows >= 2 * clear) & (stop - start >= SHORTEST * side)
    found = []
    for wide in WIDTHS:
        apart = _apart(upright, wide)
        ridge, force = (np.vstack([np.zeros((1, width)), np.cumsum(value, axis=0)]) for value in (apart > APART, np.minimum(apart, 0.3)))
        below = (ridge[stop, at] - ridge[start, at]) / np.maximum(stop - start, 1)
        above = (ridge[start, at] - ridge[up, at]) / (3 * clear)
        good = (force[stop, at] - force[up, at]) / np.maximum(stop - up, 1) * np.sqrt(wide)
        for x in np.flatnonzero(fits & (np.minimum(below, above) >= SOLID)):
            found.append(_Crossing(round(x + lean * (rows[x] - pivot)), int(rows[x]), wide, lean, float(good[x])))
    return found


def _apart(picture: np.ndarray, wide: int, taper: float = TAPER) -> np.ndarray:
    """Return how far a bar around each pixel is from both its sides, in the same direction (h, w)."""
    beside = max(2, wide // 2)
    middle, flank = cv2.blur(picture, (wide, 1)), cv2.blur(picture, (beside, 1))
    # A blur of even size reaches one pixel further to the left.
    away = round(taper * wide)
    left = np.roll(flank, wide // 2 + beside - beside // 2 + away, axis=1)
    right = np.roll(flank, -(wide - wide // 2 + beside // 2 + away), axis=1)
    first, second = middle - left, middle - right
    near = np.sqrt(np.minimum((first * first).sum(axis=-1), (second * second).sum(axis=-1)))
    return np.where((first * second).sum(axis=-1) > 0, near, 0)


def _uneven(picture: np.ndarray, wide: int) -> np.ndarray:
    """Return how far the two halves of a bar around each pixel are from each other (h, w)."""
    half = cv2.blur(picture, (max(1, wide // 2), 1))
    quarter = max(1, wide // 4)
    return np.linalg.norm(np.roll(half, quarter, axis=1) - np.roll(half, -quarter, axis=1), axis=-1)


def _groups(found: list[_Crossing]) -> list[list[_Crossing]]:
    """Return bars that lie on each other together, the clearest of each width and lean."""
    groups: list[list[_Crossing]] = []
    for one in sorted(found, key=lambda crossing: -crossing.force):
        near = [group for group in groups if abs(one.column - group[0].column) <= 1.5 * max(one.wide, group[0].wide, 4)]
        if not near:
            groups.append([one])
        elif all((one.wide, one.lean) != (other.wide, other.lean) for other in near[0]):
            near[0].append(one)
    return groups


def _rows_seen(post: Post | None) -> float:
    """Return in how many rows a post stands out, counting those of wide posts for a little more."""
    return 0.0 if post is None else post.seen * (post.bottom[1] - post.top[1]) * post.width**0.25


def _traced(picture: np.ndarray, crossing: _Crossing, top: int, side: int) -> Post | None:
    """Return the post that goes up and down from a crossing of the band from row `top` on; None when its colour doesn't hold."""
    x, row, wide, pivot = crossing.column, crossing.row + top, crossing.wide, crossing.row + top
    reach = round(abs(crossing.lean) * len(picture)) + 4 * wide
    left = max(0, x - reach)
    strip = _sheared(picture[:, left : x + reach + 1], crossing.lean, pivot)
    middle, apart = cv2.blur(strip, (wide, 1))[:, x - left], _apart(strip, wide)[:, x - left]
    clear = round(CLEAR * side)
    around = slice(max(0, row - 2 * clear), row + clear + round(SHORTEST * side))
    like = np.linalg.norm(middle - np.median(middle[around], axis=0), axis=-1) < LIKE
    if like[around].mean() < SAME:
        return None
    seen = (apart > APART) & like
    gap = round(GAP * side)
    if not seen[row - clear : row + clear].any():
        return None
    first, last = row - _run(seen[:row][::-1], gap), row + _run(seen[row:], gap)
    return _settled(picture, _ends(crossing.lean, x, wide, pivot, first, last), wide, float(seen[first:last].mean()))


def _ends(lean: float, x: float, wide: int, pivot: int, first: int, last: int) -> np.ndarray:
    """Return top and bottom (2, 2) of a bar's axis: (x, y)."""
    half = 0.5 if wide % 2 else 0.0
    return np.array([(x + half + lean * (end - pivot), float(end)) for end in (first, last)])


def _settled(picture: np.ndarray, ends: np.ndarray, wide: int, seen: float) -> Post:
    """Return the post whose axis and width set it off from both sides the most, near those found."""
    (x, first), (u, last) = ends
    lean, pivot = (u - x) / (last - first), round(0.5 * (first + last))
    middle, reach = round(0.5 * (x + u)), round(abs(u - x)) + 4 * wide
    left = max(0, middle - reach)
    strip = picture[int(first) : int(last), left : middle + reach + 1]
    best, found = -np.inf, (lean, middle, wide)
    for turned in lean + np.arange(-FINE_LEANS, FINE_LEANS + 1) * np.radians(FINE_STEP):
        upright = _sheared(strip, float(turned), pivot - int(first))
        for trial in [width for width in WIDTHS if 0.5 * wide <= width <= 2.2 * wide]:
            near = slice(max(0, middle - left - wide // 2 - 1), middle - left + wide // 2 + 2)
            force = (np.minimum(_apart(upright, trial, 0.0), 0.3) - UNEVEN * _uneven(upright, trial))[:, near].mean(axis=0)
            if force.max() > best:
                best, found = float(force.max()), (float(turned), left + near.start + int(force.argmax()), trial)
    top, bottom = _ends(*found, pivot, int(first), int(last))
    return Post(tuple(top.tolist()), tuple(bottom.tolist()), found[2] + 1.0, seen)


def post_mask(codes: np.ndarray, post: Post) -> np.ndarray:
    """Return where (h, w) bool a post and what it carries are in codes (h, w, 3) uint8: by
    their colours (GrabCut, Rother et al. 2004) along its bar and around its top, and what those enclose (the panes of a lamp)."""
    shape = codes.shape[:2]
    bar = _bar(post, shape)
    core = _bar(replace(post, width=max(1.0, 0.5 * post.width)), shape)
    corridor = widened(bar, BESIDE * post.width)
    radius = min(HEAD * post.width, TALL * (post.bottom[1] - post.top[1]))
    head = _round_top(post, radius, shape)
    window = around(corridor | head, round(2 * post.width) + 2)
    guess = bar | (head & _round_top(replace(post, top=_above(post, GUESS[0])), GUESS[1] * post.width, shape))
    labels = np.where(core, cv2.GC_FGD, np.where(guess, cv2.GC_PR_FGD, np.where(corridor | head, cv2.GC_PR_BGD, cv2.GC_BGD)))
    found = np.zeros(shape, bool)
    found[window] = _with_core(grab_cut(codes[window], labels[window]), core[window])
    # What reaches the rim of where it was looked for isn't a lamp or a sign, but something of the same colour behind.
    rim = head & ~_round_top(post, radius - 2, shape) & ~corridor
    found &= corridor if (found & rim).any() else True
    found |= head & ~corridor & _mirrored(codes, found, post)
    found |= _rounded(found & head & ~corridor & (np.arange(shape[0])[:, None] < post.top[1]))
    return np.asarray(found | _panes(found, PANE * post.width))


def _bar(post: Post, shape: tuple[int, int]) -> np.ndarray:
    return filled([post.polygon()], shape) > 0


def _with_core(found: np.ndarray, core: np.ndarray) -> np.ndarray:
    """Return the parts (h, w) bool that hang together with a core."""
    parts = cv2.connectedComponents(found.astype(np.uint8))[1]
    return np.isin(parts, np.unique(parts[core & found]))


def _mirrored(codes: np.ndarray, mask: np.ndarray, post: Post) -> np.ndarray:
    """Return a mask (h, w) bool turned over about the post's axis, where the picture is alike on both sides."""
    top, bottom = np.array(post.top), np.array(post.bottom)
    along = (bottom - top) / np.linalg.norm(bottom - top)
    turn = 2 * np.outer(along, along) - np.eye(2)
    way = np.column_stack([turn, (np.eye(2) - turn) @ (top - 0.5)]).astype(np.float32)
    blurred = cv2.blur(codes.astype(np.float32) / 255, (5, 5))
    other = cv2.warpAffine(blurred, way, mask.shape[::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    over = cv2.warpAffine(mask.astype(np.uint8), way, mask.shape[::-1], flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
    return (over > 0) & (np.linalg.norm(other - blurred, axis=-1) < EVEN)


def _rounded(lamp: np.ndarray) -> np.ndarray:
    """Return the convex hull of a lamp (h, w) bool whose colours left some of it out; nothing when it isn't a compact thing."""
    points = cv2.findNonZero(lamp.astype(np.uint8))
    if points is None:
        return lamp
    hull = np.zeros(lamp.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(points), 1)
    return (hull > 0) & (np.count_nonzero(hull) < COMPACT * np.count_nonzero(lamp))


def _panes(mask: np.ndarray, half: float) -> np.ndarray:
    """Return the holes of a mask (h, w) bool that are no wider than twice `half`."""
    holes = ndimage.binary_fill_holes(mask) & ~mask
    count, labels = cv2.connectedComponents(holes.astype(np.uint8))
    deepest = ndimage.maximum(cv2.distanceTransform(holes.astype(np.uint8), cv2.DIST_L2, 3), labels, range(count))
    small = np.asarray(deepest) <= half
    small[0] = False
    return np.asarray(small[labels])


def _above(post: Post, widths: float) -> tuple[float, float]:
    """Return the point so many widths above a post's top, on its axis."""
    (x, y), (u, v) = post.top, post.bottom
    share = widths * post.width / (v - y)
    return x + share * (x - u), y + share * (y - v)


def _round_top(post: Post, radius: float, shape: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    cv2.circle(mask, (round(post.top[0]), round(post.top[1])), max(1, round(radius)), 1, -1)
    mask[min(shape[0], round(post.top[1] + 0.25 * radius)) :] = 0
    return mask > 0


def _run(seen: np.ndarray, gap: int) -> int:
    """Return how far a run goes until nothing is seen for `gap` rows."""
    here = np.flatnonzero(seen)
    breaks = np.flatnonzero(np.diff(here, prepend=-1) > gap)
    here = here[: breaks[0]] if breaks.size else here
    return int(here[-1]) + 1 if here.size else 0
