"""Lay out one storey of a wall around its openings: piers, spandrels, lintels and windows, all rectangles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from derrumbe.core.records import Opening

CLOSE = 0.12
"""Edges nearer than this to each other are one edge, metres."""
SLIT = 0.4
"""An opening that reaches less than this into a storey is closed there."""


@dataclass(frozen=True)
class Panel:
    """A rectangle of wall in façade metres; `window` when it is an opening."""

    left: float
    bottom: float
    right: float
    top: float
    window: bool


def panels(left: float, bottom: float, right: float, top: float, openings: Sequence[Opening]) -> list[Panel]:
    """Cut a rectangle of wall into panels that cover it exactly."""
    inside = [part for o in openings if (part := _clipped(o, left, bottom, right, top)) is not None]
    edges = _distinct([left, right], [x for o in inside for x in (o.left, o.right)])
    columns = []
    for a, b in pairwise(edges):
        holes = [o for o in inside if o.left < (a + b) / 2 < o.right]
        columns.append((a, b, tuple(_column(bottom, top, holes))))
    return [Panel(a, c, b, d, window) for a, b, cells in _joined(columns) for c, d, window in cells]


Cells = tuple[tuple[float, float, bool], ...]


def _joined(columns: Iterable[tuple[float, float, Cells]]) -> list[tuple[float, float, Cells]]:
    """Join neighbouring columns that are cut alike."""
    out: list[tuple[float, float, Cells]] = []
    for a, b, cells in columns:
        if out and out[-1][2] == cells:
            out[-1] = (out[-1][0], b, cells)
        else:
            out.append((a, b, cells))
    return out


def _clipped(o: Opening, left: float, bottom: float, right: float, top: float) -> Opening | None:
    cut = Opening(left=max(o.left, left), bottom=max(o.bottom, bottom), right=min(o.right, right), top=min(o.top, top))
    if cut.right - cut.left < CLOSE or cut.top - cut.bottom < min(SLIT, 0.9 * (o.top - o.bottom)):
        return None
    return cut


def _distinct(ends: Sequence[float], values: Sequence[float]) -> list[float]:
    """Return `ends` with the values between them that keep their distance from all kept before."""
    kept = list(ends)
    for value in sorted(values):
        if all(abs(value - other) >= CLOSE for other in kept):
            kept.append(value)
    return sorted(kept)


def _column(bottom: float, top: float, holes: Sequence[Opening]) -> list[tuple[float, float, bool]]:
    """Return (bottom, top, window) of one column from below."""
    edges = _distinct([bottom, top], [y for o in holes for y in (o.bottom, o.top)])
    cells: list[tuple[float, float, bool]] = []
    for c, d in pairwise(edges):
        window = any(o.bottom < (c + d) / 2 < o.top for o in holes)
        if cells and cells[-1][2] == window:
            cells[-1] = (cells[-1][0], d, window)
        else:
            cells.append((c, d, window))
    return cells
