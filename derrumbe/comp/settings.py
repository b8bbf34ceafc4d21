"""What changes the comp."""

from derrumbe.core.knobs import CameraKnobs, CompKnobs, Group


class Camera(Group):
    """The camera knobs that comp reads."""

    shake: float = CameraKnobs().shake
    breath: float = CameraKnobs().breath


class Settings(Group):
    comp: CompKnobs = CompKnobs()
    camera: Camera = Camera()
    trigger_frame: int
    seed: int = 1
