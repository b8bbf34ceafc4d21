"""Parts: into what a building comes apart when its base goes, which of them leads, and which way each leans.

No storey fails everywhere at once. One side leads by some tenths of a second, and joints through the whole height open where neighbours go
at different times: several big parts come down, each at its own speed, tilted to where its own base went first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.core.knobs import Collapse
from derrumbe.simulate.structure import Cells

WIDE, DEEP = 9.0, 14.0
"""m: width and depth of a part, about."""
LEADS, RUNS = (0.4, 1.5), 28.0
"""s by which one side of a building leads the other at least and at most, where the brief names none; m/s at which the failure runs along its width. One
that is taller than wide holds together more: its upper storeys bridge what has gone below, and parts that shear off each other would be ruled strips."""
STRAYS = 0.2
"""s at most by which a part goes later than its place says, at a variation of 1."""
TILTS = 0.2
"""s by which the leading edge of a part fails before its other one."""
SIDEWAYS, FORWARDS = 0.8, 0.45
"""How far parts lean other ways than the building's leading side (spread)."""
WEAK_EVERY = 3
"""Storeys between the origin and the top for each of which a part has one that gives way early, on average."""
YIELDS = (0.05, 0.4)
"""s after a part's own base begins to go within which its weak storeys give way: the jolt that runs up the frame finds them."""
SPEEDS = (0.0, 0.4)
"""Share of g that crushing takes from parts: the one that comes down fastest, and slowest."""


@dataclass(frozen=True)
class Parts:
    """Of every bay, (nx * nz,): `part`, a number; `lag`, s by which it fails later than its storey does; `lean` (nx * nz, 2), x and z, of length 1
    or 0, to where its part tilts; `resist`, share of g that crushing takes from it. `lead`: -1, 1 or 0, the side along x that goes first."""

    part: np.ndarray
    lag: np.ndarray
    lean: np.ndarray
    resist: np.ndarray
    lead: float


def lay(cells: Cells, height: float, collapse: Collapse, rng: np.random.Generator) -> Parts:
    """Divide the bays of a building, `height` m tall. Where a brief says how the front runs (a side, a delay from bay to bay) lags come from there, and
    only tilts from here."""
    lead = leading_side(collapse, rng)
    x, z = (axis.ravel() for axis in np.meshgrid(cells.centre_x(), cells.centre_z(), indexing="ij"))
    part = _divided(cells, rng)
    count = int(part.max()) + 1
    lean = np.stack([lead + SIDEWAYS * rng.normal(size=count), FORWARDS * rng.normal(size=count)], -1)
    lean /= np.maximum(np.linalg.norm(lean, axis=1, keepdims=True), 1e-9)
    lean = lean[part] * (collapse.mode != "topple")
    within = _share(lean[:, 0] * x + lean[:, 1] * z, part)
    along = np.bincount(part, _share(-lead * x, np.zeros_like(part)), count) / np.bincount(part, minlength=count)
    wide = float(cells.high[0] - cells.low[0])
    leads = np.clip(wide / RUNS * min(1.0, wide / height), *LEADS) if collapse.origin_side == "all" else 0.0
    later = STRAYS * collapse.variation * rng.random(count) + leads * along
    low, high = SPEEDS
    middle, spread = 0.5 * (low + high), (0.5 + 0.5 * collapse.variation) * (high - low)
    resist = middle + spread * (rng.permutation(np.linspace(-0.5, 0.5, count)) if count > 1 else np.zeros(1))
    lag = (later[part] + TILTS * (1 - within)) / collapse.speed
    return Parts(part, lag - lag.min(), lean, resist[part], lead)


def weak_storeys(cells: Cells, part: np.ndarray, lag: np.ndarray, origin: int, speed: float, rng: np.random.Generator) -> np.ndarray:
    """Return when the weak storeys of parts give way, (storeys, nx * nz) s, infinite elsewhere.

    What stands on a failing base doesn't ride it down whole: columns higher up buckle as the load shifts, in each part at another height and from
    its other side, so that its upper part comes off and kinks. part, lag (nx * nz,): as in `Parts`.
    """
    out = np.full((cells.storeys, len(part)), np.inf)
    above = np.arange(origin + 1, cells.storeys - 1)
    for number in range(int(part.max()) + 1):
        mine = np.flatnonzero(part == number)
        count = int(len(above) / WEAK_EVERY + rng.random())
        for some in np.array_split(above, count) if count else ():
            other_side_first = rng.uniform(*YIELDS) / speed + lag[mine].min() + lag[mine].max() - lag[mine]
            out[rng.choice(some), mine] = np.maximum(other_side_first, lag[mine] + YIELDS[0] / speed)
    return out


def leading_side(collapse: Collapse, rng: np.random.Generator) -> float:
    """Return the side along x, -1 or 1, that goes first and to which frames buckle: the brief's, the free side of what falls off a part that
    stands, or any; 0 where the front comes from the middle."""
    any_side = float(rng.choice((-1.0, 1.0)))
    if collapse.mode == "topple":
        return {"left": -1.0, "right": 1.0}.get(collapse.direction, 0.0)
    if collapse.part in ("left", "corner_left"):
        return -1.0
    if collapse.part in ("right", "corner_right"):
        return 1.0
    return {"left": -1.0, "right": 1.0, "centre": 0.0}.get(collapse.origin_side, any_side)


def _divided(cells: Cells, rng: np.random.Generator) -> np.ndarray:
    """Return the part of every bay, (nx * nz,): rows in depth, each cut across the width in its own places."""
    size = np.subtract(cells.high, cells.low)
    rows = _cuts(cells.nz, float(size[1]) / DEEP, rng)
    out, first = np.zeros((cells.nx, cells.nz), int), 0
    for row in range(int(rows.max()) + 1):
        across = _cuts(cells.nx, float(size[0]) / WIDE, rng)
        out[:, rows == row] = first + across[:, None]
        first += int(across.max()) + 1
    return out.ravel()


def _cuts(count: int, wanted: float, rng: np.random.Generator) -> np.ndarray:
    """Return in which of about `wanted` groups, two at least where there are as many, each of `count` bays in a row is, (count,)."""
    groups = int(np.clip(round(wanted), min(2, count), count))
    edges = (np.arange(1, groups) + rng.uniform(-0.35, 0.35, groups - 1)) * count / groups
    edges = np.clip(np.round(edges), np.arange(1, groups), count - groups + np.arange(1, groups))
    edges = np.maximum.accumulate(edges - np.arange(groups - 1)) + np.arange(groups - 1)
    return np.searchsorted(edges, np.arange(count), side="right")


def _share(value: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Return where a value lies between the least and the most of its part, 0 to 1 (0.5 where they are one)."""
    low, high = np.full(part.max() + 1, np.inf), np.full(part.max() + 1, -np.inf)
    np.minimum.at(low, part, value)
    np.maximum.at(high, part, value)
    wide = high - low
    return np.where(wide[part] > 1e-9, (value - low[part]) / np.maximum(wide[part], 1e-9), 0.5)
