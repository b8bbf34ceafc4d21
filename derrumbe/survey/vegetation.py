"""Leaves and twigs, green or bare, told from walls by their texture.

What grows has edges in all directions and none of them long; what is built has few directions and straight lines. The chance of plant is a
logistic function of five local measures; its weights were fitted to hand-drawn regions of three photographs (see tests/survey/truth/standing).
"""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.survey.filters import disc

DIRECTIONS = 8
FINE, BROAD = 0.006, 0.015
"""Radii over which colour, and directions of edges, are averaged; shares of the longer side."""
GRAIN = 0.010
"""Slopes (display codes 0..1 a pixel) that grain and compression make."""
LONG = 0.018
"""Shortest straight line that tells of building, share of the longer side."""
TWIG, TWIG_DARK, AROUND = 0.004, 20, 0.010
"""Radius of what is a twig, how much darker it is at least (codes), and radius over which twigs are counted; radii in shares of the longer side."""
ENTROPY, STRAIGHT, GREEN, BRIGHT, BUSY, BIAS = 15.9, -6.2, 17.5, -1.27, 0.74, -14.95
"""Weights: entropy of directions (0..1), share of slopes on straight lines, excess of green, log brightness, log of slope over brightness."""


def plant_odds(codes: np.ndarray) -> np.ndarray:
    """Return the log odds (h, w) float32 that each pixel of codes (h, w, 3) uint8 shows plants. Made for pictures of about 1000 pixels."""
    side = max(codes.shape)
    fine, broad = max(2, round(FINE * side)), max(3, round(BROAD * side))
    slope, angle = _slopes(codes)
    red, green, blue = cv2.split(_mean(codes.astype(np.float32) / 255, fine))
    bright = np.log((red + green + blue) / 3 + 0.02)
    excess = (2 * green - red - blue) / np.maximum(red + green + blue, 0.05)
    return (
        ENTROPY * _mean(_entropy(slope, angle, broad), broad)
        + STRAIGHT * _mean(_straight(codes, slope, broad), broad)
        + GREEN * excess
        + BRIGHT * bright
        + BUSY * _busy(slope, bright)
        + BIAS
    ).astype(np.float32)


def busyness(codes: np.ndarray) -> np.ndarray:
    """Return the log of the mean slope over the brightness (h, w) float32 of codes (h, w, 3) uint8: crowns and bushes are full of light and dark, a lawn or
    paving is even."""
    bright = _mean(codes.astype(np.float32).mean(axis=-1) / 255, max(2, round(FINE * max(codes.shape))))
    return _busy(_slopes(codes)[0], np.log(bright + 0.02))


def _busy(slope: np.ndarray, bright: np.ndarray) -> np.ndarray:
    """Return the log of the mean slope (h, w) over the brightness, of which `bright` (h, w) is the log."""
    return np.asarray(np.log(_mean(slope, max(3, round(BROAD * max(slope.shape)))) + 0.002) - bright)


def _slopes(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how steep the picture is (h, w), display codes 0..1 a pixel beyond its grain, and whither, radians."""
    grey = cv2.cvtColor(codes, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    across, down = (cv2.Scharr(grey, -1, *way) / 16 for way in ((1, 0), (0, 1)))
    return np.maximum(np.hypot(across, down) - GRAIN, 0), np.arctan2(down, across)


def _entropy(slope: np.ndarray, angle: np.ndarray, radius: int) -> np.ndarray:
    """Return how evenly slopes (h, w) point in all directions, 0..1."""
    place = np.mod(angle, np.pi) * (DIRECTIONS / np.pi)
    first = np.floor(place).astype(np.int32) % DIRECTIONS
    over = place - np.floor(place)
    total, sum_ = np.zeros_like(slope), np.zeros_like(slope)
    for index in range(DIRECTIONS):
        part = _mean(slope * ((first == index) * (1 - over) + ((first + 1) % DIRECTIONS == index) * over).astype(np.float32), radius)
        total += part
        sum_ += part * np.log(part + 1e-12)
    even = np.log(np.maximum(total, 1e-12)) - sum_ / np.maximum(total, 1e-9)
    return np.where(total > 1e-6, even / np.log(DIRECTIONS), 0).astype(np.float32)


def twig_density(codes: np.ndarray) -> np.ndarray:
    """Return the share (h, w) float32 of the surroundings that is thin, darker than what is beside it and on no straight line: twigs, of
    which bare crowns are full. Walls have such things as well: compare with theirs."""
    side = max(codes.shape)
    grey = cv2.cvtColor(codes, cv2.COLOR_RGB2GRAY)
    dark = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, disc(max(2, TWIG * side))) > TWIG_DARK
    return _mean((dark & (long_lines(codes) == 0)).astype(np.float32), max(2, round(AROUND * side)))


def _straight(codes: np.ndarray, slope: np.ndarray, radius: int) -> np.ndarray:
    """Return the share of slopes (h, w) that lie on straight lines."""
    return _mean(slope * long_lines(codes), radius) / np.maximum(_mean(slope, radius), 1e-4)


def long_lines(codes: np.ndarray) -> np.ndarray:
    """Return where straight lines are (h, w) uint8 0/1."""
    found = cv2.createLineSegmentDetector().detect(cv2.cvtColor(codes, cv2.COLOR_RGB2GRAY))[0]
    on_line = np.zeros(codes.shape[:2], np.uint8)
    for x, y, u, v in [] if found is None else found.reshape(-1, 4):
        if np.hypot(u - x, v - y) > LONG * max(codes.shape):
            cv2.line(on_line, (round(x), round(y)), (round(u), round(v)), 1, 3)
    return on_line


def _mean(values: np.ndarray, radius: int) -> np.ndarray:
    return cv2.blur(values, (2 * radius + 1, 2 * radius + 1))
