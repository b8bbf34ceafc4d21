"""Colours of a shot that no picture gives: façade albedo and settled dust."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from derrumbe.render.intact import prepared, typical_light
from derrumbe.render.scene import Inputs, load
from derrumbe.render.shade import Look

PALE = np.array([0.46, 0.44, 0.41])


def dust_albedo(color: str, facade: np.ndarray) -> np.ndarray:
    """Return the albedo (3,) of settled dust: a pale cast of the façade's own colour, or the knob's."""
    if color == "auto":
        return 0.65 * PALE + 0.35 * np.minimum(facade * 1.25, 0.6)
    from derrumbe.media.colour import from_display

    codes = np.array([[[int(color.lstrip("#")[k : k + 2], 16) for k in (0, 2, 4)]]], np.uint8)
    return np.clip(from_display(codes)[0, 0].astype(np.float64), 0.02, 0.9)


@lru_cache(maxsize=1)
def look_of(inputs: Inputs, intact: Path, color: str, seed: int) -> Look:
    """Return the look of a shot; `intact` is the file that `intact.prepare` wrote."""
    light = prepared(intact)
    typical = typical_light(load(inputs), light)
    facade = np.clip(np.asarray(inputs.film_set.record.facade_rgb) / typical, 0.03, 0.85)
    return Look(typical, facade, dust_albedo(color, facade), light, seed)
