"""Small display-referred pictures, 8-bit RGB: evidence, contact sheets, posters."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from derrumbe.core.errors import BadPlate, DerrumbeError
from derrumbe.core.files import replacing


def write_png(path: Path, rgb8: np.ndarray) -> None:
    """Write (h, w, 3) or (h, w) uint8 as PNG, whole. Same pixels, same bytes."""
    _write(path, rgb8, {})


def write_jpeg(path: Path, rgb8: np.ndarray, quality: int = 92) -> None:
    """Write (h, w, 3) uint8 as JPEG, whole."""
    _write(path, rgb8, {"Compression": f"jpeg:{quality}"})


def read_png(path: Path) -> np.ndarray:
    """Read a PNG or JPEG as (h, w, 3) uint8; a one-channel picture is repeated in R, G and B. Raises BadPlate."""
    import OpenImageIO as oiio

    source = oiio.ImageInput.open(str(path))
    if source is None:
        raise BadPlate(f"{path}: can't read: {oiio.geterror().strip()}")
    try:
        pixels = source.read_image("uint8")
        said = source.geterror()
    finally:
        source.close()
    if pixels is None:
        raise BadPlate(f"{path}: can't read: {said.strip()}")
    pixels = np.asarray(pixels, np.uint8).reshape(*np.asarray(pixels).shape[:2], -1)
    return np.ascontiguousarray(pixels[..., :3] if pixels.shape[2] >= 3 else np.repeat(pixels[..., :1], 3, 2))


def _write(path: Path, codes: np.ndarray, attributes: dict[str, str]) -> None:
    import OpenImageIO as oiio

    if codes.dtype != np.uint8:
        raise DerrumbeError(f"{path.name}: pictures take uint8 codes, got {codes.dtype}; use media.colour.to_display")
    codes = np.ascontiguousarray(codes.reshape(*codes.shape[:2], -1))
    height, width, channels = codes.shape
    spec = oiio.ImageSpec(width, height, channels, "uint8")
    for name, value in attributes.items():
        spec.attribute(name, value)
    with replacing(path) as temporary:
        output = oiio.ImageOutput.create(str(temporary))
        if output is None or not output.open(str(temporary), spec):
            raise DerrumbeError(f"{path}: can't write: {oiio.geterror().strip()}")
        wrote = output.write_image(codes)
        said = output.geterror()
        if not (output.close() and wrote):
            raise DerrumbeError(f"{path}: can't write: {said.strip()}; is the disk full?")
