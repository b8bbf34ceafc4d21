"""What every generative back end is: asked for a window of frames, it hands over the layers that it changes.

A back end sees arrays only. Whatever it needs (weights, a server, a GPU) it opens itself, inside `generate`: naming it costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Protocol

import numpy as np

from derrumbe.core.errors import BadBrief
from derrumbe.generate.none import PassThrough
from derrumbe.generate.windows import Window, WindowRules


class Source(Protocol):
    """What a back end may read. Frames past the window's last are that last one."""

    def plate(self, frame: int) -> np.ndarray:
        """Plate, (h, w, 3) float32 scene-linear ACEScg."""

    def guide(self, frame: int, channels: tuple[str, ...]) -> np.ndarray:
        """Named guide channels (core.records.LAYER_CHANNELS), (h, w, c) float32."""

    def made(self, frame: int, channels: tuple[str, ...]) -> np.ndarray | None:
        """What earlier windows made of this frame, or None: for models that go on from their own last frames."""


class Sink(Protocol):
    """Where a back end puts what it made: each frame of the window once, in any order."""

    def write(self, frame: int, layers: Mapping[str, np.ndarray]) -> None:
        """Channel name → (h, w) float32. Channels that aren't named stay the guide's."""

    def keep(self, frame: int) -> None:
        """The frame stays exactly as the guide has it."""


class Generator(Protocol):
    """A back end."""

    name: str
    rules: WindowRules

    def ledger(self) -> dict[str, str]:
        """Whatever a reader needs to make it again: model, weights digest, licence."""

    def generate(self, window: Window, source: Source, sink: Sink, seed: int, progress: Callable[[int], None]) -> None:
        """Make every frame of `window`. Same arguments, same bits. Tells `progress` how many more frames are done."""


GENERATORS: dict[str, Callable[[], Generator]] = {"none": PassThrough}
"""Back ends by the name that the knob `generate.name` takes."""


def named(name: str) -> Generator:
    """Return the back end called `name`. Raises BadBrief with the nearest name."""
    if name not in GENERATORS:
        near = get_close_matches(name.lower(), GENERATORS, n=1, cutoff=0.3)
        hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(sorted(GENERATORS))}"
        raise BadBrief(f"generate.name: no back end called {name!r}; {hint}")
    return GENERATORS[name]()
