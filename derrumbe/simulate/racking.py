"""Frames that rack: just before a storey gives way its frames buckle along the façade and its walls bulge.

Only that storey is moved: what stands above is still the plate, and is shown as it is until it falls. Rigid pieces can't bend, so each is
moved and turned by what the deformed wall does at its centre. Frames are near collapse at a storey drift of 3 to 5 % (FEMA 356, table
C1-3); a wall of masonry that bulges by a fifth of its thickness and more is about to fall.
"""

from __future__ import annotations

import numpy as np

from derrumbe.core.knobs import Collapse
from derrumbe.simulate.geometry import cross
from derrumbe.simulate.structure import OUTER_WALL, WINDOW, Structure
from derrumbe.simulate.track import Track

LEAD = 0.45
"""s before a storey fails in which it racks, ever faster."""
DRIFT, BULGE = 0.035, 0.02
"""Shares of the storey's height: how far at half height it buckles along the façade, and walls bulge outwards."""


def apply(structure: Structure, track: Track, falls: np.ndarray, failed_at: np.ndarray, loose: np.ndarray, drift: float) -> None:
    """Deform the storey that fails first in each bay, in place, until its pieces come loose; what has come loose keeps what it has.

    falls (N,) bool; failed_at (C,) s after the trigger; loose (N,): sample at which each piece comes loose; drift: -1 to 1, how far and which
    way along x frames buckle as a share of DRIFT, 0 for none.
    """
    cells = structure.cells
    times = failed_at.reshape(cells.storeys, -1)
    first, storey = times.min(0)[structure.column], times.argmin(0)[structure.column]
    moves = falls & np.isfinite(first) & (first > 0)
    if not moves.any():
        return
    bottom, tall = structure.storey_bottoms[storey], (structure.storey_tops - structure.storey_bottoms)[storey]
    up = np.clip((structure.centre[:, 1] - bottom) / tall, 0, 1)
    within = moves & (up > 0) & (up < 1)
    time = (np.arange(track.sample_count) - track.trigger_sample) * track.sample_seconds
    late = np.minimum(np.arange(track.sample_count)[:, None], loose[None])
    grown = _grown(time, first)[late, np.arange(structure.count)][..., None]
    wall = within & np.isin(structure.kind, (OUTER_WALL, WINDOW))
    along, out = np.array((drift * DRIFT, 0.0, 0.0)) * within[:, None], BULGE * wall[:, None] * structure.outward
    bow, slope = tall * np.sin(np.pi * up), np.pi * np.cos(np.pi * up)
    track.position[...] += (grown * bow[:, None] * (along + out)).astype(np.float32)
    # what is taller than wide turns with the wall, what is wide stays level
    size = structure.high - structure.low
    upright = size[:, 1] ** 2 / np.maximum(size[:, 0] ** 2 + size[:, 1] ** 2, 1e-9)
    turn = grown * slope[:, None] * cross(np.array((0.0, 1.0, 0.0)), along * upright[:, None] + out)
    track.rotation[...] = _turned(turn, track.rotation).astype(np.float32)


def heading(collapse: Collapse, lead: float) -> float:
    """Return which way along x frames buckle, `lead`, or 0: where an earthquake sways them, or a part falls off what stands."""
    return 0.0 if collapse.sway > 0 or collapse.part not in ("all", "upper") else lead


def _grown(time: np.ndarray, fails: np.ndarray) -> np.ndarray:
    """Return how far racking has come at times (S,) for what fails at `fails` (N,) s, (S, N): 0 to 1, never before time 0."""
    lead = np.clip(fails, 1e-3, LEAD)
    grown = np.clip((time[:, None] - fails + lead) / lead, 0, 1) ** 2
    return grown * np.minimum(lead / LEAD, 1.0) * (time[:, None] > 0)


def _turned(turn: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Return quaternions wxyz (..., 4) turned further by small rotation vectors (..., 3) rad."""
    half = 0.5 * turn
    w, axis = rotation[..., :1], rotation[..., 1:]
    out = np.concatenate([w - (half * axis).sum(-1, keepdims=True), axis + w * half + cross(half, axis)], -1)
    return out / np.linalg.norm(out, axis=-1, keepdims=True)
