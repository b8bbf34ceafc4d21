"""One picture file, as the codes or floats that it holds (OpenImageIO: EXR, DPX, TIFF, PNG, JPEG)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from derrumbe.core.errors import BadPlate
from derrumbe.core.records import Caution
from derrumbe.media import colour
from derrumbe.media.codes import Raw
from derrumbe.media.notes import ALPHA_DROPPED, not_square
from derrumbe.media.timing import nearest_standard
from derrumbe.media.turn import Turn, turn_of_exif

SUFFIXES = frozenset([".exr", ".dpx", ".tif", ".tiff", ".png", ".jpg", ".jpeg"])
FULL_FRAME_DIAGONAL = 43.2666
"""Millimetres: EXIF's 35 mm equivalent compares diagonals (CIPA DCG-001)."""

PRIMARIES = {
    colour.ACES2065: (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767),
    colour.ACESCG: colour.ACESCG_CHROMATICITIES,
    colour.LINEAR_709: (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329),
    "Linear P3-D65": (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329),
    "Linear Rec.2020": (0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329),
    "Linear AdobeRGB": (0.64, 0.33, 0.21, 0.71, 0.15, 0.06, 0.3127, 0.329),
}
PROFILES = {"display p3": "sRGB Encoded P3-D65", "adobe rgb": "Gamma 2.2 Encoded AdobeRGB"}
"""ICC profiles by what their description holds. Any other is taken as sRGB."""
DPX_SPACES = {"Linear": colour.LINEAR_709, "Logarithmic": colour.CINEON, "Printing density": colour.CINEON}
RATE_KEYS = ("FramesPerSecond", "framesPerSecond", "dpx:FrameRate", "dpx:TemporalFrameRate")


@dataclass(frozen=True)
class StillInfo:
    """What a picture file says of itself. `width` and `height` are those of the upright picture; `bits` is None for floats."""

    width: int
    height: int
    bits: int | None
    half: bool
    colourspace: str
    turn: Turn
    rate: Fraction | None
    timecode: str | None
    focal_px: float | None
    pixel_aspect: Fraction
    channels: tuple[int, int, int]
    """Which of the file's channels are R, G and B."""
    notes: tuple[Caution, ...]


def inspect_still(path: Path) -> StillInfo:
    """Read a picture's header. Raises BadPlate."""
    with _opened(path) as source:
        spec = source.spec()
        channels, notes = _channels(path, list(spec.channelnames))
        turn = turn_of_exif(int(spec.getattribute("Orientation") or 1))
        aspect = Fraction(float(spec.getattribute("PixelAspectRatio") or 1.0)).limit_denominator(1000)
        if aspect != 1:
            notes.append(not_square(aspect))
        size = turn.size(spec.full_width, spec.full_height)
        half = str(spec.format) == "half"
        return StillInfo(
            *size, _bits(spec), half, _space(path, spec), turn, _rate(spec), _timecode(spec), _focal(spec), aspect, channels, tuple(notes)
        )  # fmt: skip


def read_still(path: Path, info: StillInfo | None = None) -> Raw:
    """Read a whole upright picture, its display window filled. `info`: of a picture of the same kind. Raises BadPlate."""
    info = info or inspect_still(path)
    with _opened(path) as source:
        spec = source.spec()
        kind = "float" if info.bits is None else "uint8" if info.bits <= 8 else "uint16"
        first, last = min(info.channels), max(info.channels) + 1
        if last > spec.nchannels:
            raise BadPlate(f"{path}: has other channels than the frames before; export the sequence again")
        pixels = source.read_image(0, 0, first, last, kind)
        said = source.geterror()
        if pixels is None or said:
            raise BadPlate(f"{path}: can be read in part only ({said.strip()}); copy or export it again")
        pixels = _displayed(np.asarray(pixels).reshape(spec.height, spec.width, -1), spec)
    order = [channel - first for channel in info.channels]
    if order != list(range(pixels.shape[2])):
        pixels = pixels[..., order]
    if info.bits not in (None, 8, 16):
        pixels = _low_codes(pixels, info.bits)
    return Raw(info.turn.apply(pixels), info.bits, info.half)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import OpenImageIO as oiio

    if not path.is_file():
        raise BadPlate(f"{path}: no such file")
    plain = oiio.ImageSpec()
    # R, G and B as stored: dividing or multiplying by alpha would change codes.
    plain.attribute("oiio:UnassociatedAlpha", 1)
    source = oiio.ImageInput.open(str(path), plain)
    if source is None:
        raise BadPlate(f"{path}: not a picture that can be read ({oiio.geterror().strip()}); give EXR, DPX, TIFF, PNG or JPEG")
    try:
        yield source
    finally:
        source.close()


