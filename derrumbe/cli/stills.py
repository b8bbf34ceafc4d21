"""The command `still`: which frames, and pictures of them."""

from __future__ import annotations

import re
from pathlib import Path

from derrumbe.core.errors import BadInput, BadOutput
from derrumbe.media.colour import to_display
from derrumbe.media.exr import RGB, read_exr
from derrumbe.media.picture import write_png
from derrumbe.pipeline.runner import Teller
from derrumbe.pipeline.settings import Shot
from derrumbe.pipeline.stills import make_stills

_RUN = re.compile(r"(\d+)(?:-(\d+)(?:x(\d+))?)?")


def write_stills(shot: Shot, folder: Path, frames: str, out: Path, jobs: int, teller: Teller) -> int:
    """Write `still.FRAME.png` of each frame into `out`, 8 bits in the plate's own display space; return 0. Raises BadInput and BadOutput."""
    wanted = frame_list(frames)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadOutput(f"{out}: can't make the folder ({error.strerror}); choose another --out") from error
    made = make_stills(shot, folder, wanted, jobs=jobs, teller=teller)
    for frame, picture in made.pictures.items():
        target = out / f"still.{frame:04d}.png"
        write_png(target, to_display(read_exr(picture, RGB), made.display))
        print(target)
    return 0


def frame_list(text: str) -> tuple[int, ...]:
    """Return the frames of a list as farms take it: `1019,1030-1034,1040-1100x20`, in rising order. Raises BadInput."""
    frames: set[int] = set()
    for part in text.replace(" ", "").split(","):
        match = _RUN.fullmatch(part)
        if match is None:
            raise BadInput(f'--frames "{text}": "{part}" is no frame; give some as in 1019,1030-1034 or 1020-1100x20')
        first, last, step = match.groups()
        frames.update(range(int(first), int(last or first) + 1, max(1, int(step or 1))))
    return tuple(sorted(frames))
