"""Who is in front of whom: sky, building, and the static things before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.core.records import Vec2
from derrumbe.survey.filters import filled
from derrumbe.survey.footing import bottom_samples
from derrumbe.survey.foreground import drawn_alpha
from derrumbe.survey.occluders import held_near, plant_alpha
from derrumbe.survey.silhouette import building_matte, building_region
from derrumbe.survey.sky import find_sky


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


def find_mattes(codes: np.ndarray, drawn: np.ndarray, polygons: tuple[tuple[Vec2, ...], ...]) -> Mattes:
    """Return the Mattes of a picture `codes` (h, w, 3) uint8 from the outline (n, 2) and the user's polygons, in its pixels."""
    foot = float(np.median(bottom_samples(drawn)[:, 1]))
    sky = find_sky(codes, filled([drawn], codes.shape[:2]), foot)
    region = building_region(drawn, sky)
    building = building_matte(region, sky)
    sky = np.where(region, np.minimum(sky, 1 - building), sky).astype(np.float32)
    mine = drawn_alpha(codes.shape[:2], polygons)
    plants = held_near(plant_alpha(codes, region, sky), codes, region, foot)
    return Mattes(region, building, sky, np.maximum(mine, plants), mine > 0.05)
