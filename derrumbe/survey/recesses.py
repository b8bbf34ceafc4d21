"""Parts of a wall that stand back from it, parallel to it, as between wings, from solved points in plan.

A wall runs straight in inverse depth over the slope of the sight line (`polyline`), and one parallel to it is the same line times a factor. So a
part set back takes three numbers, its two ends and that factor, where a free broken line would take eight: fewer points prove it. A part that
stands out isn't looked for: what stands free before a wall looks the same.
"""

from __future__ import annotations

import itertools

import numpy as np

from derrumbe.survey.polyline import Spots, loss, refined

COST = 1.5
"""Tolls of a wall that a part set back must save: three numbers, where a wall more has two."""
ROUGH = 2.0
"""A part is told by points clearly off the wall; how even it is matters less, by this factor of their spread."""
PLACES, DEPTHS = 25, 41
"""Ends of a part are looked for at so many places across the building, and its factor among so many that points ask for."""
NARROWEST = 0.1
"""Share of the building's width that a part takes at least, and that it leaves of its wall."""
SHALLOWEST, DEEPEST = 0.004, 0.35
"""How far it stands back: least share of the distance, and largest share of the building's width."""
MOST = 2
SLANT = 1e-3
"""A side that the camera doesn't see is turned by so much of the building's width, so that it is a wall."""


def with_recesses(spots: Spots, knots: np.ndarray, toll: float) -> np.ndarray:
    """Return a broken line (k, 2) of walls, as in `broken_line`, with the parts of them that points put back."""
    rough = Spots(spots.t, spots.w, ROUGH * spots.spread, spots.weight)
    for _ in range(MOST):
        part = _best_part(rough, knots)
        if part is None or loss(rough, part) > loss(rough, knots) - COST * toll:
            break
        knots = part
    return knots


def _best_part(spots: Spots, knots: np.ndarray) -> np.ndarray | None:
    """Return the line with the part that saves most, fitted to the points; None where none saves anything."""
    best, found, span = loss(spots, knots), None, float(np.ptp(knots[:, 0]))
    for wall, ((left, _), (right, _)) in enumerate(itertools.pairwise(knots)):
        if right - left < 2 * NARROWEST * span:
            continue
        places = np.linspace(left, right, max(3, round(PLACES * (right - left) / span)))
        for start, end in itertools.combinations(places[1:-1], 2):
            if end - start < NARROWEST * span or end - start > right - left - NARROWEST * span:
                continue
            for factor in _factors(spots, knots, start, end, span):
                line = _set_back(knots, wall, start, end, factor, SLANT * span)
                cost = loss(spots, line) if line is not None else np.inf
                if cost < best:
                    best, found = cost, line
    return None if found is None else refined(spots, found)


def _factors(spots: Spots, knots: np.ndarray, start: float, end: float, span: float) -> np.ndarray:
    """Return factors of inverse depth, below 1, that points between two places ask for."""
    here = (spots.t >= start) & (spots.t <= end)
    if np.count_nonzero(here) < 3:
        return np.zeros(0)
    logs = np.log(spots.w[here] / np.interp(spots.t[here], knots[:, 0], knots[:, 1]))
    tried = np.quantile(logs, np.linspace(0.05, 0.95, min(DEPTHS, 2 * len(logs))))
    return np.exp(tried[(tried < -SHALLOWEST) & (tried > -DEEPEST * span)])


def _set_back(knots: np.ndarray, wall: int, start: float, end: float, factor: float, slant: float) -> np.ndarray | None:
    """Return the line with a wall's part from `start` to `end` at `factor` times its inverse depth, its sides square to the wall; None where
    they meet."""
    (t0, w0), (t1, w1) = knots[wall], knots[wall + 1]
    slope = (w1 - w0) / (t1 - t0)
    shift = w0 - slope * t0
    # The wall is slope * right + shift * forward = 1: that is its normal's direction.
    front = slope * np.array([start, end]) + shift
    back = (1 / factor - 1) / (slope * slope + shift * shift)
    right, forward = np.array([start, end]) / front + back * slope, 1 / front + back * shift
    seen = right / forward
    # A corner that what stands before it hides is not seen: its sight line is the edge's.
    inner = max(seen[0], start + slant), min(seen[1], end - slant)
    if inner[1] - inner[0] < slant:
        return None
    ends = np.array([start, *inner, end])
    line = np.stack([ends, (slope * ends + shift) * np.array([1, factor, factor, 1])], 1)
    return np.concatenate([knots[: wall + 1], line, knots[wall + 1 :]])
