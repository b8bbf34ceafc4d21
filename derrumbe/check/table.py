"""The checks, in the order of the report."""

from __future__ import annotations

from collections.abc import Callable

from derrumbe.check import look_checks, motion_checks, plate_checks
from derrumbe.check.shot import Shot
from derrumbe.core.records import Check

CHECKS: tuple[Callable[[Shot], Check], ...] = (
    plate_checks.plate_untouched,
    plate_checks.before_trigger,
    plate_checks.finite,
    plate_checks.frame_count,
    plate_checks.in_front,
    look_checks.piece_matches_plate,
    look_checks.grain,
    look_checks.flicker,
    look_checks.blacks,
    look_checks.sharpness,
    motion_checks.came_down,
    motion_checks.free_fall,
    motion_checks.speed_limit,
    motion_checks.energy,
    motion_checks.at_rest,
)
