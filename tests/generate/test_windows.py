"""Laws of windows: every frame covered, legal lengths, weights that sum to one and cross-fade."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from derrumbe.core.errors import DerrumbeError
from derrumbe.core.records import FrameRange
from derrumbe.generate.windows import WindowRules, blend_weights, plan_windows


@st.composite
def rules(draw):
    step = draw(st.sampled_from([1, 2, 4, 8]))
    offset = draw(st.integers(0, max(step - 1, 0)))
    longest = draw(st.none() | st.integers(step + offset, 97))
    legal = 0 if longest is None else longest - (longest - offset) % step
    overlap = draw(st.integers(0, max(legal - 1, 0)))
    return WindowRules(longest=longest, overlap=overlap, step=step, offset=offset)


frames = st.builds(lambda first, count: FrameRange(first=first, last=first + count - 1), st.integers(0, 2000), st.integers(1, 400))


@given(frames, rules())
def test_windows_cover_every_frame_in_order_with_legal_lengths(shot, rule):
    windows = plan_windows(shot, rule)
    assert {frame for window in windows for frame in window.frames} == set(shot)
    assert [window.index for window in windows] == list(range(len(windows)))
    for window in windows:
        assert window.length >= len(window.frames) >= 1
        assert (window.length - rule.offset) % rule.step == 0
        assert rule.longest is None or window.length <= rule.longest
    for before, after in pairwise(windows):
        assert before.first < after.first
        assert before.last - after.first + 1 >= rule.overlap


@given(frames, rules())
def test_weights_are_positive_and_sum_to_one(shot, rule):
    windows = plan_windows(shot, rule)
    for frame in shot:
        weights = blend_weights(windows, frame)
        assert sum(weights.values()) == pytest.approx(1)
        assert all(weight > 0 for weight in weights.values())
        assert set(weights) == {window.index for window in windows if frame in window.frames}


def test_an_overlap_is_a_linear_cross_fade():
    windows = plan_windows(FrameRange(first=1001, last=1016), WindowRules(longest=10, overlap=4))
    first = [blend_weights(windows, frame)[0] for frame in range(1007, 1011)]
    assert first == pytest.approx([0.8, 0.6, 0.4, 0.2])


def test_impossible_rules_are_refused():
    with pytest.raises(DerrumbeError, match="longer than its overlap"):
        WindowRules(longest=8, overlap=8)
    with pytest.raises(DerrumbeError, match="no sense"):
        WindowRules(step=0)


@given(st.integers(1, 9000), st.integers(1, 9000), st.integers(1, 64))
def test_padding_reaches_the_next_multiple(width, height, multiple):
    padded = WindowRules(size_multiple=multiple).padded_size(width, height)
    assert all(side % multiple == 0 and 0 <= side - wanted < multiple for side, wanted in zip(padded, (width, height), strict=True))
