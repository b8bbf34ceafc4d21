"""Writing a layers EXR a band of rows at a time, so that memory does not grow with the number of channels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from derrumbe.core.errors import DerrumbeError
from derrumbe.core.files import replacing
from derrumbe.core.records import FAR, LAYER_CHANNELS
from derrumbe.media.exr import FLOAT_CHANNELS

BAND = 128
PLANE = {name: index for index, name in enumerate(LAYER_CHANNELS)}

Fill = Callable[[np.ndarray, int], None]
"""Fills rows (rows,w,channels) float32, blank so far, that start at row `top`."""


def planes(layer: str) -> slice:
    """Return the channels of a layer, as in `rows[..., planes("pieces")]`."""
    found = [index for name, index in PLANE.items() if name.split(".")[0] == layer]
    return slice(found[0], found[-1] + 1)


def blank(rows: int, width: int) -> np.ndarray:
    """Return rows in which nothing happens: no shadow, depth FAR, all else 0."""
    out = np.zeros((rows, width, len(LAYER_CHANNELS)), np.float32)
    out[..., planes("shadow")] = 1
    out[..., PLANE["depth.Z"]] = FAR
    return out


def nothing(rows: np.ndarray, top: int) -> None:
    """Leave rows blank."""


def write_layers(path: Path, width: int, height: int, fill: Fill) -> None:
    """Write a layers EXR whole. Raises DerrumbeError when the disk refuses."""
    import OpenImageIO as oiio

    spec = oiio.ImageSpec(width, height, len(LAYER_CHANNELS), "half")
    spec.channelnames = LAYER_CHANNELS
    spec.channelformats = tuple(oiio.FLOAT if name in FLOAT_CHANNELS else oiio.HALF for name in LAYER_CHANNELS)
    spec.attribute("compression", "zip:2")
    # else the library writes the time of day, and equal pictures would be different files
    spec.attribute("DateTime", "1970:01:01 00:00:00")
    with replacing(path) as temporary:
        output = oiio.ImageOutput.create(str(temporary))
        if output is None or not output.open(str(temporary), spec):
            raise DerrumbeError(f"{path}: can't write: {oiio.geterror().strip()}")
        wrote = all(_write_band(output, top, min(top + BAND, height), width, fill) for top in range(0, height, BAND))
        said = output.geterror()
        if not (output.close() and wrote):
            raise DerrumbeError(f"{path}: can't write: {said.strip()}; is the disk full?")


def _write_band(output, top: int, bottom: int, width: int, fill: Fill) -> bool:  # type: ignore[no-untyped-def]
    rows = blank(bottom - top, width)
    fill(rows, top)
    return bool(output.write_scanlines(top, bottom, 0, rows))
