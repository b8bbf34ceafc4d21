"""The dark within a building that breaks: what is seen through small holes, in place of the sky beyond, and the light on what lies deep in them.

A model has walls, floors and roofs; a real building is full of what nobody models: studs, pipes, ducts, insulation, furniture, dust. Of the light of
day little comes in but by large openings. A hole counts as small as far as solids stand around it within a few metres, so that nothing changes at once
when it opens: obscurance as in Zhukov et al. (1998), in the picture's plane.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numba as nb
import numpy as np

from derrumbe.render.solids import Solids

AROUND = 2.5
"""Metres within which solids around a hole close it."""
WAYS = 16
"""Directions in the picture in which they are looked for."""
CLOSED = (0.84, 1.0)
"""Share of the directions from which on a hole gets darker, and is as dark as may be."""
DIM = 0.22
"""Light of what is within over that of the rims around: one reflection, and little of the sky in view."""
SUNK, WITHIN, LEFT = (0.5, 1.5, 3.0), (0.55, 0.95), 0.45
"""Metres by which what stands around is nearer where something lies deep, by one step after the other: rays have found the light of what lies just
behind a tear, what is a room's depth in stands behind all that nobody models; share of the directions from which on it gets darker, and is as dark as
may be; light that is left there."""
RAYS = 20
"""Most steps along a direction."""
SOLID, LARGE = 0.97, 0.5
"""Coverage from which on a pixel stands around others (blurred edges in motion stay as they are), and metres that it must belong to: what flies
close together encloses nothing."""


def darkened(solids: Solids, metre: float) -> Solids:
    """Return the solids with what is dark within them behind their small holes, but not where one looks out through openings. metre: pixels of a metre
    at the building."""
    reach = round(AROUND * metre)
    alpha = solids.rgba[..., 3]
    closed = np.minimum(alpha + solids.through, 1)
    if reach < 2 or not (alpha > SOLID).any():
        return solids
    large = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * max(1, round(0.5 * LARGE * metre)) + 1,) * 2)
    solid = cv2.morphologyEx((alpha > SOLID).astype(np.uint8), cv2.MORPH_OPEN, large)
    around = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * reach + 1, 1)), cv2.getStructuringElement(cv2.MORPH_RECT, (1, 2 * reach + 1))
    wide, high = (cv2.morphologyEx(solid, cv2.MORPH_CLOSE, each) > 0 for each in around)
    y, x = np.nonzero(wide & high & (closed < 1))
    if not len(y):
        return solids
    met = _met(np.float32(1) - solid, np.ones(len(y), np.float32), y, x, reach)
    share = _risen(met, CLOSED)[:, None] * (1 - closed[y, x, None])
    rgba = solids.rgba.copy()
    rgba[y, x] += share * np.concatenate([DIM * _rims(solids.rgba, met), np.ones((len(y), 1), np.float32)], 1)
    return replace(solids, rgba=rgba)


def deepened(solids: Solids, depth: np.ndarray, metre: float) -> Solids:
    """Return the solids with what broke open darker as it lies deeper in holes. depth (h,w): of what is seen in their window, metres; what wears the
    plate keeps its light. metre: pixels of a metre at the building."""
    reach = round(AROUND * metre)
    y, x = np.nonzero((solids.rgba[..., 3] > SOLID) & (solids.worn < 1))
    if reach < 2 or not len(y):
        return solids
    deep = np.mean([_risen(_met(depth, depth[y, x] - np.float32(step), y, x, reach), WITHIN) for step in SUNK], axis=0)
    rgba = solids.rgba.copy()
    rgba[y, x, :3] *= (1 - (1 - LEFT) * deep * (1 - solids.worn[y, x]))[:, None]
    return replace(solids, rgba=rgba)


def _rims(rgba: np.ndarray, met: np.ndarray) -> np.ndarray:
    """Return the mean colour (n,3) of what was `met` (n,WAYS) of rgba (h,w,4)."""
    solid = rgba.reshape(-1, 4)
    rim = np.zeros((len(met), 3), np.float32)
    for place in met.T:
        hit = place >= 0
        rim[hit] += solid[place[hit], :3] / solid[place[hit], 3:]
    return (rim / np.maximum((met >= 0).sum(1, keepdims=True), 1)).astype(np.float32)


@nb.njit(cache=True)
def _met(plane, below, y, x, reach):  # type: ignore[no-untyped-def]
    """Return the pixel of a plane (h,w), counted through its rows, that is less than `below` (n,) and is met first within `reach` pixels of pixels y, x
    (n,) in each of the directions, (n,WAYS) int32; -1 where there is none."""
    out = np.full((len(y), WAYS), -1, np.int32)
    height, width = plane.shape
    stride = max(1, reach // RAYS)
    for i in range(len(y)):
        for way in range(WAYS):
            angle = 2 * np.pi * way / WAYS
            down, across = np.sin(angle), np.cos(angle)
            for step in range(1, reach + 1, stride):
                v, u = int(np.round(y[i] + step * down)), int(np.round(x[i] + step * across))
                if v < 0 or u < 0 or v >= height or u >= width:
                    break
                if plane[v, u] < below[i]:
                    out[i, way] = v * width + u
                    break
    return out


def _risen(met: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """Return how far (n,), 0..1 without a step, the share of directions in which something was `met` (n,WAYS) is on the way between two limits."""
    t = np.clip(((met >= 0).mean(1, dtype=np.float32) - limits[0]) / (limits[1] - limits[0]), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
