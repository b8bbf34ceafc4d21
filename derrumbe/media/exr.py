"""EXR files with named channels, written whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from derrumbe.core.errors import BadPlate, DerrumbeError
from derrumbe.core.files import replacing
from derrumbe.media.colour import ACESCG_CHROMATICITIES

RGB = ("R", "G", "B")
FLOAT_CHANNELS = ("depth.Z", "id.Y", "Z")
Value = str | tuple[int, int] | tuple[float, ...]


def write_exr(
    path: Path, pixels: np.ndarray, channels: Sequence[str] = RGB, *, full: bool = False, metadata: Mapping[str, Value] | None = None
) -> None:
    """Write `pixels` (h, w, c) or (h, w) float32 as ZIP-compressed EXR, half unless `full` or the channel is depth or id.

    `metadata` values are texts, rationals (two ints) or rows of floats. Pictures (R G B) are marked with ACEScg's chromaticities.
    Raises DerrumbeError when the disk refuses.
    """
    import OpenImageIO as oiio

    pixels = np.ascontiguousarray(pixels.reshape(*pixels.shape[:2], -1), np.float32)
    height, width, count = pixels.shape
    if count != len(channels):
        raise DerrumbeError(f"{path.name}: {count} planes for {len(channels)} channel names")
    spec = oiio.ImageSpec(width, height, count, "float" if full else "half")
    spec.channelnames = tuple(channels)
    if not full and any(name in FLOAT_CHANNELS for name in channels):
        spec.channelformats = tuple(oiio.FLOAT if name in FLOAT_CHANNELS else oiio.HALF for name in channels)
    spec.attribute("compression", "zip:2")
    # else the library writes the time of day, and equal pictures would be different files
    spec.attribute("DateTime", "1970:01:01 00:00:00")
    marks = {"chromaticities": ACESCG_CHROMATICITIES} if tuple(channels) == RGB else {}
    for name, value in {**marks, **(metadata or {})}.items():
        _set(spec, name, value)
    with replacing(path) as temporary:
        output = oiio.ImageOutput.create(str(temporary))
        if output is None or not output.open(str(temporary), spec):
            raise DerrumbeError(f"{path}: can't write: {oiio.geterror().strip()}")
        wrote = output.write_image(pixels)
        said = output.geterror()
        if not (output.close() and wrote):
            raise DerrumbeError(f"{path}: can't write: {said.strip()}; is the disk full?")


def is_full(path: Path) -> bool:
    """Return whether the picture is stored as float, which plates are whose source codes half would lose. Raises BadPlate."""
    import OpenImageIO as oiio

    source = oiio.ImageInput.open(str(path))
    if source is None:
        raise BadPlate(f"{path}: can't read: {oiio.geterror().strip()}")
    try:
        return str(source.spec().format) == "float"
    finally:
        source.close()


def read_exr(path: Path, channels: Sequence[str] | None = None) -> np.ndarray:
    """Read named channels (all when None) as (h, w, c) float32, in the order asked for. Raises BadPlate."""
    import OpenImageIO as oiio

    source = oiio.ImageInput.open(str(path))
    if source is None:
        raise BadPlate(f"{path}: can't read: {oiio.geterror().strip()}")
    try:
        names = list(source.spec().channelnames)
        if channels is None:
            pixels = source.read_image("float")
            return np.asarray(pixels, np.float32).reshape(source.spec().height, source.spec().width, -1)
        missing = [name for name in channels if name not in names]
        if missing:
            raise BadPlate(f"{path}: no channel {missing[0]}; it has {', '.join(names)}")
        order = [names.index(name) for name in channels]
        first, last = min(order), max(order) + 1
        pixels = np.asarray(source.read_image(0, 0, first, last, "float"), np.float32)
        pixels = pixels.reshape(source.spec().height, source.spec().width, last - first)
        places = [index - first for index in order]
        # A large picture shouldn't be copied only to stay as it is.
        return pixels if places == list(range(last - first)) else np.ascontiguousarray(pixels[..., places])
    finally:
        source.close()


def _set(spec: Any, name: str, value: Value) -> None:
    if isinstance(value, str):
        spec.attribute(name, value)
    elif len(value) == 2 and all(isinstance(one, int) for one in value):
        spec.attribute(name, "rational2i", value)
    else:
        spec.attribute(name, f"float[{len(value)}]" if len(value) > 1 else "float", value if len(value) > 1 else value[0])
