"""What a building is made of gives its dust the hue: the walls' stone, brick and plaster, not slates, glass or what grows on it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from derrumbe.core.records import Set, Vec3
from derrumbe.media.exr import RGB, read_exr
from derrumbe.render.scene import Inputs

OPENINGS = 33
"""Per cent of the building's pixels, the darkest, that are left out."""
LEAST = 0.05
"""Share of the others that must be able to be masonry."""


@lru_cache(maxsize=1)
def masonry_of(inputs: Inputs) -> Vec3:
    """Return the masonry's colour, ACEScg, as `masonry` has it, of the set's picture; the façade's where nothing there can be masonry."""
    film_set = inputs.film_set
    record, first = film_set.record, film_set.record.frames.first
    inside = read_exr(film_set.path(record.building_matte, first), ("Y",))[::2, ::2, 0] > 0.5
    return masonry(np.nan_to_num(read_exr(film_set.path(record.texture, first), RGB)[::2, ::2][inside]), record)


def masonry(pixels: np.ndarray, film_set: Set) -> Vec3:
    """Return the median colour of those of a building's `pixels` (n,3) that can be masonry, as half the sun and the sky would show it.

    Ground rock, lime and clay reflect red at least as well as green, and green as well as blue, once the light that falls on these walls is
    taken out: of the sun only as much as they face it.
    """
    sun, sky = np.asarray(film_set.sun.rgb), np.asarray(film_set.sun.sky_rgb)
    walls = film_set.building.facades
    area = np.array([wall.width * wall.height for wall in walls])
    facing = np.maximum(np.array([wall.normal for wall in walls]) @ np.asarray(film_set.sun.direction), 0)
    paint = pixels / np.maximum(float(area @ facing / area.sum()) * sun + sky, 1e-4)
    bright = paint.mean(-1) >= np.percentile(paint.mean(-1), OPENINGS) if len(paint) else np.zeros(0, bool)
    red, green, blue = paint.T
    fits = bright & (red >= green) & (green >= blue)
    if fits.sum() <= LEAST * bright.sum():
        return film_set.facade_rgb
    red, green, blue = np.median(paint[fits], axis=0) * (0.5 * sun + 0.6 * sky)
    return float(red), float(green), float(blue)
