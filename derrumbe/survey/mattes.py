"""Who is in front of whom: sky, building, and the static things before it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from derrumbe.core.records import Vec2
from derrumbe.survey.filters import filled, widened
from derrumbe.survey.foliage import porous_alpha
from derrumbe.survey.footing import bottom_samples
from derrumbe.survey.foreground import drawn_alpha
from derrumbe.survey.occluders import held_near, plant_alpha
from derrumbe.survey.silhouette import building_matte, building_region
from derrumbe.survey.sky import find_sky

BELOW = 0.04
"""Sky is seen at most this share of the height below the horizon that the camera's solve gives."""
OPEN = 0.9
"""Sky matte above which a pixel shows nothing but sky."""


@dataclass(frozen=True)
class Mattes:
    """Pictures (h, w). region: the building's silhouette, bool, with what stands in front of it. building, sky, front: alpha, float32.

    drawn_front: what the user drew in front, bool.
    """

    region: np.ndarray
    building: np.ndarray
    sky: np.ndarray
    front: np.ndarray
    drawn_front: np.ndarray

    def below_no_horizon(self, horizon: float) -> Mattes:
        """Return the same without sky below a horizon row: from the air, far fields and ponds pass for it."""
        rows = np.arange(self.sky.shape[0])[:, None]
        return replace(self, sky=np.where(rows < horizon + BELOW * self.sky.shape[0], self.sky, 0).astype(np.float32))


def find_mattes(
    codes: np.ndarray, drawn: np.ndarray, polygons: tuple[tuple[Vec2, ...], ...], foliage: tuple[tuple[Vec2, ...], ...] = ()
) -> Mattes:
    """Return the Mattes of a picture `codes` (h, w, 3) uint8 from the outline (n, 2) and the user's polygons, in its pixels.

    polygons: solid things in front; foliage: rough regions of things with holes.
    """
    foot = float(np.median(bottom_samples(drawn)[:, 1]))
    sky = find_sky(codes, filled([drawn], codes.shape[:2]), foot)
    region = building_region(drawn, sky)
    building = building_matte(region, sky)
    own_sky = np.where(region, np.minimum(sky, 1 - building), sky).astype(np.float32)
    mine = drawn_alpha(codes, polygons)
    plants = held_near(plant_alpha(codes, region, own_sky), codes, region, foot)
    plants = _seen_through(codes, plants, region, own_sky)
    crowns = _crowns(codes, foliage, (region | (own_sky > OPEN)) & (np.maximum(mine, plants) < 0.1))
    return Mattes(region, building, own_sky, np.maximum(np.maximum(mine, plants), crowns), np.maximum(mine, crowns) > 0.05)


def _crowns(codes: np.ndarray, foliage: tuple[tuple[Vec2, ...], ...], behind: np.ndarray) -> np.ndarray:
    """Return the alpha (h, w) of what the user's rough regions hold."""
    regions = [filled([np.asarray(polygon, np.float64)], codes.shape[:2]) > 0 for polygon in foliage]
    alpha = np.zeros(codes.shape[:2], np.float32)
    for region in regions:
        alpha = np.maximum(alpha, porous_alpha(codes, region, behind & ~np.logical_or.reduce(regions)))
    return alpha


def _seen_through(codes: np.ndarray, plants: np.ndarray, region: np.ndarray, sky: np.ndarray) -> np.ndarray:
    """Return the plants' alpha without the bits of wall and sky between their leaves."""
    crown = plants > 0.5
    if not crown.any():
        return plants
    whole = widened(crown, 2)
    alpha = porous_alpha(codes, whole, (region | (sky > OPEN)) & ~widened(crown, 6))
    return np.where(region | (sky > 0.1), np.minimum(plants, alpha), plants).astype(np.float32)
