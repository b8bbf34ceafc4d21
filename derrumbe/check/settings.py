"""What changes the report, besides the records."""

from derrumbe.core.knobs import Group


class Settings(Group):
    trigger_frame: int
