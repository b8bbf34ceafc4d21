"""Knobs that change what render gives."""

from __future__ import annotations

from derrumbe.core.knobs import CameraKnobs, Dust, Group, Render


class DustLook(Group):
    """The knobs of dust that change its picture but not its motion."""

    color: str = Dust().color
    density: float = Dust().density


class Shutter(Group):
    """The knob of the camera that render reads."""

    shutter: float | None = CameraKnobs().shutter


class Settings(Group):
    """Settings of the render stage; the seed is the shot's."""

    render: Render = Render()
    camera: Shutter = Shutter()
    dust: DustLook = DustLook()
    seed: int = 1
