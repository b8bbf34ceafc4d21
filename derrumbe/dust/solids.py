"""What stops air: the set's neighbours and the building's pieces, as the share of each cell that they fill.

Neighbours are cards at guessed depths: as cells that nothing enters they would cut dust along their planes, where the plate shows no edge.
They hold air back as rubble does (Brinkman: 8 m/s before a wall of 3 m leave a third of a metre a second behind it).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy.ndimage import gaussian_filter

from derrumbe.core.records import NEIGHBOUR
from derrumbe.dust.domain import Domain

F = np.float32
MOST_POINTS = 60_000
SOFT = 0.7
"""Flow cells over which a neighbour's sides are smeared (sigma)."""
SLOW = 3.0
"""m/s up to which pieces shed no dust."""
TUMBLES = 0.6
"""rad/s up to which a piece counts as part of a building that sinks; twice as fast, it falls alone."""
LOOSE = 0.3
"""Share of a cell that is solid from which on it is not a piece that falls alone, but a building that comes down."""


def neighbours(
    vertices: np.ndarray, triangles: np.ndarray, kind: np.ndarray, domain: Domain, keep_out: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Return the share (x,y,z) float32 of flow cells under and on the neighbours' surfaces, soft at the sides, none inside the building's box
    `keep_out`."""
    solid = np.zeros(domain.cells, bool)
    corners = (vertices[triangles[kind == NEIGHBOUR]] - domain.origin) / domain.cell
    for triangle in corners:
        _fill_below(solid, _on_triangle(triangle))
    low, high = ((np.asarray(corner) - domain.origin) / domain.cell for corner in keep_out)
    inside = tuple(slice(max(int(np.floor(a)), 0), max(int(np.ceil(b)), 0)) for a, b in zip(low, high, strict=True))
    solid[inside] = False
    return gaussian_filter(solid.astype(F), SOFT, mode="nearest")


def _on_triangle(triangle: np.ndarray) -> np.ndarray:
    """Points (n,3) on a triangle, at most half a cell apart."""
    edges = np.linalg.norm(triangle - np.roll(triangle, 1, 0), axis=1)
    count = int(min(np.ceil(2 * edges.max()), 600)) + 1
    a, b = np.meshgrid(np.linspace(0, 1, count + 1), np.linspace(0, 1, count + 1))
    a, b = a[a + b <= 1 + 1e-9], b[a + b <= 1 + 1e-9]
    return triangle[0] + a[:, None] * (triangle[1] - triangle[0]) + b[:, None] * (triangle[2] - triangle[0])


def _fill_below(solid: np.ndarray, points: np.ndarray) -> None:
    """Block every cell from the ground to the points."""
    cell = np.floor(points).astype(np.int64)
    held = ((cell[:, [0, 2]] >= 0) & (cell[:, [0, 2]] < (solid.shape[0], solid.shape[2]))).all(1) & (cell[:, 1] >= 0)
    tops = np.zeros((solid.shape[0], solid.shape[2]), np.int64)
    np.maximum.at(tops, (cell[held, 0], cell[held, 2]), np.minimum(cell[held, 1] + 1, solid.shape[1]))
    solid |= np.arange(solid.shape[1])[None, :, None] < tops[:, None, :]


@dataclass(frozen=True)
class Rubble:
    """Points that fill the pieces: `offset` (P,3) from the piece's centre at rest, `piece` (P,), each standing for `volume` m³."""

    offset: np.ndarray
    piece: np.ndarray
    volume: np.ndarray


def fill(pieces: dict[str, np.ndarray], spacing: float, rng: np.random.Generator) -> Rubble:
    """Scatter points evenly in the pieces, about `spacing` metres apart, at most MOST_POINTS, at least one a piece."""
    triangles, owner = pieces["vertices"][pieces["triangles"]].astype(np.float64), pieces["triangle_piece"]
    edges = triangles - pieces["centre"][owner][:, None]
    wedge = np.abs(np.einsum("ij,ij->i", edges[:, 0], np.cross(edges[:, 1], edges[:, 2]))) / 6
    each = max(spacing**3, wedge.sum() / MOST_POINTS)
    steps = np.floor(np.cumsum(wedge) / each + 0.5).astype(np.int64)
    chosen = np.repeat(np.arange(len(wedge)), np.diff(steps, prepend=0))
    alone = np.setdiff1d(np.arange(len(pieces["centre"])), owner[chosen])
    deep, along = rng.random(len(chosen)) ** (1 / 3), rng.random((len(chosen), 2))
    root = np.sqrt(along[:, 0])
    weights = np.stack([1 - root, root * (1 - along[:, 1]), root * along[:, 1]], 1)
    offset = deep[:, None] * np.einsum("ij,ijk->ik", weights, edges[chosen])
    piece = np.concatenate([owner[chosen], alone]).astype(np.int64)
    share = pieces["volume"] / np.maximum(np.bincount(piece, minlength=len(pieces["centre"])), 1)
    return Rubble(np.concatenate([offset, np.zeros((len(alone), 3))]).astype(F), piece, share[piece].astype(F))


@njit(cache=True)
def _turned(q, p):
    """Rotate p by quaternion q (wxyz)."""
    w, x, y, z = q
    tx, ty, tz = F(2) * (y * p[2] - z * p[1]), F(2) * (z * p[0] - x * p[2]), F(2) * (x * p[1] - y * p[0])
    return p[0] + w * tx + y * tz - z * ty, p[1] + w * ty + z * tx - x * tz, p[2] + w * tz + x * ty - y * tx


@njit(cache=True)
def _spread(offset, piece, volume, position, rotation, later_position, later_rotation, origin, cell, dt, share, momentum):
    """Add every point's volume, and its volume times velocity, to the eight cells around it."""
    for n in range(len(piece)):
        owner = piece[n]
        ax, ay, az = _turned(rotation[owner], offset[n])
        bx, by, bz = _turned(later_rotation[owner], offset[n])
        ax, ay, az = ax + position[owner, 0], ay + position[owner, 1], az + position[owner, 2]
        bx, by, bz = bx + later_position[owner, 0], by + later_position[owner, 1], bz + later_position[owner, 2]
        x, y, z = (bx - origin[0]) / cell - F(0.5), (by - origin[1]) / cell - F(0.5), (bz - origin[2]) / cell - F(0.5)
        i, j, k = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
        for corner in range(8):
            di, dj, dk = corner >> 2, (corner >> 1) & 1, corner & 1
            p, q, r = i + di, j + dj, k + dk
            if 0 <= p < share.shape[0] and 0 <= q < share.shape[1] and 0 <= r < share.shape[2]:
                weight = volume[n] / (cell * cell * cell)
                weight *= (x - i if di else 1 - x + i) * (y - j if dj else 1 - y + j) * (z - k if dk else 1 - z + k)
                share[p, q, r] += weight
                momentum[p, q, r, 0] += weight * (bx - ax) / dt
                momentum[p, q, r, 1] += weight * (by - ay) / dt
                momentum[p, q, r, 2] += weight * (bz - az) / dt


def occupied(rubble: Rubble, poses: Poses, time: float, dt: float, domain: Domain) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of each flow cell that pieces fill at `time`, and share times their mean velocity over the last `dt`."""
    share, momentum = np.zeros(domain.cells, F), np.zeros((*domain.cells, 3), F)
    before, after = poses.at(time - dt), poses.at(time)
    origin = np.asarray(domain.origin, F)
    _spread(rubble.offset, rubble.piece, rubble.volume, *before, *after, origin, F(domain.cell), F(dt), share, momentum)
    return share, momentum


@njit(cache=True)
def _shed(density, offset, piece, volume, position, rotation, before, turned, share, origin, cell, dt, rate):
    """Add what points of falling pieces lose: see `shed`."""
    voxel = F(0.5) * cell
    for n in range(len(piece)):
        owner = piece[n]
        far = F(0)
        for axis in range(3):
            far += (position[owner, axis] - before[owner, axis]) ** 2
        far = np.sqrt(far) - F(SLOW) * dt
        if far <= F(0):
            continue
        alike = F(0)
        for axis in range(4):
            alike += rotation[owner, axis] * turned[owner, axis]
        spin = F(2) * np.arccos(min(abs(alike), F(1))) / dt
        far *= min(max((spin - F(TUMBLES)) / F(TUMBLES), F(0)), F(1))
        if far <= F(0):
            continue
        a, b, c = _turned(rotation[owner], offset[n])
        x, y, z = (
            (a + position[owner, 0] - origin[0]) / voxel,
            (b + position[owner, 1] - origin[1]) / voxel,
            (c + position[owner, 2] - origin[2]) / voxel,
        )
        i, j, k = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
        if i < 0 or j < 0 or k < 0 or i >= density.shape[0] or j >= density.shape[1] or k >= density.shape[2]:
            continue
        free = F(1) - share[i >> 1, j >> 1, k >> 1] / F(LOOSE)
        if free > F(0):
            density[i, j, k] += free * rate * far * volume[n] / (voxel * voxel * voxel)


def shed(
    density: np.ndarray, rubble: Rubble, poses: Poses, span: tuple[float, float], share: np.ndarray, domain: Domain, rate: float
) -> None:
    """Add the fine dust that pieces in free fall lose from time span[0] to span[1], in place: it hangs behind them as streaks.

    Those that tumble fall freely; what sinks with its building doesn't turn, and would smoke all along its walls.

    share (x,y,z): of the flow's cells, filled by pieces; rate: kg for each m³ of piece and metre of its way.
    """
    (before, turned), (position, rotation) = poses.at(span[0]), poses.at(span[1])
    _shed(
        density, rubble.offset, rubble.piece, rubble.volume, position, rotation, before, turned, share,
        np.asarray(domain.origin, F), F(domain.cell), F(span[1] - span[0]), F(rate),
    )  # fmt: skip


@dataclass(frozen=True)
class Poses:
    """Samples (S,N,3) and (S,N,4), `rate` samples a second, read between samples."""

    position: np.ndarray
    rotation: np.ndarray
    rate: float

    def at(self, time: float) -> tuple[np.ndarray, np.ndarray]:
        """Positions and rotations (float32) at `time`, held before the first and after the last sample."""
        where = min(max(time * self.rate, 0.0), len(self.position) - 1.0)
        first = min(int(where), len(self.position) - 2) if len(self.position) > 1 else 0
        second, part = min(first + 1, len(self.position) - 1), F(where - first)
        position = self.position[first] + part * (self.position[second] - self.position[first])
        a, b = self.rotation[first], self.rotation[second]
        mixed = a + part * (np.where((a * b).sum(-1, keepdims=True) < 0, -b, b) - a)
        return position, mixed / np.linalg.norm(mixed, axis=-1, keepdims=True)
