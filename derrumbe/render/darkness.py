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
SUNK, WITHIN, LEFT = 0.5, (0.55, 0.95), 0.3
"""Metres by which what stands around is nearer where something lies deep; share of the directions from which on it gets darker, and is as dark as may
be; light that is left there."""
RAYS = 20
"""Most steps along a direction."""
SOLID, LARGE = 0.97, 0.5
"""Coverage from which on a pixel stands around others (blurred edges in motion stay as they are), and metres that it must belong to: what flies
close together encloses nothing."""


def darkened(solids: Solids, metre: float) -> Solids:
    """Return the solids with what is dark within them behind their small holes. metre: pixels of a metre at the building."""
    reach = round(AROUND * metre)
    alpha = solids.rgba[..., 3]
    if reach < 2 or not (alpha > SOLID).any():
        return solids
    large = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * max(1, round(0.5 * LARGE * metre)) + 1,) * 2)
    solid = cv2.morphologyEx((alpha > SOLID).astype(np.uint8), cv2.MORPH_OPEN, large)
    around = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * reach + 1, 1)), cv2.getStructuringElement(cv2.MORPH_RECT, (1, 2 * reach + 1))
    wide, high = (cv2.morphologyEx(solid, cv2.MORPH_CLOSE, each) > 0 for each in around)
    y, x = np.nonzero(wide & high & (alpha < 1))
    if not len(y):
        return solids
    closed, rim = _surroundings(solids.rgba, solid, y, x, reach)
    t = np.clip((closed - CLOSED[0]) / (CLOSED[1] - CLOSED[0]), 0, 1)
    share = (t * t * (3 - 2 * t))[:, None] * (1 - alpha[y, x, None])
    rgba = solids.rgba.copy()
    rgba[y, x] += share * np.concatenate([DIM * rim, np.ones((len(y), 1), np.float32)], 1)
    return replace(solids, rgba=rgba)


def deepened(solids: Solids, depth: np.ndarray, metre: float) -> Solids:
    """Return the solids with what broke open darker as it lies deeper in holes. depth (h,w): of what is seen in their window, metres; what wears the
    plate keeps its light. metre: pixels of a metre at the building."""
    reach = round(AROUND * metre)
    y, x = np.nonzero((solids.rgba[..., 3] > SOLID) & (solids.worn < 1))
    if reach < 2 or not len(y):
        return solids
    t = np.clip((_deep(depth, y, x, reach) - WITHIN[0]) / (WITHIN[1] - WITHIN[0]), 0, 1)
    rgba = solids.rgba.copy()
    rgba[y, x, :3] *= (1 - (1 - LEFT) * (t * t * (3 - 2 * t)) * (1 - solids.worn[y, x]))[:, None]
    return replace(solids, rgba=rgba)


@nb.njit(cache=True)
def _deep(depth, y, x, reach):  # type: ignore[no-untyped-def]
    """Return the share (n,) of directions in which something nearer stands within `reach` pixels of pixels y, x (n,) in depth (h,w)."""
    out = np.zeros(len(y), np.float32)
    height, width = depth.shape
    stride = max(1, reach // RAYS)
    for i in range(len(y)):
        limit = depth[y[i], x[i]] - SUNK
        hits = 0
        for way in range(WAYS):
            angle = 2 * np.pi * way / WAYS
            down, across = np.sin(angle), np.cos(angle)
            for step in range(1, reach + 1, stride):
                v, u = int(np.round(y[i] + step * down)), int(np.round(x[i] + step * across))
                if v < 0 or u < 0 or v >= height or u >= width:
                    break
                if depth[v, u] < limit:
                    hits += 1
                    break
        out[i] = hits / WAYS
    return out


@nb.njit(cache=True)
def _surroundings(rgba, solid, y, x, reach):  # type: ignore[no-untyped-def]
    """Return the share (n,) of directions in which something solid (h,w) stands within `reach` pixels of pixels y, x (n,), and the mean colour (n,3)
    of its rims in rgba (h,w,4)."""
    closed, rim = np.zeros(len(y), np.float32), np.zeros((len(y), 3), np.float32)
    height, width = rgba.shape[:2]
    stride = max(1, reach // RAYS)
    for i in range(len(y)):
        hits = 0
        for way in range(WAYS):
            angle = 2 * np.pi * way / WAYS
            down, across = np.sin(angle), np.cos(angle)
            for step in range(1, reach + 1, stride):
                v, u = int(np.round(y[i] + step * down)), int(np.round(x[i] + step * across))
                if v < 0 or u < 0 or v >= height or u >= width:
                    break
                if solid[v, u]:
                    hits += 1
                    for c in range(3):
                        rim[i, c] += rgba[v, u, c] / rgba[v, u, 3]
                    break
        if hits:
            closed[i] = hits / WAYS
            for c in range(3):
                rim[i, c] /= hits
    return closed, rim
