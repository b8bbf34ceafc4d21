"""Knobs that move the dust. Colour and opacity are left to the renderer, so that changing them doesn't run the dust again."""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from derrumbe.core.knobs import Dust, Group


class MovingDust(Dust):
    """`Dust` with density and color put back to their defaults, whatever is given: they are looks, and no part of the cache key."""

    @model_validator(mode="before")
    @classmethod
    def _leave_the_look(cls, given: Any) -> Any:
        fields = given.model_dump() if isinstance(given, Dust) else given
        return {name: value for name, value in fields.items() if name not in ("density", "color")}


class Settings(Group):
    """Takes a whole `Dust` group (or its dictionary) and keeps what moves it."""

    dust: MovingDust = MovingDust()
    seed: int = 1
