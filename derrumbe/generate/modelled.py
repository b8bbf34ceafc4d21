"""The story of a big model's window: show it the physical shot in its own size, and put its answer back where it may stand.

The answer becomes one more layer, `generated`, over everything new and under what stands in front. The physical layers stay as they are
below it, so comp's promise about the plate holds whatever a model does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from derrumbe.core.knobs import Generate
from derrumbe.core.records import Plate
from derrumbe.generate import colour_match, control, mattes
from derrumbe.generate.codes import encode
from derrumbe.generate.conditioning import Conditioning, Model, checked
from derrumbe.generate.fit import Fit, fit
from derrumbe.generate.generator import Sink, Source
from derrumbe.generate.picture import GENERATED, Physical, physical, with_made
from derrumbe.generate.references import look_of
from derrumbe.generate.restore import Restorer
from derrumbe.generate.rules import ModelRules
from derrumbe.generate.windows import Window, WindowRules

HALF_MAX = 65504.0


@dataclass(frozen=True)
class ModelGenerator:
    """A `Generator` around a `Model`. words: prompt and negative prompt."""

    model: Model
    knobs: Generate
    words: tuple[str, str]
    plate: Plate
    channels: tuple[str, ...] = GENERATED

    @property
    def name(self) -> str:
        return self.model.name

    @cached_property
    def model_rules(self) -> ModelRules:
        pixels = None if self.knobs.pixels is None else round(self.knobs.pixels * 1e6)
        return self.model.rules.with_window(self.knobs.window, self.knobs.overlap, pixels)

    @property
    def rules(self) -> WindowRules:
        return self.model_rules.window

    @cached_property
    def fit(self) -> Fit:
        return fit(self.plate.width, self.plate.height, self.rules)

    @cached_property
    def reach(self) -> mattes.Reach:
        return mattes.Reach(round(self.knobs.grow * self.plate.height), int(np.ceil(self.fit.scale)))

    def ledger(self, windows: tuple[Window, ...], seed: int) -> dict[str, str]:
        table = [
            {"window": w.index, "first": w.first, "last": w.last, "length": w.length, "seed": window_seed(seed, w.index)} for w in windows
        ]
        width, height = self.fit.outer
        return {
            **self.model.ledger(),
            "prompt": self.words[0],
            "negative prompt": self.words[1],
            "control": self.knobs.control,
            "model size": f"{width}x{height}, plate {self.plate.width}x{self.plate.height}",
            "frames": self._frames_note(),
            "windows": json.dumps(table),
        }

    def _frames_note(self) -> str:
        native = self.model_rules.rate
        note = f"one for one at {float(self.plate.rate):.6g} fps"
        return note if native is None else f"{note}; the model was trained at {native:g} fps, nothing is resampled in time"

    def generate(self, window: Window, source: Source, sink: Sink, seed: int, progress: Callable[[int], None]) -> None:
        shown = self._shown(window, source, window_seed(seed, window.index))
        tell = Steps(len(window.frames), progress)
        made = checked(self.model.make(shown, sink.folder, tell), shown, self.name)
        self._put_back(window, source, sink, shown, made)
        tell(1.0)

    def close(self) -> None:
        self.model.close()

    def _shown(self, window: Window, source: Source, seed: int) -> Conditioning:
        count, (width, height) = window.length, self.fit.outer
        first = np.empty((count, height, width, 3), np.float32)
        mask = np.empty((count, height, width), np.float32)
        guide = first if self.knobs.control == "comp" else np.empty_like(first)
        for i in range(count):
            if i >= len(window.frames):
                first[i], mask[i], guide[i] = first[i - 1], mask[i - 1], guide[i - 1]
                continue
            self._show_frame(window.first + i, source, first[i], mask[i], guide[i])
        prompt, negative = self.words
        strength = self.knobs.strength if self.knobs.strength is not None else self.model_rules.strength
        return Conditioning(
            control=guide,
            first=first,
            mask=mask,
            references=look_of(source, self.fit) if self.model_rules.takes_references and self.knobs.references else (),
            prompt=prompt,
            negative=negative,
            seed=seed,
            strength=1.0 if strength is None else strength,
            rate=self.plate.rate,
            task=f"w{window.index:04d}-f{window.first}-{window.last}",
        )

    def _show_frame(self, frame: int, source: Source, first: np.ndarray, mask: np.ndarray, guide: np.ndarray) -> None:
        """Fill one frame of what the model is shown."""
        scene = physical(source, frame)
        picture, wanted = scene.whole, mattes.model_mask(self._alpha(scene), scene.cover)
        earlier = source.made(frame, GENERATED) if self.model_rules.takes_mask else None
        if earlier is not None:
            # the window before has made this frame: the model sees it as given, and goes on from there
            picture, wanted = with_made(scene, earlier, source.plate(frame)), np.zeros_like(wanted)
        codes = encode(picture, self.plate.display)
        first[:] = np.clip(self.fit.shown(codes), 0, 1)
        mask[:] = (self.fit.shown(wanted) > 0).astype(np.float32)
        if self.knobs.control == "edges":
            guide[:] = control.edges(first)
        elif self.knobs.control == "depth":
            guide[:] = np.clip(self.fit.shown(self._depth(frame, source)), 0, 1)

    def _depth(self, frame: int, source: Source) -> np.ndarray:
        span = control.depth_span(source.depth(self.plate.frames.first), _distance(source))
        return control.depth_picture(control.new_depth(source.depth(frame), source.guide(frame, ("depth.Z",))[..., 0]), span)

    def _alpha(self, scene: Physical) -> np.ndarray:
        return mattes.matte(scene.cover, scene.front, self.reach)

    def _put_back(self, window: Window, source: Source, sink: Sink, shown: Conditioning, made: np.ndarray) -> None:
        restore = Restorer(self.fit, self.plate.display, self.plate.noise, self.knobs.detail)
        compare = np.stack([mattes.outside(mask) for mask in shown.mask])
        compare[:, self.fit.inner[1] :] = compare[:, :, self.fit.inner[0] :] = False
        colours = colour_match.maps(shown.first, made, compare)
        for i, frame in enumerate(window.frames):
            scene = physical(source, frame)
            alpha = self._alpha(scene)[..., None]
            picture = restore(colour_match.matched(made[i], colours[i]), scene.whole)
            premultiplied = np.clip(np.concatenate([picture * alpha, alpha], -1), 0, HALF_MAX).astype(np.float16)
            sink.write(frame, dict(zip(GENERATED, np.moveaxis(premultiplied, -1, 0), strict=True)))


@dataclass
class Steps:
    """Turns the share of a window that is done into whole frames of progress."""

    frames: int
    progress: Callable[[int], None]
    told: int = 0

    def __call__(self, share: float) -> None:
        done = int(min(max(share, 0.0), 1.0) * self.frames)
        if done > self.told:
            self.progress(done - self.told)
            self.told = done


def window_seed(seed: int, index: int) -> int:
    """Return a window's own seed: 0 to 2³¹ - 1, what every library takes."""
    return int(np.random.SeedSequence((seed, index)).generate_state(1)[0] & 0x7FFFFFFF)


def _distance(source: Source) -> float:
    """Distance of the building along the camera's axis, metres."""
    camera = source.scene.cameras[0]
    points = [facade.origin for facade in source.scene.building.facades]
    rotation, shift = np.asarray(camera.rotation), np.asarray(camera.translation)
    depths = [float((rotation @ np.asarray(point) + shift)[2]) for point in points]
    return max(float(np.median(depths)), 1.0) if depths else 50.0
