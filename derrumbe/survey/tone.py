"""The tone of trees: mean and spread of the logarithm of light, in all channels, of those that a plate shows beside a hole."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from derrumbe.survey.filters import masked_mean

NEAR = 0.05
"""A tree beside the hole counts by one over its distance across plus this share of the width."""
ELSEWHERE = 0.01
"""Weight of plants that don't stand in the band: they tell the tone where none does."""
AFAR, MOST_SPREAD = 1.1, 0.6
"""Contrast of trees behind over that of those beside: those are single and by the light, these shade each other; and its most, log light: what
counts as plants has other things in it."""
HUE = 0.5
"""Share of what the channels' spreads differ by that is kept: darks turn blue and lights yellow with all of it."""
ALIKE = 2.5
"""What strays by no more spreads from the tone, in each channel, is a tree."""
MEET = 0.01
"""Trees take the light of trees right beside the hole over this share of the longer side."""
MOST = np.log(2.0)
DARKEST = 1e-4


@dataclass(frozen=True, eq=False)
class Tone:
    """mean, spread (w, 3): of the logarithm of light, by the picture's columns."""

    mean: np.ndarray
    spread: np.ndarray

    def given_to(self, relief: np.ndarray, columns: slice, softer: float = 1.0) -> np.ndarray:
        """Return the light (h, w, 3) of a relief (h, w), in spreads. columns: where it stands in the picture; softer: by how much less its contrast
        is.

        All channels go together: leaves differ in light, and in hue only as their light does.
        """
        own = self.spread[columns]
        usual = own.mean(axis=-1, keepdims=True)
        spread = np.minimum((usual + HUE * (own - usual)) * (AFAR / np.sqrt(softer)), MOST_SPREAD)
        return np.exp(relief[..., None] * spread + self.mean[columns]).astype(np.float32)

    def alike(self, light: np.ndarray) -> np.ndarray:
        """Return where (h, w) bool the picture's light (h, w, 3) may be that of trees."""
        return np.asarray((np.abs(_logs(light) - self.mean) < ALIKE * self.spread).all(axis=-1))


def tone_of(texture: np.ndarray, plants: np.ndarray, height: float, base: np.ndarray) -> Tone:
    """Return the tone of plants (h, w) bool of the texture (h, w, 3), of which there must be some: of those up to `height` pixels over the rows
    `base` (w,) where the ground begins, the lower the more, and near ones before far ones. What rises higher stands nearer to the camera, and
    counts as much as it is low."""
    up = (base - np.arange(len(plants))[:, None] - 0.5) / height
    band = plants & (up > 0) & (up < 1)
    share = band.sum(axis=0) / np.maximum(plants.sum(axis=0), 1)
    weight = (band * (1 - up) * share**2 + ELSEWHERE * plants).astype(np.float64)[..., None]
    logs = _logs(texture).astype(np.float64)
    sums = [(weight * one).sum(axis=0) for one in (np.ones_like(logs), logs, logs**2)]
    x = np.arange(plants.shape[1])
    near = 1 / (np.abs(x[:, None] - x) + NEAR * len(x))
    total, first, second = (near @ one for one in sums)
    mean = first / total
    return Tone(mean.astype(np.float32), np.sqrt(np.maximum(second / total - mean**2, 1e-4)).astype(np.float32))


def meeting(light: np.ndarray, alpha: np.ndarray, texture: np.ndarray, beside: np.ndarray, box: tuple[slice, slice]) -> np.ndarray:
    """Return light (h, w, 3) of trees of alpha (h, w), in a box of the picture, that goes over to that of the texture towards its trees `beside`.

    texture (H, W, 3), beside (H, W) bool: all of the picture.
    """
    reach = MEET * max(beside.shape)
    pad = round(4 * reach)
    window = max(2, round(1.5 * reach))
    large = tuple(slice(max(0, one.start - pad), one.stop + pad) for one in box)
    inside = tuple(slice(one.start - at.start, one.stop - at.start) for one, at in zip(box, large, strict=True))
    near = beside[large]
    if not near.any():
        return light
    outer, known = (plane[inside] for plane in masked_mean(_logs(texture[large]), near, window))
    away = cv2.distanceTransform((~near).astype(np.uint8), cv2.DIST_L2, 5)[inside]
    logs = _logs(light)
    inner = masked_mean(logs, alpha > 0.5, window)[0]
    share = np.exp(-((away / reach) ** 2)) * np.clip(known / 0.1, 0, 1)
    return np.exp(logs + share[..., None] * np.clip(outer - inner, -MOST, MOST)).astype(np.float32)


def _logs(light: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(light, DARKEST)).astype(np.float32)
