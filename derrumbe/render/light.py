"""Light that reaches a surface: sun with its disc, sky, and what ground and neighbouring solids send back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numba as nb
import numpy as np

from derrumbe.core.records import Located, Set, Sun
from derrumbe.media.exr import read_exr
from derrumbe.render.occlusion import LIFT, Occluders, lifted, sky_directions, sun_directions

Transmittance = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(n,3) world points, (n,3) unit normals -> (n,) share of light that passes the dust."""

ENCLOSED = 0.18
"""What a blocked sky ray brings back, as a share of the mean of what is outside: one more bounce off dusty walls."""
DEEPEST = 0.45
"""Share of that where no ray finds its way out: what stands around a place is about as shut in as the place itself, so rooms get dark inwards."""
SUNNY = 0.25
"""Share of the sun in that mean: what faces of all ways get of it."""

DUST_SKY, DUST_SHADE, DUST_LIT = 0.36, 0.04, 0.3
"""Shares of the sky, and of the sun where a cloud hides it and where it doesn't, that thick dust sends to what sees it
(path tracing: benchmarks/dust_shade.py)."""
DEEP = 0.35
"""Share of the sky that is left, below which a place is deep under a cloud."""


@dataclass(frozen=True)
class Illumination:
    """A sun record as arrays. What a white Lambertian shows: sun (facing it), sky (facing up), ground (facing down).

    around (r,c,3) float32: light from all directions but the sun's, laid out as in `Set.environment`.
    """

    direction: np.ndarray
    sun: np.ndarray
    sky: np.ndarray
    ground: np.ndarray
    softness: float
    around: np.ndarray

    @property
    def enclosed(self) -> np.ndarray:
        """Return the radiance of a blocked ray, (3,)."""
        return ENCLOSED * (0.5 * (self.sky + self.ground) + SUNNY * self.sun)

    def glow(self, sunlit: np.ndarray, air: np.ndarray) -> np.ndarray:
        """Return the radiance (n,3) float32 of thick dust seen from where `sunlit` (n,) of the sun and `air` (n,) of the sky pass it: who stands
        in the sun sees its lit side, who stands in its shadow the other, who stands deep under it next to nothing."""
        sky = DUST_SKY * np.minimum(air / DEEP, 1)
        return (sky[:, None] * self.sky + (DUST_SHADE + DUST_LIT * sunlit)[:, None] * self.sun).astype(np.float32)


def lamp_of(film_set: Located[Set]) -> Illumination:
    """Return the light of a set."""
    name = film_set.record.environment
    return illumination(film_set.record.sun, None if name is None else _around(film_set.path(name)))


@lru_cache(maxsize=2)
def _around(path: Path) -> np.ndarray:
    return np.ascontiguousarray(read_exr(path, ("R", "G", "B")), np.float32)


def illumination(sun: Sun, around: np.ndarray | None = None) -> Illumination:
    """Return the arrays of a sun record; `around` (r,c,3): light from all directions, None: the same all over the sky, and all over the ground."""
    direction = np.asarray(sun.direction, np.float64)
    rgb = np.zeros(3) if sun.overcast and max(sun.rgb) <= 0 else np.asarray(sun.rgb, np.float64)
    return Illumination(
        direction / np.linalg.norm(direction),
        rgb,
        np.asarray(sun.sky_rgb, np.float64),
        np.asarray(sun.ground_rgb, np.float64),
        np.radians(sun.softness_deg),
        np.array([[sun.sky_rgb], [sun.ground_rgb]], np.float32) if around is None else around,
    )


def clear_air(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Return 1 for every point: no dust."""
    return np.ones(len(points), np.float32)


def light_at(
    lamp: Illumination,
    occluders: Occluders,
    points: np.ndarray,
    normals: np.ndarray,
    keys: np.ndarray,
    *,
    first_ray: int,
    sky_rays: int,
    sun_air: Transmittance = clear_air,
    sky_air: Transmittance = clear_air,
    lift: float = LIFT,
) -> np.ndarray:
    """Return what a white Lambertian at points (n,3) with unit normals (n,3) shows, (n,3) float32.

    keys (n,) int64 turn the ray pattern of each point; first_ray moves on along it, so that passes add up. One sun ray, `sky_rays` others.
    """
    light = _sun(lamp, occluders, points, normals, keys, first_ray, sun_air, lift)
    origins = lifted(points, normals, lift)
    air = sky_air(points, normals).astype(np.float32)
    glow = lamp.glow(sun_air(points, normals), air)
    shut = np.zeros(len(points), np.float32)
    for ray in range(sky_rays):
        directions = sky_directions(keys, first_ray * sky_rays + ray, normals)
        blocked = occluders.blocked(origins, directions)
        _gather(light, directions, blocked, air, lamp.around, glow, 1.0 / sky_rays)
        shut += blocked
    light += sent_back(shut, sky_rays)[:, None] * lamp.enclosed.astype(np.float32)
    return light


def sent_back(shut: np.ndarray, rays: int) -> np.ndarray:
    """Return how much of `Illumination.enclosed` comes back to places where `shut` (n,) of so many rays are blocked, (n,) float32.

    Its mean is s (1 - (1 - DEEPEST) s) for a share s that is blocked, whatever the number of rays above one (products of different rays).
    """
    others = (shut - 1) / max(rays - 1, 1)
    return np.asarray(shut / rays * (1 - (1 - DEEPEST) * np.maximum(others, 0)), np.float32)


def _sun(
    lamp: Illumination,
    occluders: Occluders,
    points: np.ndarray,
    normals: np.ndarray,
    keys: np.ndarray,
    ray: int,
    air: Transmittance,
    lift: float,
) -> np.ndarray:
    light = np.zeros((len(points), 3), np.float32)
    facing = np.maximum(normals @ lamp.direction, 0)
    lit = np.flatnonzero(facing > 0) if lamp.sun.max() > 0 else np.zeros(0, int)
    if not len(lit):
        return light
    directions = sun_directions(keys[lit], ray, lamp.direction, lamp.softness)
    free = ~occluders.blocked(lifted(points[lit], normals[lit], lift), directions)
    lit = lit[free]
    light[lit] = (facing[lit] * air(points[lit], normals[lit]))[:, None] * lamp.sun
    return light


@nb.njit(cache=True)
def _gather(light, directions, blocked, air, around, glow, weight):  # type: ignore[no-untyped-def]
    rows, columns = around.shape[0], around.shape[1]
    for i in range(light.shape[0]):
        if blocked[i]:
            continue
        x, y, z = directions[i, 0], directions[i, 1], directions[i, 2]
        length = np.sqrt(x * x + y * y + z * z)
        row = min(int((0.5 - np.arcsin(min(max(y / length, -1.0), 1.0)) / np.pi) * rows), rows - 1)
        column = int((0.5 - 0.5 * np.arctan2(x, z) / np.pi) * columns) % columns if columns > 1 else 0
        for c in range(3):
            light[i, c] += weight * (air[i] * around[row, column, c] + (1 - air[i]) * glow[i, c])
