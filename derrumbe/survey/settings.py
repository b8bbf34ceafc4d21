"""What survey reads of a shot."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from derrumbe.core.knobs import Front, Group, Light
from derrumbe.core.records import Vec2


class Lens(Group):
    """The part of the camera knobs that survey reads."""

    focal: float | None = None
    k1: float | None = None


class Bulk(Group):
    """The part of the building knobs that survey reads: how large it is and what it is made of."""

    height: float | None = None
    storeys: int | None = None
    storey_height: float = 3.3
    depth: float | None = None
    roof_pitch: float | None = None
    unseen_top: Literal["level", "broken"] = "level"
    material: Literal["auto", "brick", "concrete", "stone", "timber"] = "auto"


class Settings(Group):
    """Knobs of the survey. Points are in source pixels.

    foreground: solid things in front; foliage: rough regions of things with holes; branches: of bare trees; not_in_front: what a locked camera's survey
    would take for such and is none; holdout: path of the artist's own mattes.
    """

    outline: tuple[Vec2, ...]
    foreground: tuple[tuple[Vec2, ...], ...] = ()
    foliage: tuple[tuple[Vec2, ...], ...] = ()
    branches: tuple[tuple[Vec2, ...], ...] = ()
    not_in_front: tuple[tuple[Vec2, ...], ...] = ()
    holdout: str | None = Field(default=None, exclude=True)
    """Not part of the key: the digest says what it is, so mattes may move."""
    holdout_digest: str | None = None
    trigger_frame: int
    building: Bulk = Bulk()
    front: Front = Front()
    light: Light = Light()
    camera: Lens = Lens()
    seed: int = 1
