"""Optical depth towards one direction, summed exactly along straight rays: a grid sheared so that those rays are its columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit, prange

F = np.float32


@dataclass(frozen=True)
class Depths:
    """Optical depth from points to far away along a direction.

    sums (m+1,b,c): depth where the rays have crossed m slices, counted from the far end of the direction; axis: the slices' axis;
    far: extent of the volume along the axis when the direction points to its high end, else -1; slope (2,): sideways cells per slice;
    low (2,): sideways position of sums[:,0,0]. Lengths are in cells of the volume, positions in its index space (cell i spans i..i+1).
    """

    sums: np.ndarray
    axis: int
    far: float
    slope: np.ndarray
    low: np.ndarray

    def parts(self) -> tuple[np.ndarray, int, np.float32, np.ndarray, np.ndarray]:
        """Return what `lookup` wants."""
        return self.sums, self.axis, F(self.far), self.slope, self.low


def depths(per_cell: np.ndarray, direction: np.ndarray, scale: float = 1.0) -> Depths:
    """Sum `per_cell` (x,y,z), times `scale`: optical depth of crossing a cell's edge, along `direction` (unit vector towards the light)."""
    axis = int(np.argmax(np.abs(direction)))
    others = [a for a in range(3) if a != axis]
    slope = (direction[others] / abs(direction[axis])).astype(F)
    count = per_cell.shape[axis]
    volume = np.ascontiguousarray(np.moveaxis(per_cell, axis, 0))
    if direction[axis] > 0:
        volume = np.ascontiguousarray(volume[::-1])
    shift = slope * count
    low = np.floor(np.minimum(shift, 0)).astype(F)
    size = np.ceil(np.array(volume.shape[1:]) + np.maximum(shift, 0) - low).astype(np.int64)
    length = F(scale * np.sqrt(1 + float(slope[0]) ** 2 + float(slope[1]) ** 2))
    far = float(count) if direction[axis] > 0 else -1.0
    return Depths(_sum(volume, slope, low, size, length), axis, far, slope, low)


@njit(cache=True, parallel=True)
def _sum(volume, slope, low, size, length):
    count = volume.shape[0]
    sums = np.zeros((count + 1, size[0], size[1]), F)
    for b in prange(size[0]):
        for m in range(count):
            y = F(b) + low[0] - slope[0] * (F(m) + F(0.5))
            j = int(np.floor(y))
            fy = F(y - F(j))
            shift = low[1] - slope[1] * (F(m) + F(0.5))
            base = int(np.floor(shift))
            fz = F(shift - F(base))
            for c in range(size[1]):
                k = c + base
                total = F(0)
                if 0 <= k < volume.shape[2]:
                    if 0 <= j < volume.shape[1]:
                        total += (F(1) - fy) * (F(1) - fz) * volume[m, j, k]
                    if 0 <= j + 1 < volume.shape[1]:
                        total += fy * (F(1) - fz) * volume[m, j + 1, k]
                if 0 <= k + 1 < volume.shape[2]:
                    if 0 <= j < volume.shape[1]:
                        total += (F(1) - fy) * fz * volume[m, j, k + 1]
                    if 0 <= j + 1 < volume.shape[1]:
                        total += fy * fz * volume[m, j + 1, k + 1]
                sums[m + 1, b, c] = sums[m, b, c] + length * total
    return sums


@njit(cache=True)
def lookup(sums, axis, far, slope, low, x, y, z):
    """Optical depth from index position (x,y,z), inside the volume or not."""
    if axis == 0:
        s, b, c = x, y, z
    elif axis == 1:
        s, b, c = y, x, z
    else:
        s, b, c = z, x, y
    slices = sums.shape[0] - 1
    t = far - s if far >= F(0) else s
    b = b + slope[0] * t - low[0] - F(0.5)
    c = c + slope[1] * t - low[1] - F(0.5)
    if t <= F(0) or b <= F(-1) or c <= F(-1) or b >= F(sums.shape[1]) or c >= F(sums.shape[2]):
        return F(0)
    t = min(t, F(slices))
    m = min(int(t), slices - 1)
    j, k = int(np.floor(b)), int(np.floor(c))
    ft, fb, fc = t - F(m), b - F(j), c - F(k)
    total = F(0)
    for dj in range(2):
        if 0 <= j + dj < sums.shape[1]:
            wb = fb if dj else F(1) - fb
            for dk in range(2):
                if 0 <= k + dk < sums.shape[2]:
                    wc = fc if dk else F(1) - fc
                    here = sums[m, j + dj, k + dk] * (F(1) - ft) + sums[m + 1, j + dj, k + dk] * ft
                    total += wb * wc * here
    return total


@njit(cache=True, parallel=True)
def at_points(sums, axis, far, slope, low, points):
    """Optical depth from index positions (n,3)."""
    out = np.empty(len(points), F)
    for n in prange(len(points)):
        out[n] = lookup(sums, axis, far, slope, low, points[n, 0], points[n, 1], points[n, 2])
    return out
