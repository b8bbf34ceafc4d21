"""The building as the simulation sees it: pieces in cells of storey and bay, bonds, and which way is out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from derrumbe.core.files import load_arrays
from derrumbe.core.records import Building, Located, Pieces, Set

SLAB, OUTER_WALL, COLUMN, WINDOW, PARTITION, ROOF, PARAPET = range(7)
UPRIGHT = (OUTER_WALL, COLUMN, WINDOW, PARTITION)
"""Kinds of element that carry a storey's load, and are crushed when the storey fails."""


@dataclass(frozen=True)
class Cells:
    """A grid of bays on every storey: width along x, depth along z. Cell number = (storey * nx + ix) * nz + iz."""

    low: tuple[float, float]
    high: tuple[float, float]
    storeys: int
    nx: int
    nz: int

    @property
    def count(self) -> int:
        return self.storeys * self.nx * self.nz

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.storeys, self.nx, self.nz

    def bay_of(self, xz: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (ix, iz) of points (..., 2)."""
        share = (xz - self.low) / np.maximum(np.subtract(self.high, self.low), 1e-6)
        index = np.clip((share * (self.nx, self.nz)).astype(int), 0, (self.nx - 1, self.nz - 1))
        return index[..., 0], index[..., 1]

    def centre_x(self) -> np.ndarray:
        """Return the middle of every bay along x, (nx,) metres."""
        return self.low[0] + (np.arange(self.nx) + 0.5) * (self.high[0] - self.low[0]) / self.nx

    def centre_z(self) -> np.ndarray:
        """Return the middle of every bay along z, (nz,) metres."""
        return self.low[1] + (np.arange(self.nz) + 0.5) * (self.high[1] - self.low[1]) / self.nz


@dataclass(frozen=True)
class Structure:
    """Pieces (N), bonds (B) and cells. float64 unless said otherwise; see core.records.Pieces for the arrays."""

    vertices: np.ndarray
    vertex_start: np.ndarray
    centre: np.ndarray
    mass: np.ndarray
    volume: np.ndarray
    kind: np.ndarray
    material: np.ndarray
    grounded: np.ndarray
    element: np.ndarray
    block: np.ndarray
    """Block of every piece, (N,): its fragments keep together until it is hit."""
    bonds: np.ndarray
    bond_area: np.ndarray
    bond_strength: np.ndarray
    bond_centre: np.ndarray
    storey_tops: np.ndarray
    """Tops of storeys, and of levels of a tall roof above them, m."""
    footprint: np.ndarray
    cells: Cells
    cell: np.ndarray
    """Cell number of every piece, (N,)."""

    @property
    def count(self) -> int:
        return len(self.mass)

    @cached_property
    def storey(self) -> np.ndarray:
        """Storey of every piece by the height of its centre, (N,). A slab belongs to the storey that it covers."""
        return self.cell // (self.cells.nx * self.cells.nz)

    @cached_property
    def column(self) -> np.ndarray:
        """Bay of every piece regardless of storey, (N,)."""
        return self.cell % (self.cells.nx * self.cells.nz)

    @cached_property
    def block_cell(self) -> np.ndarray:
        """Cell of every piece's block, by its centre of mass, (N,): fragments of a block go together even where it reaches over a border."""
        mass = np.maximum(np.bincount(self.block, self.mass), 1e-9)
        centre = np.stack([np.bincount(self.block, self.mass * self.centre[:, k]) / mass for k in range(3)], -1)
        ix, iz = self.cells.bay_of(centre[:, ::2])
        storey = np.minimum(np.searchsorted(self.storey_tops, centre[:, 1]), self.cells.storeys - 1)
        return np.asarray(((storey * self.cells.nx + ix) * self.cells.nz + iz)[self.block])

    def mean(self, owner: np.ndarray, pieces: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
        """Return the means of values (N, 3) over pieces (n,), by mass, for each of `count` owners (n,), (count, 3)."""
        mass = self.mass[pieces]
        total = np.maximum(np.bincount(owner, mass, count), 1e-9)
        return np.stack([np.bincount(owner, mass * values[pieces, k], count) / total for k in range(3)], -1)

    @cached_property
    def upright(self) -> np.ndarray:
        """Pieces that carry load, (N,) bool."""
        return np.isin(self.kind, UPRIGHT)

    @cached_property
    def inner(self) -> np.ndarray:
        """Bonds between fragments of one block, (B,) bool."""
        return np.asarray(self.block[self.bonds[:, 0]] == self.block[self.bonds[:, 1]])

    @cached_property
    def fragments(self) -> list[np.ndarray]:
        """Pieces of every block, the lowest first."""
        order = np.lexsort((self.centre[:, 1], self.block))
        return np.split(order, np.flatnonzero(np.diff(self.block[order])) + 1)

    @cached_property
    def height(self) -> float:
        return float(self.vertices[:, 1].max())

    @cached_property
    def storey_bottoms(self) -> np.ndarray:
        return np.concatenate([[0.0], self.storey_tops[:-1]])

    @cached_property
    def storey_height(self) -> float:
        return float(np.median(self.storey_tops - self.storey_bottoms))

    @cached_property
    def outward(self) -> np.ndarray:
        """Horizontal unit vector out of the building at every piece: normal of the nearest footprint edge, (N, 3)."""
        start, end = self.footprint, np.roll(self.footprint, -1, 0)
        edge = end - start
        length = np.maximum(np.linalg.norm(edge, axis=-1), 1e-9)
        point = self.centre[:, None, ::2] - start
        along = np.clip((point * edge).sum(-1) / length**2, 0, 1)
        nearest = np.linalg.norm(point - along[..., None] * edge, axis=-1).argmin(1)
        area = 0.5 * (start[:, 0] * end[:, 1] - end[:, 0] * start[:, 1]).sum()
        normal = np.stack([edge[:, 1], -edge[:, 0]], -1) / length[:, None] * np.sign(area if area else 1.0)
        out = np.zeros((self.count, 3))
        out[:, ::2] = normal[nearest]
        return out

    @cached_property
    def low(self) -> np.ndarray:
        """Lower corners of the pieces' boxes, (N, 3)."""
        return np.minimum.reduceat(self.vertices, self.vertex_start[:-1])

    @cached_property
    def high(self) -> np.ndarray:
        """Upper corners of the pieces' boxes, (N, 3)."""
        return np.maximum.reduceat(self.vertices, self.vertex_start[:-1])

    def hull(self, piece: int) -> np.ndarray:
        """Return the piece's vertices about its centre, (n, 3)."""
        return self.vertices[self.vertex_start[piece] : self.vertex_start[piece + 1]] - self.centre[piece]


def load(film_set: Located[Set], pieces: Located[Pieces]) -> Structure:
    """Read the pieces of a record and lay the cells."""
    return assemble(load_arrays(pieces.path(pieces.record.arrays)), film_set.record.building)


def assemble(arrays: dict[str, np.ndarray], building: Building) -> Structure:
    """Return the structure of the arrays of a Pieces record."""
    centre = arrays["centre"].astype(np.float64)
    tops = _levels(np.asarray(building.storey_tops, np.float64), float(arrays["vertices"][:, 1].max()))
    footprint = np.asarray(building.footprint, np.float64)
    cells = _lay_cells(footprint, tops)
    ix, iz = cells.bay_of(centre[:, ::2])
    storey = np.minimum(np.searchsorted(tops, centre[:, 1]), len(tops) - 1)
    return Structure(
        vertices=arrays["vertices"].astype(np.float64),
        vertex_start=arrays["vertex_start"].astype(np.int64),
        centre=centre,
        mass=arrays["mass"].astype(np.float64),
        volume=arrays["volume"].astype(np.float64),
        kind=arrays["element_kind"][arrays["element"]],
        material=arrays["material"],
        grounded=arrays["grounded"].astype(bool),
        element=arrays["element"].astype(np.int64),
        block=arrays["block"].astype(np.int64),
        bonds=arrays["bonds"].reshape(-1, 2).astype(np.int64),
        bond_area=arrays["bond_area"].astype(np.float64),
        bond_strength=arrays["bond_strength"].astype(np.float64),
        bond_centre=arrays["bond_centre"].reshape(-1, 3).astype(np.float64),
        storey_tops=tops,
        footprint=footprint,
        cells=cells,
        cell=(storey * cells.nx + ix) * cells.nz + iz,
    )


def _levels(storey_tops: np.ndarray, height: float) -> np.ndarray:
    """Return the tops of the storeys and of further levels as high, in which a tall roof, dome or tower is crushed bit by bit."""
    tops = np.maximum.accumulate(storey_tops)
    storey = max(float(np.median(np.diff(tops, prepend=0.0))), 1.0)
    further = max(int((height - tops[-1]) / storey - 0.3), 0)
    return np.concatenate([tops, tops[-1] + storey * np.arange(1, further + 1)])


def _lay_cells(footprint: np.ndarray, tops: np.ndarray) -> Cells:
    """Bays are about as wide as a storey is high (3.5 m at least), and the building has at least two each way."""
    low, high = footprint.min(0), footprint.max(0)
    bay = max(3.5, 1.1 * float(np.median(np.diff(tops, prepend=0.0))))
    across = np.clip(np.round((high - low) / (bay, 1.5 * bay)), 2, 40).astype(int)
    return Cells(
        low=(float(low[0]), float(low[1])), high=(float(high[0]), float(high[1])), storeys=len(tops), nx=int(across[0]), nz=int(across[1])
    )
