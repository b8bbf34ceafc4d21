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
CAME_DOWN = 0.9
"""Share of what should fall under which the artist is told."""
FALLS, FALLING_SHARE = 1.5, 0.15
"""m/s from which something falls, and share of the mass from which the collapse is still under way."""
PULL, SETTLES, DIES = 5.0, 2.4, (0.4, 1.5)
"""m/s² at which a building comes down; s for which it hesitates and its pile settles, together; s in which movement in it falls to a third."""


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


def moving_share(structure: Structure, track: Track, sample: int) -> float:
    """Return the share of the mass that moves at a sample."""
    moving = np.linalg.norm(track.velocity[sample], axis=-1) > STILL
    return float(structure.mass[moving].sum() / structure.mass.sum())


def lies_still(structure: Structure, track: Track) -> bool:
    """Return whether the pile has settled by the last sample."""
    return moving_share(structure, track, -1) <= MOVING_SHARE


def seconds_to_rest(structure: Structure, track: Track) -> float:
    """Return how long after the last sample the pile will have come to rest, s, by and large.

    While much of it falls, that is the time in which its middle would reach the ground, and SETTLES more; afterwards movement dies away as
    it did in the last half second.
    """
    velocity = track.velocity[-1]
    falling = velocity[:, 1] < -FALLS
    if structure.mass[falling].sum() > FALLING_SHARE * structure.mass.sum():
        height = float(np.average(track.position[-1, falling, 1], weights=structure.mass[falling]))
        speed = -float(np.average(velocity[falling, 1], weights=structure.mass[falling]))
        return (np.sqrt(speed**2 + 2 * PULL * height) - speed) / PULL + SETTLES
    earlier = max(track.sample_count - 1 - round(0.5 / track.sample_seconds), track.trigger_sample)
    now, then = moving_share(structure, track, -1), moving_share(structure, track, earlier)
    dies_in = 0.5 / np.log(then / now) if then > now > 0 else DIES[1]
    return float(np.clip(dies_in, *DIES) * np.log(max(now / MOVING_SHARE, 1.0)))


def cautions(structure: Structure, track: Track, share: float, still: bool, frame_seconds: float) -> tuple[Caution, ...]:
    """Return what the artist should know. `frame_seconds`: duration of a frame."""
    out = []
    seconds = (track.sample_count - 1 - track.trigger_sample) * track.sample_seconds
    lacks = max(float(np.sqrt(2 * structure.height / PULL)) + SETTLES - seconds, 0.0)
    rest = 0.0 if still else max(seconds_to_rest(structure, track), 0.2 * SETTLES)
    more = int(np.ceil(max(rest, lacks if share < CAME_DOWN or not still else 0.0) / frame_seconds))
    if seconds <= 0:
        out.append(Caution(what="nothing falls: the trigger is after the last frame", remedy="lower trigger.time or add frames"))
    elif share < CAME_DOWN:
        what = f"only {share:.0%} of what should fall has fallen by the last frame, {seconds:.1f} s after the trigger"
        hurry = "lower trigger.time, raise collapse.speed, lower collapse.storey_delay, or "
        remedy = f"{hurry}add about {more} frames" if more else "simulate with another seed: parts of it hang on others"
        out.append(Caution(what=what, remedy=remedy))
    if seconds > 0 and not still:
        what = f"the pile still moves at the last frame: about {more} frames more until it lies still"
        out.append(
            Caution(what=what, remedy=f"add {more} frames after the last one, or start {more * frame_seconds:.1f} s earlier (trigger.time)")
        )
    return tuple(out)
