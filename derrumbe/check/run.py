"""The story of check: measure every frame, look closely at some, let every check of the table judge."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from derrumbe.check.frames import FrameProbe
from derrumbe.check.looks import LookProbe, sampled_frames
from derrumbe.check.settings import Settings
from derrumbe.check.shot import Shot, plate_blacks
from derrumbe.check.table import CHECKS
from derrumbe.core.records import Comp, Layers, Located, Motion, Pieces, Plate, Report, Set
from derrumbe.core.work import Work


def run(
    settings: Settings,
    work: Work,
    plate: Located[Plate],
    film_set: Located[Set],
    pieces: Located[Pieces],
    motion: Located[Motion],
    layers: Located[Layers],
    comp: Located[Comp],
) -> Report:
    """Return the report. Evidence pictures lie under evidence/ in the work's folder."""
    shot = Shot(plate, film_set, pieces, motion, layers, comp, settings.trigger_frame, work.folder)
    shot = replace(shot, frames=_all_frames(shot, work), looks=_some_frames(shot, work))
    return Report(checks=tuple(check(shot) for check in work.track(CHECKS, "checks", unit="checks")))


def _all_frames(shot: Shot, work: Work) -> list[dict[str, Any]]:
    probe = FrameProbe(shot.plate, shot.layers, shot.comp, work.folder)
    frames = tuple(shot.plate.record.frames)
    work.map_frames(probe, frames, probe.is_done, "check every frame")
    return [json.loads(probe.path(frame).read_text(encoding="utf-8")) for frame in frames]


def _some_frames(shot: Shot, work: Work) -> list[dict[str, Any]]:
    red, green, blue = (float(value) for value in plate_blacks(shot.plate, shot.film_set))
    probe = LookProbe(shot.plate, shot.film_set, shot.layers, shot.comp, work.folder, (red, green, blue), shot.pieces)
    frames = sampled_frames(shot.plate.record.frames, shot.trigger_frame)
    work.map_frames(probe, frames, probe.is_done, "look closely")
    return [json.loads(probe.path(frame).read_text(encoding="utf-8")) for frame in frames]
