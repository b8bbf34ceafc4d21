"""Knobs that change the motion."""

from __future__ import annotations

from derrumbe.core.knobs import Collapse, Debris, Group, Trigger


class Settings(Group):
    """The settings are the stage's cache key."""

    trigger: Trigger = Trigger()
    collapse: Collapse = Collapse()
    debris: Debris = Debris()
    seed: int = 1
