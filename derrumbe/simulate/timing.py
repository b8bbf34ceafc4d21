"""Samples and steps: how a plate's frames are divided in time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from derrumbe.core.knobs import Trigger
from derrumbe.core.records import Plate

LEAST_SAMPLES = 24
"""Samples a second at least, so that poses between samples can be interpolated."""
LEAST_STEPS = 96
"""Simulation steps a second at least."""


@dataclass(frozen=True)
class Timing:
    """samples_per_frame; steps_per_sample; sample_count = frames * samples_per_frame + 1; trigger_sample; rate in frames a second."""

    rate: Fraction
    samples_per_frame: int
    steps_per_sample: int
    sample_count: int
    trigger_sample: int

    @property
    def sample_seconds(self) -> float:
        return float(1 / (self.rate * self.samples_per_frame))

    @property
    def step_seconds(self) -> float:
        return self.sample_seconds / self.steps_per_sample

    @property
    def moving_samples(self) -> int:
        """Samples after the trigger's own."""
        return max(self.sample_count - 1 - self.trigger_sample, 0)


def timing(plate: Plate, trigger: Trigger) -> Timing:
    """Divide the plate's frames. The trigger falls on the first sample at or after it; 23.976 counts as 24."""
    rate = plate.rate
    per_frame = max(1, math.ceil(LEAST_SAMPLES / rate - Fraction(1, 100)))
    steps = max(1, math.ceil(LEAST_STEPS / (rate * per_frame) - Fraction(1, 100)))
    if trigger.frame is not None:
        at = Fraction(max(trigger.frame - plate.frames.first, 0) * per_frame)
    else:
        at = Fraction(trigger.time) * rate * per_frame
    count = len(plate.frames) * per_frame + 1
    return Timing(rate, per_frame, steps, count, math.ceil(at - Fraction(1, 1000)))
