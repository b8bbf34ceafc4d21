"""What generate does with back ends: none passes files through, a model's windows are blended, a killed run goes on at the next window."""

from __future__ import annotations

import os

import numpy as np
import pytest

from derrumbe.core.errors import BadBrief, DerrumbeError
from derrumbe.core.knobs import Generate
from derrumbe.core.records import LAYER_CHANNELS, FrameRange, Guides, Located
from derrumbe.core.work import Work
from derrumbe.generate import backends
from derrumbe.generate.run import make_layers, run
from derrumbe.generate.settings import Settings
from derrumbe.generate.windows import WindowRules
from derrumbe.media.exr import read_exr, write_exr

FRAMES = FrameRange(first=1001, last=1010)


class Painter:
    """Writes its window's number + 1 into the front dust, and counts its calls; stops when told to, as a killed run does."""

    name = "painter"
    rules = WindowRules(longest=6, overlap=2)
    channels = ()

    def __init__(self, stop_at=None):
        self.called, self.stop_at, self.seen = [], stop_at, []

    def ledger(self, windows, seed):
        return {"model": "painter"}

    def close(self):
        pass

    def generate(self, window, source, sink, seed, progress):
        if window.index == self.stop_at:
            raise KeyboardInterrupt
        self.called.append(window.index)
        self.seen.append(source.made(window.first, ("dust_front.R",)))
        for frame in window.frames:
            guide = source.guide(frame, ("dust_front.R",))[..., 0]
            sink.write(frame, {"dust_front.R": np.full_like(guide, window.index + 1)})
            progress(1)


class Forgetful(Painter):
    def generate(self, window, source, sink, seed, progress):
        sink.keep(window.first)


@pytest.fixture
def guides(tmp_path):
    located = Located(Guides(frames=FRAMES, untouched=FrameRange(first=1001, last=1002)), tmp_path / "render")
    for frame in FRAMES:
        pixels = np.full((4, 5, len(LAYER_CHANNELS)), frame % 7, np.float32)
        write_exr(located.path(located.record.picture, frame), pixels, LAYER_CHANNELS)
    return located


def dust(folder, frame):
    return float(read_exr(folder / f"layers/layers.{frame}.exr", ("dust_front.R",))[0, 0, 0])


def test_none_passes_the_guides_own_files_through(tmp_path, guides):
    layers = Located(run(Settings(), Work(tmp_path / "out"), None, None, guides), tmp_path / "out")
    for frame in FRAMES:
        assert os.path.samefile(layers.path(layers.record.picture, frame), guides.path(guides.record.picture, frame))
    assert layers.record.generator == "none"
    assert layers.record.untouched == guides.record.untouched
    assert not (tmp_path / "out/windows").exists()


def test_an_unknown_back_end_names_the_nearest():
    with pytest.raises(BadBrief, match="did you mean none"):
        backends.door("non")
    with pytest.raises(BadBrief, match="choose one of"):
        run(Settings(generate=Generate(name="zzz")), Work(None), None, None, None)


def test_windows_are_cross_faded_and_untouched_frames_and_channels_kept(tmp_path, guides):
    make_layers(Painter(), 1, Work(tmp_path / "out"), None, None, guides)
    found = [dust(tmp_path / "out", frame) for frame in FRAMES]
    assert found[2:] == pytest.approx([1, 1, 1.2, 1.4, 1.6, 1.8, 2, 2], abs=1e-3)
    assert os.path.samefile(tmp_path / "out/layers/layers.1001.exr", guides.path(guides.record.picture, 1001))
    identity = read_exr(tmp_path / "out/layers/layers.1007.exr", ("id.Y",))
    assert (identity == 1007 % 7).all()


def test_a_killed_run_goes_on_at_the_next_window_and_ends_the_same(tmp_path, guides):
    whole = Painter()
    make_layers(whole, 1, Work(tmp_path / "whole"), None, None, guides)
    with pytest.raises(KeyboardInterrupt):
        make_layers(Painter(stop_at=1), 1, Work(tmp_path / "cut"), None, None, guides)
    resumed = Painter()
    make_layers(resumed, 1, Work(tmp_path / "cut"), None, None, guides)
    assert whole.called == [0, 1]
    assert resumed.called == [1]
    assert (resumed.seen[0] == 1).all()
    for frame in FRAMES:
        name = f"layers/layers.{frame}.exr"
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "cut" / name).read_bytes()


def test_a_back_end_that_leaves_out_a_frame_is_a_fault(tmp_path, guides):
    with pytest.raises(DerrumbeError, match="left out frame 1004"):
        make_layers(Forgetful(), 1, Work(tmp_path / "out"), None, None, guides)
