"""Collapses shared by the tests: each is simulated once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from derrumbe.core.files import load_arrays
from derrumbe.core.knobs import Collapse, Trigger
from derrumbe.core.records import Motion
from derrumbe.core.work import Work
from derrumbe.simulate.run import run
from derrumbe.simulate.settings import Settings
from tests.simulate import buildings


@dataclass(frozen=True)
class Fall:
    """A finished collapse: the record, its arrays, the pieces that it started from."""

    motion: Motion
    pieces: dict[str, np.ndarray]
    poses: dict[str, np.ndarray]
    debris: dict[str, np.ndarray]
    events: dict[str, np.ndarray]
    energy: dict[str, np.ndarray]


def simulate(folder: Path, arrays: dict[str, np.ndarray], frames: int = 72, trigger: float = 0.5, rate=(24, 1), **collapse) -> Fall:
    """Simulate `arrays` in `folder`."""
    pieces, film_set = buildings.located_pieces(arrays, folder), buildings.located_set(arrays, folder, neighbour=True)
    plate = buildings.located_plate(folder, frames, rate)
    settings = Settings(trigger=Trigger(time=trigger), collapse=Collapse(**collapse))
    motion = run(settings, Work(folder), plate=plate, film_set=film_set, pieces=pieces)
    files = [load_arrays(folder / name) for name in (motion.poses, motion.debris, motion.events, motion.energy)]
    return Fall(motion, arrays, *files)


@pytest.fixture(scope="session")
def collapse_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Fall]:
    """Return a function that simulates a small office in a mode; equal questions are answered once."""
    known: dict[tuple, Fall] = {}

    def ask(storeys: int = 4, bays: int = 3, frames: int = 84, **collapse) -> Fall:
        key = (storeys, bays, frames, *sorted(collapse.items()))
        if key not in known:
            arrays = buildings.office(storeys, bays, deep=2, fine=1)
            known[key] = simulate(tmp_path_factory.mktemp("fall"), arrays, frames, **collapse)
        return known[key]

    return ask
