"""How a wall that runs out of the picture goes on: by repeating what is seen of it, right way up, a storey or a bay further.

The step is the shift within the wall after which the strip along the picture's edge fits best what it is put on: the wall's own period when it has
one (compare Schaffalitzky and Zisserman, Geometric grouping of repeated elements within images, 1998, who look for it among matched features).
"""

from __future__ import annotations

import numba as nb
import numpy as np

from derrumbe.core.records import Building, Camera
from derrumbe.geom.camera import eye as eye_of
from derrumbe.geom.camera import project, rays
from derrumbe.geom.lens import pixel_of
from derrumbe.render.raster import Window
from derrumbe.render.worn import SHOWN

SHOWN_CODE = int(SHOWN)
STRIP = 0.035
"""Width of the strip along the edge that must fit, as a share of the picture's height."""
SHORTEST, SHORTEST_PIXELS = 3.0, 64
"""Metres and pixels of the shortest step: shorter ones are seen to repeat."""
SHORTEST_TO_CORNICE, FEWEST_PIXELS = 1.5, 16
"""The same for what goes on to a ledge no more than a storey higher, and of which only what is over a ledge is repeated."""
LONGEST = 0.7
"""Longest step, as a share of what is seen of the building."""
STEPS, POINTS = 240, 1500
SEEN = 0.6
"""Share of the strip that must fall on the building."""
MOST = 24
"""Steps that a wall goes on by, at most."""
BLEND = 7.0
"""Pixels beyond the edge over which the wall's mirror image, which fits exactly there, gives way to its repetition."""


def steps_beyond(
    building: Building,
    camera: Camera,
    texture: np.ndarray,
    depth: np.ndarray,
    way: np.ndarray,
    window: Window,
    over: np.ndarray | None = None,
) -> np.ndarray:
    """Return steps (4,3), world metres, from what is beyond the left, right, upper and lower edge of what is shown back into it; 0 where the
    building does not reach the edge or nothing fits.

    texture (h,w,3), depth (h,w): of the building at rest in `window`, 0 where there is none or it isn't shown; way (h,w): see worn.py.
    over (h,w) bool: what is over the ledge of the wall's cornice, None without one: below it, the wall is of another kind.
    """
    along = np.asarray(max(building.facades, key=lambda f: f.width * f.height).along) if building.facades else np.array([1.0, 0, 0])
    right, up = along / np.linalg.norm(along), np.array([0.0, 1.0, 0.0])
    reach = int(np.ceil(STRIP * camera.height))
    touched = window.x0 == 0, window.x1 == camera.width, window.y0 == 0, window.y1 == camera.height
    out = np.zeros((4, 3))
    for k, inward in enumerate((right, -right, -up, up)):
        mask = (depth > 0) & _beside(way == k, touched[k], k, reach)
        if mask.any():
            out[k] = _step(camera, texture, depth, window, mask, inward, (SHORTEST, SHORTEST_PIXELS))
        if k == 2 and over is not None and (mask & over).any():
            step = _step(camera, texture, np.where(over, depth, 0), window, mask & over, inward, (SHORTEST_TO_CORNICE, FEWEST_PIXELS))
            out[k] = step if step.any() else out[k]
    return out


def _beside(unknown: np.ndarray, touches: bool, k: int, reach: int) -> np.ndarray:
    """Return what (h,w) lies within `reach` pixels of an edge k: of `unknown` (h,w), or of the picture, where the window `touches` that."""
    axis, before = 1 if k < 2 else 0, k in (0, 2)
    lines = np.moveaxis(unknown, axis, 0)
    lines = lines if before else lines[::-1]
    total = np.cumsum(np.concatenate([np.full((reach, *lines.shape[1:]), touches), lines]), 0, dtype=np.int32)
    near = total[reach:] - total[:-reach] > 0
    return np.moveaxis(near if before else near[::-1], 0, axis)


