"""Writing a layers EXR a few rows at a time, so that memory does not grow with the number of channels."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from derrumbe.core.errors import DerrumbeError
from derrumbe.core.files import replacing
from derrumbe.core.records import FAR, LAYER_CHANNELS
from derrumbe.media.exr import FLOAT_CHANNELS
from derrumbe.media.exr_zip import Fill, write_planes

PLANE = {name: index for index, name in enumerate(LAYER_CHANNELS)}
ONES = ("shadow.R", "shadow.G", "shadow.B")
BLANK = tuple(FAR if name == "depth.Z" else float(name in ONES) for name in LAYER_CHANNELS)
"""Where nothing happens: no shadow, depth FAR, all else 0."""


@cache
def planes(layer: str) -> slice:
    """Return the channels of a layer, as in `rows[planes("pieces")]`."""
    found = [index for name, index in PLANE.items() if name.split(".")[0] == layer]
    return slice(found[0], found[-1] + 1)


def nothing(rows: np.ndarray, top: int) -> None:
    """Leave rows blank."""


def write_layers(path: Path, width: int, height: int, fill: Fill) -> None:
    """Write a layers EXR whole. Raises DerrumbeError when the disk refuses."""
    try:
        with replacing(path) as temporary, temporary.open("wb") as file:
            write_planes(file, width, height, LAYER_CHANNELS, FLOAT_CHANNELS, BLANK, fill)
    except OSError as error:
        raise DerrumbeError(f"{path}: can't write: {error.strerror}; is the disk full?") from error
