"""An element of the structure: a slab, a pier, a window, a column."""

from __future__ import annotations

from dataclasses import dataclass

from manifold3d import Manifold

from derrumbe.fracture.materials import Kind, Stuff
from derrumbe.geom.carving import WORLD, Frame

Joints = tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True)
class Element:
    """`parts`: disjoint convex solids. `joints`: where it breaks first, as lines along u, v and w of `frame`, metres.

    `coarse`: how large its blocks come out, as a multiple (what the camera doesn't see breaks coarser); `shown`: the camera sees it.
    """

    kind: Kind
    stuff: Stuff
    level: int
    parts: tuple[Manifold, ...]
    frame: Frame = WORLD
    joints: Joints = ((), (), ())
    coarse: float = 1.0
    shown: bool = False
