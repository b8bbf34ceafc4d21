"""The back end `none`: the physical layers pass through untouched."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from derrumbe.generate.windows import Window, WindowRules

if TYPE_CHECKING:
    from derrumbe.generate.generator import Sink, Source


class PassThrough:
    """Keeps every frame as the guides have it."""

    name = "none"
    rules = WindowRules()
    channels: tuple[str, ...] = ()

    def ledger(self, windows: tuple[Window, ...], seed: int) -> dict[str, str]:
        return {}

    def generate(self, window: Window, source: Source, sink: Sink, seed: int, progress: Callable[[int], None]) -> None:
        for frame in window.frames:
            sink.keep(frame)
            progress(1)

    def close(self) -> None:
        pass
