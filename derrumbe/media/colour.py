"""Colour through OpenColorIO: any named space to scene-linear ACEScg and back.

The configuration is OpenColorIO's built-in ACES studio config, pinned by name so that a newer library gives the same numbers,
with two spaces added that plates need and it lacks: `Cineon` (film scans in DPX) and `Camera Rec.2020`.
Which space a file is taken to be in, and why, is told in docs/decisions/0003-colour.md.
"""

from __future__ import annotations

import copy
import difflib
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np

from derrumbe.core.errors import BadPlate
from derrumbe.media.curves import Separable, separable

if TYPE_CHECKING:
    import PyOpenColorIO as ocio

CONFIG = "studio-config-v2.2.0_aces-v1.3_ocio-v2.4"
ACESCG = "ACEScg"
ACES2065 = "ACES2065-1"
SRGB = "sRGB Encoded Rec.709 (sRGB)"
CAMERA_709 = "Camera Rec.709"
CAMERA_2020 = "Camera Rec.2020"
LINEAR_709 = "Linear Rec.709 (sRGB)"
CINEON = "Cineon"
FOR_MONITORS = frozenset(
    {SRGB, CAMERA_709, "Gamma 1.8 Encoded Rec.709", "Gamma 2.2 Encoded Rec.709", "Gamma 2.4 Encoded Rec.709",
     "Rec.1886 Rec.709 - Display", "sRGB - Display"}
)  # fmt: skip
"""Spaces whose codes are a picture on an ordinary monitor as they stand."""
PICTURE_VIEW = ("sRGB - Display", "ACES 1.0 - SDR Video")
"""Display and view that show logarithmic and HDR plates, whose own codes aren't a picture for a monitor."""

HALF_MAX = 65504.0
BAND_PIXELS = 1 << 20
"""Pixels converted at a time, so that an 8K frame needs no second copy of itself."""

ACESCG_CHROMATICITIES = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)
ACESCG_LUMA = np.array([0.2722287168, 0.6740817658, 0.0536895174], np.float32)


def space_name(name: str) -> str:
    """Return the canonical name of a colour space given by name, alias or role. Raises BadPlate with the nearest names."""
    space = _config().getColorSpace(SRGB if name.lower() == "srgb" else name)
    if space is not None:
        return str(space.getName())
    known = known_spaces()
    lowered = {one.lower(): one for one in known}
    near = difflib.get_close_matches(name.lower(), lowered, n=3, cutoff=0.3) or [one for one in lowered if name.lower() in one][:3]
    offer = ", ".join(f'"{lowered[one]}"' for one in near) or '"sRGB", "Camera Rec.709", "ACEScg"'
    raise BadPlate(f'colour space "{name}" is not in the ACES studio config; did you mean {offer}?')


def known_spaces() -> tuple[str, ...]:
    """Return every colour space that `--colourspace` takes, by its canonical name."""
    return tuple(space.getName() for space in _config().getColorSpaces())


def encoding(name: str) -> str:
    """Return OpenColorIO's word for how a space encodes light: scene-linear, log, sdr-video, hdr-video or data."""
    return str(_config().getColorSpace(space_name(name)).getEncoding())


def display_of(name: str) -> str:
    """Return how a plate in space `name` is shown: its own space where that is made for a monitor, else one that is, or `ACES`."""
    name = space_name(name)
    if name in FOR_MONITORS:
        return name
    if name == CAMERA_2020:
        return CAMERA_709
    return "ACES" if encoding(name) in ("log", "hdr-video") else SRGB


def to_acescg(pixels: np.ndarray, space: str) -> np.ndarray:
    """Convert encoded pixels (h, w, 3), 1.0 = full code, to scene-linear ACEScg float32."""
    return _converted(pixels, _processor(space_name(space), ACESCG))


def from_acescg(pixels: np.ndarray, space: str) -> np.ndarray:
    """Convert scene-linear ACEScg (h, w, 3) to encoded pixels of `space`, float32, unclipped."""
    return _converted(pixels, _processor(ACESCG, space_name(space)))


def to_display(pixels: np.ndarray, display: str = "sRGB") -> np.ndarray:
    """Convert scene-linear ACEScg (h, w, 3) to 8-bit RGB codes for review pictures and movies, uint8.

    `display` is `Plate.display`. For an ordinary movie or photograph it is the plate's own space, so that an untouched plate
    gives back the codes it was made of; for logarithmic and HDR plates it is `ACES`, a filmic view.
    """
    table = table_of(display) if display != "ACES" else None
    if table is not None and pixels.ndim == 3:
        return _encoded(pixels, table)
    processor = _view_processor() if display == "ACES" else _processor(ACESCG, space_name(display))
    codes = np.empty(pixels.shape, np.uint8)
    for band in bands(pixels.shape):
        # Infinities would turn into not-a-numbers in a matrix.
        shown = _converted(np.nan_to_num(pixels[band], nan=0.0, posinf=HALF_MAX, neginf=-HALF_MAX), processor)
        codes[band] = np.rint(np.clip(shown, 0.0, 1.0, out=shown) * 255.0)
    return codes


