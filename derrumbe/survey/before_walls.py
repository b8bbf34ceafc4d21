"""What passes before a moving camera's building, cut out against what its walls look like in other frames.

A shirt the colour of the wall hardly moves by its flow, and a head is small; but the walls behind are known from frames in which he is elsewhere,
carried along the building's model. That is the known background of a locked camera, in the building's own space (compare Wang and Adelson,
Representing moving images with layers, 1994).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

from derrumbe.core.records import FAR, Camera
from derrumbe.geom.camera import eye, pixel_grid, project, rays, resized
from derrumbe.geom.depth import mesh_depth
from derrumbe.survey.filters import around, connected_to, widened
from derrumbe.survey.matting import display_like
from derrumbe.survey.own_motion import codes_of, working_shape
from derrumbe.survey.passers import passing_alpha
from derrumbe.survey.uncovered import Views, agreed, brought
from derrumbe.survey.wanderers import Wanderers

SAMPLES, FEWEST = 10, 3
"""Frames that are looked through, and those that must show the walls."""
APART = 3
"""Frames nearer in time than this show him where he is."""
REACH = 0.18
"""How far beyond what moves by itself the rest of it is looked for at least, share of the longer side; else as far as that is high."""
BESIDE = 0.1
"""How far from what moves by itself a part of it may begin, at least: its own hips, below the walls' foot, may have been missed."""
LOOSE = 0.01
"""By how much its mask in other frames is widened, share of the longer side."""
SMALLEST = 2e-4
"""Share of the picture that must move by itself before the walls."""
TELLING = 0.1
"""Share of the part looked at that another frame must show."""
OFF = 0.4
"""Pixels by which walls may be misplaced: balconies stand out of the model."""
VAGUE = 0.03
"""Unrest (display-like) above which a hole in what passes may be his."""
UNTOLD = 1.0
"""Unrest (display-like) where frames don't agree: nothing is strange there."""
SEEN = 0.02


