"""The story of render: light of the intact building once, then every frame for itself."""

from __future__ import annotations

import numpy as np

from derrumbe.core.records import DustCloud, FrameRange, Guides, Located, Motion, Pieces, Plate, Set
from derrumbe.core.work import Work
from derrumbe.media.links import link_file
from derrumbe.render.cracks import first_crack
from derrumbe.render.frame import INTACT, FrameMaker
from derrumbe.render.intact import prepare
from derrumbe.render.layers_file import nothing, write_layers
from derrumbe.render.scene import Inputs, Scene, load
from derrumbe.render.settings import Settings

PICTURE = "layers/layers.{frame}.exr"


def run(
    settings: Settings,
    work: Work,
    plate: Located[Plate],
    film_set: Located[Set],
    pieces: Located[Pieces],
    motion: Located[Motion],
    cloud: Located[DustCloud],
) -> Guides:
    """Render every frame of the shot into `work.folder`. Raises DerrumbeError when a file can't be read or written."""
    inputs = Inputs(plate, film_set, pieces, motion, cloud)
    maker = FrameMaker(settings, inputs, work.folder, PICTURE)
    frames = plate.record.frames
    rate = float(plate.record.rate)
    small = min(first_dust(motion, frames, rate), frames.first + first_crack(motion) * rate)
    untouched = quiet_start(load(inputs), frames, film_set.record.shutter_angle(settings.camera.shutter), small)
    _write_blank(maker, untouched)
    rest = [frame for frame in frames if untouched is None or frame > untouched.last]
    if rest:
        prepare(inputs, work.folder / INTACT, settings.seed)
    work.map_frames(maker, rest, lambda frame: maker.path(frame).exists(), "render")
    return Guides(picture=PICTURE, frames=frames, untouched=untouched)


def first_dust(motion: Located[Motion], frames: FrameRange, rate: float) -> float:
    """Return the time, in frames, of the first source of dust; infinity when there is none."""
    with np.load(motion.path(motion.record.events)) as events:
        time = events["time"]
    return frames.first + float(time.min()) * rate if len(time) else np.inf


def quiet_start(scene: Scene, frames: FrameRange, angle: float, small: float) -> FrameRange | None:
    """Return the frames at the start in which nothing has moved when the shutter closes; small: frame of the first dust or crack."""
    released = scene.released[scene.released >= 0]
    moves = float(released.min()) - 1 if len(released) else np.inf
    born = np.flatnonzero(np.isfinite(scene.debris["position"][..., 0]).any(1)) if scene.debris["position"].size else np.zeros(0)
    crumbs = float(born[0]) if len(born) else np.inf
    first = min(min(moves, crumbs) / scene.samples_per_frame + frames.first, small)
    # a frame is quiet when its shutter closes before anything happens
    last = min(np.ceil(first - angle / 360) - 1 if angle else np.floor(first), frames.last)
    last = min(last, np.floor(first))
    return FrameRange(first=frames.first, last=int(last)) if last >= frames.first else None


def _write_blank(maker: FrameMaker, untouched: FrameRange | None) -> None:
    """Write one blank file, and link the other untouched frames to it."""
    if untouched is None:
        return
    plate, first = maker.inputs.plate.record, maker.path(untouched.first)
    if not first.exists():
        write_layers(first, plate.width, plate.height, nothing)
    for frame in untouched:
        if not maker.path(frame).exists():
            link_file(first, maker.path(frame))
