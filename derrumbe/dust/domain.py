"""The dust's box: around the building, as far as dust will run and the camera sees, on two grids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import next_fast_len

from derrumbe.core.records import Camera, Set
from derrumbe.geom.camera import eye, project

REACH = 1.7
"""How far the current runs from the walls at spread 1, in building heights, but"""
REACH_BY_SIZE = 2.1
"""no farther than this many edges of a cube as large as the building: a slender tower makes a small cloud."""
HIDDEN = 0.5
"""How far it is followed behind a building whose eaves are over the camera, as a share of that: what is there, walls hide, and then the dust before it."""
ABOVE = 1.25
"""Height of the box in building heights."""
BEHIND = 6.0
"""Metres behind a camera that dust rolls over."""
MARGIN = 0.06
"""How far outside the frame dust is still followed, as a share of the frame."""


@dataclass(frozen=True)
class Domain:
    """`cells` flow cells of edge `cell` metres from corner `origin`; the dust's voxels are half as large."""

    origin: tuple[float, float, float]
    cell: float
    cells: tuple[int, int, int]

    @property
    def voxel(self) -> float:
        return self.cell / 2

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the density grid."""
        return 2 * self.cells[0], 2 * self.cells[1], 2 * self.cells[2]

    def heights(self) -> np.ndarray:
        """Heights of the rows of cell centres, metres."""
        return self.origin[1] + self.cell * (np.arange(self.cells[1]) + 0.5)

    def column(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the column of flow cells, along x and z (K,), that places (K,3) are in; the nearest one outside the box."""
        index = np.floor((np.asarray(places) - self.origin) / self.cell).astype(int)
        return index[:, 0].clip(0, self.cells[0] - 1), index[:, 2].clip(0, self.cells[2] - 1)


def choose(film_set: Set, spread: float, voxels: int, camera: np.ndarray | None = None) -> Domain:
    """Return the box with `voxels` density voxels along its longest side; it holds the `camera` (3,) if one is given."""
    low, high = _wanted(film_set, spread)
    if camera is not None:
        low, high = np.minimum(low, (camera - BEHIND) * (1, 0, 1)), np.maximum(high, (camera + BEHIND) * (1, 0, 1))
    cell = float((high - low).max()) / (voxels // 2)
    cells = tuple(next_fast_len(max(int(np.ceil(side / cell - 1e-6)), 8), real=True) for side in high - low)
    spare = np.array(cells) * cell - (high - low)
    origin = low - spare * (0.5, 0, 0.5)
    return Domain((float(origin[0]), float(origin[1]), float(origin[2])), cell, cells)  # type: ignore[arg-type]


def _wanted(film_set: Set, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """Corners of the box in metres."""
    walls_low, walls_high = building_box(film_set)
    cube = float(np.prod(walls_high - walls_low)) ** (1 / 3)
    reach = spread * min(REACH * walls_high[1], REACH_BY_SIZE * cube) * np.array([1, 0, 1])
    cameras = [film_set.cameras[i] for i in range(0, len(film_set.cameras), max(len(film_set.cameras) // 8, 1))]
    before, after = _runs(reach, (walls_low, walls_high), np.stack([eye(camera) for camera in cameras]))
    low, high = walls_low - before, walls_high + after
    high[1] = ABOVE * walls_high[1]
    seen = _seen(low, high, (walls_low, walls_high), cameras)
    if seen is None:
        return low, high
    margin = 0.15 * walls_high[1] * np.array([1, 0, 1])
    return np.minimum(np.maximum(low, seen[0]), walls_low - margin), np.maximum(np.minimum(high, seen[1]), walls_high + margin)


def seen_ends(domain: Domain, cameras: list[Camera], height: float, count: int = 4) -> np.ndarray:
    """Return which of the outermost columns (x,z), bool, some camera has in its picture, anywhere up to `height`, m."""
    ends = np.ones(domain.shape[::2], bool)
    ends[1:-1, 1:-1] = False
    columns = np.argwhere(ends)
    x, z = (domain.origin[a] + domain.voxel * (columns[:, n] + 0.5) for n, a in enumerate((0, 2)))
    seen = np.zeros(len(columns), bool)
    for up in np.linspace(0, height, count):
        for camera in cameras:
            pixels, depth = project(camera, np.stack([x, np.full(len(x), up), z], -1))
            seen |= (depth > 0.5) & (np.abs(pixels / (camera.width, camera.height) - 0.5).max(-1) < 0.5)
    ends[tuple(columns[~seen].T)] = False
    return ends


def building_box(film_set: Set) -> tuple[np.ndarray, np.ndarray]:
    """Corners of the box around the standing building."""
    footprint = np.asarray(film_set.building.footprint)
    low, high = footprint.min(0), footprint.max(0)
    return np.array([low[0], 0.0, low[1]]), np.array([high[0], film_set.building.height, high[1]])


def _runs(reach: np.ndarray, walls: tuple[np.ndarray, np.ndarray], eyes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far dust is followed (3,) to either side of the building's box: `reach` (3,), less where no eye (n,3) sees over the walls."""
    over = np.clip(eyes[:, 1:2] / walls[1][1], 0, 1)
    hidden = HIDDEN + (1 - HIDDEN) * over
    left, right = (np.where(side, hidden, 1.0).max(0) for side in (eyes > walls[1], eyes < walls[0]))
    return reach * left, reach * right


def _seen(
    low: np.ndarray, high: np.ndarray, walls: tuple[np.ndarray, np.ndarray], cameras: list[Camera], count: int = 32
) -> tuple[np.ndarray, np.ndarray] | None:
    """Corners of the part of a box that the cameras see, on a lattice; None when they see nothing of it. A current runs equally far around its corners
    as from its sides, so the box's own are left out."""
    lines = [np.linspace(low[axis], high[axis], count) for axis in range(3)]
    points = np.stack(np.meshgrid(*lines, indexing="ij"), -1).reshape(-1, 3)
    out = np.maximum((walls[0] - points) / np.maximum(walls[0] - low, 1e-6), (points - walls[1]) / np.maximum(high - walls[1], 1e-6))
    points = points[np.hypot(*np.maximum(out[:, [0, 2]], 0).T) <= 1 + 1e-6]
    seen = np.zeros(len(points), bool)
    for camera in cameras:
        pixels, depth = project(camera, points)
        across = np.abs(pixels / (camera.width, camera.height) - 0.5).max(-1)
        seen |= (depth > 0.5) & (across < 0.5 + MARGIN)
    if not seen.any():
        return None
    gap = (high - low) / (count - 1)
    return points[seen].min(0) - gap, points[seen].max(0) + gap
