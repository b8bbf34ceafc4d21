"""A skyline that is made up behind a building is made of real skylines, not of what lies below them: boats on the water before a far shore, say."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.survey import cleanplate

SHAPE, LINE = (300, 480), 150


def test_patches_of_a_skyline_come_from_close_to_real_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    hole = np.zeros(SHAPE, bool)
    hole[60:290, 120:360] = True
    taken = []

    def recorded(picture: np.ndarray, wanted: np.ndarray, no_source: np.ndarray, seed: int) -> np.ndarray:
        taken.append(~no_source & ~wanted)
        return picture

    monkeypatch.setattr(cleanplate, "patched_in", recorded)
    picture = np.full((*SHAPE, 3), 0.5, np.float32)
    skyline, base = np.full(SHAPE[1], float(LINE)), np.full(SHAPE[1], 280.0)
    cleanplate.stitched(picture, picture, hole, skyline, base, np.zeros(SHAPE, bool), 1)
    rows = np.flatnonzero(taken[0].any(axis=1))
    assert LINE < rows[-1] < LINE + cleanplate.SEAM * max(SHAPE)
    assert not (taken[0] & hole).any()