@dataclass(frozen=True, eq=False)
class Walls:
    """The building's walls in the frames of a moving camera, and what moves by itself in each."""

    views: Views
    wanderers: Wanderers

    def passing(self, frame: int) -> np.ndarray:
        """Return what passes before the walls in a frame and lies at what moves by itself there, (h, w) bool at working size."""
        thing, picture = self.wanderers.at(frame), self._shown(frame)
        out = np.zeros(thing.shape, bool)
        depth = mesh_depth(self._camera(frame), *self.views.solid)
        near = _around(thing)
        labels, stats = cv2.connectedComponentsWithStats((near & (depth < FAR)).astype(np.uint8))[1:3]
        for label in np.flatnonzero(stats[1:, 4] > SMALLEST * thing.size) + 1:
            box = around(labels == label, max(REACH * max(thing.shape), stats[label, 3]))
            found = self._bare(frame, picture, thing, depth, box)
            if found is not None:
                alpha = _closed(passing_alpha(picture[box], *found), found[1])
                out[box] |= connected_to(alpha > 0.5, near[box])
        return out

    def _shown(self, frame: int) -> np.ndarray:
        """Return a frame (h, w, 3) at working size, display-like."""
        return codes_of(self.wanderers.plate, frame, self.wanderers.size) / 255

    def _camera(self, frame: int) -> Camera:
        height, width = working_shape(self.wanderers.size)
        return resized(self.views.cameras[frame - self.views.first_frame], width, height)

    def _bare(
        self, frame: int, picture: np.ndarray, thing: np.ndarray, depth: np.ndarray, box: tuple[slice, slice]
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the walls in `box` with nothing before them (h, w, 3), display-like, and how much frames disagree (h, w); None if too few tell."""
        wall = depth[box] < FAR
        light = np.power(picture[box], np.float32(2.2))
        stack = [self._seen(other, frame, light, thing[box], depth, box) for other in self._others(frame)]
        shown = [one for one in stack if one is not None]
        if len(shown) < FEWEST:
            return None
        bare, told, unrest = _usual(np.stack(shown))
        bare = np.where(wall[..., None], bare, picture[box])
        return bare, np.where(wall & told, unrest + OFF * _steepness(bare), UNTOLD).astype(np.float32)

    def _others(self, frame: int) -> list[int]:
        first, count = self.views.first_frame, len(self.views.cameras)
        spread = {first + round(float(index)) for index in np.linspace(0, count - 1, min(SAMPLES, count))}
        return sorted(other for other in spread if abs(other - frame) >= APART)

    def _seen(
        self, other: int, frame: int, light: np.ndarray, thing: np.ndarray, depth: np.ndarray, box: tuple[slice, slice]
    ) -> np.ndarray | None:
        """Return what another frame shows of the walls in `box` (h, w, 3), NaN where it doesn't; None where it shows too little."""
        here, there = self._camera(frame), self._camera(other)
        places, usable = _places(here, there, depth, box)
        hides = widened(self.wanderers.at(other), LOOSE * there.width)
        usable &= cv2.remap(hides.astype(np.float32), places[..., 0], places[..., 1], cv2.INTER_LINEAR) < SEEN
        if usable.mean() < TELLING:
            return None
        source = np.power(self._shown(other), np.float32(2.2))
        return brought(source, places, usable, light, usable & ~widened(thing, LOOSE * there.width))


def _places(here: Camera, there: Camera, depth: np.ndarray, box: tuple[slice, slice]) -> tuple[np.ndarray, np.ndarray]:
    """Return where another camera sees the walls at `depth` (h, w) of one, within `box`: (h, w, 2) float32 as OpenCV counts, and whether it does."""
    on = depth[box]
    points = eye(here) + rays(here, pixel_grid(here)[box]) * np.minimum(on, 1e5)[..., None].astype(np.float64)
    pixels, ahead = project(there, points)
    pixels = np.nan_to_num(pixels, nan=-1e5)
    inside = (pixels >= 1).all(axis=-1) & (pixels[..., 0] < there.width - 1) & (pixels[..., 1] < there.height - 1)
    return (pixels - 0.5).astype(np.float32), inside & (on < FAR) & (ahead > 0)


def _usual(stack: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what pictures (n, h, w, 3) with NaN agree on, display-like, where they do (h, w) bool, and how far from it they usually are (h, w)."""
    best, sure = agreed(stack)
    usual = display_like(best)
    missing = np.isnan(stack[..., 0])
    apart = np.where(missing, np.nan, np.abs(display_like(np.nan_to_num(stack)) - usual).max(axis=-1))
    apart[:, missing.all(axis=0)] = UNTOLD
    return usual, sure, np.nanmedian(apart, axis=0)


def _steepness(picture: np.ndarray) -> np.ndarray:
    """Return the steepest slope (h, w) of a picture (h, w, 3) at each pixel, per pixel."""
    slopes = [np.abs(np.gradient(picture, axis=axis)).max(axis=-1) for axis in (0, 1)]
    return np.maximum(*slopes)


def _closed(alpha: np.ndarray, unrest: np.ndarray) -> np.ndarray:
    """Return alpha (h, w) with those holes closed in which the walls' edges, by their unrest (h, w), leave open what is seen."""
    labels = cv2.connectedComponents((alpha < 0.5).astype(np.uint8), connectivity=4)[1]
    vague = ndimage.median(unrest, labels, np.arange(labels.max() + 1)) > VAGUE
    vague[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1], [0]])] = False
    return np.where(vague[labels], 1, alpha).astype(np.float32)


def _around(thing: np.ndarray) -> np.ndarray:
    """Return where (h, w) bool parts of what moves by itself, `thing` (h, w) bool, may begin: each as far from it as it is high, at least BESIDE."""
    labels, stats = cv2.connectedComponentsWithStats(thing.astype(np.uint8))[1:3]
    each = [
        widened(labels == label, max(BESIDE * max(thing.shape), stats[label, 3]))
        for label in np.flatnonzero(stats[1:, 4] > SMALLEST * thing.size) + 1
    ]
    return np.asarray(np.any([np.zeros_like(thing), *each], axis=0))