def _step(
    camera: Camera, texture: np.ndarray, depth: np.ndarray, window: Window, strip: np.ndarray, way: np.ndarray, least: tuple[float, int]
) -> np.ndarray:
    """Return the shift (3,) along `way`, of at `least` so many metres and pixels, after which the strip (h,w) bool fits best, zeros when
    none does."""
    y, x = np.nonzero(strip)
    pick = np.linspace(0, len(y) - 1, min(len(y), POINTS)).astype(int)
    y, x = y[pick], x[pick]
    pixels = np.stack([x + window.x0 + 0.5, y + window.y0 + 0.5], 1)
    points = eye_of(camera) + rays(camera, pixels) * depth[y, x][:, None]
    size = float(np.median(depth[y, x])) / camera.focal_px
    longest = LONGEST * size * (depth > 0).any(1 if way[1] else 0).sum()
    shortest = max(least[0], least[1] * size)
    tone = np.log(np.maximum(texture, 1e-4))
    tone = tone - np.median(tone[depth > 0], 0)
    best, found = np.inf, np.zeros(3)
    for far in np.linspace(shortest, longest, STEPS) if longest > shortest else ():
        (u, v), near = project(camera, points + far * way)[0].T, project(camera, points + far * way)[1]
        i, j = np.floor(u).astype(int) - window.x0, np.floor(v).astype(int) - window.y0
        inside = (i >= 0) & (j >= 0) & (i < depth.shape[1]) & (j < depth.shape[0])
        inside[inside] = np.abs(depth[j[inside], i[inside]] - near[inside]) < 0.02 * near[inside]
        if inside.mean() < SEEN:
            continue
        cost = float(np.abs(tone[y[inside], x[inside]] - tone[j[inside], i[inside]]).mean() / inside.mean())
        if cost < best:
            best, found = cost, far * way
    return found


@nb.njit(cache=True)
def edge_to(u, v, size, way, left, top):  # type: ignore[no-untyped-def]
    """Return over which edge the wall goes on to (u, v): left, right, upper, lower of the picture, or of what it shows; SHOWN inside."""
    if v < 0:
        return 2
    if v > size[1]:
        return 3
    if u < 0:
        return 0
    if u > size[0]:
        return 1
    i, j = int(np.floor(u)) - left, int(np.floor(v)) - top
    if 0 <= j < way.shape[0] and 0 <= i < way.shape[1]:
        return int(way[j, i])
    return SHOWN_CODE


@nb.njit(cache=True)
def continued(rest, u, v, steps, rotation, translation, lens, size, rest_depth, way, left, top):  # type: ignore[no-untyped-def]
    """Return (there, u, v): the plate pixel that a point of a wall beyond what is shown wears, and whether there is one.

    rest (3,): the point, seen at (u, v); lens: what `lens_of` makes; size: of the picture.
    """
    x, y, z = rest[0], rest[1], rest[2]
    for _ in range(MOST):
        k = edge_to(u, v, size, way, left, top)
        x, y, z = x + steps[k, 0], y + steps[k, 1], z + steps[k, 2]
        depth = rotation[2, 0] * x + rotation[2, 1] * y + rotation[2, 2] * z + translation[2]
        if depth < 0.05:
            break
        across = rotation[0, 0] * x + rotation[0, 1] * y + rotation[0, 2] * z + translation[0]
        down = rotation[1, 0] * x + rotation[1, 1] * y + rotation[1, 2] * z + translation[1]
        u, v = pixel_of(across, down, depth, lens)
        if edge_to(u, v, size, way, left, top) == SHOWN_CODE:
            return _is_building(rest_depth, u, v, left, top), u, v
    return False, u, v


@nb.njit(cache=True)
def blended(u, v, size, rest_depth, left, top):  # type: ignore[no-untyped-def]
    """Return (share, u, v): how much of the wall's mirror image, and where it is, a place (u, v) just outside the picture keeps."""
    share = 1 - max(max(-u, u - size[0]), max(-v, v - size[1])) / BLEND
    mu, mv = _mirrored(u, size[0]), _mirrored(v, size[1])
    return (share if share > 0 and _is_building(rest_depth, mu, mv, left, top) else 0.0), mu, mv


@nb.njit(cache=True, inline="always")
def _mirrored(place, size):  # type: ignore[no-untyped-def]
    return -place if place < 0 else 2 * size - place if place > size else place


@nb.njit(cache=True, inline="always")
def _is_building(rest_depth, u, v, left, top):  # type: ignore[no-untyped-def]
    i, j = int(np.floor(u)) - left, int(np.floor(v)) - top
    return 0 <= j < rest_depth.shape[0] and 0 <= i < rest_depth.shape[1] and rest_depth[j, i] > 0
