"""Colours of a shot that no picture gives: façade albedo and settled dust."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from derrumbe.render.intact import prepared, typical_light
from derrumbe.render.masonry import masonry_of
from derrumbe.render.scene import Inputs, load
from derrumbe.render.shade import Look

SETTLED = 0.9
"""What settled dust reflects, of the cloud's: it lies rough, and its grains shade each other."""


def dust_albedo(color: str, inputs: Inputs) -> np.ndarray:
    """Return the albedo (3,) of settled dust: the cloud's own colour, or the knob's."""
    from derrumbe.render.dust_light import reflectance

    return SETTLED * reflectance(color, masonry_of(inputs), inputs.film_set.record.sun)


@lru_cache(maxsize=1)
def look_of(inputs: Inputs, intact: Path, color: str, seed: int) -> Look:
    """Return the look of a shot; `intact` is the file that `intact.prepare` wrote."""
    light = prepared(intact)
    typical = typical_light(load(inputs), light)
    facade = np.clip(np.asarray(inputs.film_set.record.facade_rgb) / typical, 0.03, 0.85)
    return Look(typical, facade, dust_albedo(color, inputs), light, seed)
