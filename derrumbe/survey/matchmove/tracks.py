"""Features followed through the shot (Shi & Tomasi 1994; pyramidal Lucas-Kanade, Bouguet 2001; OpenCV's).

Each step is checked backwards in time, and positions are set right against the picture in which the feature was first seen (`patches`), so
that small errors don't add up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from derrumbe.survey.matchmove.patches import Patches, smooth

MOST = 900
"""Features followed at a time."""
SPACING = 0.016
"""Least distance between features, as a share of the picture's longer side."""
CLOSER, EXTRA = 0.4, 300
"""On the building, features of the first frame lie closer by this factor, and there may be so many more of them."""
QUALITY = 0.004
RETURN = 0.6
"""A feature that tracked back in time misses its start by more than this, pixels, is lost."""
RENEWED = 10
"""New features are looked for every so many frames."""
WINDOW = (21, 21)
LEVELS = 4
BORDER = 4
TEXTURE = 24
"""A picture with fewer features than this can't be followed."""
CUT = 0.12
"""When fewer than this share of features go on to the next frame, and the two look otherwise, it is another shot."""
BLACK = 3.0
"""Mean tone (of 255) of a picture that shows nothing."""
ALIKE = 0.5
"""Correlation of two small pictures of one shot."""


class Cut(Exception):
    """The frame with this index (its first argument) belongs to another shot."""


class Black(Exception):
    """The frame with this index shows nothing."""


@dataclass(frozen=True, eq=False)
class Tracks:
    """Pixel positions (frames, tracks, 2) float64 of features in plate pixels, centres at +0.5; NaN where a feature isn't seen."""

    positions: np.ndarray
    size: tuple[int, int]
    """Width and height of the plate."""
    still: np.ndarray | None = None
    """(tracks,) bool: features of the first frame on the building, which stands still, whatever else moves. None: nobody says."""

    @cached_property
    def seen(self) -> np.ndarray:
        """(frames, tracks) bool."""
        return np.isfinite(self.positions[..., 0])


def follow(pictures: Iterable[np.ndarray], size: tuple[int, int], about: np.ndarray | None = None) -> Tracks:
    """Return the Tracks of grey pictures (h, w) uint8, one per frame; `size` is the plate's. Raises Cut and Black.

    about: an outline (n, 2) in plate pixels, within which the first frame's features lie closer together.
    """
    coming = iter(pictures)
    first = next(coming)
    _check_picture(first, 0)
    scale = first.shape[1] / size[0]
    rows: list[np.ndarray] = []
    here = _found(first, np.zeros((0, 2), np.float32))
    if about is not None:
        here = np.concatenate([here, _closer(first, here, scale * about - 0.5)])
    alive = np.arange(len(here))
    count = len(here)
    rows.append(_row(count, alive, here))
    patches = Patches()
    patches.add(smooth(first), here, alive)
    last = first
    for index, picture in enumerate(coming, start=1):
        _check_picture(picture, index)
        before = len(here)
        here, kept = _stepped(last, picture, here)
        if before >= TEXTURE and np.count_nonzero(kept) < CUT * before and _is_other(last, picture):
            raise Cut(index)
        here, alive = here[kept], alive[kept]
        patches.keep(kept)
        soft = smooth(picture)
        here, _ = patches.matched(soft, here)
        if index % RENEWED == 0 or len(here) < MOST // 2:
            fresh = _found(picture, here)
            names = np.arange(count, count + len(fresh))
            alive, here, count = np.concatenate([alive, names]), np.concatenate([here, fresh]), count + len(fresh)
            patches.add(soft, fresh, names)
        rows.append(_row(count, alive, here))
        last = picture
    positions = np.full((len(rows), count, 2), np.nan)
    for index, row in enumerate(rows):
        positions[index, : len(row)] = row
    positions = (positions + 0.5) / scale
    return Tracks(positions, size, None if about is None else _within(about, positions[0]))


def _within(outline: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return which places (n, 2) lie within an outline (m, 2); NaN lies nowhere."""
    contour = outline.astype(np.float32).reshape(-1, 1, 2)
    return np.array([bool(np.isfinite(x)) and cv2.pointPolygonTest(contour, (float(x), float(y)), False) > 0 for x, y in places], bool)


_CRITERIA = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 0.003)


def _stepped(last: np.ndarray, picture: np.ndarray, here: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if not len(here):
        return here, np.zeros(0, bool)
    start = here.reshape(-1, 1, 2)
    there, forth, _ = cv2.calcOpticalFlowPyrLK(last, picture, start, start.copy(), winSize=WINDOW, maxLevel=LEVELS, criteria=_CRITERIA)
    back, home, _ = cv2.calcOpticalFlowPyrLK(picture, last, there, start.copy(), winSize=WINDOW, maxLevel=LEVELS,
                                             flags=cv2.OPTFLOW_USE_INITIAL_FLOW, criteria=_CRITERIA)  # fmt: skip
    there, miss = there.reshape(-1, 2), np.linalg.norm(back.reshape(-1, 2) - here, axis=1)
    height, width = picture.shape
    inside = (there > BORDER).all(axis=1) & (there[:, 0] < width - BORDER) & (there[:, 1] < height - BORDER)
    return there, (forth.ravel() > 0) & (home.ravel() > 0) & (miss < RETURN) & inside


def _found(picture: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """Return new features (n, 2) float32 away from those that are taken."""
    room = MOST - len(taken)
    if room <= 0:
        return np.zeros((0, 2), np.float32)
    return _spread(picture, taken, np.full(picture.shape, 255, np.uint8), SPACING, room)


def _closer(picture: np.ndarray, taken: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """Return more features (n, 2) float32 within an outline (m, 2) in the picture's pixels."""
    mask = np.zeros(picture.shape, np.uint8)
    cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], 255)
    return _spread(picture, taken, mask, CLOSER * SPACING, EXTRA)


def _spread(picture: np.ndarray, taken: np.ndarray, mask: np.ndarray, apart: float, most: int) -> np.ndarray:
    """Return up to `most` features (n, 2) float32 in a mask, `apart` from each other and from those taken, a share of the longer side."""
    spacing = max(4.0, apart * max(picture.shape))
    for x, y in taken:
        cv2.circle(mask, (round(float(x)), round(float(y))), round(spacing), 0, -1)
    mask[:BORDER], mask[-BORDER:], mask[:, :BORDER], mask[:, -BORDER:] = 0, 0, 0, 0
    found = cv2.goodFeaturesToTrack(picture, most, QUALITY, spacing, mask=mask, blockSize=5)
    if found is None:
        return np.zeros((0, 2), np.float32)
    return found.reshape(-1, 2).astype(np.float32)


def _check_picture(picture: np.ndarray, index: int) -> None:
    if float(picture.mean()) < BLACK and int(np.percentile(picture, 99)) < 4 * BLACK:
        raise Black(index)


def _is_other(last: np.ndarray, picture: np.ndarray) -> bool:
    """Do two pictures show different things, however the camera shook? Broad shapes of one shot stay much the same."""
    small = [
        cv2.GaussianBlur(cv2.resize(p, (32, 18), interpolation=cv2.INTER_AREA), (0, 0), 1.0).astype(np.float64) for p in (last, picture)
    ]
    a, b = (p - p.mean() for p in small)
    return float((a * b).sum()) < ALIKE * float(np.sqrt((a * a).sum() * (b * b).sum()) + 1e-9)


def _row(count: int, alive: np.ndarray, here: np.ndarray) -> np.ndarray:
    row = np.full((count, 2), np.nan)
    row[alive] = here
    return row
