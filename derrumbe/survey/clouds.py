"""Clouds that the building hides: whole stretches of the sky that the plate shows, shifted and perhaps mirrored, with their seams evened out.

Small patches repeat as combs where much is hidden and little shown. A stretch as large as what is wanted keeps the shapes that clouds have, and its
difference from the sky at the rim, carried on into the hole, makes it meet that (Pérez, Gangnet and Blake, "Poisson Image Editing", 2003).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np

from derrumbe.survey.filters import masked_mean, widened

COARSE = 96
"""Shifts are compared in a picture whose longer side is so many pixels."""
TRIED, HIGHEST = 36, 0.25
"""Shifts tried to either side over the picture's width, and how far up or down a stretch may come from, share of its height: clouds near the horizon are
flatter."""
RIM = 2.5
"""Pixels of the compared picture around what is hidden where a stretch has to agree with what is shown."""
LEAST = 0.25
"""Share of that rim that a stretch has to have anything to say about."""
STRAYS, LEVEL, MIRRORED = 1.2, 0.6, 1.5
"""How much less, as powers of e, a stretch counts that strays from the rim by as much as the sky does from its mean, one that comes from so far up or
down as may be, and one that is mirrored: beside what it mirrors it is seen at once."""
SEAM = 2
"""Pixels about a stretch over which it is compared with what it has to meet."""
STRETCHES, ENOUGH = 4, 0.02
"""Most stretches, and the share of what is hidden that may be left for a smooth sky."""

Carried = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Carries values (h, w, 3) from where they are known (h, w) bool to everywhere."""


@dataclass(frozen=True)
class Shift:
    """Where a stretch comes from: x to the right and y down, shares of the picture's width and height; mirrored: left to right first."""

    x: float
    y: float
    mirrored: bool

    def of(self, picture: np.ndarray) -> np.ndarray:
        """Return what lies there for each pixel of a picture (h, w, ...), 0 outside it."""
        source = picture[:, ::-1] if self.mirrored else picture
        height, width = picture.shape[:2]
        move = np.array([[1, 0, -round(self.x * width)], [0, 1, -round(self.y * height)]], np.float32)
        return cv2.warpAffine(np.ascontiguousarray(source), move, (width, height), flags=cv2.INTER_NEAREST)


def carried_on(stray: np.ndarray, known: np.ndarray, hidden: np.ndarray, carried: Carried) -> np.ndarray:
    """Return how a sky strays from smoothness (h, w, 3) everywhere; stray (h, w, 3): where it is `known` (h, w) bool; hidden (h, w) bool: what will be
    seen of the rest."""
    own = np.where(known[..., None], stray, 0).astype(np.float32)
    out, have = own, known.copy()
    wanted = ~known & hidden & (np.arange(len(known)) <= np.flatnonzero(known.any(axis=1))[-1])[:, None]
    for _ in range(STRETCHES):
        shift = _best(out, known, have, wanted & ~have) if (wanted & ~have).sum() > ENOUGH * wanted.sum() else None
        if shift is None:
            break
        source, there = shift.of(own), shift.of(known.astype(np.uint8)) > 0
        taken = there & ~have
        rim = widened(taken, SEAM) & have
        if not taken.any() or not rim.any():
            break
        beside = np.where(there[..., None], source, masked_mean(source, there, SEAM)[0])
        out = np.where(taken[..., None], source + carried(out - beside, rim), out)
        have |= taken
    return np.where(have[..., None], out, carried(out, have)).astype(np.float32)


def _best(filled: np.ndarray, known: np.ndarray, have: np.ndarray, wanted: np.ndarray) -> Shift | None:
    """Return the shift that brings most of what is wanted and strays least from what there is (h, w, 3) at its rim; known, have, wanted (h, w) bool: what
    the plate shows, that with what has been filled, and what is hidden yet, down to where the sky ends. None where nothing fits."""
    scale = COARSE / max(known.shape)
    size = max(2, round(known.shape[1] * scale)), max(2, round(known.shape[0] * scale))
    picture = cv2.resize(filled, size, interpolation=cv2.INTER_AREA)
    source, there, wanted = (cv2.resize(each.astype(np.float32), size, interpolation=cv2.INTER_AREA) for each in (known, have, wanted))
    shown, rim = source > 0.99, widened(wanted > 0.5, RIM) & (there > 0.9)
    usual = float(picture[there > 0.99].std()) if (there > 0.99).any() else 0.0
    if not rim.any() or usual <= 0:
        return None
    best, most = None, 0.0
    for shift in _tried():
        seen = shift.of(shown.astype(np.uint8)) > 0
        both = seen & rim
        if both.sum() < LEAST * rim.sum():
            continue
        stray = float(np.abs(shift.of(picture) - picture)[both].mean()) / usual
        gain = float(wanted[seen].sum()) * np.exp(-STRAYS * stray - LEVEL * abs(shift.y) / HIGHEST - MIRRORED * shift.mirrored)
        if gain > most:
            best, most = shift, gain
    return best


def _tried() -> list[Shift]:
    steps = np.arange(-TRIED, TRIED + 1) / TRIED
    rows = np.arange(-3, 4) / 3 * HIGHEST
    return [Shift(float(x), float(y), mirrored) for mirrored, x, y in product((False, True), steps, rows) if mirrored or x or y]
