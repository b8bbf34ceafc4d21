"""Pictures that show a model the plate's look."""

from __future__ import annotations

import numpy as np

from derrumbe.generate.codes import encode
from derrumbe.generate.fit import Fit
from derrumbe.generate.generator import Source


def look_of(source: Source, fit: Fit) -> tuple[np.ndarray, ...]:
    """Return the plate's first frame at the model's size, (h, w, 3) codes: its light, lens and colours, before anything moved."""
    return (np.clip(fit.shown(encode(source.plate(source.record.frames.first), source.record.display)), 0, 1).astype(np.float32),)
