"""The story of a big model at a ComfyUI server: try a window, and try again when the server went away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from derrumbe.core.errors import BadInput, DerrumbeError
from derrumbe.generate.comfy.attempt import Attempt, Desk
from derrumbe.generate.comfy.faults import Lost, Unreachable
from derrumbe.generate.comfy.ledger import ledger_of
from derrumbe.generate.conditioning import Conditioning, Tell
from derrumbe.generate.rules import ModelRules

WAITS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0, 30.0)
"""Seconds between tries at a server that doesn't answer: two minutes, in which a ComfyUI restarts."""

MOST_LOSSES = 3
"""Restarts of the server during one window, after which it is taken to break on it."""


@dataclass(frozen=True)
class ComfyModel:
    """A `Model` behind a ComfyUI server."""

    desk: Desk
    rules: ModelRules
    name: str = "comfyui"

    def ledger(self) -> dict[str, str]:
        stock = self.desk.looked()
        return ledger_of(self.desk.server, self.desk.workflow, self.desk.workflow.filled({}, self.desk.values), stock)

    def make(self, conditioning: Conditioning, folder: Path, tell: Tell) -> np.ndarray:
        attempt = Attempt(self.desk, conditioning, folder, tell)
        try:
            return self._persist(attempt)
        except KeyboardInterrupt:
            attempt.cancel()
            raise

    def close(self) -> None:
        """Nothing is kept open between windows."""

    def _persist(self, attempt: Attempt) -> np.ndarray:
        waits, losses = iter(WAITS), 0
        while True:
            try:
                return attempt.run()
            except Lost as lost:
                losses += 1
                if losses > MOST_LOSSES:
                    raise DerrumbeError(
                        f"{self.desk.server.address.url}: ComfyUI was restarted {losses} times in this window; it may run out of main "
                        "memory: lower generate.window or generate.pixels, then run again to go on from here"
                    ) from lost
            except Unreachable as trouble:
                self._wait(waits, trouble)

    def _wait(self, waits: Iterator[float], trouble: Unreachable) -> None:
        seconds = next(waits, None)
        if seconds is None:
            raise BadInput(f"{trouble}; tried for {sum(WAITS):.0f} s, finished windows are kept: run again to go on from here") from trouble
        self.desk.pause(seconds)