def from_display(codes: np.ndarray, display: str = "sRGB") -> np.ndarray:
    """Convert 8-bit RGB codes (h, w, 3) to scene-linear ACEScg float32. `ACES` pictures are read as sRGB: a view has no inverse."""
    return to_acescg(codes.astype(np.float32) / 255.0, SRGB if display == "ACES" else display)


def from_hex(color: str) -> np.ndarray:
    """Convert a colour on a display, #rrggbb, to scene-linear ACEScg, (3,) float64."""
    codes = np.array([[[int(color.lstrip("#")[n : n + 2], 16) for n in (0, 2, 4)]]], np.uint8)
    return from_display(codes)[0, 0].astype(np.float64)


def table_of(space: str) -> Separable | None:
    """Return the fast form of a space, where it has one: see media.curves."""
    return _table(space_name(space))


def bands(shape: tuple[int, ...]) -> list[slice]:
    """Split a picture of `shape` (h, w, …) into slices of rows of about `BAND_PIXELS` pixels."""
    rows = max(1, BAND_PIXELS // max(1, shape[1]))
    return [slice(top, min(top + rows, shape[0])) for top in range(0, shape[0], rows)]


def _converted(pixels: np.ndarray, processor: ocio.CPUProcessor) -> np.ndarray:
    out = np.array(pixels, np.float32, order="C")
    if out.size:
        processor.applyRGB(out.reshape(1, -1, 3) if out.ndim != 3 else out)
    return out


def _encoded(pixels: np.ndarray, table: Separable) -> np.ndarray:
    from derrumbe.media.code_kernels import encode

    codes = np.empty(pixels.shape, np.uint8)
    held = np.asarray(pixels, np.float32)
    if not np.isfinite(held).all():
        held = np.nan_to_num(held, nan=0.0, posinf=HALF_MAX, neginf=-HALF_MAX)
    encode(held, table.inverse, *table.steps, codes)
    return codes


@lru_cache(maxsize=16)
def _table(space: str) -> Separable | None:
    return separable(partial(to_acescg, space=space))


@lru_cache(maxsize=64)
def _processor(source: str, target: str) -> ocio.CPUProcessor:
    import PyOpenColorIO as ocio

    # Lossless: the faster approximations of powers and logarithms are not each other's inverse.
    return _config().getProcessor(source, target).getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS)


@lru_cache(maxsize=1)
def _view_processor() -> ocio.CPUProcessor:
    import PyOpenColorIO as ocio

    display, view = PICTURE_VIEW
    shown = _config().getProcessor(ACESCG, display, view, ocio.TRANSFORM_DIR_FORWARD)
    return shown.getOptimizedCPUProcessor(ocio.OPTIMIZATION_DEFAULT)


@lru_cache(maxsize=1)
def _config() -> ocio.Config:
    import PyOpenColorIO as ocio

    config = copy.deepcopy(ocio.Config.CreateFromBuiltinConfig(CONFIG))
    for space in (_cineon(), _camera_2020()):
        config.addColorSpace(space)
    return config


def _cineon() -> ocio.ColorSpace:
    """Kodak Cineon printing density: 300 codes a decade of light, white at 685 and black at 95 of 1023 (Kennel & Snider, 1993)."""
    import PyOpenColorIO as ocio

    black = 10.0 ** ((95 - 685) / 300)
    to_log = ocio.LogAffineTransform(
        logSideSlope=[300 / 1023] * 3, logSideOffset=[685 / 1023] * 3, linSideSlope=[1 - black] * 3, linSideOffset=[black] * 3
    )
    to_log.setBase(10.0)
    to_log.setDirection(ocio.TRANSFORM_DIR_INVERSE)
    return _space(CINEON, "log", to_log, LINEAR_709)


def _camera_2020() -> ocio.ColorSpace:
    """BT.2020 camera curve and primaries; at 10 bits the curve is BT.709's."""
    import PyOpenColorIO as ocio

    curve = ocio.ExponentWithLinearTransform(gamma=[1 / 0.45] * 3 + [1.0], offset=[0.099] * 3 + [0.0], negativeStyle=ocio.NEGATIVE_LINEAR)
    return _space(CAMERA_2020, "sdr-video", curve, "Linear Rec.2020")


def _space(name: str, kind: str, to_linear: ocio.Transform, linear: str) -> ocio.ColorSpace:
    import PyOpenColorIO as ocio

    path = ocio.GroupTransform([to_linear, ocio.ColorSpaceTransform(src=linear, dst=ACES2065)])
    space = ocio.ColorSpace(ocio.REFERENCE_SPACE_SCENE, name=name, encoding=kind)
    space.setTransform(path, ocio.COLORSPACE_DIR_TO_REFERENCE)
    return space
