"""Thin bars inside a corridor that was drawn around them: poles, arms of lamps, cables.

A bar differs from what is on both its sides in the same way, whatever that is on either. Of all bars across the corridor, at any angle and
width, the clearest is the thing.
"""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.survey.filters import disc

ANGLES = 12
LENGTH = 9
"""Colours are averaged over so many pixels along a bar."""
WIDTHS = (2, 3, 4, 6, 8, 10)
APART = 0.05
"""A bar's colour differs from what is beside it by at least this much (display codes, 0..1)."""
UNEVEN = 1.0
"""What spread across a bar costs, in differences from what is beside it."""
BROAD, NEARBY, LIKE = 0.25, 3.0, 0.3
"""Wide bars count for more by this power of their width; sigma, in corridors' widths, of what is nearby; least cosine to how it differs."""
SPARE = 0.5
"""Pixels by which a bar may reach out of the corridor on either side."""
GAP = 0.6
"""Gaps up to about twice so many corridors' widths are closed."""
CLEAREST = 0.75
"""Bars this near to the clearest one across the corridor are parts of the thing."""


def bars(picture: np.ndarray, room: np.ndarray, wide: float) -> np.ndarray:
    """Return what thin bars cover (h, w) bool in a corridor at most `wide` pixels wide of a picture (h, w, 3), 0..1.

    room (h, w): distance from the corridor's edge, pixels, 0 outside: a bar fits into it. All parts of a thing nearby differ from what is
    beside them alike, as brighter or redder does. Where nothing stands out from both its sides, nothing is returned.
    """
    tried = [(angle, width) for angle in _angles() for width in WIDTHS if width < wide]
    apart, change = (np.stack(part) for part in zip(*(_apart(picture, *bar) for bar in tried), strict=True))
    wider = np.array([width for _, width in tried], np.float32)[:, None, None]
    clear = apart * (room > 0) * (room >= 0.5 * wider - SPARE) * wider**BROAD
    way = _usual(change, clear, NEARBY * wide)
    clear *= (change * way).sum(axis=-1) > LIKE * np.linalg.norm(change, axis=-1)
    best, most = clear.argmax(axis=0), clear.max(axis=0)
    out = np.zeros(room.shape, bool)
    middles = {angle: np.zeros(room.shape, np.uint8) for angle, _ in tried}
    for index, (angle, width) in enumerate(tried):
        across = cv2.dilate(most, _line(angle + np.pi / 2, wide))
        middle = ((best == index) & (most > APART) & (most >= CLEAREST * across)).astype(np.uint8)
        middles[angle] |= middle
        out |= cv2.dilate(middle, disc(width / 2) if width > 2 else np.ones((2, 2), np.uint8)) > 0
    return (out | _gaps(list(middles.values()), wide)) & (room > 0)


def _gaps(middles: list[np.ndarray], wide: float) -> np.ndarray:
    """Return the gaps (h, w) bool that bars have along their own direction: a post crosses a kerb as light as it is. middles: by angle."""
    out = np.zeros(middles[0].shape, bool)
    for index, angle in enumerate(_angles()):
        alike = middles[index - 1] | middles[index] | middles[(index + 1) % ANGLES]
        if alike.any():
            closed = cv2.morphologyEx(alike, cv2.MORPH_CLOSE, _line(angle, GAP * wide), borderType=cv2.BORDER_CONSTANT, borderValue=0)
            out |= cv2.dilate(closed & ~alike, disc(1)) > 0
    return out


def _line(angle: float, length: float) -> np.ndarray:
    """Return a line (n, n) uint8 as a structuring element, about twice `length` long."""
    return (_segment(angle, 2 * round(length) + 1, 0.0) > 0).astype(np.uint8)


def _usual(change: np.ndarray, clear: np.ndarray, sigma: float) -> np.ndarray:
    """Return the unit way (h, w, 3) in which the clearest bars (n, h, w) nearby differ from what is beside them: change (n, h, w, 3)."""
    first = clear.argmax(axis=0)[None]
    weight = np.take_along_axis(clear, first, 0)[0] ** 2
    change = np.take_along_axis(change, first[..., None], 0)[0]
    mean = cv2.GaussianBlur(change * weight[..., None], (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    return mean / np.maximum(np.linalg.norm(mean, axis=-1, keepdims=True), 1e-12)


def _angles() -> np.ndarray:
    return np.arange(ANGLES) * (np.pi / ANGLES)


def _apart(picture: np.ndarray, angle: float, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how far a bar at each pixel is from both its sides (h, w), in the same direction, and from being uneven across itself; and how
    it differs from their mean (h, w, 3)."""
    beside = 0.5 * width + 1.5
    inside = [cv2.filter2D(picture, -1, _segment(angle, LENGTH, offset)) for offset in np.arange(width) - 0.5 * (width - 1)]
    middle = np.mean(inside, axis=0)
    left, right = (middle - cv2.filter2D(picture, -1, _segment(angle, LENGTH, side * beside)) for side in (-1, 1))
    near = np.sqrt(np.minimum((left * left).sum(axis=-1), (right * right).sum(axis=-1)))
    uneven = np.sqrt(np.mean([((part - middle) ** 2).sum(axis=-1) for part in inside], axis=0))
    apart = np.where((left * right).sum(axis=-1) > 0, np.maximum(near - UNEVEN * uneven, 0), 0)
    return apart.astype(np.float32), 0.5 * (left + right)


def _segment(angle: float, length: int, offset: float) -> np.ndarray:
    """Return the kernel (n, n) float32, of sum 1, of a segment through the middle, or beside it by `offset` pixels to its left."""
    reach = int(np.ceil(0.5 * length + abs(offset))) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    along = np.linspace(-0.5 * length, 0.5 * length, 4 * length + 1)
    x = reach + along * np.cos(angle) - offset * np.sin(angle)
    y = reach + along * np.sin(angle) + offset * np.cos(angle)
    for shift_x, shift_y in ((0, 0), (0, 1), (1, 0), (1, 1)):
        u, v = np.floor(x).astype(int) + shift_x, np.floor(y).astype(int) + shift_y
        np.add.at(kernel, (v, u), ((1 - np.abs(x - u)) * (1 - np.abs(y - v))).astype(np.float32))
    return kernel / kernel.sum()
