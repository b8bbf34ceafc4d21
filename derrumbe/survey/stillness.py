"""Where in another frame a thing would be seen if it stood still: somewhere on a short piece of its epipolar line.

The piece runs from a little further to a little nearer than anything that was solved; solved points nearby tell where on it to look first.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from derrumbe.survey.matchmove.match import Match

NEAREST, NEAR_POINTS = 1.3, 98
"""What stands still may be nearer than this percentage of the solved points are, by this factor ..."""
FURTHEST, FAR_POINTS = 0.7, 2
"""... and further away than this percentage, by this one: what the camera follows in flight looks infinitely far."""
LOCAL = (0.12, 0.04, 0.015)
"""Sigmas, shares of the picture's width, over which solved points tell how near their surroundings are: finer where there are enough."""


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
        scale, middle = shape[1] / self.size[0], np.array([shape[1], shape[0]]) / 2
        y, x = np.mgrid[0 : shape[0], 0 : shape[1]] + 0.5
        bent = np.dstack([x - middle[0], y - middle[1]]) / (scale * self.focal[here])
        ray = np.concatenate([self.straight(bent), np.ones((*shape, 1))], -1)
        turn = self.rotation[there] @ self.rotation[here].T
        shift = self.translation[there] - turn @ self.translation[here]
        ahead = ray @ turn.T
        ends = []
        for near in (self.furthest, self.nearest):
            point = ahead + shift * near
            flat = point[..., :2] / np.maximum(point[..., 2:], 1e-3)
            flat = flat * (1 + self.radial * (flat**2).sum(axis=-1, keepdims=True))
            ends.append(scale * self.focal[there] * flat + middle - np.dstack([x, y]))
        return ends[0].astype(np.float32), (ends[1] - ends[0]).astype(np.float32)

    def straight(self, bent: np.ndarray) -> np.ndarray:
        """Return places (h, w, 2) on the plane at distance 1 as a lens without distortion shows them (three rounds of a fixed point)."""
        straight = bent
        for _ in range(3 if self.radial else 0):
            straight = bent / (1 + self.radial * (straight**2).sum(axis=-1, keepdims=True))
        return straight

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
            cover, sum_ = cv2.GaussianBlur(count, (0, 0), sigma), cv2.GaussianBlur(total, (0, 0), sigma)
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
