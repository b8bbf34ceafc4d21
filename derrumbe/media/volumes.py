"""Dust volumes on disk: one zip of arrays per frame, readable with `numpy.load`, cropped to what isn't empty.

    density (a,b,c) uint16     0: none; code q: peak * RATIO ** (q - CODES), so every step is the same factor (0.3 %)
    start (3,) int32           index of density[0,0,0] in the whole grid
    shape (3,) int32           the whole grid
    peak (1,) float32          kg/m³ of the highest code
    ride (2,3,p,q,r) int16     two short-lived texture displacements on a grid half as fine, in RIDE_UNIT density voxels; rides the flow
    ride_start (3,) int32      index of ride[:,:,0,0,0] in the half grid
    ride_offset (2,3), ride_weight (2,) float32    random shift (density voxels) and blend weight of each
    solid (s,t,u) uint8        share of each half-grid cell that is solid, of 255; not cropped: what stands above a cloud shades it
    solid_start (3,) int32     index of solid[0,0,0] in the half grid; where it's left out, solid is cropped as ride is
    speed (p,q,r,3) int16      the air's velocity there, in SPEED_UNIT m/s; left out by who doesn't know it
    coarse (a,b,c) uint16      a second density, of coarse grains, coded as the first with a peak of its own; left out where there is none
    coarse_peak (1,) float32

A frame without dust has empty arrays and keeps `shape`.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from derrumbe.core.files import replacing

CODES = 4095
DECADES = 5.0
RATIO = 10.0 ** (DECADES / (CODES - 1))
RIDE_UNIT = 1.0 / 64
SPEED_UNIT = 1.0 / 16
DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Volume:
    """Dust at one frame. `density` (a,b,c) float32 kg/m³ from cell `start` of a grid of `shape`; see the file's head for the rest."""

    density: np.ndarray
    start: tuple[int, int, int]
    shape: tuple[int, int, int]
    ride: np.ndarray
    ride_start: tuple[int, int, int]
    ride_offset: np.ndarray
    ride_weight: np.ndarray
    solid: np.ndarray
    speed: np.ndarray | None = None
    coarse: np.ndarray | None = None
    solid_start: tuple[int, int, int] | None = None

    @property
    def empty(self) -> bool:
        return self.density.size == 0


def box_of(mask: np.ndarray, grow: int = 0) -> tuple[slice, slice, slice]:
    """Return the box of what is true, grown by `grow` cells inside the array; empty slices when nothing is."""
    found = []
    for axis in range(3):
        line = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        found.append(slice(max(line[0] - grow, 0), min(line[-1] + 1 + grow, mask.shape[axis])) if line.size else slice(0, 0))
    return found[0], found[1], found[2]


def quantise(density: np.ndarray) -> tuple[np.ndarray, np.float32]:
    """Return log codes (uint16) and the peak. Densities under peak * 10**-DECADES become none."""
    peak = np.float32(density.max()) if density.size else np.float32(0)
    if not peak > 0:
        return np.zeros(density.shape, np.uint16), np.float32(0)
    with np.errstate(divide="ignore"):
        code = np.rint(np.log(density / peak) / np.log(RATIO)) + CODES
    return np.where(density > 0, np.clip(code, 0, CODES), 0).astype(np.uint16), peak


def restore(code: np.ndarray, peak: float) -> np.ndarray:
    """Return densities (float32) of log codes."""
    table = (peak * RATIO ** (np.arange(CODES + 1, dtype=np.float64) - CODES)).astype(np.float32)
    table[0] = 0
    return table[code]


def write_volume(
    path: Path,
    density: np.ndarray,
    *,
    ride: np.ndarray,
    ride_offset: np.ndarray,
    ride_weight: np.ndarray,
    solid: np.ndarray,
    speed: np.ndarray | None = None,
    coarse: np.ndarray | None = None,
) -> None:
    """Write a frame whole. `density` (2p,2q,2r) float32; `ride` (2,3,p,q,r) float32 density voxels; `solid` (p,q,r) float32 0..1;
    `speed` (p,q,r,3) float32 m/s; `coarse` (2p,2q,2r) float32 kg/m³.

    The same arrays give the same bytes.
    """
    code, peak = quantise(density)
    second, second_peak = quantise(coarse) if coarse is not None else (None, np.float32(0))
    box = box_of(code > 0 if second is None else (code > 0) | (second > 0))
    half = tuple(slice(s.start // 2, (s.stop + 1) // 2) for s in box)
    arrays = {
        "density": code[box],
        "start": np.array([s.start for s in box], np.int32),
        "shape": np.array(density.shape, np.int32),
        "peak": np.array([peak]),
        "ride": np.clip(np.rint(ride[(slice(None), slice(None), *half)] / RIDE_UNIT), -32767, 32767).astype(np.int16),
        "ride_start": np.array([s.start for s in half], np.int32),
        "ride_offset": np.asarray(ride_offset, np.float32),
        "ride_weight": np.asarray(ride_weight, np.float32),
        "solid": np.rint(np.clip(solid if code[box].size else solid[half], 0, 1) * 255).astype(np.uint8),
        "solid_start": np.zeros(3, np.int32),
    }
    if speed is not None:
        arrays["speed"] = np.clip(np.rint(speed[half] / SPEED_UNIT), -32767, 32767).astype(np.int16)
    if second is not None and second_peak > 0:
        arrays |= {"coarse": second[box], "coarse_peak": np.array([second_peak])}
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy", DATE), "w", force_zip64=True) as member:
                npy.write_array(member, np.ascontiguousarray(array), allow_pickle=False)


def read_volume(path: Path) -> Volume:
    """Read a frame written by `write_volume`."""
    with np.load(path) as file:
        start, shape, ride_start = (tuple(int(n) for n in file[name]) for name in ("start", "shape", "ride_start"))
        return Volume(
            density=restore(file["density"], float(file["peak"][0])),
            start=start,  # type: ignore[arg-type]
            shape=shape,  # type: ignore[arg-type]
            ride=file["ride"].astype(np.float32) * np.float32(RIDE_UNIT),
            ride_start=ride_start,  # type: ignore[arg-type]
            ride_offset=file["ride_offset"],
            ride_weight=file["ride_weight"],
            solid=file["solid"].astype(np.float32) / np.float32(255),
            speed=file["speed"].astype(np.float32) * np.float32(SPEED_UNIT) if "speed" in file.files else None,
            solid_start=tuple(int(n) for n in file["solid_start"]) if "solid_start" in file.files else None,  # type: ignore[arg-type]
            coarse=restore(file["coarse"], float(file["coarse_peak"][0])) if "coarse" in file.files else None,
        )
