"""Features set right to a few hundredths of a pixel: patches matched with an affine warp and even tone against where they were first seen
(Baker & Matthews, "Lucas-Kanade 20 years on", 2004: inverse compositional)."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numba as nb
import numpy as np

HALF = 10
"""Half a patch's side, pixels."""
SIDE = 2 * HALF + 1
BLUR = 0.7
"""Pictures are blurred by so many pixels, or linear interpolation pulls features to the middle of pixels."""
ROUNDS = 12
STILL = 0.004
LIKE = 0.80
"""Correlation with its first look below which a feature is taken afresh."""
FURTHEST = 1.5
"""A match further than this from where its steps lead, pixels, is of another thing."""
STRETCHED = 1.7
"""A patch more stretched than this is taken afresh."""


@dataclass(eq=False)
class Patches:
    """The first looks of features: rows belong to the tracks of `names` (n,), ascending."""

    names: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    looks: np.ndarray = field(default_factory=lambda: np.zeros((0, SIDE * SIDE), np.float32))
    steps: np.ndarray = field(default_factory=lambda: np.zeros((0, 6, SIDE * SIDE), np.float32))
    shapes: np.ndarray = field(default_factory=lambda: np.zeros((0, 2, 2)))

    def keep(self, kept: np.ndarray) -> None:
        """Forget the features that are not kept, (n,) bool."""
        self.names, self.looks, self.steps, self.shapes = (rows[kept] for rows in (self.names, self.looks, self.steps, self.shapes))

    def add(self, picture: np.ndarray, places: np.ndarray, names: np.ndarray) -> None:
        """Take in new features at places (m, 2) of a `smooth` picture; names ascend and come after all others."""
        looks, steps = _first_looks(picture, places.astype(np.float64))
        self.names = np.concatenate([self.names, names])
        self.looks, self.steps = np.concatenate([self.looks, looks]), np.concatenate([self.steps, steps])
        self.shapes = np.concatenate([self.shapes, np.tile(np.eye(2), (len(names), 1, 1))])

    def matched(self, picture: np.ndarray, guess: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return where each feature is in a `smooth` picture near to guess (n, 2), and which (n,) bool still look the same.

        What doesn't is taken afresh where its guess is."""
        places, shapes, like = _matched(picture, self.looks, self.steps, self.shapes, guess.astype(np.float64))
        size = np.linalg.svd(shapes, compute_uv=False) if len(shapes) else np.ones((0, 2))
        even = (size.max(1, initial=1) < STRETCHED) & (size.min(1, initial=1) > 1 / STRETCHED)
        good = (like > LIKE) & even & (np.linalg.norm(places - guess, axis=1) < FURTHEST)
        places = np.where(good[:, None], places, guess)
        self.shapes = np.where(good[:, None, None], shapes, np.eye(2))
        if not good.all():
            self.looks[~good], self.steps[~good] = _first_looks(picture, places[~good])
        return places.astype(np.float32), good


def smooth(picture: np.ndarray) -> np.ndarray:
    """Return a grey picture as patches are matched in, (h, w) float32."""
    return cv2.GaussianBlur(picture.astype(np.float32), (0, 0), BLUR)


@nb.njit(cache=True, inline="always")
def _at(picture, x, y):  # type: ignore[no-untyped-def]
    height, width = picture.shape
    x, y = min(max(x, 0.0), width - 1.001), min(max(y, 0.0), height - 1.001)
    i, j = int(x), int(y)
    u, v = x - i, y - j
    above = picture[j, i] * (1 - u) + picture[j, i + 1] * u
    below = picture[j + 1, i] * (1 - u) + picture[j + 1, i + 1] * u
    return above * (1 - v) + below * v


@nb.njit(cache=True)
def _first_looks(picture, places):  # type: ignore[no-untyped-def]
    """Return looks (n, SIDE²) and, per pixel, the step of the six numbers of the warp (a b c d x y) that a difference of one asks for."""
    count = len(places)
    looks = np.empty((count, SIDE * SIDE), np.float32)
    steps = np.empty((count, 6, SIDE * SIDE), np.float32)
    slopes = np.empty((SIDE * SIDE, 6))
    for n in range(count):
        x, y = places[n]
        at = 0
        for j in range(-HALF, HALF + 1):
            for i in range(-HALF, HALF + 1):
                looks[n, at] = _at(picture, x + i, y + j)
                gx = 0.5 * (_at(picture, x + i + 1, y + j) - _at(picture, x + i - 1, y + j))
                gy = 0.5 * (_at(picture, x + i, y + j + 1) - _at(picture, x + i, y + j - 1))
                slopes[at, 0], slopes[at, 1], slopes[at, 2], slopes[at, 3] = gx * i / HALF, gx * j / HALF, gy * i / HALF, gy * j / HALF
                slopes[at, 4], slopes[at, 5] = gx, gy
                at += 1
        square = slopes.T @ slopes
        for k in range(6):
            square[k, k] += 1e-4 * square[k, k] + 1e-3
        steps[n] = (np.linalg.inv(square) @ slopes.T).astype(np.float32)
    return looks, steps


@nb.njit(cache=True)
def _matched(picture, looks, steps, shapes, guess):  # type: ignore[no-untyped-def]
    count = len(guess)
    places, turned, like = guess.copy(), shapes.copy(), np.zeros(count)
    now = np.empty(SIDE * SIDE)
    for n in range(count):
        look = looks[n]
        mean = look.mean()
        spread = np.sqrt(max(((look - mean) ** 2).mean(), 1e-6))
        for _ in range(ROUNDS):
            a, b, c, d = turned[n, 0, 0], turned[n, 0, 1], turned[n, 1, 0], turned[n, 1, 1]
            x, y = places[n]
            at = 0
            for j in range(-HALF, HALF + 1):
                for i in range(-HALF, HALF + 1):
                    now[at] = _at(picture, x + a * i + b * j, y + c * i + d * j)
                    at += 1
            middle = now.mean()
            wide = np.sqrt(max(((now - middle) ** 2).mean(), 1e-6))
            gain = spread / wide
            move = np.zeros(6)
            product = 0.0
            for k in range(SIDE * SIDE):
                tone = (now[k] - middle) * gain
                off = tone + mean - look[k]
                product += tone * (look[k] - mean)
                for m in range(6):
                    move[m] += steps[n, m, k] * off
            like[n] = product / (SIDE * SIDE * spread * spread)
            # The warp is followed by the inverse of the step, which moves the first look towards this picture.
            p, q, r, s = 1 + move[0] / HALF, move[1] / HALF, move[2] / HALF, 1 + move[3] / HALF
            size = p * s - q * r
            if abs(size) < 0.2:
                like[n] = 0.0
                break
            ip, iq, ir, is_ = s / size, -q / size, -r / size, p / size
            dx, dy = -(ip * move[4] + iq * move[5]), -(ir * move[4] + is_ * move[5])
            turned[n, 0, 0], turned[n, 0, 1] = a * ip + b * ir, a * iq + b * is_
            turned[n, 1, 0], turned[n, 1, 1] = c * ip + d * ir, c * iq + d * is_
            places[n, 0], places[n, 1] = x + a * dx + b * dy, y + c * dx + d * dy
            if abs(places[n, 0] - guess[n, 0]) + abs(places[n, 1] - guess[n, 1]) > 6:
                like[n] = 0.0
                break
            if dx * dx + dy * dy < STILL * STILL:
                break
    return places, turned, like
