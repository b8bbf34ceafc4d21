"""The story of generate: plan windows, make each, blend what overlaps, write layers."""

from __future__ import annotations

from functools import partial

from derrumbe.core.records import FrameRange, Guides, Layers, Located, Plate, Set
from derrumbe.core.work import Work
from derrumbe.generate import backends
from derrumbe.generate.bench import WindowBench, finish_frame
from derrumbe.generate.generator import Generator
from derrumbe.generate.none import PassThrough
from derrumbe.generate.settings import Settings
from derrumbe.generate.windows import plan_windows


def run(settings: Settings, work: Work, plate: Located[Plate], film_set: Located[Set], guides: Located[Guides]) -> Layers:
    """Return the layers that the back end made. Raises BadBrief for an unknown back end, BadInput for one that can't work."""
    generator = _opened(settings, work.hosts, plate, film_set)
    try:
        return make_layers(generator, settings.seed, work, plate, film_set, guides)
    finally:
        generator.close()


def make_layers(
    generator: Generator, seed: int, work: Work, plate: Located[Plate], film_set: Located[Set], guides: Located[Guides]
) -> Layers:
    """Return the layers that `generator` makes of the guides. Windows that a killed run finished are kept."""
    record = guides.record
    touched = _touched(record)
    windows = plan_windows(touched, generator.rules) if touched is not None else ()
    layers = Layers(
        frames=record.frames,
        untouched=record.untouched,
        channels=(*record.channels, *generator.channels),
        warnings=record.warnings,
        generator=generator.name,
        ledger=generator.ledger(windows, seed),
    )
    bench = WindowBench(work.folder, plate, film_set, guides, windows, generator.channels)
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


def _opened(settings: Settings, hosts: frozenset[str], plate: Located[Plate], film_set: Located[Set]) -> Generator:
    knobs = settings.generate
    if knobs.name == backends.NONE:
        return PassThrough()
    from derrumbe.generate.modelled import ModelGenerator
    from derrumbe.generate.prompt import written

    backends.check(knobs, hosts)
    return ModelGenerator(backends.door(knobs.name).open_model(knobs, hosts), knobs, written(settings, film_set.record), plate.record)


def _is_finished(layers: Located[Layers], frame: int) -> bool:
    return layers.path(layers.record.picture, frame).is_file()


def _touched(record: Guides) -> FrameRange | None:
    """Frames after the blank ones before the trigger: a model has nothing to add to those. None when all are blank."""
    if record.untouched is None:
        return record.frames
    first = record.untouched.last + 1
    return FrameRange(first=first, last=record.frames.last) if first <= record.frames.last else None
