"""Wall that depth has left standing around what is before a moving camera's building is given back to the building.

Walls bulge and lean before the planes fitted to them, and windows of a depth search reach over edges: with one threshold for the whole
picture, patches of wall stand around things. But a thing leaves the wall beside it with a step, and what is on the wall's side of halfway is
wall. Where that isn't clear, colours tell (guided filter, He, Sun & Tang 2013, with weights).
"""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.media.guided import guided
from derrumbe.survey.filters import disc, masked_mean, opened
from derrumbe.survey.things_ahead import without_specks

REACH, FINE = 0.03, 0.008
"""Radii in which the wall beside a thing and the thing itself are looked for, and in which colours tell; shares of the width."""
KNOWN, COVER = 0.1, 0.01
"""Sureness of a depth that counts, and the share of the surroundings that must be wall."""
FURTHEST = 2.0
"""What is before the wall beside it by so many times what is clear is on the thing's side, however near other things are."""
UNLIKE, NOISE, STRANGE = 2.5, 3.0, 0.3
"""Spreads of the wall's colours around it, each with so many codes of noise, that make a colour none of its; how much that speaks for a thing."""
FAINT = 0.1
"""How much depth says where neither it nor colours are clear."""
CERTAIN, THIN, THREAD = 0.6, 0.008, 2e-4
"""How far (-1 wall, 1 thing) what is thin must be on the thing's side to stay whatever its colour; half of how broad that is at most, share of the
width; share of the picture that it takes."""


def without_loose_wall(things: np.ndarray, share: np.ndarray, sure: np.ndarray, codes: np.ndarray, clear: float, step: float) -> np.ndarray:
    """Return the things (h, w) bool without wall that stands around them, codes (h, w, 3) uint8.

    share (h, w): at which share of the way to the walls each pixel is, and how sure that is, 0 to 1 (h, w); clear: share before which a point
    begins to be in front; step: the least one, by which a thing is before the wall beside it. Things without wall beside them stay as they are.
    """
    known = sure > KNOWN
    around = known & ~things & (share > clear)
    (wall, told), thing = _around(share, around), _nearest(things, share, known)
    beside = things & told & (wall - thing > step)
    halfway = np.maximum(0.5 * (wall + thing), wall - FURTHEST * (1 - clear))
    span = np.clip(halfway - thing, 1e-6, FURTHEST * (1 - clear))
    side = np.where(beside, np.clip((halfway - share) / span, -1, 1), np.where(things, 1, -1)).astype(np.float32)
    # What is clearly before the wall beside it, though further than halfway, may be a third thing between the two.
    between = (share > halfway) & (share < wall - (1 - clear))
    say = np.where(beside, sure * np.abs(side) * ~between, 1)
    strange = beside & (side < STRANGE) & _strange(codes, around)
    votes = np.where(strange, 1, np.sign(side)).astype(np.float32)
    belief = np.where(beside, FAINT * side, side).astype(np.float32)
    own = opened(guided(codes, votes, np.where(strange, STRANGE, say).astype(np.float32), belief, FINE) > 0, 1)
    return without_specks(things & (~beside | own | _thin(side > CERTAIN, things)), THREAD * things.size)


def _around(share: np.ndarray, wall: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return at which share of the way to the walls (h, w) the `wall` (h, w) bool around each pixel is, and where there is any."""
    mean, cover = masked_mean(np.dstack([share] * 3), wall, round(REACH * share.shape[1]))
    return mean[..., 0], cover > COVER


def _nearest(things: np.ndarray, share: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return at which share of the way to the walls (h, w) the nearest of the things around each pixel is."""
    calm = cv2.medianBlur(np.where(things & known, share, 1).astype(np.float32), 5)
    return np.asarray(cv2.erode(calm, disc(REACH * share.shape[1])))


def _strange(codes: np.ndarray, wall: np.ndarray) -> np.ndarray:
    """Return which pixels (h, w) bool have a colour, codes (h, w, 3) uint8, that the `wall` (h, w) bool around them hasn't."""
    red, green, blue = cv2.split(codes.astype(np.float32))
    tones = np.dstack([(red + green + blue) / 3, red - green, blue - 0.5 * (red + green)])
    reach = round(REACH * wall.shape[1])
    mean, squares = (masked_mean(part, wall, reach)[0] for part in (tones, tones * tones))
    spread = np.sqrt(np.maximum(squares - mean * mean, 0)) + NOISE
    return np.asarray((np.abs(cv2.GaussianBlur(tones, (0, 0), 0.7) - mean) / spread).max(axis=-1) > UNLIKE)


def _thin(certain: np.ndarray, things: np.ndarray) -> np.ndarray:
    """Return those parts (h, w) bool of what is `certain` that are thin: colours of a window mix a tube or a pole with what is around it."""
    solid = opened(certain & things, 1)
    return without_specks(solid & ~opened(solid, THIN * things.shape[1]), THREAD * things.size)
