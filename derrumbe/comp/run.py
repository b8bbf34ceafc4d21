"""The story of comp: learn the plate's blacks and grain once, then put every frame together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from derrumbe.comp.breath import metered, plan_breath
from derrumbe.comp.frame import FrameComp
from derrumbe.comp.settings import Settings
from derrumbe.comp.shake import plan_shake
from derrumbe.core.records import Comp, Layers, Located, Plate, Set
from derrumbe.core.work import Work
from derrumbe.media.blacks import black_point
from derrumbe.media.exr import RGB, read_exr, write_exr
from derrumbe.media.exr_rows import ExrRows
from derrumbe.media.grain import carried_over

PAIRS, ROWS = 5, 256
"""Pairs of frames, and rows of each, that tell how alike successive noise is."""


def run(settings: Settings, work: Work, plate: Located[Plate], film_set: Located[Set], layers: Located[Layers]) -> Comp:
    """Return the final frames and their effect matte."""
    comp = Located(Comp(frames=plate.record.frames), work.folder)
    blank = work.folder / "untouched.exr"
    _write_blank(blank, plate.record)
    make = FrameComp(
        plate=plate,
        film_set=film_set,
        layers=layers,
        comp=comp,
        blank_matte=blank,
        black=_black(plate, film_set),
        grain=settings.comp.grain,
        carried=_carried(plate),
        softness=settings.comp.softness,
        seed=settings.seed,
        trigger_frame=settings.trigger_frame,
        shake=plan_shake(settings, plate.record, film_set.record),
    )
    if settings.camera.breath:
        brightness = metered(make, work, tuple(plate.record.frames))
        make = replace(make, stops=plan_breath(settings.camera.breath, float(plate.record.rate), brightness))
    work.map_frames(make, tuple(plate.record.frames), make.is_done, "comp")
    return comp.record


def _write_blank(path: Path, plate: Plate) -> None:
    """One empty matte, of which every untouched frame is a second name."""
    if not path.is_file():
        write_exr(path, np.zeros((plate.height, plate.width), np.float32), ("Y",))


def _carried(plate: Located[Plate]) -> float:
    """How alike the plate's noise is from frame to frame, from a few places of the shot."""
    record = plate.record
    if record.held or len(record.frames) < 2:
        return 0.0
    starts = np.linspace(record.frames.first, record.frames.last - 1, PAIRS).round().astype(int)
    tops = np.linspace(0, max(0, record.height - ROWS), PAIRS).astype(int)
    return float(np.median([_carried_there(plate, int(start), int(top)) for start, top in zip(starts, tops, strict=True)]))


def _carried_there(plate: Located[Plate], frame: int, top: int) -> float:
    bands = []
    for each in (frame, frame + 1):
        with ExrRows(plate.path(plate.record.picture, each), RGB) as rows:
            bands.append(rows.read(top, min(top + ROWS, rows.height)))
    return carried_over(plate.record.noise, *bands)


def _black(plate: Located[Plate], film_set: Located[Set]) -> tuple[float, float, float]:
    first = read_exr(plate.path(plate.record.picture, plate.record.frames.first), RGB)
    building = read_exr(film_set.path(film_set.record.building_matte, plate.record.frames.first), ("Y",))[..., 0]
    sky = read_exr(film_set.path(film_set.record.sky_matte), ("Y",))[..., 0]
    red, green, blue = black_point(first, building, sky)
    return float(red), float(green), float(blue)
