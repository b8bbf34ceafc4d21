"""Walls in plan from solved points: the broken line that most points lie on, seen from a camera.

An upright plane is a straight line in plan, and the inverse depth along it runs straight with the slope of the sight line: with
(right, forward) = (t z, z), a·right + b·forward = 1 is a·t + b = 1/z. So walls that share their edges are a broken line over t. The best
one is found by dynamic programming over knots (Bellman, "On the approximation of curves by line segments", 1961), with a bounded loss, so that
what stands before or behind has no say, and then refined.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np
from scipy.optimize import least_squares

EDGES, LEVELS = 25, 96
"""Knots are looked for at so many places across the building and so many depths."""
BOUND = 2.5
"""Points further off than this many spreads all count alike."""
RANGE = (0.06, 0.94)
"""Depths between these quantiles of the points', and a margin around, are looked at."""
MARGIN = 0.3
GRAZING = 0.12
"""Smallest cosine between a sight line and a wall's normal for which the wall is still measured."""


@dataclass(frozen=True, eq=False)
class Spots:
    """Points in plan: slope of their sight lines `t` (n,), inverse depth `w` (n,) along forward, its spread (n,), and their weight (n,)."""

    t: np.ndarray
    w: np.ndarray
    spread: np.ndarray
    weight: np.ndarray

    def only(self, kept: np.ndarray) -> Spots:
        return Spots(self.t[kept], self.w[kept], self.spread[kept], self.weight[kept])


def loss(spots: Spots, knots: np.ndarray) -> float:
    """Return the bounded loss of points about a broken line with `knots` (k, 2) of t and w: 0 to 1 a point, times its weight."""
    off = (spots.w - np.interp(spots.t, knots[:, 0], knots[:, 1])) / (BOUND * spots.spread)
    return float(spots.weight @ np.minimum(off**2, 1.0))


def broken_line(spots: Spots, span: tuple[float, float], toll: float) -> np.ndarray:
    """Return knots (k, 2), t ascending from one end of `span` to the other. toll: the loss that a wall more must save."""
    low, high = np.quantile(spots.w, RANGE, weights=spots.weight, method="inverted_cdf")
    room = MARGIN * (high - low) + 4 * float(np.median(spots.spread))
    edges = np.linspace(*span, EDGES)
    levels = np.linspace(max(low - room, 0.2 * low), high + room, LEVELS)
    order = np.argsort(spots.t, kind="stable")
    start = np.searchsorted(spots.t[order], edges)
    # A level apart is a step that the grid makes, not the points.
    spread = BOUND * np.hypot(spots.spread[order], 0.5 * (levels[1] - levels[0]))
    path = _best_path(spots.t[order], spots.w[order], spread, spots.weight[order], edges, levels, start, toll)
    return _pruned(spots, refined(spots, np.stack([edges[path[:, 0]], levels[path[:, 1]]], 1)), toll)


def _pruned(spots: Spots, knots: np.ndarray, toll: float) -> np.ndarray:
    """Return the broken line without knots that only the grid asked for: what is left fits as well when it is refined."""
    while len(knots) > 2:
        others = [refined(spots, np.delete(knots, index, axis=0)) for index in range(1, len(knots) - 1)]
        losses = [loss(spots, other) for other in others]
        if min(losses) > loss(spots, knots) + toll:
            break
        knots = others[int(np.argmin(losses))]
    return knots


def scaled(spots: Spots, knots: np.ndarray) -> np.ndarray:
    """Return a broken line (k, 2) made nearer or further as a whole so that the points lie on it best."""
    logs = np.log(np.maximum(spots.w, 1e-12) / np.interp(spots.t, knots[:, 0], knots[:, 1]))
    tried = np.quantile(logs, np.linspace(0.02, 0.98, 97))
    best = min(tried, key=lambda log: loss(spots, knots * (1.0, np.exp(log))))
    out = knots * (1.0, np.exp(best))
    for _ in range(4):
        off = spots.w / np.interp(spots.t, out[:, 0], out[:, 1])
        near = np.abs(off - 1) * spots.w < BOUND * spots.spread
        if near.any():
            out = out * (1.0, float(np.exp(np.average(np.log(off[near]), weights=(spots.weight * (spots.w / spots.spread) ** 2)[near]))))
    return out


def refined(spots: Spots, knots: np.ndarray) -> np.ndarray:
    """Return the knots moved to where the points want them: depths freely, edges by less than half way to the next."""
    ends, inner = knots[[0, -1], 0], knots[1:-1, 0]
    room = 0.45 * np.diff(knots[:, 0]).min() if len(inner) else 1.0

    def put(values: np.ndarray) -> np.ndarray:
        return np.stack([np.concatenate([ends[:1], values[: len(inner)], ends[1:]]), values[len(inner) :]], 1)

    def misfit(values: np.ndarray) -> np.ndarray:
        line = put(values)
        off = (spots.w - np.interp(spots.t, line[:, 0], line[:, 1])) / spots.spread
        # Geman and McClure's loss as residuals: bounded, and smooth.
        return np.sqrt(spots.weight) * off / np.sqrt(1 + (off / BOUND) ** 2)

    first = np.concatenate([inner, knots[:, 1]])
    bounds = np.concatenate([inner - room, 0.3 * knots[:, 1]]), np.concatenate([inner + room, 3 * knots[:, 1]])
    steps = np.concatenate([np.full(len(inner), room), 0.02 * knots[:, 1]])
    return put(least_squares(misfit, first, bounds=bounds, x_scale=steps, max_nfev=60).x)


@nb.njit(cache=True)
def _best_path(t, w, spread, weight, edges, levels, start, toll):  # type: ignore[no-untyped-def]
    """Return the knots (k, 2) as indices of edges and levels: from the first edge to the last at least loss and tolls."""
    count, depth = len(edges), len(levels)
    best = np.full((count, depth), np.inf)
    back = np.zeros((count, depth, 2), np.int64)
    best[0] = 0.0
    for j in range(1, count):
        for i in range(j):
            width = edges[j] - edges[i]
            for a in range(depth):
                for b in range(depth):
                    slope = (levels[b] - levels[a]) / width
                    shift = levels[a] - slope * edges[i]
                    # A wall seen at too flat an angle, at either of its ends, is none.
                    size = np.sqrt(slope * slope + shift * shift)
                    if levels[a] < GRAZING * size * np.sqrt(1 + edges[i] ** 2) or levels[b] < GRAZING * size * np.sqrt(1 + edges[j] ** 2):
                        continue
                    total = best[i, a] + toll
                    for k in range(start[i], start[j]):
                        if total >= best[j, b]:
                            break
                        off = (w[k] - slope * t[k] - shift) / spread[k]
                        total += weight[k] * min(off * off, 1.0)
                    if total < best[j, b]:
                        best[j, b] = total
                        back[j, b, 0], back[j, b, 1] = i, a
    path = [(count - 1, int(np.argmin(best[count - 1])))]
    while path[-1][0] > 0:
        i, a = path[-1]
        path.append((back[i, a, 0], back[i, a, 1]))
    out = np.empty((len(path), 2), np.int64)
    for k in range(len(path)):
        out[len(path) - 1 - k, 0], out[len(path) - 1 - k, 1] = path[k]
    return out
