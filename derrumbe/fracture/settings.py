"""The knobs that change the pieces."""

from derrumbe.core.knobs import BuildingKnobs, Fragments, Group


class Settings(Group):
    fragments: Fragments = Fragments()
    building: BuildingKnobs = BuildingKnobs()
    seed: int = 1
