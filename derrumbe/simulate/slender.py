"""What rises slender over a roof: finials, vanes and thin chimneys. They hang together until something hits them, however the roof parts below."""

from __future__ import annotations

import numpy as np

from derrumbe.simulate.structure import Structure

WIDE = 0.8
"""m that something slender is wide at most, either way."""
TALL = 1.5
"""Times as tall as wide that it is at least."""


def slender_tops(structure: Structure) -> np.ndarray:
    """Return the bonds (B,) bool within what is slender and over all that it hangs together with.

    Pieces are taken from the top down, each joined to those above that it is bonded to, as long as what they make stays narrow.
    """
    groups = _Narrow(structure)
    for piece in np.argsort(-structure.high[:, 1], kind="stable"):
        groups.add(int(piece))
    group = groups.slender()
    first, second = structure.bonds.T
    return np.asarray((group[first] >= 0) & (group[first] == group[second]))


class _Narrow:
    """Groups of pieces that hang together and are narrow, as pieces are added from the top down."""

    def __init__(self, structure: Structure) -> None:
        self.low, self.high = structure.low, structure.high
        self.group = np.full(structure.count, -1)
        self.members: dict[int, list[int]] = {}
        self.added, self.open = np.zeros(structure.count, bool), np.zeros(structure.count, bool)
        ends = structure.bonds.ravel()
        order = np.argsort(ends, kind="stable")
        self.starts = np.searchsorted(ends[order], np.arange(structure.count + 1))
        self.others = structure.bonds[:, ::-1].ravel()[order]

    def add(self, piece: int) -> None:
        """Join a piece to the groups above it; what gets too wide by it is closed, and what hangs under something closed is in no group."""
        near = self.others[self.starts[piece] : self.starts[piece + 1]]
        near = near[self.added[near]]
        above = sorted({int(g) for g in self.group[near] if g >= 0})
        together = [piece, *(member for g in above for member in self.members[g])]
        self.added[piece] = True
        if self.open[near].all() and self._width(together) <= WIDE:
            for g in above:
                del self.members[g]
            self.members[piece] = together
            self.group[together], self.open[piece] = piece, True
        else:
            self.open[together] = False

    def slender(self) -> np.ndarray:
        """Return the group (N,) of each piece, -1 for what isn't slender."""
        out = np.full(len(self.group), -1)
        for group, members in self.members.items():
            tall = float(self.high[members, 1].max() - self.low[members, 1].min())
            if tall >= TALL * self._width(members):
                out[members] = group
        return out

    def _width(self, members: list[int]) -> float:
        return float((self.high[members].max(axis=0) - self.low[members].min(axis=0))[[0, 2]].max())
