"""Layers as they come from a file, made usable: sorted into groups, no NaN, no infinity, and a hair's breadth of anything is nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numba import njit

from derrumbe.core.records import FAR

HALF_MAX = 65504.0
DEAD = 1.0 / 512.0
"""Coverage and shadow below this are nothing: half a code of an 8-bit picture. Above it they rise smoothly from zero."""
COLOURS = ("pieces", "debris", "dust_front", "dust_behind")
CHANNELS = (
    *(f"{group}.{name}" for group in COLOURS for name in "RGBA"),
    "shadow.R", "shadow.G", "shadow.B", "removed.Y", "depth.Z", "normal.X", "normal.Y", "normal.Z",
    "dust_near.Y",
)  # fmt: skip
"""What comp reads of the layers, in the order that `sorted_layers` wants."""
GENERATED = tuple(f"generated.{name}" for name in "RGBA")
"""What a generative model made, when one did: read after CHANNELS."""


@dataclass(frozen=True)
class LayerBand:
    """Rows of the layers, float32. Colours (h, w, 4) premultiplied; shadow, normal (h, w, 3); removed, depth, near (h, w).

    near: opacity of the dust before what stands in front in the plate. generated: a model's picture, all 0 when there is none.
    """

    pieces: np.ndarray
    debris: np.ndarray
    dust_front: np.ndarray
    dust_behind: np.ndarray
    shadow: np.ndarray
    removed: np.ndarray
    depth: np.ndarray
    normal: np.ndarray
    near: np.ndarray
    generated: np.ndarray


def sorted_layers(planes: np.ndarray, places: Sequence[int]) -> LayerBand:
    """Sort interleaved planes (h, w, c) uint16, bits of halves, into groups in one pass. places: where in c each of CHANNELS lies,
    and of GENERATED where there are any."""
    shape = planes.shape[:2]
    pieces, debris, front, behind, generated = (np.zeros((*shape, 4), np.float32) for _ in (*COLOURS, "generated"))
    shadow, normal = np.empty((*shape, 3), np.float32), np.empty((*shape, 3), np.float32)
    removed, depth, near = (np.empty(shape, np.float32) for _ in range(3))
    order, floats = np.asarray(places, np.int64), _floats_of_halves()
    _sort(planes, order, floats, pieces, debris, front, behind, shadow, removed, depth, normal, near)
    if len(order) > len(CHANNELS):
        _sort_generated(planes, order, floats, generated)
    return LayerBand(pieces, debris, front, behind, shadow, removed, depth, normal, near, generated)


@lru_cache(maxsize=1)
def _floats_of_halves() -> np.ndarray:
    """Every half as a float: compiled code has no half type."""
    return np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32)


@njit(cache=True)
def _alive(share):
    if not share > DEAD:
        return np.float32(0)
    return np.float32(min((share - np.float32(DEAD)) / np.float32(1 - DEAD), np.float32(1)))


@njit(cache=True)
def _colour(pixel, first, places, floats, into):
    alpha = floats[pixel[places[first + 3]]]
    alive = _alive(alpha)
    if alive == 0:
        return
    # premultiplied colour shrinks with its coverage; an alpha above 1 (a filter's overshoot) shrinks too
    scale = alive / alpha if np.isfinite(alpha) else np.float32(1)
    for c in range(3):
        value = floats[pixel[places[first + c]]] * scale
        if value > 0:  # not so for NaN
            into[c] = min(value, np.float32(HALF_MAX))
    into[3] = alive


@njit(cache=True)
def _ratio(value):
    change = value - np.float32(1)
    if not np.isfinite(change):
        return np.float32(1)
    size = abs(change) - np.float32(DEAD)
    if size <= 0:
        return np.float32(1)
    return np.float32(max(1 + np.sign(change) * size / np.float32(1 - DEAD), np.float32(0)))


@njit(cache=True)
def _sort(planes, places, floats, pieces, debris, dust_front, dust_behind, shadow, removed, depth, normal, near):
    height, width = removed.shape
    for y in range(height):
        for x in range(width):
            pixel = planes[y, x]
            _colour(pixel, 0, places, floats, pieces[y, x])
            _colour(pixel, 4, places, floats, debris[y, x])
            _colour(pixel, 8, places, floats, dust_front[y, x])
            _colour(pixel, 12, places, floats, dust_behind[y, x])
            for c in range(3):
                shadow[y, x, c] = _ratio(floats[pixel[places[16 + c]]])
                facing = floats[pixel[places[21 + c]]]
                normal[y, x, c] = facing if np.isfinite(facing) else np.float32(0)
            removed[y, x] = _alive(floats[pixel[places[19]]])
            away = floats[pixel[places[20]]]
            depth[y, x] = away if np.isfinite(away) else np.float32(FAR)
            near[y, x] = min(_alive(floats[pixel[places[24]]]), np.float32(1))


@njit(cache=True)
def _sort_generated(planes, places, floats, generated):
    height, width = planes.shape[:2]
    for y in range(height):
        for x in range(width):
            _colour(planes[y, x], 25, places, floats, generated[y, x])
