"""The test buildings, broken once per session."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from derrumbe.core.files import load_arrays
from derrumbe.core.knobs import Fragments
from derrumbe.core.records import Pieces
from derrumbe.core.work import Work
from derrumbe.fracture.run import run
from derrumbe.fracture.settings import Settings
from tests.fracture.buildings import ALL, Made, as_set


@dataclass(frozen=True)
class Broken:
    made: Made
    record: Pieces
    arrays: dict[str, np.ndarray]
    limit: int

    def corners(self) -> np.ndarray:
        return self.arrays["vertices"].astype(np.float64)[self.arrays["triangles"]]

    def vertices_of(self, piece: int) -> np.ndarray:
        start = self.arrays["vertex_start"]
        return self.arrays["vertices"][start[piece] : start[piece + 1]].astype(np.float64)

    def kind(self) -> np.ndarray:
        return self.arrays["element_kind"][self.arrays["element"]]


def broken(made: Made, folder: Path, count: int = 700, seed: int = 1, **knobs: float) -> Broken:
    settings = Settings(fragments=Fragments(count=count, **knobs), seed=seed)
    record = run(settings, Work(folder), as_set(made, folder))
    return Broken(made, record, load_arrays(folder / record.arrays), count)


@pytest.fixture(scope="session", params=ALL)
def rubble(request, tmp_path_factory) -> Broken:
    """Each test building in turn, in pieces."""
    count = {"domed": 2500, "stepped": 2500, "tower20": 1000}.get(request.param, 700)
    return broken(ALL[request.param](), tmp_path_factory.mktemp(request.param), count)
