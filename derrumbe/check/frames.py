"""Every frame against the plate, in one pass over the pixels. What is found is a small JSON per frame."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from derrumbe.core.errors import BadPlate
from derrumbe.core.files import write_text
from derrumbe.core.records import Comp, Layers, Located, Plate
from derrumbe.media.exr import RGB
from derrumbe.media.exr_rows import ExrRows

BAND = 256


@dataclass(frozen=True)
class FrameProbe:
    """Measures a frame: `fault` (a text, empty when all files are fine), `changed` pixels that differ from the plate, `outside` of them where the
    matte is 0, `matted` pixels of the matte above 0, `broken` pixels that aren't finite, `worst` (x, y) of the first offender."""

    plate: Located[Plate]
    layers: Located[Layers]
    comp: Located[Comp]
    folder: Path

    def path(self, frame: int) -> Path:
        return self.folder / "frames" / f"{frame}.json"

    def is_done(self, frame: int) -> bool:
        return self.path(frame).is_file()

    def __call__(self, frame: int) -> None:
        write_text(self.path(frame), json.dumps(self.measure(frame)))

    def measure(self, frame: int) -> dict[str, Any]:
        """Return what is found in a frame. Never raises for a bad file."""
        found: dict[str, Any] = {"frame": frame, "fault": "", "changed": 0, "outside": 0, "matted": 0, "broken": 0, "worst": None}
        try:
            self._check_layers(frame)
            self._compare(frame, found)
        except BadPlate as error:
            found["fault"] = str(error)
        return found

    def _check_layers(self, frame: int) -> None:
        record = self.layers.record
        if frame in record.frames:
            with ExrRows(self.layers.path(record.picture, frame), record.channels) as rows:
                self._check_size(rows)

    def _check_size(self, rows: ExrRows) -> None:
        plate = self.plate.record
        if (rows.width, rows.height) != (plate.width, plate.height):
            raise BadPlate(f"{rows.path}: {rows.width}x{rows.height}, the plate has {plate.width}x{plate.height}")

    def _compare(self, frame: int, found: dict[str, Any]) -> None:
        plate_path = self.plate.path(self.plate.record.picture, frame)
        final_path = self.comp.path(self.comp.record.picture, frame)
        with (
            ExrRows(plate_path, RGB) as plate,
            ExrRows(final_path, RGB) as final,
            ExrRows(self.comp.path(self.comp.record.matte, frame), ("Y",)) as matte,
        ):
            for rows in (plate, final, matte):
                self._check_size(rows)
            same = final_path.samefile(plate_path)
            for top in range(0, matte.height, BAND):
                bottom = min(top + BAND, matte.height)
                weight = matte.read(top, bottom)[..., 0]
                if same and not weight.any():
                    continue
                _compare_band(plate.read(top, bottom), final.read(top, bottom), weight, top, found)


def _compare_band(plate: np.ndarray, final: np.ndarray, matte: np.ndarray, top: int, found: dict[str, Any]) -> None:
    """Add a band's findings. Bits are compared, so that a NaN and a negative zero count too."""
    changed = (plate.view(np.uint32) != final.view(np.uint32)).any(-1)
    broken = ~(np.isfinite(final).all(-1) & np.isfinite(matte))
    outside = changed & (matte == 0)
    found["changed"] += int(changed.sum())
    found["outside"] += int(outside.sum())
    found["matted"] += int((matte != 0).sum())
    found["broken"] += int(broken.sum())
    wrong = outside | broken
    if found["worst"] is None and wrong.any():
        y, x = np.argwhere(wrong)[0]
        found["worst"] = [int(x), int(y) + top]
