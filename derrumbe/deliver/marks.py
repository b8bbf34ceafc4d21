"""The frames that a supervisor looks at first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from derrumbe.core.files import load_arrays
from derrumbe.core.records import FrameRange, Located, Motion, Plate


class Mark(NamedTuple):
    """A frame and why it matters."""

    name: str
    frame: int


def find_marks(trigger: int | None, plate: Plate, motion: Located[Motion], changed: np.ndarray) -> tuple[Mark, ...]:
    """Return first, trigger, first break, mid-fall, dust peak and end, in order of time.

    `changed` is the share of changed pixels per frame; its peak is where the dust covers most.
    """
    frames, record = plate.frames, motion.record
    released = load_arrays(motion.path(record.poses))["released"]
    potential = load_arrays(motion.path(record.energy))["potential"]
    if trigger is None:
        trigger = frame_of(record.trigger_sample, record, frames)
    broke = released[released >= 0]
    first_break = frame_of(int(broke.min()), record, frames) if len(broke) else trigger
    middle = frame_of(mid_fall(potential), record, frames) if len(broke) else trigger
    peak = frames.first + int(np.argmax(changed)) if len(changed) and changed.any() else frames.last
    found = [
        Mark("first frame", frames.first),
        Mark("trigger", clamped(trigger, frames)),
        Mark("first break", first_break),
        Mark("mid-fall", middle),
        Mark("dust peak", clamped(peak, frames)),
        Mark("end", frames.last),
    ]
    return tuple(sorted(found, key=lambda mark: mark.frame))


def frame_of(sample: int, motion: Motion, frames: FrameRange) -> int:
    """Return the frame in whose interval a sample lies."""
    return clamped(frames.first + sample // motion.samples_per_frame, frames)


def mid_fall(potential: np.ndarray) -> int:
    """Return the first sample at which half of the potential energy that goes is gone."""
    if len(potential) < 2:
        return 0
    half = (potential[0] + potential.min()) / 2
    return int(np.argmax(potential <= half))


def clamped(frame: int, frames: FrameRange) -> int:
    return min(max(frame, frames.first), frames.last)
