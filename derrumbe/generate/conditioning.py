"""What a video model is given for a window of frames, and what it gives back: the whole contract between us and any big model.

A `Model` knows nothing of plates, layers or files. Pictures come at its own size and length, in display codes as a monitor shows them;
cutting, resizing, blending and putting its frames back under the plate happen around it (modelled.py, restore.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np

from derrumbe.core.errors import DerrumbeError
from derrumbe.generate.rules import ModelRules

Tell = Callable[[float], None]
"""Hears which share of a window is done, 0 to 1, rising."""


@dataclass(frozen=True)
class Conditioning:
    """One window, ready for a model. n, h, w are legal for it (rules.py): the caller has resized and padded, and will undo that.

    control: (n, h, w, 3) float32, display codes 0..1: physical comp, depth or edges. first: (n, h, w, 3), the physical comp itself,
    whatever `control` is: what SDEdit starts from. mask: (n, h, w) float32 0..1, 1 = generate, 0 = keep `first`.
    references: pictures (h, w, 3) float32 0..1 that show the look: clean frames of the plate.
    strength: 0 keeps `first`, 1 ignores it. rate: the plate's frames per second; frames are frames, nothing is resampled in time.
    seed: this window's own. task: a name of this window's job that is unique in the shot and safe in a file name.
    """

    control: np.ndarray
    first: np.ndarray
    mask: np.ndarray
    references: tuple[np.ndarray, ...]
    prompt: str
    negative: str
    seed: int
    strength: float
    rate: Fraction
    task: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """Frames, height, width."""
        count, height, width = self.control.shape[:3]
        return count, height, width


class Model(Protocol):
    """A big model behind some door: a library, a server."""

    name: str
    rules: ModelRules

    def ledger(self) -> dict[str, str]:
        """Model, digest, licence, parameters: texts only. May be slow (it reads weights), so it is asked once, when a shot is made."""

    def make(self, conditioning: Conditioning, folder: Path, tell: Tell) -> np.ndarray:
        """Return (n, h, w, 3) float32, display codes 0..1. Same conditioning, same versions, same bits.

        `folder` is this window's own, and may hold what a killed try left there (a job number, fetched frames); it goes when the shot's
        layers are written. Raises BadInput for what the user can mend, DerrumbeError otherwise.
        """

    def close(self) -> None:
        """Let go of memory and connections. Called once, whatever happened."""


def checked(made: np.ndarray, conditioning: Conditioning, name: str) -> np.ndarray:
    """Return a model's frames as float32 within 0..1. Raises DerrumbeError when their number or size isn't what was asked for."""
    wanted = (*conditioning.shape, 3)
    if made.shape != wanted:
        raise DerrumbeError(
            f"{name}: gave frames of shape {made.shape} for {conditioning.task}, asked for {wanted}; check generate.pipeline"
        )
    if not np.isfinite(made).all():
        raise DerrumbeError(f"{name}: gave frames with NaN for {conditioning.task}; try generate.dtype=float32")
    return np.clip(made, 0, 1).astype(np.float32)