def _channels(path: Path, names: list[str]) -> tuple[tuple[int, int, int], list[Caution]]:
    """Return the places of R, G and B, and notes about what is left out."""
    for prefix in ("", *sorted({name.rpartition(".")[0] + "." for name in names if "." in name})):
        wanted = [prefix + letter for letter in "RGB"]
        if all(name in names for name in wanted):
            rest = [name for name in names if name not in wanted]
            notes = [ALPHA_DROPPED] if prefix + "A" in rest else []
            notes += [_layer_taken(prefix[:-1])] if prefix else []
            return (names.index(wanted[0]), names.index(wanted[1]), names.index(wanted[2])), notes
    if set(names) <= {"A"}:
        raise BadPlate(f"{path}: holds an alpha channel only; give the picture that belongs to it")
    if len(names) <= 2:
        raise BadPlate(f"{path}: has one channel only ({names[0]}); give a colour picture, or save the grey one as R = G = B")
    raise BadPlate(f"{path}: has no R, G and B among its channels {', '.join(names[:8])}; export the picture's own channels")


def _layer_taken(name: str) -> Caution:
    return Caution(what=f'the layer "{name}" is taken as the picture', remedy="export the wanted layer as R, G, B if it is another")


def _bits(spec: Any) -> int | None:
    kind = str(spec.format)
    if kind == "uint8":
        return 8
    if kind == "uint16":
        return min(16, int(spec.getattribute("oiio:BitsPerSample") or 16))
    return None


def _space(path: Path, spec: Any) -> str:
    """Return the colour space that a file is taken to be in; see docs/decisions/0003-colour.md."""
    suffix = path.suffix.lower()
    if suffix == ".dpx":
        return DPX_SPACES.get(str(spec.getattribute("dpx:Transfer")), colour.CAMERA_709)
    if suffix == ".exr":
        return _exr_space(spec)
    if _bits(spec) is None:
        return colour.LINEAR_709
    profile = str(spec.getattribute("ICCProfile:profile_description") or "").lower()
    return next((space for name, space in PROFILES.items() if name in profile), colour.SRGB)


def _exr_space(spec: Any) -> str:
    if spec.getattribute("acesImageContainerFlag"):
        return colour.ACES2065
    told = spec.getattribute("chromaticities")
    if told is None or len(told) != 8:
        return colour.LINEAR_709
    distance = {name: float(np.abs(np.subtract(told, known)).max()) for name, known in PRIMARIES.items()}
    near = min(distance, key=lambda name: distance[name])
    return near if distance[near] < 0.005 else colour.LINEAR_709


def _rate(spec: Any) -> Fraction | None:
    for key in RATE_KEYS:
        told = spec.getattribute(key)
        if isinstance(told, tuple) and len(told) == 2 and told[1]:
            return Fraction(int(told[0]), int(told[1]))
        if isinstance(told, float | int) and 1 <= told <= 1000:
            return nearest_standard(Fraction(told))
    return None


def _timecode(spec: Any) -> str | None:
    told = spec.getattribute("smpte:TimeCode")
    if isinstance(told, tuple) and told:
        # SMPTE 12M: binary coded decimals, frames lowest, flags between the digits.
        bits = int(told[0])
        fields = [(bits >> shift & 0xFF) & mask for shift, mask in ((24, 0x3F), (16, 0x7F), (8, 0x7F), (0, 0x3F))]
        return ":".join(f"{field:02x}" for field in fields)
    return str(told) if isinstance(told, str) and told else None


def _focal(spec: Any) -> float | None:
    equivalent = float(spec.getattribute("Exif:FocalLengthIn35mmFilm") or 0)
    if equivalent <= 0:
        return None
    return equivalent / FULL_FRAME_DIAGONAL * float(np.hypot(spec.full_width, spec.full_height))


def _displayed(pixels: np.ndarray, spec: Any) -> np.ndarray:
    """Cut or fill (with black) a data window to the display window."""
    if (spec.x, spec.y, spec.width, spec.height) == (spec.full_x, spec.full_y, spec.full_width, spec.full_height):
        return pixels
    out = np.zeros((spec.full_height, spec.full_width, pixels.shape[2]), pixels.dtype)
    left, top = spec.x - spec.full_x, spec.y - spec.full_y
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + spec.width, spec.full_width), min(top + spec.height, spec.full_height)
    if x1 > x0 and y1 > y0:
        out[y0:y1, x0:x1] = pixels[y0 - top : y1 - top, x0 - left : x1 - left]
    return out


def _low_codes(pixels: np.ndarray, bits: int | None) -> np.ndarray:
    """Undo the library's scaling of 10 and 12-bit codes to 16 bits; exact, since scaled codes lie far apart."""
    assert bits is not None
    return ((pixels.astype(np.uint32) * (2**bits - 1) + 32767) // 65535).astype(np.uint16)
