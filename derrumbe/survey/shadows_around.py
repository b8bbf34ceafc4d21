"""What the shadows of all that stands around say of the sun, where depth maps tell what does.

Every direction predicts which ground lies in the shade. Paint and plants hide that, but not everywhere alike: what is left of the picture when
the shading of an overcast sky is taken off goes with the prediction of the true direction only. How well wrong ones fit by chance is measured by
laying the prediction on the picture askew, so that what repeats itself (rows of houses, lanes) isn't taken for much evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from scipy import fft

from derrumbe.survey.cast import SAYS, tempered
from derrumbe.survey.relief import Relief

SOFT = 0.05
"""How far off (tangent of the elevation) the edges of predicted shadows may be: heights are known to a cell."""
ABOVE = 1.0
"""Ground is what lies less than so many cells above it."""
NEARBY = 0.15
"""Half the side, share of the width, of the surroundings that light is compared with."""
SKYWARD = 10
"""Azimuths by which it is told how much of the sky a point sees."""
OUTLIER = 2.5
"""Log light this many strays from the middle counts no more than that: white paint, black cars."""
ASKEW, FURTHEST = 0.08, 0.33
"""By how much, shares of the width, a prediction is shifted at least and at most to see how it fits by chance."""
TRIED = ((0.0, 20.0), (90.0, 35.0), (180.0, 20.0), (270.0, 35.0))
"""Directions, degrees, by which that is measured."""
CHANCE = 5.0
"""Strays of chance fits that say nothing yet. Pictures of other places laid on a relief reach 3 to 5, noise 6, true directions 15 to 20."""
LEAST_STEP, BOTH = 0.25, 0.03
"""Step in log light between sun and shade that a sun makes at least (plates: 0.3 to 0.7, chance fits up to 0.1), and the share of the ground that must
have both nearby."""
SURE, FEWEST = 0.05, 2000
"""How well known ground must be; pixels of it at least."""


@dataclass(frozen=True, eq=False)
class Sight:
    """One frame. light (h, w, 3); points (h, w, 3): what it shows, y up; known (h, w): how sure they are, 0..1."""

    light: np.ndarray
    points: np.ndarray
    known: np.ndarray


@dataclass(frozen=True, eq=False)
class ShadedGround:
    """The ground that a Sight shows. weight (h, w) float32: how well it is known, 0 where there is none; points (n, 3): of its pixels;
    light (n, 3): log light."""

    relief: Relief
    weight: np.ndarray
    points: np.ndarray
    light: np.ndarray
    horizons: dict[float, np.ndarray]

    @property
    def mask(self) -> np.ndarray:
        return self.weight > 0

    @property
    def luminance(self) -> np.ndarray:
        """Return the mean (n, 1) of the channels' log light."""
        return self.light.mean(axis=-1, keepdims=True)

    def lit(self, azimuth: float, elevation: float) -> np.ndarray:
        """Return how far the sun reaches the ground's pixels (n,), 0..1."""
        return 0.5 + 0.5 * np.tanh((np.tan(np.radians(elevation)) - self._horizon(azimuth)) / (2 * SOFT))

    def fit(self, azimuth: float, elevation: float) -> float:
        """Return how well the picture goes with the sun there, in strays of what fits by chance."""
        return self._alike(azimuth, elevation) / self.chance

    def step(self, azimuth: float, elevation: float, tones: np.ndarray) -> np.ndarray:
        """Return tones (n, k) in the sun less those in the shade nearby (m, k), for so many of the ground's pixels that have both around them."""
        lit = self.lit(azimuth, elevation)
        sides = [self._spread(side) * self.weight for side in (lit > 0.9, lit < 0.1)]
        both = self.mask & (_blurred(sides[0]) > SURE) & (_blurred(sides[1]) > SURE)
        return np.stack([self._nearby(part, sides[0]) - self._nearby(part, sides[1]) for part in tones.T], -1)[both]

    @cached_property
    def chance(self) -> float:
        """Return the stray of how alike prediction and picture are, laid on each other askew."""
        return float(np.median([_stray_askew(self._spread(self._freed(self.lit(*tried))), self._spread(self._left)) for tried in TRIED]))

    def _alike(self, azimuth: float, elevation: float) -> float:
        predicted = self._freed(self.lit(azimuth, elevation))
        return float(predicted @ self._left) / max(float(np.linalg.norm(predicted) * np.linalg.norm(self._left)), 1e-9)

    @cached_property
    def _left(self) -> np.ndarray:
        """Return what is left (n,) of the ground's light beside its surroundings', without what an overcast sky explains."""
        left = self._freed(self.luminance[:, 0])
        most = OUTLIER * 1.48 * float(np.median(np.abs(left)))
        return np.clip(left, -most, most)

    @cached_property
    def _overcast(self) -> np.ndarray:
        """Return an orthonormal basis (n, 3) of how light an overcast sky may make the ground, by how much of it is seen."""
        open_ = np.mean([1 / (1 + self._horizon(azimuth) ** 2) for azimuth in np.arange(SKYWARD) * 360 / SKYWARD], axis=0)
        return np.linalg.qr(np.stack([self._beside(part) for part in (open_, np.log(open_ + 0.1), self.points[:, 1])], 1))[0]

    def _freed(self, values: np.ndarray) -> np.ndarray:
        own = self._beside(values)
        return own - self._overcast @ (self._overcast.T @ own)

    def _beside(self, values: np.ndarray) -> np.ndarray:
        """Return by how much values (n,) differ from their surroundings', weighed."""
        around = self._nearby(values, self.weight)
        return (values - around[self.mask]) * np.sqrt(self.weight[self.mask])

    def _nearby(self, values: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Return the mean (h, w) of values (n,) around each pixel, counted by weight (h, w)."""
        return _blurred(self._spread(values) * weight) / np.maximum(_blurred(weight), 1e-6)

    def _spread(self, values: np.ndarray) -> np.ndarray:
        full = np.zeros(self.weight.shape, np.float32)
        full[self.mask] = values
        return full

    def _horizon(self, azimuth: float) -> np.ndarray:
        key = round(azimuth % 360, 3)
        if key not in self.horizons:
            self.horizons[key] = self.relief.horizon(self.points, key)
        return self.horizons[key]


@dataclass(frozen=True, eq=False)
class ShadowsAround:
    """What several frames' ground says; speaks as `cast.ShadowField` does."""

    grounds: tuple[ShadedGround, ...]

    def evidence(self, azimuth: float, elevation: float) -> float:
        """Return how much likelier the pictures are with the sun there than without any shadow, natural logarithm."""
        # The frames show one place: they are no independent witnesses.
        fit = float(np.mean([ground.fit(azimuth, elevation) for ground in self.grounds]))
        told = 0.5 * max(fit - CHANCE, 0.0) ** 2 - 0.5 * min(fit, 0.0) ** 2
        # What fits only from afar (a dark lawn on the left, pale paving on the right) has no edge that is seen, or no step at it.
        if told > 0 and self._step(azimuth, elevation, [ground.luminance for ground in self.grounds]) is None:
            return 0.0
        return tempered(told, *SAYS)

    def ratio(self, azimuth: float, elevation: float) -> np.ndarray | None:
        """Return the light (3,) of ground in the sun over that in the shade beside it; None where no sun makes that difference."""
        step = self._step(azimuth, elevation, [ground.light for ground in self.grounds])
        return None if step is None else np.exp(step)

    def _step(self, azimuth: float, elevation: float, tones: list[np.ndarray]) -> np.ndarray | None:
        steps = np.concatenate([ground.step(azimuth, elevation, own) for ground, own in zip(self.grounds, tones, strict=True)])
        if len(steps) < BOTH * sum(len(ground.points) for ground in self.grounds):
            return None
        step = np.median(steps, axis=0)
        return step if step.mean() > LEAST_STEP else None


def shadows_around(sights: tuple[Sight, ...], relief: Relief) -> ShadowsAround | None:
    """Return what shadows say in some frames; None where they show next to no ground."""
    grounds = tuple(ground for sight in sights if (ground := _ground(sight, relief)) is not None)
    return ShadowsAround(grounds) if grounds else None


def _ground(sight: Sight, relief: Relief) -> ShadedGround | None:
    points = sight.points.reshape(-1, 3)
    heights, under = relief.at(points)
    low = (np.maximum(heights, points[:, 1]) - under < ABOVE * relief.cell) & (heights > -1e8)
    weight = np.where(low.reshape(sight.known.shape) & (sight.known > SURE), sight.known, 0).astype(np.float32)
    if np.count_nonzero(weight) < FEWEST:
        return None
    own = weight.ravel() > 0
    level = np.stack([points[own, 0], np.maximum(points[own, 1], heights[own]), points[own, 2]], 1)
    light = np.log(np.maximum(sight.light.reshape(-1, 3)[own], 2e-3))
    return ShadedGround(relief, weight, level, light, {})


def _blurred(picture: np.ndarray) -> np.ndarray:
    side = 2 * max(2, round(NEARBY * picture.shape[1])) + 1
    return cv2.blur(picture, (side, side), borderType=cv2.BORDER_REFLECT)


def _stray_askew(first: np.ndarray, second: np.ndarray) -> float:
    """Return the stray of how alike two pictures (h, w), 0 where unknown, are when one is shifted."""
    height, width = first.shape
    size = [fft.next_fast_len(2 * side, real=True) for side in first.shape]
    product = fft.irfft2(fft.rfft2(first, size).conj() * fft.rfft2(second, size), size)
    down, across = (np.minimum(np.arange(side), side - np.arange(side)) for side in size)
    askew = (np.hypot(down[:, None], across) > ASKEW * width) & (down[:, None] < FURTHEST * height) & (across < FURTHEST * width)
    return float(product[askew].std() / max(float(np.linalg.norm(first) * np.linalg.norm(second)), 1e-9))
