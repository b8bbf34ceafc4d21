"""What changes the comp."""

from derrumbe.core.knobs import CameraKnobs, CompKnobs, Group


class Shake(Group):
    """The camera knob that comp reads."""

    shake: float = CameraKnobs().shake


class Settings(Group):
    comp: CompKnobs = CompKnobs()
    camera: Shake = Shake()
    trigger_frame: int
    seed: int = 1
