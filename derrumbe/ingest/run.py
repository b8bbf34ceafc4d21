"""The story of ingest: look at the source, write its frames, measure its noise."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from derrumbe.core.records import FIRST_FRAME, FrameRange, Plate
from derrumbe.core.work import Work
from derrumbe.ingest.frames import FrameMaker, hold, scaled_size, write_all
from derrumbe.ingest.noise import measure_noise
from derrumbe.ingest.settings import Settings
from derrumbe.ingest.source import Probe, cut_off, pictures, probe
from derrumbe.media.colour import display_of, space_name
from derrumbe.media.exr import Value
from derrumbe.media.timecode import advanced

STILL_RATE = Fraction(24)


def run(settings: Settings, work: Work) -> Plate:
    """Write the plate's frames and return its record. Raises BadPlate."""
    found = probe(settings.source, settings.frames, settings.colourspace)
    frames = found.range(settings.frames, settings.held_count)
    rate = Fraction(*settings.rate) if settings.rate else found.rate or STILL_RATE
    space = space_name(settings.colourspace or found.colourspace)
    size = scaled_size(found.width, found.height, settings.max_height)
    timecode = advanced(found.timecode, frames.first - FIRST_FRAME, rate)
    make = FrameMaker(space, (found.width, found.height), size, _metadata(settings, found, space, rate, timecode))
    paths = [work.folder / Plate.model_fields["picture"].default.format(frame=frame) for frame in frames]
    if found.kind == "still":
        _write_held(settings, frames, paths, make, work)
    else:
        _write_moving(settings, frames, paths, make, work)
    return Plate(
        width=size[0],
        height=size[1],
        source_width=found.width,
        source_height=found.height,
        rate_num=rate.numerator,
        rate_den=rate.denominator,
        frames=frames,
        held=found.kind == "still",
        colourspace=space,
        code_bits=found.bits if size == (found.width, found.height) else None,
        chroma_px=found.chroma_px,
        display=display_of(space),
        timecode=timecode,
        focal_px=found.focal_px * size[1] / found.height if found.focal_px else None,
        source=Path(settings.source).name,
        source_digest=settings.source_digest,
        noise=measure_noise(paths, held=found.kind == "still"),
        warnings=found.notes,
    )


def _metadata(settings: Settings, found: Probe, space: str, rate: Fraction, timecode: str | None) -> dict[str, Value]:
    told: dict[str, Value] = {
        "FramesPerSecond": (rate.numerator, rate.denominator),
        "derrumbe:source": Path(settings.source).name,
        "derrumbe:sourceDigest": settings.source_digest,
        "derrumbe:sourceColourSpace": space,
        "PixelAspectRatio": (float(found.pixel_aspect),),
    }
    return {**told, "derrumbe:firstTimeCode": timecode} if timecode else told


def _write_held(settings: Settings, frames: FrameRange, paths: list[Path], make: FrameMaker, work: Work) -> None:
    _, load = next(pictures(settings.source, frames))
    if not paths[0].exists():
        make(paths[0], load)
    for path in work.track(paths, "plate"):
        hold(paths[0], path)


def _write_moving(settings: Settings, frames: FrameRange, paths: list[Path], make: FrameMaker, work: Work) -> None:
    if all(path.exists() for path in paths):
        return
    items = ((paths[frame - frames.first], load) for frame, load in pictures(settings.source, frames))
    written = sum(1 for _ in work.track(write_all(items, make, work.jobs), "plate", len(paths)))
    if written < len(paths):
        raise cut_off(settings.source, frames.first - FIRST_FRAME + written, frames.last - FIRST_FRAME + 1)
