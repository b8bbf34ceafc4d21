"""What survey reads of a shot."""

from __future__ import annotations

from typing import Literal

from derrumbe.core.knobs import Group, Light
from derrumbe.core.records import Vec2


class Lens(Group):
    """The part of the camera knobs that survey reads."""

    focal: float | None = None


class Bulk(Group):
    """The part of the building knobs that survey reads: how large it is and what it is made of."""

    height: float | None = None
    storeys: int | None = None
    storey_height: float = 3.3
    depth: float | None = None
    material: Literal["auto", "brick", "concrete", "stone", "timber"] = "auto"


class Settings(Group):
    """Knobs of the survey. Points are in source pixels."""

    outline: tuple[Vec2, ...]
    foreground: tuple[tuple[Vec2, ...], ...] = ()
    trigger_frame: int
    building: Bulk = Bulk()
    light: Light = Light()
    camera: Lens = Lens()
    seed: int = 1
