"""Exact projection: the pressure that leaves the wanted divergence, with closed ground, closed solids, open sides and top.

Without solids the Laplacian is diagonal in sines (open to open) and cosines (closed to open), so one fast transform solves it
(types II and IV; Strang 1999). With solids the same solve preconditions conjugate gradients, which take a handful of rounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numba import njit, prange
from scipy import fft

F = np.float32
ROUNDS = 24
TOLERANCE = 2e-6


@dataclass(frozen=True)
class Faces:
    """Which faces are open (1) or closed (0), float32 in the shape of u, v and w. The ground is closed."""

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    any_solid: bool


def faces(solid: np.ndarray) -> Faces:
    """Close every face that touches a solid cell (x,y,z) bool, and the ground."""
    free = ~solid
    along = []
    for axis in range(3):
        rim = [(1, 1) if a == axis else (0, 0) for a in range(3)]
        padded = np.pad(free, rim, mode="edge")
        low = tuple(slice(None, -1) if a == axis else slice(None) for a in range(3))
        high = tuple(slice(1, None) if a == axis else slice(None) for a in range(3))
        along.append((padded[low] & padded[high]).astype(F))
    along[1][:, 0, :] = 0
    return Faces(along[0], along[1], along[2], bool(solid.any()))


@lru_cache(maxsize=4)
def _spectrum(shape: tuple[int, int, int]) -> np.ndarray:
    """Eigenvalues of minus the Laplacian (unit cells) for open x and z, closed below and open above."""
    nx, ny, nz = shape
    sides = [2 - 2 * np.cos(np.pi * (np.arange(n) + 1) / n) for n in (nx, nz)]
    up = 2 - 2 * np.cos(np.pi * (np.arange(ny) + 0.5) / ny)
    return (sides[0][:, None, None] + up[None, :, None] + sides[1][None, None, :]).astype(F)


def solve_open(rhs: np.ndarray) -> np.ndarray:
    """Solve -laplacian(p) = rhs without solids."""
    p = fft.dst(rhs, 2, axis=0)
    p = fft.dct(p, 4, axis=1, overwrite_x=True)
    p = fft.dst(p, 2, axis=2, overwrite_x=True)
    p /= _spectrum(rhs.shape)  # type: ignore[arg-type]
    p = fft.idst(p, 2, axis=2, overwrite_x=True)
    p = fft.idct(p, 4, axis=1, overwrite_x=True)
    return fft.idst(p, 2, axis=0, overwrite_x=True)


@njit(cache=True, parallel=True)
def minus_laplacian(p, ax, ay, az):
    """Apply minus the Laplacian with open faces ax, ay, az. Beyond an open border the pressure mirrors with a minus sign."""
    nx, ny, nz = p.shape
    out = np.empty_like(p)
    for i in prange(nx):
        for j in range(ny):
            for k in range(nz):
                here = p[i, j, k]
                total = ax[i, j, k] * (here - (p[i - 1, j, k] if i > 0 else -here))
                total += ax[i + 1, j, k] * (here - (p[i + 1, j, k] if i < nx - 1 else -here))
                total += ay[i, j, k] * (here - (p[i, j - 1, k] if j > 0 else -here))
                total += ay[i, j + 1, k] * (here - (p[i, j + 1, k] if j < ny - 1 else -here))
                total += az[i, j, k] * (here - (p[i, j, k - 1] if k > 0 else -here))
                total += az[i, j, k + 1] * (here - (p[i, j, k + 1] if k < nz - 1 else -here))
                out[i, j, k] = total
    return out


def _gradient(p: np.ndarray, axis: int) -> np.ndarray:
    """Pressure differences over the faces along `axis`; beyond a border the pressure mirrors with a minus sign."""
    p = np.moveaxis(p, axis, 0)
    steps = np.concatenate([2 * p[:1], p[1:] - p[:-1], -2 * p[-1:]])
    return np.moveaxis(steps, 0, axis)


def divergence(u: np.ndarray, v: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Net outflow of each cell in m/s (divergence times the cell's edge), (x,y,z)."""
    return (u[1:] - u[:-1]) + (v[:, 1:] - v[:, :-1]) + (w[:, :, 1:] - w[:, :, :-1])


def project(u: np.ndarray, v: np.ndarray, w: np.ndarray, wanted: np.ndarray, open_faces: Faces, guess: np.ndarray) -> np.ndarray:
    """Make the flow's divergence (as `divergence` gives it) what is wanted, in place; return the pressure for the next guess."""
    u *= open_faces.x
    v *= open_faces.y
    w *= open_faces.z
    rhs = wanted - divergence(u, v, w)
    p = _solve(rhs, open_faces, guess)
    for axis, (field, free) in enumerate(((u, open_faces.x), (v, open_faces.y), (w, open_faces.z))):
        field -= free * _gradient(p, axis)
    return p


def _solve(rhs: np.ndarray, open_faces: Faces, guess: np.ndarray) -> np.ndarray:
    if not open_faces.any_solid:
        return solve_open(rhs)
    return _conjugate_gradients(np.where(_degree(open_faces) > 0, rhs, F(0)), open_faces, guess)


def _degree(open_faces: Faces) -> np.ndarray:
    """How many open faces each cell has."""
    x, y, z = open_faces.x, open_faces.y, open_faces.z
    return x[1:] + x[:-1] + y[:, 1:] + y[:, :-1] + z[:, :, 1:] + z[:, :, :-1]


def _apply(p: np.ndarray, open_faces: Faces) -> np.ndarray:
    return minus_laplacian(p, open_faces.x, open_faces.y, open_faces.z)


def _dot(a: np.ndarray, b: np.ndarray) -> float:
    """Inner product in double by numpy's pairwise sum, the same bits for any number of threads."""
    return float(np.sum(a * b, dtype=np.float64))


def _conjugate_gradients(rhs: np.ndarray, open_faces: Faces, guess: np.ndarray) -> np.ndarray:
    """Preconditioned conjugate gradients from `guess`, at most ROUNDS rounds or until the largest residual is small."""
    limit = TOLERANCE * max(float(np.abs(rhs).max()), 1e-6)
    p = guess.copy()
    residual = rhs - _apply(p, open_faces)
    way = solve_open(residual)
    strength = _dot(residual, way)
    for _ in range(ROUNDS):
        if float(np.abs(residual).max()) <= limit:
            break
        along = _apply(way, open_faces)
        length = F(strength / _dot(way, along))
        p += length * way
        residual -= length * along
        better = solve_open(residual)
        next_strength = _dot(residual, better)
        way = better + F(next_strength / strength) * way
        strength = next_strength
    return p
