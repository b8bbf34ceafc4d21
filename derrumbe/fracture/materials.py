"""What walls and floors are made of: codes of the Pieces record, densities, strengths, and how each breaks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Kind(IntEnum):
    """`element_kind` of the Pieces record."""

    SLAB = 0
    WALL = 1
    COLUMN = 2
    WINDOW = 3
    PARTITION = 4
    ROOF = 5
    PARAPET = 6


class Stuff(IntEnum):
    """`material` of the Pieces record."""

    BRICK = 0
    CONCRETE = 1
    STONE = 2
    TIMBER = 3
    GLASS = 4
    ROOF = 5


@dataclass(frozen=True)
class Matter:
    """density kg/m³; tensile and shear strength Pa (characteristic values of EN 1996, EN 1992 and EN 338, rounded).

    grain: how much longer than high blocks come out (along, up, through). tilt: how far cuts stray from (along, up, through), rad.
    forks: share of cracks that fork. courses: horizontal joints are weaker than the blocks between them.
    Timber is joists and boards or studs, nailed: a seventh of the section that is modelled holds.
    """

    density: float
    tensile: float
    shear: float
    grain: tuple[float, float, float]
    tilt: tuple[float, float, float]
    forks: float
    courses: bool


MATTER: dict[Stuff, Matter] = {
    Stuff.BRICK: Matter(1800, 0.3e6, 0.4e6, (1.7, 1.0, 1.0), (0.20, 0.05, 0.10), 0.10, True),
    Stuff.CONCRETE: Matter(2400, 2.2e6, 3.0e6, (1.2, 1.0, 1.0), (0.25, 0.22, 0.15), 0.35, False),
    Stuff.STONE: Matter(2500, 0.4e6, 0.6e6, (1.5, 1.0, 1.0), (0.16, 0.08, 0.10), 0.25, True),
    Stuff.TIMBER: Matter(600, 0.6e6, 0.5e6, (5.0, 1.0, 1.0), (0.30, 0.04, 0.10), 0.05, False),
    Stuff.GLASS: Matter(2500, 0.05e6, 0.05e6, (1.0, 1.4, 1.0), (0.12, 0.12, 0.0), 0.20, False),
    Stuff.ROOF: Matter(1400, 0.25e6, 0.3e6, (1.3, 1.0, 1.0), (0.15, 0.12, 0.10), 0.15, False),
}

WALLS: dict[str, Stuff] = {"brick": Stuff.BRICK, "concrete": Stuff.CONCRETE, "stone": Stuff.STONE, "timber": Stuff.TIMBER}
FLOORS: dict[str, Stuff] = {"concrete": Stuff.CONCRETE, "timber": Stuff.TIMBER}
PARTITIONS: dict[Stuff, Stuff] = {
    Stuff.BRICK: Stuff.BRICK,
    Stuff.CONCRETE: Stuff.BRICK,
    Stuff.STONE: Stuff.BRICK,
    Stuff.TIMBER: Stuff.TIMBER,
}

COARSENESS: dict[Kind, float] = {
    Kind.SLAB: 2.4,
    Kind.WALL: 1.0,
    Kind.COLUMN: 1.5,
    Kind.WINDOW: 1.3,
    Kind.PARTITION: 1.9,
    Kind.ROOF: 1.1,
    Kind.PARAPET: 0.9,
}
"""Typical block of a kind of element, as a multiple of a wall's."""
UNSEEN: dict[Kind, float] = {kind: 2.2 if kind in (Kind.WALL, Kind.WINDOW, Kind.ROOF, Kind.PARAPET) else 1.0 for kind in Kind}
"""How much coarser each breaks where the camera doesn't see it: pieces are for what shows."""
