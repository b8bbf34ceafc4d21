"""Models that need no weights, and a way to run one on the small shot of comp's tests."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from derrumbe.comp.run import run as comp_run
from derrumbe.comp.settings import Settings as CompSettings
from derrumbe.core.knobs import Generate
from derrumbe.core.records import Guides, Layers, Located
from derrumbe.core.work import Work
from derrumbe.generate.modelled import ModelGenerator
from derrumbe.generate.rules import ModelRules
from derrumbe.generate.run import make_layers
from derrumbe.generate.windows import WindowRules
from tests.comp.scenes import FRAMES, TRIGGER, Scene

SMALL = ModelRules(
    WindowRules(longest=5, overlap=2, step=4, offset=1, size_multiple=16, most_pixels=128 * 96), takes_mask=True, takes_references=True
)


@dataclass
class Fake:
    """Gives back `answer(conditioning)`, and keeps what it was shown."""

    answer: object = lambda shown: shown.first
    rules: ModelRules = SMALL
    stop_at: int | None = None
    shown: list = field(default_factory=list)
    closed: bool = False
    name: str = "fake"

    def ledger(self):
        return {"model": "fake", "licence": "none"}

    def make(self, conditioning, folder, tell):
        if len(self.shown) == self.stop_at:
            raise KeyboardInterrupt
        self.shown.append(conditioning)
        (folder / "tried").write_text("yes")
        tell(0.5)
        return self.answer(conditioning)

    def close(self):
        self.closed = True


def generated(scene: Scene, model: Fake, folder: str = "made", **knobs: object) -> Located[Layers]:
    """Return the layers that `model` makes of the scene's physical ones."""
    guides = Guides(frames=FRAMES, untouched=scene.layers.record.untouched)
    generator = ModelGenerator(model, Generate(name="fake", **knobs), ("words", "no words"), scene.plate.record)
    work = Work(scene.folder / folder)
    layers = make_layers(generator, 7, work, scene.plate, scene.film_set, Located(guides, scene.layers.folder))
    return Located(layers, work.folder)


def composed(scene: Scene, layers: Located[Layers], folder: str = "final"):
    """Return the comp of a scene with other layers than its own."""
    work = Work(scene.folder / folder)
    return Located(comp_run(CompSettings(trigger_frame=TRIGGER), work, scene.plate, scene.film_set, layers), work.folder)


def gamma_shift(codes: np.ndarray) -> np.ndarray:
    """A colour drift as video autoencoders have it: darker, a cast, less contrast."""
    return np.clip(codes ** np.float32(1.15) * np.float32([0.93, 0.88, 1.0]) + np.float32([0.03, 0.02, 0.0]), 0, 1).astype(np.float32)
