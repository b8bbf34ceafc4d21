"""Laws of stills: the whole shot's bits, no more work than asked for, and none of it done again."""

from __future__ import annotations

import pytest

from derrumbe.core.errors import BadInput
from derrumbe.core.knobs import CameraKnobs, Generate, ShotSpec
from derrumbe.pipeline.runner import run_shot
from derrumbe.pipeline.stills import make_stills
from tests.pipeline import fakes


def test_a_still_is_the_whole_shots_frame(tmp_path):
    stills = make_stills(fakes.shot(), tmp_path / "a", (1003, 1001), stages=fakes.stages([]))
    whole = run_shot(fakes.shot(), tmp_path / "b", stages=fakes.stages([])).results["comp"]
    assert list(stills.pictures) == [1001, 1003]
    assert all(path.read_bytes() == whole.path(whole.record.picture, frame).read_bytes() for frame, path in stills.pictures.items())


def test_only_the_asked_frames_are_made_and_none_twice(tmp_path):
    made: list[int] = []
    make_stills(fakes.shot(), tmp_path, (1003,), stages=fakes.stages([], made.append))
    assert made == [1003]
    make_stills(fakes.shot(), tmp_path, (1003, 1004), stages=fakes.stages([], made.append))
    assert made == [1003, 1004]
    run_shot(fakes.shot(), tmp_path, stages=fakes.stages([], made.append))
    assert made == [1003, 1004, 1001, 1002]


def test_a_finished_shot_gives_its_stills_for_nothing(tmp_path):
    whole = run_shot(fakes.shot(), tmp_path, stages=fakes.stages([])).results["comp"]
    calls: list[str] = []
    stills = make_stills(fakes.shot(), tmp_path, (1002,), stages=fakes.stages(calls))
    assert calls == []
    assert stills.pictures[1002] == whole.path(whole.record.picture, 1002)


@pytest.mark.parametrize("frames", [(), (1000,), (1002, 1005)])
def test_frames_outside_the_shot_are_named(tmp_path, frames):
    with pytest.raises(BadInput, match="the shot runs 1001-1004"):
        make_stills(fakes.shot(), tmp_path, frames, stages=fakes.stages([]))


@pytest.mark.parametrize("spec", [ShotSpec(camera=CameraKnobs(breath=0.5)), ShotSpec(generate=Generate(name="comfyui"))])
def test_what_depends_on_the_whole_shot_is_refused_before_any_work(tmp_path, spec):
    calls: list[str] = []
    with pytest.raises(BadInput, match="for them"):
        make_stills(fakes.shot(spec=spec), tmp_path, (1002,), stages=fakes.stages(calls))
    assert calls == []
