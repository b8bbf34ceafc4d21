"""What changes the layers."""

from derrumbe.core.knobs import Generate, Group


class Settings(Group):
    generate: Generate = Generate()
    seed: int = 1
