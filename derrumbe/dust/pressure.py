"""Exact projection: the pressure that leaves the wanted divergence, with closed ground, open sides and top.

The Laplacian is diagonal in sines (open to open) and cosines (closed to open), so one fast transform solves it (types II and IV; Strang 1999).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import fft

F = np.float32


@lru_cache(maxsize=4)
def _spectrum(shape: tuple[int, int, int]) -> np.ndarray:
    """Eigenvalues of minus the Laplacian (unit cells) for open x and z, closed below and open above."""
    nx, ny, nz = shape
    sides = [2 - 2 * np.cos(np.pi * (np.arange(n) + 1) / n) for n in (nx, nz)]
    up = 2 - 2 * np.cos(np.pi * (np.arange(ny) + 0.5) / ny)
    return (sides[0][:, None, None] + up[None, :, None] + sides[1][None, None, :]).astype(F)


def solve(rhs: np.ndarray) -> np.ndarray:
    """Return p with -laplacian(p) = rhs (x,y,z), unit cells."""
    p = fft.dst(rhs, 2, axis=0)
    p = fft.dct(p, 4, axis=1, overwrite_x=True)
    p = fft.dst(p, 2, axis=2, overwrite_x=True)
    p /= _spectrum(rhs.shape)  # type: ignore[arg-type]
    p = fft.idst(p, 2, axis=2, overwrite_x=True)
    p = fft.idct(p, 4, axis=1, overwrite_x=True)
    return fft.idst(p, 2, axis=0, overwrite_x=True)


def _gradient(p: np.ndarray, axis: int) -> np.ndarray:
    """Pressure differences over the faces along `axis`; beyond a border the pressure mirrors with a minus sign."""
    p = np.moveaxis(p, axis, 0)
    steps = np.concatenate([2 * p[:1], p[1:] - p[:-1], -2 * p[-1:]])
    return np.moveaxis(steps, 0, axis)


def divergence(u: np.ndarray, v: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Net outflow of each cell in m/s (divergence times the cell's edge), (x,y,z)."""
    return (u[1:] - u[:-1]) + (v[:, 1:] - v[:, :-1]) + (w[:, :, 1:] - w[:, :, :-1])


def project(u: np.ndarray, v: np.ndarray, w: np.ndarray, wanted: np.ndarray) -> None:
    """Make the flow's divergence (as `divergence` gives it) what is wanted, and let nothing through the ground, in place."""
    v[:, 0] = 0
    p = solve(wanted - divergence(u, v, w))
    for axis, field in enumerate((u, v, w)):
        steps = _gradient(p, axis)
        if axis == 1:
            steps[:, 0] = 0
        field -= steps
