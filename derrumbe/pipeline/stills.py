"""Single finished frames of a shot, for a look before the whole is rendered. They are kept: the whole shot doesn't make them again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from derrumbe.core.errors import BadInput
from derrumbe.core.records import Located
from derrumbe.core.work import Work
from derrumbe.pipeline.runner import Flow, SilentTeller, Teller, asked_of, run_on_a_finite_disk, run_shot
from derrumbe.pipeline.settings import Shot
from derrumbe.pipeline.stages import STAGES, Stage
from derrumbe.pipeline.store import Store, locked

WHOLE, FINISHED = "dust", "comp"
"""Last stage that needs the whole shot, and the one that finishes pictures: those between make frames one by one."""


@dataclass(frozen=True)
class Stills:
    """Finished frames: EXR pictures, scene-linear ACEScg, by frame, and the space that shows them (`Plate.display`)."""

    pictures: dict[int, Path]
    display: str


def make_stills(
    shot: Shot,
    folder: Path,
    frames: Iterable[int],
    *,
    jobs: int = 1,
    teller: Teller | None = None,
    stages: tuple[Stage, ...] = STAGES,
) -> Stills:
    """Return the finished pictures of `frames`; stages up to dust are run for the whole shot.

    The bits are those of the whole shot's frames. Raises BadInput for a frame outside the shot, a generator that works on runs of frames,
    and a camera that breathes, which looks at the whole shot; and what the stages raise.
    """
    chosen = frozenset(frames)
    _check(shot)
    with locked(folder):
        flow = run_shot(shot, folder, jobs=jobs, until=WHOLE, teller=teller, stages=stages)
        _check_inside(chosen, flow)
        work = Work(folder, jobs, teller or SilentTeller(), only=chosen)
        names = [stage.name for stage in stages]
        for stage in stages[names.index(WHOLE) + 1 : names.index(FINISHED) + 1]:
            _advance(stage, shot, Store(folder), flow, work)
    comp = flow.results["comp"]
    return Stills({frame: comp.path(comp.record.picture, frame) for frame in sorted(chosen)}, flow.results["plate"].record.display)


def _check(shot: Shot) -> None:
    if shot.spec.generate.name != "none":
        raise BadInput(f"stills: {shot.spec.generate.name} works on runs of frames; set generate.name to none for them")
    if shot.spec.camera.breath:
        raise BadInput("stills: camera.breath depends on the whole shot's light; set it to 0 for them")


def _check_inside(chosen: frozenset[int], flow: Flow) -> None:
    shot = flow.results["plate"].record.frames
    outside = sorted(chosen - set(shot))
    if outside or not chosen:
        raise BadInput(f"stills: frame {outside[0] if outside else '(none)'}: the shot runs {shot.first}-{shot.last}")


def _advance(stage: Stage, shot: Shot, store: Store, flow: Flow, work: Work) -> None:
    """Make the chosen frames of a stage in the folder where a whole run goes on, or take a finished result."""
    settings, inputs, key = asked_of(stage, shot, flow)
    result = store.load(stage, key)
    if result is None:
        bench = replace(work, folder=store.open(stage, key))
        result = Located(run_on_a_finite_disk(stage, settings, bench, inputs), bench.folder)
    flow.results[stage.gives] = result
    flow.keys[stage.name] = key
