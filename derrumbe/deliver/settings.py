"""What the delivery tells besides the pictures."""

from __future__ import annotations

from derrumbe.core.knobs import Group, ShotSpec


class Settings(Group):
    spec: ShotSpec = ShotSpec()
    trigger_frame: int | None = None
    brief_text: str = ""
    not_understood: tuple[str, ...] = ()
    preview: bool = False
