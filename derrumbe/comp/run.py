"""The story of comp: learn the plate's blacks and grain once, then put every frame together."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from derrumbe.comp.frame import FrameComp
from derrumbe.comp.settings import Settings
from derrumbe.comp.shake import plan_shake
from derrumbe.core.records import Comp, Layers, Located, Plate, Set
from derrumbe.core.work import Work
from derrumbe.media.blacks import black_point
from derrumbe.media.exr import RGB, read_exr, write_exr


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
        softness=settings.comp.softness,
        seed=settings.seed,
        trigger_frame=settings.trigger_frame,
        shake=plan_shake(settings, plate.record, film_set.record),
    )
    work.map_frames(make, tuple(plate.record.frames), make.is_done, "comp")
    return comp.record


def _write_blank(path: Path, plate: Plate) -> None:
    """One empty matte, of which every untouched frame is a second name."""
    if not path.is_file():
        write_exr(path, np.zeros((plate.height, plate.width), np.float32), ("Y",))


def _black(plate: Located[Plate], film_set: Located[Set]) -> tuple[float, float, float]:
    first = read_exr(plate.path(plate.record.picture, plate.record.frames.first), RGB)
    building = read_exr(film_set.path(film_set.record.building_matte), ("Y",))[..., 0]
    sky = read_exr(film_set.path(film_set.record.sky_matte), ("Y",))[..., 0]
    red, green, blue = black_point(first, building, sky)
    return float(red), float(green), float(blue)
