"""The story of generate: plan windows, make each, blend what overlaps, write layers."""

from __future__ import annotations

from functools import partial

from derrumbe.core.records import FrameRange, Guides, Layers, Located, Plate
from derrumbe.core.work import Work
from derrumbe.generate.bench import WindowBench, finish_frame
from derrumbe.generate.generator import Generator, named
from derrumbe.generate.settings import Settings
from derrumbe.generate.windows import plan_windows


def run(settings: Settings, work: Work, plate: Located[Plate], guides: Located[Guides]) -> Layers:
    """Return the layers that the back end made. Raises BadBrief for an unknown back end."""
    return make_layers(named(settings.generate.name), settings.seed, work, plate, guides)


def make_layers(generator: Generator, seed: int, work: Work, plate: Located[Plate], guides: Located[Guides]) -> Layers:
    """Return the layers that `generator` makes of the guides. Windows that a killed run finished are kept."""
    record = guides.record
    layers = Layers(
        frames=record.frames,
        untouched=record.untouched,
        channels=record.channels,
        warnings=record.warnings,
        generator=generator.name,
        ledger=generator.ledger(),
    )
    touched = _touched(record)
    windows = plan_windows(touched, generator.rules) if touched is not None else ()
    bench = WindowBench(work.folder, plate, guides, windows)
    total = sum(len(window.frames) for window in windows)
    target = Located(layers, work.folder)
    finished = all(_is_finished(target, frame) for frame in record.frames)
    work.progress.begin(f"generate ({generator.name})", total, "frames")
    try:
        for window in windows:
            if finished or bench.is_done(window):
                work.progress.advance(len(window.frames))
            else:
                bench.make(generator, window, seed, work.progress.advance)
    finally:
        work.progress.end()
    work.map_frames(partial(finish_frame, bench, target), tuple(record.frames), partial(_is_finished, target), "layers")
    bench.sweep()
    return layers


def _is_finished(layers: Located[Layers], frame: int) -> bool:
    return layers.path(layers.record.picture, frame).is_file()


def _touched(record: Guides) -> FrameRange | None:
    """Frames after the blank ones before the trigger: a model has nothing to add to those. None when all are blank."""
    if record.untouched is None:
        return record.frames
    first = record.untouched.last + 1
    return FrameRange(first=first, last=record.frames.last) if first <= record.frames.last else None
