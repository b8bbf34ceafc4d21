"""Where in another frame a thing would be seen if it stood still: somewhere on a short piece of its epipolar line.

The piece runs from a little further to a little nearer than anything that was solved; solved points nearby tell where on it to look first.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit

from derrumbe.survey.matchmove.belief import ROUNDS, straightened
from derrumbe.survey.matchmove.match import Match

NEAREST, NEAR_POINTS = 1.3, 98
"""What stands still may be nearer than this percentage of the solved points are, by this factor ..."""
FURTHEST, FAR_POINTS = 0.7, 2
"""... and further away than this percentage, by this one: what the camera follows in flight looks infinitely far."""
LOCAL = (0.12, 0.04, 0.015)
"""Sigmas, shares of the picture's width, over which solved points tell how near their surroundings are: finer where there are enough."""
LEAST_SIGMA = 6.0
"""Pixels of a blur below which a picture isn't made smaller for it."""


@dataclass(frozen=True, eq=False)
class Stillness:
    """Cameras as in `Match`, and sightings: camera (s,), place (s, 2) pixels from the middle, nearness (s,) one over depth.

    size: width and height of the plate; nearest, furthest: one over the least and the largest depth of what stands still,
    0 both for a camera that only turns.
    """

    rotation: np.ndarray
    translation: np.ndarray
    focal: np.ndarray
    size: tuple[int, int]
    camera: np.ndarray
    place: np.ndarray
    nearness: np.ndarray
    nearest: float
    furthest: float
    radial: float = 0.0

    def ends(self, here: int, there: int, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Return how far pixels (h, w, 2) move from frame index `here` to `there` if at `furthest`, and how much more if at `nearest`."""
        scale = shape[1] / self.size[0]
        turn = self.rotation[there] @ self.rotation[here].T
        shift = self.translation[there] - turn @ self.translation[here]
        out = np.empty((2, *shape, 2), np.float32)
        near = np.array([self.furthest, self.nearest])
        _moves(scale * self.focal[here], scale * self.focal[there], self.radial, turn, shift, near, out)
        return out[0], out[1]

    def straight(self, bent: np.ndarray) -> np.ndarray:
        """Return places (h, w, 2) on the plane at distance 1 as a lens without distortion shows them."""
        return straightened(bent, self.radial)

    def usual(self, here: int, shape: tuple[int, int]) -> np.ndarray:
        """Return how near (h, w), 0..1 from `furthest` to `nearest`, what stands still is around each pixel."""
        own = self.camera == here
        out = np.zeros(shape, np.float32)
        if self.nearest <= 0 or not own.any():
            return out
        near = np.clip((self.nearness[own] - self.furthest) / (self.nearest - self.furthest), 0, 1).astype(np.float32)
        spot = np.floor((self.place[own] + np.array(self.size) / 2) * shape[1] / self.size[0]).astype(int)
        column, row = np.clip(spot[:, 0], 0, shape[1] - 1), np.clip(spot[:, 1], 0, shape[0] - 1)
        count, total = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        np.add.at(count, (row, column), 1.0)
        np.add.at(total, (row, column), near)
        out += np.median(near)
        for share in LOCAL:
            sigma = share * shape[1]
            cover, sum_ = _wide_blur(count, sigma), _wide_blur(total, sigma)
            out += np.clip(cover * np.pi * sigma**2, 0, 1) * (sum_ / np.maximum(cover, 1e-9) - out)
        return out


def stillness_of(found: Match, size: tuple[int, int]) -> Stillness:
    """Return what a solve tells of things that stand still, for a plate of `size`."""
    seen = found.seen
    depth = np.einsum("nj,nj->n", found.rotation[seen.camera, 2], found.points[seen.point]) + found.translation[seen.camera, 2]
    ahead = depth > 1e-6
    nearness = 1 / depth[ahead]
    moving = found.kind == "moving" and len(nearness) > 0
    return Stillness(
        rotation=found.rotation,
        translation=found.translation,
        focal=found.focal,
        size=size,
        camera=seen.camera[ahead],
        place=seen.pixel[ahead],
        nearness=nearness,
        nearest=NEAREST * float(np.percentile(nearness, NEAR_POINTS)) if moving else 0.0,
        furthest=FURTHEST * float(np.percentile(nearness, FAR_POINTS)) if moving else 0.0,
        radial=found.radial,
    )


def _wide_blur(picture: np.ndarray, sigma: float) -> np.ndarray:
    """Return a picture (h, w) blurred by `sigma` pixels, in a smaller one where that leaves enough of them."""
    by = max(1, int(sigma / LEAST_SIGMA))
    small = cv2.resize(picture, (-(-picture.shape[1] // by), -(-picture.shape[0] // by)), interpolation=cv2.INTER_AREA)
    return cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma / by), picture.shape[::-1], interpolation=cv2.INTER_LINEAR)


@njit(cache=True, fastmath=False)
def _moves(focal, other, radial, turn, shift, near, out):  # type: ignore[no-untyped-def]
    """Fill how far each pixel moves at the first nearness, and how much more at the second, (2, h, w, 2)."""
    height, width = out.shape[1:3]
    for row in range(height):
        for column in range(width):
            x, y = column + 0.5 - 0.5 * width, row + 0.5 - 0.5 * height
            bent_u, bent_v = x / focal, y / focal
            u, v = bent_u, bent_v
            if radial != 0:
                for _ in range(ROUNDS):
                    gain = 1 + radial * (u * u + v * v)
                    u, v = bent_u / gain, bent_v / gain
            ahead_x = turn[0, 0] * u + turn[0, 1] * v + turn[0, 2]
            ahead_y = turn[1, 0] * u + turn[1, 1] * v + turn[1, 2]
            ahead_z = turn[2, 0] * u + turn[2, 1] * v + turn[2, 2]
            first_x, first_y = 0.0, 0.0
            for end in range(2):
                depth = max(ahead_z + shift[2] * near[end], 1e-3)
                flat_x, flat_y = (ahead_x + shift[0] * near[end]) / depth, (ahead_y + shift[1] * near[end]) / depth
                gain = other * (1 + radial * (flat_x * flat_x + flat_y * flat_y))
                moved_x, moved_y = gain * flat_x - x, gain * flat_y - y
                out[end, row, column, 0], out[end, row, column, 1] = moved_x - first_x, moved_y - first_y
                first_x, first_y = moved_x, moved_y
