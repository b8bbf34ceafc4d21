"""Everything that a check may look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from derrumbe.core.files import load_arrays
from derrumbe.core.records import Comp, Layers, Located, Motion, Pieces, Plate, Set
from derrumbe.media.blacks import black_point
from derrumbe.media.exr import RGB, read_exr


@dataclass(frozen=True)
class Shot:
    """The records of a shot, the trigger's frame, the folder that evidence goes to, and what was measured of frames.

    frames: one dictionary per frame, in order (frames.py). looks: one per sampled frame (looks.py).
    """

    plate: Located[Plate]
    film_set: Located[Set]
    pieces: Located[Pieces]
    motion: Located[Motion]
    layers: Located[Layers]
    comp: Located[Comp]
    trigger_frame: int
    folder: Path
    frames: Sequence[dict[str, Any]] = ()
    looks: Sequence[dict[str, Any]] = ()

    def evidence(self, name: str) -> Path:
        return self.folder / "evidence" / f"{name}.png"

    @cached_property
    def poses(self) -> dict[str, np.ndarray]:
        return load_arrays(self.motion.path(self.motion.record.poses))

    @cached_property
    def energy(self) -> dict[str, np.ndarray]:
        return load_arrays(self.motion.path(self.motion.record.energy))

    @cached_property
    def masses(self) -> np.ndarray:
        return np.asarray(load_arrays(self.pieces.path(self.pieces.record.arrays))["mass"], np.float64)

    @property
    def sample_seconds(self) -> float:
        return 1 / (float(self.plate.record.rate) * self.motion.record.samples_per_frame)

    def frame_of(self, sample: int) -> int:
        """Return the frame that a motion sample belongs to."""
        return min(self.plate.record.frames.first + sample // self.motion.record.samples_per_frame, self.plate.record.frames.last)

    def plate_pixels(self, frame: int) -> np.ndarray:
        return read_exr(self.plate.path(self.plate.record.picture, frame), RGB)

    def final_pixels(self, frame: int) -> np.ndarray:
        return read_exr(self.comp.path(self.comp.record.picture, frame), RGB)


def plate_blacks(plate: Located[Plate], film_set: Located[Set]) -> np.ndarray:
    """Return the plate's black point (3,) around the building."""
    first = read_exr(plate.path(plate.record.picture, plate.record.frames.first), RGB)
    building = read_exr(film_set.path(film_set.record.building_matte, plate.record.frames.first), ("Y",))[..., 0]
    sky = read_exr(film_set.path(film_set.record.sky_matte), ("Y",))[..., 0]
    return black_point(first, building, sky)
