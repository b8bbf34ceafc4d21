"""Make the guide's recipe pictures: every recipe as a preview of the demo's photograph, four moments side by side.

    python docs/pictures/recipes/make.py [NAME ...]

Photograph: scikit-learn's china.jpg, CC BY.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from derrumbe.brief.recipes import names
from derrumbe.cli.demo import OUTLINE, photograph
from derrumbe.media.colour import to_display
from derrumbe.media.exr import read_exr
from derrumbe.pipeline.prepare import Request, prepare
from derrumbe.pipeline.stills import make_stills

HERE = Path(__file__).parent
MOMENTS = (0.8, 2.0, 3.2, 4.8)
"""Seconds after the trigger."""
RATE, TRIGGER, HEIGHT, WIDTH = 12, 1004, 240, 280
"""Half as many frames as film, and no more lines than are shown: four moments don't need the rest."""


def make(name: str, folder: Path) -> None:
    """Shoot a recipe and write NAME.jpg."""
    frames = [TRIGGER + round(RATE * moment) for moment in MOMENTS]
    request = Request(
        plate=str(photograph()),
        outline=str(OUTLINE),
        brief=f"41 m tall, at frame {TRIGGER}",
        out=folder / name,
        frames=f"1001-{frames[-1]}",
        preview=True,
        height=HEIGHT,
        rate=str(RATE),
        recipe=name,
    )
    stills = make_stills(prepare(request), request.out, frames, jobs=2)
    tiles = [_tile(stills.pictures[frame]) for frame in frames]
    cv2.imwrite(str(HERE / f"{name}.jpg"), np.hstack(tiles), [cv2.IMWRITE_JPEG_QUALITY, 88])


def _tile(path: Path) -> np.ndarray:
    picture = to_display(read_exr(path))[..., ::-1]
    return cv2.resize(picture, (WIDTH, round(picture.shape[0] * WIDTH / picture.shape[1])), interpolation=cv2.INTER_AREA)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        for each in sys.argv[1:] or names():
            print(each, flush=True)
            make(each, Path(scratch))
