"""Rendered scenes shared by the tests of render."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from derrumbe.core.records import LAYER_CHANNELS, Guides
from derrumbe.core.work import Work
from derrumbe.media.exr import read_exr
from derrumbe.render.run import run
from derrumbe.render.scene import Inputs
from derrumbe.render.settings import Settings

from . import scenes


@dataclass(frozen=True)
class Rendered:
    """A rendered shot: what went in, what came out."""

    inputs: Inputs
    guides: Guides
    folder: Path

    def layer(self, frame: int, name: str) -> np.ndarray:
        """Return the channels of one layer, (h,w,c), or (h,w) for a single one."""
        names = [channel for channel in LAYER_CHANNELS if channel.split(".")[0] == name]
        pixels = read_exr(self.folder / self.guides.picture.format(frame=frame), names)
        return pixels[..., 0] if len(names) == 1 else pixels


def rendered(folder: Path, shot: scenes.Shot, settings: Settings | None = None, jobs: int = 1, name: str = "render") -> Rendered:
    """Stage a shot (once per folder) and render it."""
    inputs = scenes.stage(folder, shot)
    made = run(settings or Settings(), Work(folder / name, jobs), inputs.plate, inputs.film_set, inputs.pieces, inputs.motion, inputs.cloud)
    return Rendered(inputs, made, folder / name)


def steady(x: float, y: float, z: float = 0.0) -> scenes.Move:
    """Return a move that jumps by (x, y, z) at its release and stays there."""
    return lambda time: ((x, y, z), scenes.UPRIGHT)


@pytest.fixture(scope="session")
def shifted(tmp_path_factory) -> Rendered:
    """The upper right block (piece 5) jumps 2 m right, 1 m up: 40 pixels right and 20 up; it has moved from sample 3 on, all of 1002."""
    return rendered(tmp_path_factory.mktemp("shifted"), scenes.Shot(moves={5: steady(2.0, 1.0)}))


@pytest.fixture(scope="session")
def sliding(tmp_path_factory) -> Rendered:
    """The upper right block slides right at 4.8 m/s: 4 pixels a frame, 2 in the shutter."""
    return rendered(tmp_path_factory.mktemp("sliding"), scenes.Shot(moves={5: lambda t: ((4.8 * t, 0.0, 0.0), scenes.UPRIGHT)}))
