"""An element of the structure: a slab, a pier, a window, a column."""

from __future__ import annotations

from dataclasses import dataclass

from manifold3d import Manifold

from derrumbe.fracture.materials import Kind, Stuff
from derrumbe.geom.carving import WORLD, Frame

Joints = tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]
PANEL = 2.6
"""Height of a panel of wall between floor and ceiling, m."""


@dataclass(frozen=True)
class Element:
    """`parts`: disjoint convex solids. `joints`: where it breaks first, as lines along u, v and w of `frame`, metres.

    `shown`: numbers of the parts that the camera sees. `panel`: typical edge above which a block of it is large, as `shown` has it, metres.
    """

    kind: Kind
    stuff: Stuff
    level: int
    parts: tuple[Manifold, ...]
    frame: Frame = WORLD
    joints: Joints = ((), (), ())
    shown: frozenset[int] = frozenset()
    panel: float = PANEL
