"""Stages that do next to nothing, so that the runner, the store and publishing can be tested by themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from derrumbe.core.knobs import Dust, Group, ShotSpec
from derrumbe.core.records import Comp, DustCloud, FrameRange, NoiseModel, Plate, Record
from derrumbe.media.exr import write_exr
from derrumbe.pipeline.settings import Shot
from derrumbe.pipeline.stages import Stage

FRAMES = FrameRange(first=1001, last=1004)


class PlateSettings(Group):
    source_digest: str


class DustSettings(Group):
    dust: Dust
    seed: int


class CompSettings(Group):
    trigger_frame: int


@dataclass(frozen=True)
class FakeStage(Stage):
    """A stage whose parts are given, not imported."""

    fake_settings: type[Group] = Group
    fake_run: Callable[..., Record] = lambda *_: None  # type: ignore[assignment,return-value]

    @property
    def settings(self) -> type[Group]:
        return self.fake_settings

    @property
    def run(self) -> Callable[..., Record]:
        return self.fake_run


def shot(**changes: object) -> Shot:
    """Return a small shot."""
    plain = {
        "source": "/nowhere/plate.mov",
        "source_digest": "d1",
        "frames": None,
        "colourspace": None,
        "max_height": None,
        "held_count": None,
        "rate": (24, 1),
        "trigger_frame": 1002,
        "outline": ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0)),
        "spec": ShotSpec(),
    }
    return Shot(**{**plain, **changes})  # type: ignore[arg-type]


def plate_record() -> Plate:
    noise = NoiseModel(
        levels=(0.0, 1.0), variance_at=((0, 0), (0, 0), (0, 0)), spatial=((1.0,),), channel=((1, 0, 0), (0, 1, 0), (0, 0, 1))
    )
    return Plate(
        width=8,
        height=6,
        source_width=8,
        source_height=6,
        rate_num=24,
        rate_den=1,
        frames=FRAMES,
        colourspace="sRGB",
        code_bits=8,
        source="plate.mov",
        source_digest="d1",
        noise=noise,
    )


def stages(calls: list[str], on_frame: Callable[[int], None] = lambda frame: None) -> tuple[Stage, ...]:
    """Return plate → dust → comp. Each notes in `calls` that it ran; `on_frame` hears of each comp frame before it is written."""

    def ingest(settings, work) -> Plate:
        calls.append("ingest")
        for frame in FRAMES:
            write_exr(work.folder / f"plate/plate.{frame}.exr", np.full((6, 8, 3), 0.18, np.float32))
        return plate_record()

    def dust(settings, work, plate) -> DustCloud:
        calls.append("dust")
        return DustCloud(origin=(0, 0, 0), voxel=1, shape=(1, 1, 1), frames=FRAMES, albedo=(1, 1, 1), extinction=settings.dust.amount)

    def comp(settings, work, plate, cloud) -> Comp:
        calls.append("comp")

        def make(frame: int) -> None:
            on_frame(frame)
            write_exr(final(frame), np.full((6, 8, 3), cloud.record.extinction * frame / 1000, np.float32))
            write_exr(work.folder / f"matte/matte.{frame}.exr", np.ones((6, 8)), ("Y",))

        def final(frame: int) -> Path:
            return work.folder / f"final/final.{frame}.exr"

        work.map_frames(make, tuple(FRAMES), lambda frame: final(frame).exists(), "comp")
        return Comp(frames=FRAMES)

    return (
        FakeStage("ingest", "plate", Plate, (), "1", PlateSettings, ingest),
        FakeStage("dust", "cloud", DustCloud, ("plate",), "1", DustSettings, dust),
        FakeStage("comp", "comp", Comp, ("plate", "cloud"), "1", CompSettings, comp),
    )


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Return every picture under `folder`."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.exr"))}
