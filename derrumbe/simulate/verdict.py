"""What became of the building: how much fell, whether it lies still, and what to do if it didn't go as asked."""

from __future__ import annotations

import numpy as np

from derrumbe.core.records import Caution
from derrumbe.simulate.structure import Structure
from derrumbe.simulate.track import Track

STILL = 0.2
"""m/s under which a piece lies still."""
DISPLACED = 0.02
"""m."""
MOVING_SHARE = 0.05
"""Share of the mass that may still move in a pile at rest."""


def fallen_share(structure: Structure, track: Track, falls: np.ndarray, base: np.ndarray) -> float:
    """Return the share of the falling mass that fell by half a storey, or half of its own height above `base` (N,) m where that is less.

    What stood in the lowest half storey above its base can't fall that far: it counts when it has been displaced.
    """
    drop = track.position[0, :, 1] - track.position[-1, :, 1]
    travelled = np.linalg.norm(track.position[-1] - track.position[0], axis=-1)
    above = structure.centre[:, 1] - base
    low = above < 0.5 * structure.storey_height
    fell = (drop > 0.5 * np.minimum(structure.storey_height, above)) | (low & (travelled > DISPLACED))
    mass = structure.mass * falls
    return float((mass * fell).sum() / max(mass.sum(), 1e-9))


def lies_still(structure: Structure, track: Track) -> bool:
    """Return whether the pile has settled by the last sample."""
    moving = np.linalg.norm(track.velocity[-1], axis=-1) > STILL
    return bool(structure.mass[moving].sum() <= MOVING_SHARE * structure.mass.sum())


def cautions(structure: Structure, track: Track, share: float, still: bool) -> tuple[Caution, ...]:
    """Return what the artist should know."""
    out = []
    seconds = (track.sample_count - 1 - track.trigger_sample) * track.sample_seconds
    if seconds <= 0:
        out.append(Caution(what="nothing falls: the trigger is after the last frame", remedy="lower trigger.time or add frames"))
    elif share < 0.8:
        needed = float(np.sqrt(2 * structure.height / 6.0)) + 1.0
        what = f"only {share:.0%} of what should fall has fallen by the last frame, {seconds:.1f} s after the trigger"
        remedy = f"a building of {structure.height:.0f} m needs about {needed:.0f} s: lower trigger.time, raise collapse.speed, lower "
        out.append(Caution(what=what, remedy=remedy + "collapse.storey_delay, or add frames"))
    if seconds > 0 and not still:
        out.append(Caution(what="the pile still moves at the last frame", remedy="add frames after the fall, or lower trigger.time"))
    return tuple(out)
