"""What every generative back end is: asked for a window of frames, it hands over the layers that it changes.

A back end sees arrays only. Whatever it needs (weights, a server, a GPU) it opens itself, inside `generate`: naming it costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from derrumbe.core.records import Plate, Set
from derrumbe.generate.windows import Window, WindowRules


class Source(Protocol):
    """What a back end may read. Frames past the window's last are that last one."""

    @property
    def record(self) -> Plate:
        """The plate's record: size, rate, display."""

    @property
    def scene(self) -> Set:
        """What the survey knows of the place."""

    def plate(self, frame: int) -> np.ndarray:
        """Plate, (h, w, 3) float32 scene-linear ACEScg."""

    def clean(self, frame: int) -> np.ndarray:
        """What the building hid, (h, w, 3) float32."""

    def depth(self, frame: int) -> np.ndarray:
        """Depth of the set without the building, (h, w) float32, metres."""

    def front(self, frame: int) -> np.ndarray | None:
        """Coverage of what stands or passes in front, (h, w) float32 0..1; None: nothing ever does."""

    def guide(self, frame: int, channels: tuple[str, ...]) -> np.ndarray:
        """Named guide channels (core.records.LAYER_CHANNELS), (h, w, c) float32."""

    def made(self, frame: int, channels: tuple[str, ...]) -> np.ndarray | None:
        """What earlier windows made of this frame, or None: for models that go on from their own last frames."""


class Sink(Protocol):
    """Where a back end puts what it made: each frame of the window once, in any order."""

    @property
    def folder(self) -> Path:
        """This window's own folder for whatever a resumed try can use; it goes when the layers are written."""

    def write(self, frame: int, layers: Mapping[str, np.ndarray]) -> None:
        """Channel name → (h, w) float32. Channels that aren't named stay the guide's."""

    def keep(self, frame: int) -> None:
        """The frame stays exactly as the guide has it."""


class Generator(Protocol):
    """A back end."""

    @property
    def name(self) -> str: ...

    @property
    def rules(self) -> WindowRules: ...

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels that it adds to the guides' own."""

    def ledger(self, windows: tuple[Window, ...], seed: int) -> dict[str, str]:
        """Whatever a reader needs to make it again: model, weights digest, licence, windows."""

    def generate(self, window: Window, source: Source, sink: Sink, seed: int, progress: Callable[[int], None]) -> None:
        """Make every frame of `window`. Same arguments, same bits. Tells `progress` how many more frames are done."""

    def close(self) -> None:
        """Let go of memory and connections."""
