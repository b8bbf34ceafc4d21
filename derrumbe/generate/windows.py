"""Cutting a shot into windows of frames that a model can take, and weights that blend the overlaps.

Weights are for values in linear light, premultiplied: a cross-fade of light, as an optical dissolve does it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.core.errors import DerrumbeError
from derrumbe.core.records import FrameRange


@dataclass(frozen=True)
class WindowRules:
    """Lengths and sizes that a model takes, as data.

    longest: most frames at once, None for any number. overlap: frames shared by neighbours.
    A legal length is a multiple of `step` plus `offset` (video autoencoders often want 4 n + 1); a window may reach past the shot's
    last frame to be legal, and the frames beyond are held. size_multiple: width and height are padded to a multiple of it.
    most_pixels: largest picture in pixels, None for any.
    """

    longest: int | None = None
    overlap: int = 0
    step: int = 1
    offset: int = 0
    size_multiple: int = 1
    most_pixels: int | None = None

    def __post_init__(self) -> None:
        if self.step < 1 or self.overlap < 0 or self.size_multiple < 1 or not 0 <= self.offset < max(self.step, 2):
            raise DerrumbeError(f"window rules {self} make no sense; see generate/windows.py")
        if self.longest is not None and self.longest_legal <= self.overlap:
            raise DerrumbeError(f"window rules {self}: a window must be longer than its overlap")

    @property
    def longest_legal(self) -> int:
        assert self.longest is not None
        return self.longest - (self.longest - self.offset) % self.step

    def legal_length(self, count: int) -> int:
        """Return the smallest legal length that is at least `count` (and at least one frame)."""
        return count + (self.offset - count) % self.step

    def padded_size(self, width: int, height: int) -> tuple[int, int]:
        """Return (width, height) padded to the multiple."""
        return width + -width % self.size_multiple, height + -height % self.size_multiple


@dataclass(frozen=True)
class Window:
    """Frames first..last inclusive, all inside the shot; `length` frames are asked of the model (those past `last` repeat it)."""

    index: int
    first: int
    last: int
    length: int

    @property
    def frames(self) -> range:
        return range(self.first, self.last + 1)


def plan_windows(frames: FrameRange, rules: WindowRules) -> tuple[Window, ...]:
    """Cover `frames` with windows in order, each sharing at least `rules.overlap` frames with the one before."""
    total = len(frames)
    if rules.longest is None or total <= rules.longest_legal:
        return (Window(0, frames.first, frames.last, rules.legal_length(total)),)
    length = rules.longest_legal
    count = 1 + -(-(total - length) // (length - rules.overlap))
    # spread the starts evenly, so that the last overlap isn't much longer than the others
    starts = [frames.first + round(i * (total - length) / (count - 1)) for i in range(count)]
    return tuple(Window(i, start, start + length - 1, length) for i, start in enumerate(starts))


def blend_weights(windows: tuple[Window, ...], frame: int) -> dict[int, float]:
    """Return {window index: weight} for a frame: positive, summing to 1; a linear cross-fade inside an overlap."""
    ramps = {w.index: _ramp(windows, w, frame) for w in windows if frame in w.frames}
    total = sum(ramps.values())
    return {index: ramp / total for index, ramp in ramps.items()}


def _ramp(windows: tuple[Window, ...], window: Window, frame: int) -> float:
    """Rise from 0 to 1 over the overlap with the window before, fall over the one with the window after; never 0 inside."""
    rise = fall = np.inf
    if window.index > 0:
        overlap = windows[window.index - 1].last - window.first + 1
        rise = (frame - window.first + 1) / (overlap + 1)
    if window.index + 1 < len(windows):
        overlap = window.last - windows[window.index + 1].first + 1
        fall = (window.last - frame + 1) / (overlap + 1)
    return float(min(rise, fall, 1.0))
