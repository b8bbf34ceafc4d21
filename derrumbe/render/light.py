"""Light that reaches a surface: sun with its disc, sky, and what ground and neighbouring solids send back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numba as nb
import numpy as np

from derrumbe.core.records import Sun
from derrumbe.render.occlusion import LIFT, Occluders, lifted, sky_directions, sun_directions

Transmittance = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(n,3) world points, (n,3) unit normals -> (n,) share of light that passes the dust."""

ENCLOSED = 0.15
"""What a blocked sky ray brings back, as a share of the mean of sky and ground: one more bounce off dusty walls."""

DUST_SKY, DUST_SUN = 0.36, 0.1
"""Shares of sky and sun that thick dust passes on to what it hides."""


@dataclass(frozen=True)
class Illumination:
    """A sun record as arrays. What a white Lambertian shows: sun (facing it), sky (facing up), ground (facing down)."""

    direction: np.ndarray
    sun: np.ndarray
    sky: np.ndarray
    ground: np.ndarray
    softness: float

    @property
    def enclosed(self) -> np.ndarray:
        """Return the radiance of a blocked ray, (3,)."""
        return ENCLOSED * 0.5 * (self.sky + self.ground)

    @property
    def glow(self) -> np.ndarray:
        """Return the radiance of thick lit dust, (3,): what it keeps from the sky it sends on, dimmer."""
        return DUST_SKY * self.sky + DUST_SUN * self.sun


def illumination(sun: Sun) -> Illumination:
    """Return the arrays of a sun record."""
    direction = np.asarray(sun.direction, np.float64)
    rgb = np.zeros(3) if sun.overcast and max(sun.rgb) <= 0 else np.asarray(sun.rgb, np.float64)
    return Illumination(
        direction / np.linalg.norm(direction),
        rgb,
        np.asarray(sun.sky_rgb, np.float64),
        np.asarray(sun.ground_rgb, np.float64),
        np.radians(sun.softness_deg),
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
    for ray in range(sky_rays):
        directions = sky_directions(keys, first_ray * sky_rays + ray, normals)
        blocked = occluders.blocked(origins, directions)
        _gather(light, directions, blocked, air, lamp.sky, lamp.ground, lamp.enclosed, lamp.glow, 1.0 / sky_rays)
    return light


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
def _gather(light, directions, blocked, air, sky, ground, enclosed, glow, weight):  # type: ignore[no-untyped-def]
    for i in range(light.shape[0]):
        for c in range(3):
            if blocked[i]:
                radiance = enclosed[c]
            else:
                radiance = air[i] * (sky[c] if directions[i, 1] >= 0 else ground[c]) + (1 - air[i]) * glow[c]
            light[i, c] += weight * radiance
