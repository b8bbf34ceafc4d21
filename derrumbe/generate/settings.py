"""What changes the layers: the back end's knobs, and those that the prompt is written from."""

from derrumbe.core.knobs import BuildingKnobs, Collapse, Dust, Generate, Group, Light


class Settings(Group):
    generate: Generate = Generate()
    generator_identity: str = ""
    """Digest of files that the knobs name (backends.identity)."""
    collapse: Collapse = Collapse()
    dust: Dust = Dust()
    building: BuildingKnobs = BuildingKnobs()
    light: Light = Light()
    seed: int = 1
